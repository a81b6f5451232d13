"""A result with the doubt painted in."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from beyne.images.raster import Pixels
from beyne.trust.calibration import FloatMap
from beyne.trust.native import WHITE
from beyne.trust.summary import Trust

_DOUBT = (255, 0, 160)  # a pink that grey pictures, skin, leaves and soil do not have
_STRENGTH = 0.7  # of it where there is no trust at all
#: The longest side of the overlay of a raster that is never in memory as a whole.
_LONGEST = 4096


def overlay(grey: NDArray[np.floating], trust: FloatMap) -> Pixels:
    """The picture in grey, the more pink the less it can be trusted.

    Args:
        grey: ``(H, W)``, 0 to 255; see `beyne.trust.native.grey_of`.
        trust: ``(H, W)`` in [0, 1].

    Returns:
        ``(H, W, 3)`` of 8 bits.
    """
    painted = np.empty((*grey.shape, 3), np.uint8)
    for top in range(0, len(grey), 256):  # in strips: floats are four times a byte
        rows = slice(top, top + 256)
        painted[rows] = _painted(grey[rows], trust[rows])
    return painted


class Overlay:
    """An overlay in the making, of every so many pixels, so that the whole fits into memory.

    Args:
        height: Rows of the result.
        width: Its columns.

    Attributes:
        pixels: ``(H / step, W / step, 3)`` of 8 bits, black where nothing was added.
    """

    def __init__(self, height: int, width: int) -> None:
        self._step = math.ceil(max(height, width) / _LONGEST)
        size = (math.ceil(length / self._step) for length in (height, width))
        self.pixels = np.zeros((*size, 3), np.uint8)

    def add(self, grey: NDArray[np.floating], trust: FloatMap, top: int, left: int) -> None:
        """Paint a piece.

        Args:
            grey: ``(H, W)``, 0 to 255.
            trust: ``(H, W)`` in [0, 1].
            top: Its first row in the result.
            left: Its first column.
        """
        step = self._step
        every = slice(-top % step, None, step), slice(-left % step, None, step)
        painted = _painted(grey[every], trust[every])
        top, left = math.ceil(top / step), math.ceil(left / step)
        self.pixels[top : top + painted.shape[0], left : left + painted.shape[1]] = painted


class LeastTrusted:
    """The overlay of that frame of several which can be trusted least.

    Attributes:
        pixels: Of the overlay; there once a frame was added.
    """

    def __init__(self) -> None:
        self._count, self._number, self._mean = 0, 0, np.inf

    def add(self, grey: NDArray[np.floating], trust: Trust) -> None:
        """Take the next frame, as `overlay` does."""
        self._count += 1
        if trust.mean < self._mean:
            self._number, self._mean = self._count, trust.mean
            self.pixels = overlay(grey, trust.map)

    @property
    def number(self) -> int | None:
        """Of the frame, from 1; None: there is but one."""
        return self._number if self._count > 1 else None


def _painted(grey: NDArray[np.floating], trust: FloatMap) -> Pixels:
    grey = grey.clip(0, WHITE)
    share = _STRENGTH * (1 - trust[..., None])
    return np.rint(grey[..., None] + share * (np.asarray(_DOUBT, np.float32) - grey[..., None]))
