"""LPIPS against its formula, against values of its authors' package, and its properties."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch.nn import functional as F

from beyne.errors import UsageError
from beyne.metrics import LPIPS, Protocol


@pytest.fixture
def lpips(shared, monkeypatch, tmp_path):
    monkeypatch.setenv("BEYNE_WEIGHTS", str(shared("weights")))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return LPIPS()


def pair(channels=3, n=2, side=48):
    generator = torch.Generator().manual_seed(1)
    target = F.interpolate(torch.rand(n, channels, 6, 6, generator=generator), (side, side))
    noise = 0.1 * torch.randn(target.shape, generator=generator)
    return (target + noise).clamp(0, 1), target


def by_formula(output, target, weights):
    """Equation 1 of the paper with the published names, its own scaling of [-1, 1] included."""
    trunk = load_file(weights / "squeezenet1_1_caffe_fp16src.safetensors")
    heads = load_file(weights / "lpips_v0.1_lin_squeeze.safetensors")
    shift = torch.tensor([-0.030, -0.088, -0.188]).view(3, 1, 1)
    scale = torch.tensor([0.458, 0.448, 0.450]).view(3, 1, 1)

    def convolved(x, name, **options):
        kernel, bias = trunk[f"features.{name}.weight"], trunk[f"features.{name}.bias"]
        return F.conv2d(x, kernel, bias, **options)

    def features(image):
        x = F.relu(convolved((2 * image - 1 - shift) / scale, "0", stride=2))
        found = [x]
        for index in (3, 4, 6, 7, 9, 10, 11, 12):
            if index in (3, 6, 9):
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            x = F.relu(convolved(x, f"{index}.squeeze"))
            branches = (
                convolved(x, f"{index}.expand1x1"),
                convolved(x, f"{index}.expand3x3", padding=1),
            )
            x = F.relu(torch.cat(branches, 1))
            if index not in (3, 6):
                found.append(x)
        return found

    total = 0
    for index, (a, b) in enumerate(zip(features(output), features(target), strict=True)):
        gap = (F.normalize(a, dim=1) - F.normalize(b, dim=1)) ** 2
        total = total + F.conv2d(gap, heads[f"lin{index}.model.1.weight"]).mean((1, 2, 3))
    return total


def test_equals_its_formula(lpips, shared):
    output, target = pair()
    expected = by_formula(output, target, shared("weights"))
    assert lpips(output, target).tolist() == pytest.approx(expected.tolist(), rel=1e-4)


@pytest.mark.parametrize(
    ("dataset", "picture", "expected"),
    [("Set5", "img_003", 0.21514), ("Set5", "img_005", 0.15293), ("Set14", "img_006", 0.20843)],
)
def test_equals_the_authors_package_with_this_trunk(lpips, shared, dataset, picture, expected):
    """Values of the package lpips 0.1.4 with the same trunk for Pillow's bicubic enlargement."""
    folder = shared(f"data/sr_test/{dataset}")
    hr = Image.open(folder / f"HR/{picture}.png").convert("RGB")
    lr = Image.open(folder / f"LR_x4/{picture}.png").convert("RGB")
    output, target = (
        torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255
        for image in (lr.resize(hr.size, Image.Resampling.BICUBIC), hr)
    )
    assert lpips(output, target).item() == pytest.approx(expected, rel=1e-3)


def test_equal_images_symmetry_batches_and_more_noise(lpips):
    output, target = pair()
    assert lpips(target, target).tolist() == [0, 0]
    values = lpips(output, target)
    assert values.tolist() == pytest.approx(lpips(target, output).tolist(), rel=1e-5)
    one_by_one = [lpips(output[i : i + 1], target[i : i + 1]).item() for i in range(2)]
    assert values.tolist() == pytest.approx(one_by_one, rel=1e-5)
    less = lpips((output + target) / 2, target)
    assert (less > 0).all()
    assert (less < values).all()


def test_grey_is_three_equal_colours_and_bands_are_averaged(lpips):
    output, target = pair(1)
    as_colour = lpips(output.expand(-1, 3, -1, -1), target.expand(-1, 3, -1, -1))
    assert lpips(output, target).tolist() == pytest.approx(as_colour.tolist(), rel=1e-5)
    output, target = pair(4)
    bands = [lpips(output[:, i : i + 1], target[:, i : i + 1]) for i in range(4)]
    expected = torch.stack(bands).mean(0)
    assert lpips(output, target).tolist() == pytest.approx(expected.tolist(), rel=1e-5)


def test_under_a_protocol(lpips):
    output, target = pair(side=64)
    expected = lpips(output[..., 4:-4, 4:-4], target[..., 4:-4, 4:-4])
    assert torch.allclose(Protocol(crop=4).measure(lpips, output, target), expected)
    ranged = lpips(output * 255, target * 255, data_range=255)
    assert ranged.tolist() == pytest.approx(lpips(output, target).tolist(), rel=1e-4)
    with pytest.raises(UsageError, match="not on luma"):
        Protocol(luma=True).measure(lpips, output, target)
    with pytest.raises(UsageError, match="outside the stated range"):
        lpips(output * 255, target)
    with pytest.raises(UsageError, match="too few"):
        Protocol(crop=20).measure(lpips, output, target)


def test_another_trunk_is_not_official(lpips):
    assert not lpips.official
    assert lpips.text == "not official LPIPS (squeezenet_caffe)"


def test_missing_weights_are_told(monkeypatch, tmp_path):
    monkeypatch.delenv("BEYNE_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="beyne weights fetch squeezenet_torchvision"):
        LPIPS()
