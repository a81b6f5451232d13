"""Colours flow into what can't be seen, and only there."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import picture

from beyne.predict.transparency import bleed


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_hidden_pixels_take_the_colour_beside_them(depth):
    pixels = np.zeros((20, 30, 3), depth)
    pixels[:, :10] = (1, 0, 1) if depth == "float32" else (200, 100, 50)
    alpha = np.zeros((20, 30), depth)
    alpha[:, :10] = 1
    result = bleed(pixels, alpha, reach=5)
    assert result.dtype == pixels.dtype
    assert (result[:, :15] == pixels[0, 0]).all()
    assert (result[:, 15:] == 0).all()
    assert (pixels[:, 10:] == 0).all()  # the input is left alone


def test_visible_pixels_are_not_touched():
    pixels = picture(40, 40)
    alpha = picture(40, 40, 1, seed=3)[..., 0]
    alpha[alpha < 100] = 0
    result = bleed(pixels, alpha)
    assert (result[alpha > 0] == pixels[alpha > 0]).all()
    assert not np.array_equal(result, pixels)


@pytest.mark.parametrize("level", [0, 1, 255])
def test_nothing_to_do(level):
    pixels = picture(9, 9)
    assert bleed(pixels, np.full((9, 9), level, np.uint8)) is pixels
