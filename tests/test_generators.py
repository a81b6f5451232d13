"""Every generator of the table: sizes, channels, latents, labels, use, and that it learns."""

from __future__ import annotations

import pytest
import torch
from tiny_generators import FIELDS, tiny
from torch import nn

from beyne import discriminators
from beyne.errors import UsageError
from beyne.generators import GENERATORS, build, latents
from beyne.losses.adversarial import AdversarialLoss


def test_every_generator_has_a_tiny_form() -> None:
    assert FIELDS.keys() == GENERATORS.keys()


@pytest.mark.parametrize("kind", GENERATORS)
@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("size", [(32, 32), (64, 64), (128, 128), (96, 128), (72, 48)])
def test_any_channels_and_size(kind, channels, size) -> None:
    generator = tiny(kind, channels=channels, height=size[0], width=size[1]).train()
    images = generator(latents(0, range(2), 8))
    assert images.shape == (2, channels, *size)
    assert 0 <= images.min() < images.max() <= 1
    images.sum().backward()
    assert all(p.grad is not None for p in generator.parameters())


@pytest.mark.parametrize("kind", GENERATORS)
def test_the_same_image_whatever_the_batch(kind) -> None:
    generator = tiny(kind)
    with torch.inference_mode():
        many = generator(latents(7, range(12), 8))
        alone = generator(latents(7, [5], 8))
        few = generator(latents(7, [9, 5], 8))
    assert (many[5] - alone[0]).abs().max() < 1e-5
    assert (many[[9, 5]] - few).abs().max() < 1e-5
    assert (many[5] - many[4]).abs().mean() > 1e-4


def test_latents_are_normal_and_fixed_by_seed_and_number() -> None:
    rows = latents(3, range(2000), 16)
    assert rows.mean().abs() < 0.02
    assert (rows.std() - 1).abs() < 0.02
    assert (torch.corrcoef(rows.T) - torch.eye(16)).abs().max() < 0.1
    assert torch.equal(latents(3, [1999, 4], 16), rows[[1999, 4]])
    assert not torch.equal(latents(4, range(2000), 16), rows)


@pytest.mark.parametrize("kind", GENERATORS)
def test_output_is_float32_under_autocast_and_near(kind) -> None:
    generator, z = tiny(kind), latents(0, range(2), 8)
    with torch.inference_mode():
        exact = generator(z)
        with torch.autocast("cpu", torch.bfloat16):
            fast = generator(z)
    assert fast.dtype == torch.float32
    assert (fast - exact).abs().mean() < 0.01


@pytest.mark.parametrize("kind", GENERATORS)
def test_a_label_moves_the_latent_by_its_strength(kind) -> None:
    generator, z = tiny(kind, classes=3), latents(0, range(3), 8)
    label = torch.arange(3)
    with torch.inference_mode():
        plain, full = generator(z), generator(z, label)
        assert torch.equal(generator(z, label, 0.0), plain)
        assert torch.equal(generator(z + 0.5 * generator.labels(label)), generator(z, label, 0.5))
    assert (plain - full).abs().mean() > 1e-4
    with pytest.raises(UsageError, match="knows no labels; leave the label out"):
        tiny(kind)(z, label)


def test_fastgan_has_no_transposed_convolutions_and_a_few_million_parameters() -> None:
    generator = build("fastgan", {"height": 128, "width": 128})
    assert not any(isinstance(m, nn.ConvTranspose2d) for m in generator.modules())
    assert 2e6 < sum(p.numel() for p in generator.parameters()) < 6e6


def test_dcgan_has_the_widths_of_its_paper() -> None:
    generator = build("dcgan", {"features": 128, "latent": 100})
    layers = [m for m in generator.modules() if isinstance(m, nn.ConvTranspose2d)]
    assert [layer.in_channels for layer in layers] == [100, 1024, 512, 256, 128]


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("fastgam", {}, "generator.kind: unknown kind 'fastgam'; did you mean 'fastgan'"),
        ("fastgan", {"widht": 8}, "generator.widht: unknown key; did you mean 'width'"),
        ("dcgan", {"height": 100, "width": 90}, "100×90: height and width must be multiples of"),
        ("dcgan", {"channels": 0}, "generator.channels"),
    ],
)
def test_wrong_fields_are_named(kind, fields, message) -> None:
    with pytest.raises(UsageError, match=message):
        build(kind, fields)


def colours(number, side=64):
    """Pictures of soft coloured fields, ``(number, 3, side, side)`` in [0, 1]."""
    fields = torch.rand(number, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    return nn.functional.interpolate(fields, size=(side, side), mode="bilinear")


@pytest.mark.parametrize("kind", GENERATORS)
def test_four_pictures_are_learned_each_by_its_label(kind) -> None:
    """With the discriminator of the same name, hinge loss, and the label coming in by and by."""
    torch.manual_seed(0)
    fields = {"dcgan": {"features": 16}, "fastgan": {"widths": [48, 32, 24, 16]}}[kind]
    generator = build(kind, {**fields, "latent": 16, "classes": 4})
    judge = discriminators.build(kind, {"features": 12, "classes": 4})
    loss, real, label = AdversarialLoss("hinge"), colours(4), torch.arange(4)
    step_generator, step_judge = (
        torch.optim.Adam(net.parameters(), 2e-3, betas=(0.5, 0.99)) for net in (generator, judge)
    )

    def distances():
        with torch.inference_mode():
            made = generator.eval()(latents(1, range(4), 16), label)
        generator.train()
        return (made[:, None] - real).abs().mean((2, 3, 4))

    for step in range(120):
        strength = min(1.0, step / 30)
        fake = generator(latents(0, range(4 * step, 4 * step + 4), 16), label, strength)
        on_fake, on_real = (judge(x, label, strength) for x in (fake.detach(), real))
        learning = loss.discriminator(on_fake, on_real)
        if hasattr(judge, "reconstruction"):
            learning = learning + judge.reconstruction(real)
        step_judge.zero_grad()
        learning.backward()
        step_judge.step()
        verdict = judge(fake, label, strength)
        step_generator.zero_grad()
        loss.generator(verdict, verdict).backward()
        step_generator.step()
    after = distances()
    own, others = after.diagonal().mean(), after[~torch.eye(4, dtype=torch.bool)].mean()
    assert after.argmin(1).tolist() == [0, 1, 2, 3]
    assert own < 0.75 * others
