"""Every discriminator of the table: shapes, channels, sizes, gradients, the published widths."""

from __future__ import annotations

import pytest
import torch

from beyne.data.augment import AugmentationConfig, draw
from beyne.discriminators import DISCRIMINATORS, build
from beyne.errors import UsageError
from beyne.losses.adversarial import gradient_penalty

#: What a kind needs to be built on any machine.
FIELDS = {"projected": {"weights": "random", "layers": ["Conv1", "block_1_expand"]}}


@pytest.mark.parametrize("kind", DISCRIMINATORS)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(64, 64), (48, 80), (37, 41)])
def test_any_channels_and_size(kind, channels, size) -> None:
    judge = build(kind, {"channels": channels, "features": 4} | FIELDS.get(kind, {}))
    image = torch.rand(2, channels, *size, requires_grad=True)
    logits = judge(image)
    assert logits.shape[:2] == (2, 1)
    decoders = judge.reconstruction(image) if hasattr(judge, "reconstruction") else 0
    (logits.sum() + decoders).backward()
    assert image.grad.abs().sum() > 0
    assert all(p.grad is not None for p in judge.parameters() if p.requires_grad)


@pytest.mark.parametrize("norm", ["none", "batch", "instance", "spectral"])
def test_norms(norm) -> None:
    judge = build("vgg", {"features": 4, "norm": norm, "hidden": 8, "pooled": 2})
    assert torch.isfinite(judge(torch.rand(2, 3, 32, 32))).all()
    spectral = any("parametrizations" in name for name in judge.state_dict())
    assert spectral == (norm == "spectral")


def test_vgg_has_eight_convolutions_from_64_to_512() -> None:
    judge = build("vgg", {})
    widths = [m.out_channels for m in judge.modules() if isinstance(m, torch.nn.Conv2d)]
    strides = [m.stride[0] for m in judge.modules() if isinstance(m, torch.nn.Conv2d)]
    assert widths == [64, 64, 128, 128, 256, 256, 512, 512]
    assert strides == [1, 2] * 4


