"""Colours under transparency, made harmless before a network sees them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from beyne.images.raster import Pixels

_NEIGHBOURS = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]


def bleed(pixels: Pixels, alpha: Pixels, reach: int = 12) -> Pixels:
    """Let colours flow from visible pixels into fully transparent ones beside them.

    Files often hold black where nothing shows. A network would draw that black into the edge of
    what does show: a dark fringe.

    Args:
        pixels: ``(H, W, C)`` straight colours.
        alpha: ``(H, W)``, or a mask; a pixel is taken as transparent if it is 0.
        reach: How many pixels far the colours flow.

    Returns:
        A copy with new colours where alpha is 0, or ``pixels`` itself if there is nothing to do.
    """
    known = alpha > 0
    if known.all() or not known.any():
        return pixels
    pixels = pixels.copy()
    for _ in range(reach):
        ring = _grown(known) & ~known
        if not ring.any():
            break
        pixels[ring] = _mean_of_known_neighbours(pixels, known, *np.nonzero(ring))
        known |= ring
    return pixels


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask and its eight neighbours."""
    tall = mask.copy()
    tall[1:] |= mask[:-1]
    tall[:-1] |= mask[1:]
    grown = tall.copy()
    grown[:, 1:] |= tall[:, :-1]
    grown[:, :-1] |= tall[:, 1:]
    return grown


def _mean_of_known_neighbours(
    pixels: Pixels, known: NDArray[np.bool_], rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> Pixels:
    height, width = known.shape
    total = np.zeros((len(rows), pixels.shape[2]), np.float64)
    count = np.zeros((len(rows), 1), np.float64)
    for down, right in _NEIGHBOURS:
        y, x = rows + down, columns + right
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        y, x = y.clip(0, height - 1), x.clip(0, width - 1)
        weight = (inside & known[y, x])[:, None]
        total += pixels[y, x] * weight
        count += weight
    mean = total / count
    return np.rint(mean) if pixels.dtype.kind == "u" else mean
