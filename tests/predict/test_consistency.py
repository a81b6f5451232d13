"""LR-PSNR in strips equals LR-PSNR of the whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pictures import picture
from PIL import Image

from beyne.images import Raster
from beyne.metrics.consistency import lr_psnr
from beyne.predict.consistency import consistency_db


def tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)[None]


@pytest.mark.parametrize("size", [(150, 40), (3, 5), (65, 7)])
def test_strips_change_nothing(size):
    small = picture(*size)
    large = np.array(Image.fromarray(small).resize((size[1] * 4, size[0] * 4), Image.BICUBIC))
    expected = float(lr_psnr(tensor(large), tensor(small)))
    found = consistency_db(Raster(small), Raster(large), "bicubic")
    assert found == pytest.approx(expected, abs=0.01)


def test_an_exact_match_is_finite():
    flat = np.full((8, 8, 3), 77, np.uint8)
    assert consistency_db(Raster(flat), Raster(flat.repeat(2, 0).repeat(2, 1)), "bicubic") == 100


def test_what_can_not_be_compared():
    small, large = Raster(picture(8, 8)), Raster(picture(16, 16))
    assert consistency_db(small, small, "bicubic") is None
    assert consistency_db(Raster(picture(8, 8, 1)), large, "bicubic") is None
    with_alpha = Raster(picture(8, 8), np.zeros((8, 8), np.uint8))
    assert consistency_db(with_alpha, large, "bicubic") is None