def test_patch_sees_70_pixels() -> None:
    """The receptive field by its definition: where the input's gradient of one verdict is."""
    judge = build("patch", {"features": 2, "norm": "none"})
    image = torch.rand(1, 3, 160, 160, requires_grad=True)
    verdicts = judge(image)
    side = round(verdicts.shape[-1] ** 0.5)
    verdicts[0, 0, side // 2 * (side + 1)].backward()
    touched = image.grad[0].abs().sum(0).sum(0) > 0
    assert int(touched.nonzero().max() - touched.nonzero().min()) + 1 == 70


@pytest.mark.parametrize("kind", ["unet"])
def test_unet_judges_every_pixel(kind) -> None:
    assert build(kind, {"features": 2})(torch.rand(1, 3, 40, 56)).shape == (1, 1, 40, 56)


@pytest.mark.parametrize("kind", ["dcgan", "fastgan", "projected"])
def test_a_label_comes_in_with_its_strength(kind) -> None:
    judge = build(kind, {"features": 4, "classes": 3} | FIELDS.get(kind, {})).eval()
    image, label = torch.rand(3, 3, 64, 64), torch.arange(3)
    plain, full = judge(image), judge(image, label)
    assert torch.equal(judge(image, label, 0.0), plain)
    assert torch.allclose(judge(image, label, 0.5), (plain + full) / 2, atol=1e-6)
    assert not torch.allclose(judge(image, label.flip(0)), full)
    with pytest.raises(UsageError, match=r"knows no labels; set discriminator.classes"):
        build(kind, {"features": 4} | FIELDS.get(kind, {}))(image, label)


@pytest.mark.parametrize("kind", ["dcgan", "fastgan"])
def test_the_gradient_penalty_reaches_every_weight_that_sees(kind) -> None:
    """R1 and R2 go through the discriminator twice, and through the augmentation before it."""
    judge = build(kind, {"features": 4, "classes": 2})
    image = torch.rand(2, 3, 32, 32, requires_grad=True)
    augmented = draw(AugmentationConfig(), 2, torch.Generator().manual_seed(0))(image)
    gradient_penalty(image, judge(augmented, torch.arange(2))).backward()
    seeing = [p for name, p in judge.named_parameters() if p.dim() == 4 and "paint" not in name]
    assert len(seeing) > 4
    assert all(p.grad.isfinite().all() and p.grad.abs().sum() > 0 for p in seeing)


def test_dcgan_sees_64_pixels_as_they_are() -> None:
    judge = build("dcgan", {"features": 2})
    image = torch.rand(1, 3, 64, 64) * 2 - 1
    assert torch.equal(judge.look(image), judge.look[:-1](image))


def test_reconstruction_of_fastgan_looks_at_the_whole_and_at_quarters() -> None:
    """Decoders that paint grey are as far off as grey is: of a quarter, its own picture's."""
    judge = build("fastgan", {"features": 4}).eval()
    images = torch.rand(5, 3, 64, 48)
    for decoder in (judge.paint_whole, judge.paint_part):
        torch.nn.init.zeros_(decoder[-2].weight)
        torch.nn.init.zeros_(decoder[-2].bias)
    whole = (torch.nn.functional.avg_pool2d(images, 2) - 0.5).abs().mean()
    corners = [(0, 0), (0, 24), (32, 0), (32, 24), (0, 0)]
    quarters = [
        (images[n, :, top : top + 32, left : left + 24] - 0.5).abs().mean()
        for n, (top, left) in enumerate(corners)
    ]
    found = judge.reconstruction(images).item()
    assert found == pytest.approx(float(whole + sum(quarters) / 5), abs=1e-5)


def test_wrong_fields_are_named() -> None:
    with pytest.raises(UsageError, match=r"discriminator.kind: unknown kind 'vg'.*vgg"):
        build("vg", {})
    with pytest.raises(UsageError, match=r"discriminator.widht: unknown key"):
        build("vgg", {"widht": 3})


def test_projected_learns_with_its_heads_alone() -> None:
    judge = build("projected", {"features": 4, **FIELDS["projected"]}).train()
    learning = {name for name, p in judge.named_parameters() if p.requires_grad}
    assert learning
    assert all(name.startswith("heads.") and ".judge." in name for name in learning)
    assert not judge.backbone.training


def test_projected_judges_every_place_of_every_layer() -> None:
    judge = build("projected", {"features": 4, **FIELDS["projected"]})
    assert judge(torch.rand(2, 3, 64, 48)).shape == (2, 1, 2 * 32 * 24)


def test_balanced_layers_of_projected_count_the_same() -> None:
    fields = {"features": 4, "weights": "random", "layers": ["Conv1", "block_3_expand"]}
    judge = build("projected", {**fields, "balanced": True}).eval()
    plain = build("projected", fields).eval()
    plain.load_state_dict(judge.state_dict())
    image = torch.rand(2, 3, 64, 64)
    fine, coarse = plain(image).split([32 * 32, 16 * 16], 2)
    averaged = torch.nn.functional.avg_pool2d(fine.view(2, 1, 32, 32), 2).flatten(2)
    assert torch.allclose(judge(image), torch.cat([averaged, coarse], 2), atol=1e-6)


def test_every_scale_of_patch_sees_half_the_size_before() -> None:
    judge = build("patch", {"features": 4, "norm": "none", "scales": 2})
    alone = build("patch", {"features": 4, "norm": "none"})
    alone.load_state_dict(judge.state_dict(), strict=False)
    image = torch.rand(2, 3, 64, 64)
    fine = alone(image)
    alone.judge.load_state_dict(judge.coarser[0].state_dict())
    coarse = alone(torch.nn.functional.avg_pool2d(image, 3, 2, 1, count_include_pad=False))
    assert torch.allclose(judge(image), torch.cat([fine, coarse], 2))
    assert len(judge.layers(image)) == 2 * len(alone.layers(image)) - 1
