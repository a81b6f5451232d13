"""Windows cover an axis; a picture in tiles equals the picture as a whole."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from beyne.images.raster import to_tensor
from beyne.predict.tiling import Tiling, apply_in_tiles, windows


@given(
    length=st.integers(1, 2000),
    core=st.integers(1, 300),
    halo=st.integers(0, 60),
    alignment=st.sampled_from([1, 4, 12]),
)
def test_windows_cover_the_axis_with_full_context(length, core, halo, alignment):
    found = windows(length, Tiling(core, halo, alignment=alignment))
    assert len({window.stop - window.start for window in found}) == 1
    assert all(window.start % alignment == 0 for window in found)
    assert (found[0].keep, found[-1].end) == (0, length)
    for window in found:
        assert 0 <= window.start <= window.keep < window.end <= window.stop <= length
        assert window.start == 0 or window.keep - window.start >= halo
        assert window.stop == length or window.stop - window.end >= halo
    for before, after in itertools.pairwise(found):
        # The seam is exactly what both keep, so blending never meets an unwritten pixel.
        assert after.start > before.start
        assert before.end == after.keep + after.seam


@pytest.mark.parametrize("size", [(1, 1), (1, 90), (61, 47), (100, 100)])
@pytest.mark.parametrize("batch", [1, 3])
def test_a_local_function_gives_the_same_in_tiles(size, batch):
    pixels = np.random.default_rng(0).random((*size, 2), np.float32)

    def function(tiles):
        x = torch.cat([to_tensor(tile) for tile in tiles])
        blurred = F.avg_pool2d(x, 5, stride=1, padding=2, count_include_pad=False)
        return [
            large.permute(1, 2, 0).numpy()
            for large in F.interpolate(blurred, scale_factor=2, mode="nearest")
        ]

    outputs = []
    for core in (1000, 16):
        output = np.full((size[0] * 2, size[1] * 2, 2), np.nan, np.float32)
        apply_in_tiles(function, pixels, output, Tiling(core, 2, batch))
        outputs.append(output)
    np.testing.assert_allclose(outputs[0], outputs[1], atol=1e-6)


def test_seams_of_a_function_that_sees_too_little_are_faded():
    pixels = np.zeros((80, 80, 1), np.float32)
    levels = iter(np.linspace(0, 1, 100))

    def different_each_time(tiles):
        return [np.full_like(tile, next(levels)) for tile in tiles]

    output = np.empty_like(pixels)
    apply_in_tiles(different_each_time, pixels, output, Tiling(36, 2))
    steps = np.abs(np.diff(output, axis=1)).max()
    assert 0 < steps < np.ptp(output[0]) * 0.6


def test_progress_ends_at_one():
    pixels = np.zeros((50, 50, 1), np.uint8)
    shares: list[float] = []
    apply_in_tiles(lambda x: x, pixels, pixels.copy(), Tiling(16, 1), shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
