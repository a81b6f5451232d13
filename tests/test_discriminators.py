"""Every discriminator of the table: shapes, channels, sizes, gradients, the published widths."""

from __future__ import annotations

import pytest
import torch

from beyne.discriminators import DISCRIMINATORS, build
from beyne.errors import UsageError

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
    logits.sum().backward()
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
    middle = verdicts.shape[-1] // 2
    verdicts[0, 0, middle, middle].backward()
    touched = image.grad[0].abs().sum(0).sum(0) > 0
    assert int(touched.nonzero().max() - touched.nonzero().min()) + 1 == 70


@pytest.mark.parametrize("kind", ["unet"])
def test_unet_judges_every_pixel(kind) -> None:
    assert build(kind, {"features": 2})(torch.rand(1, 3, 40, 56)).shape == (1, 1, 40, 56)


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
