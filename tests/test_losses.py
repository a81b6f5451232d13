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
