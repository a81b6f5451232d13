"""Operator A against Pillow, its properties, and the MATLAB variant against published pairs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from beyne.errors import UsageError
from beyne.images.resample import OPERATORS, downscale, resize


@pytest.mark.parametrize("size", [(25, 19), (50, 40), (404, 308), (30, 77), (101, 1), (1, 1)])
def test_equals_pillow_in_float(size) -> None:
    image = np.random.default_rng(0).random((101, 77), dtype=np.float32)
    expected = np.asarray(Image.fromarray(image).resize(size[::-1], Image.Resampling.BICUBIC))
    result = resize(torch.from_numpy(image)[None, None], size)[0, 0].numpy()
    assert np.abs(result - expected).max() < 1e-6


@pytest.mark.parametrize("operator", OPERATORS)
def test_keeps_constants_and_carries_gradients(operator) -> None:
    image = torch.full((1, 2, 13, 9), 0.3, requires_grad=True)
    for size in ((4, 3), (52, 36), (13, 9)):
        result = resize(image, size, operator)
        assert torch.allclose(result, torch.tensor(0.3), atol=1e-6)
    result.sum().backward()
    assert torch.isfinite(image.grad).all()


@pytest.mark.parametrize("height", [28, 700])
def test_use_without_gradients_leaves_later_gradients_alone(height) -> None:
    image = torch.rand(1, 1, height, 8, requires_grad=True)
    with torch.inference_mode():
        resize(image, (height // 4, 2))
    resize(image, (height // 4, 2)).sum().backward()
    assert image.grad.sum() == pytest.approx(height // 4 * 2, rel=1e-4)


def test_matlab_variant_is_nearer_to_the_published_pairs(shared) -> None:
    folder = shared("data/sr_test/Urban100")
    distance = dict.fromkeys(OPERATORS, 0.0)
    for path in sorted((folder / "HR").iterdir())[:3]:
        hr = np.asarray(Image.open(path).convert("RGB"), dtype=np.float32) / 255
        lr = np.asarray(Image.open(folder / "LR_x4" / path.name).convert("RGB"), dtype=np.float32)
        for operator in OPERATORS:
            made = downscale(torch.from_numpy(hr).permute(2, 0, 1)[None], 4, operator)
            made = (made * 255).round().clamp(0, 255)[0].permute(1, 2, 0).numpy()
            distance[operator] += float(((made - lr) ** 2).mean())
    assert distance["bicubic-matlab"] < distance["bicubic"] < 3 * 0.6


def test_size_must_be_a_multiple() -> None:
    with pytest.raises(UsageError, match="9×10 is not a multiple of 4"):
        downscale(torch.rand(1, 1, 10, 9), 4)
