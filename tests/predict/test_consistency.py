"""LR-PSNR in strips equals LR-PSNR of the whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pictures import picture
from PIL import Image
from tiny_networks import tiny_model

from beyne.images import Raster
from beyne.images.resample import downscale
from beyne.metrics.consistency import lr_psnr
from beyne.predict.consistency import consistency_db

CARD = tiny_model("compact").card


def tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)[None]


@pytest.mark.parametrize("size", [(150, 40), (3, 5), (65, 7)])
def test_strips_change_nothing(size):
    small = picture(*size)
    large = np.array(Image.fromarray(small).resize((size[1] * 4, size[0] * 4), Image.BICUBIC))
    expected = float(lr_psnr(tensor(large), tensor(small)))
    found = consistency_db(Raster(small), Raster(large), CARD)
    assert found == pytest.approx(expected, abs=0.01)


def test_an_exact_match_is_finite():
    flat = np.full((8, 8, 3), 77, np.uint8)
    assert consistency_db(Raster(flat), Raster(flat.repeat(2, 0).repeat(2, 1)), CARD) == 100


def test_what_can_not_be_compared():
    small, large = Raster(picture(8, 8)), Raster(picture(16, 16))
    assert consistency_db(small, small, CARD) is None
    assert consistency_db(Raster(picture(8, 8, 1)), large, CARD) is None
    with_alpha = Raster(picture(8, 8), np.zeros((8, 8), np.uint8))
    assert consistency_db(with_alpha, large, CARD) is None


@pytest.mark.parametrize("black", [-0.4, 0.0, 0.9])
def test_floats_may_lie_anywhere(black):
    """What counts is the range in use, wherever it lies."""
    small = picture(20, 24).astype(np.float32) / 2550
    large = np.array([np.roll(small, 1, axis) for axis in (0, 1)]).mean(0).repeat(2, 0).repeat(2, 1)
    found = consistency_db(
        Raster(small + np.float32(black)), Raster(large + np.float32(black)), CARD
    )
    shrunk = downscale(torch.from_numpy(large).permute(2, 0, 1)[None].double(), 2)
    difference = shrunk[0].permute(1, 2, 0).numpy() - small
    expected = 10 * np.log10(np.ptp(small) ** 2 / np.square(difference).mean())
    assert found == pytest.approx(expected, abs=0.02)
