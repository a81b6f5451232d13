"""How hard a picture has once been compressed as JPEG, whatever file it is in now."""

from __future__ import annotations

import numpy as np

from beyne.images.raster import Pixels

_SIDE = 1024  # of the middle part that is looked at
_BLOCKS = 2000
_LEAST = 24  # coefficients needed to tell a step
_STEPS = np.arange(40, 1, -1)
#: Steps of the standard luma table (ITU-T T.81, table K.1) at quality 50, for low frequencies.
_TABLE = {
    (0, 1): 11,
    (1, 0): 12,
    (1, 1): 12,
    (0, 2): 10,
    (2, 0): 14,
    (1, 2): 14,
    (2, 1): 13,
    (2, 2): 16,
}


def cosines(length: int) -> Pixels:
    """The orthonormal DCT-II as a ``(length, length)`` matrix, a row for each frequency."""
    k, n = np.mgrid[0:length, 0:length]
    scale = np.sqrt(np.where(k, 2, 1) / length)
    return np.asarray(scale * np.cos(np.pi * k * (2 * n + 1) / (2 * length)), np.float32)


_DCT = cosines(8)


def quality(luma: Pixels) -> int:
    """The JPEG quality, 1 to 100, that the picture has gone through; 100 where none shows.

    Coefficients of the 8×8 blocks that were quantised stay near multiples of the step (Fan and de
    Queiroz 2003); the steps are compared with those of the standard table. A picture cut out
    afterwards is looked at on the grid where the edges between its blocks show best. Qualities
    over 90 leave steps that rounding to 8 bits hides.

    Args:
        luma: ``(H, W)`` floats in [0, 255], BT.601 where the picture has colours.
    """
    top, left = (max(0, side - _SIDE) // 16 * 8 for side in luma.shape)
    luma = luma[top : top + _SIDE, left : left + _SIDE]
    if min(luma.shape) < 24:
        return 100
    offsets = {(0, 0), (_grid(luma.T), _grid(luma))}
    coarse = max(_coarseness(luma[down:, right:]) for down, right in offsets)
    return round(100 - 50 * coarse) if coarse <= 1 else max(1, round(50 / coarse))


def _grid(luma: Pixels) -> int:
    """The column, 0 to 7, at which blocks begin: where steps from pixel to pixel stand out."""
    steps = np.abs(np.diff(luma, axis=1))
    excess = steps[:, 1:-1] - (steps[:, :-2] + steps[:, 2:]) / 2
    columns = excess.clip(-8, 8).mean(0)
    return (int(np.argmax([columns[start::8].mean() for start in range(8)])) + 2) % 8


def _coarseness(luma: Pixels) -> float:
    """Steps of the quantisation over those of quality 50; near 0 without one."""
    height, width = (side // 8 for side in luma.shape)
    grid = luma[: height * 8, : width * 8].reshape(height, 8, width, 8)
    blocks = grid.swapaxes(1, 2).reshape(-1, 8, 8)
    low, high = blocks.min((1, 2)), blocks.max((1, 2))
    # Flat blocks tell nothing; clipped ones are no multiples any more.
    blocks = blocks[(low > 1) & (high < 254) & (high - low > 4)]
    blocks = blocks[:: len(blocks) // _BLOCKS + 1]
    coefficients = _DCT @ blocks @ _DCT.T
    found = [_step(coefficients[:, i, j]) / step for (i, j), step in _TABLE.items()]
    return float(np.median(found))


def _step(values: Pixels) -> int:
    """The largest step of which the values that are not near 0 are multiples; 0 for none."""
    for step in _STEPS:
        large = values[np.abs(values) > step / 2]
        if len(large) < _LEAST:
            continue
        # The mean cosine is 1 for exact multiples, and 0 ± 1/√2n for values anywhere.
        if np.cos(2 * np.pi / step * large).mean() > max(0.5, 3.5 / np.sqrt(2 * len(large))):
            return int(step)
    return 0
