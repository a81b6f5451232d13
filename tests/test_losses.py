"""Every loss of the table: zero for equal images, gradients, values by hand."""

from __future__ import annotations

import pytest
import torch

from beyne.errors import UsageError
from beyne.losses import LOSSES, build

OUTPUT = torch.rand(2, 3, 32, 40, generator=torch.Generator().manual_seed(1))
TARGET = torch.rand(2, 3, 32, 40, generator=torch.Generator().manual_seed(2))

# What a loss can't do without.
FIELDS = {"perceptual": {"layers": "conv1_2", "weights": "random"}}


@pytest.mark.parametrize("kind", LOSSES)
def test_least_for_equal_images_and_differentiable(kind) -> None:
    loss = build("content", {"kind": kind, **FIELDS.get(kind, {})})[0]
    output = OUTPUT.clone().requires_grad_()
    value = loss(output, TARGET)
    value.backward()
    assert value.shape == ()
    assert torch.isfinite(output.grad).all()
    assert loss(TARGET, TARGET).item() < 1.001e-3 < value.item()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("l1", (OUTPUT - TARGET).abs().mean()),
        ("mse", torch.nn.functional.mse_loss(OUTPUT, TARGET)),
        ("charbonnier", ((OUTPUT - TARGET) ** 2 + 1e-6).sqrt().mean()),
    ],
)
def test_pixel_losses_by_hand(kind, expected) -> None:
    assert torch.isclose(build("content", {"kind": kind})[0](OUTPUT, TARGET), expected)


def test_consistency_sees_only_what_shrinking_keeps() -> None:
    loss, _ = build("consistency", {"kind": "consistency"})
    brighter = TARGET + 0.1
    assert torch.isclose(loss(brighter, TARGET), torch.tensor(0.1), atol=1e-6)
    checks = 0.1 * (1 - 2.0 * (torch.arange(40) % 2))
    assert float(loss(TARGET + checks, TARGET)) < 0.01


def test_a_pattern_of_the_grid_costs_more_than_as_much_noise() -> None:
    loss, _ = build("grid", {"kind": "grid", "scale": 4})
    flat = torch.full((2, 3, 34, 42), 0.5)
    dots = torch.zeros(4, 4)
    dots[1, 2] = 0.1
    dotted = flat + dots.repeat(9, 11)[:34, :42]
    noisy = flat + dotted.flatten()[torch.randperm(dotted.numel())].view_as(dotted) - 0.5
    assert float(loss(dotted, flat)) > 5 * float(loss(noisy, flat))
    elsewhere = loss(dotted[..., 4:, 8:], flat[..., 4:, 8:])
    assert float(elsewhere) == pytest.approx(float(loss(dotted, flat)), rel=1e-4)
    textured = flat * (1 + dots.repeat(9, 11)[:34, :42] * torch.randn(2, 1, 34, 42))
    assert float(loss(textured, flat)) > 0.001  # in contrast alone


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "l3"}, "losses.content.kind: unknown kind 'l3'"),
        ({"kind": "l1", "wieght": 1}, "losses.content.wieght: unknown key; did you mean 'weight'"),
        ({"kind": "mse", "weight": -1}, "losses.content.weight"),
    ],
)
def test_wrong_fields_are_named(fields, message) -> None:
    with pytest.raises(UsageError, match=message):
        build("content", fields)
