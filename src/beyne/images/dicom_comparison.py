"""How the stored values of a DICOM file compare before and after enlarging."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from beyne.images.raster import Pixels

_REGIONS = 4  # along each side of a frame
_BEST = 100.0  # decibels given to an exact match
# Least that A(output) may differ from the input beyond half a level by the rounding of float32.
_FLOAT32 = 0.01


class Comparison:
    """Sums over the stored values of all frames, and over what is missing after shrinking.

    Attributes:
        least: Least stored value after.
        greatest: Greatest stored value after.
    """

    def __init__(self) -> None:
        self.least, self.greatest = 1 << 16, -(1 << 16)
        self._squares = np.zeros(2)  # before, after
        self._sums, self._counts = np.zeros((2, 2, _REGIONS, _REGIONS))
        self._pixels = self._beyond = 0
        self._missing = self._worst = 0.0
        self._levels = 1

    def add(self, given: Pixels, made: Pixels, top: int, height: int) -> None:
        """Take some rows.

        Args:
            given: ``(H, W, C)`` stored values before.
            made: ``(H·scale, W·scale, C)`` of the same rows after.
            top: First of the rows in the frame before.
            height: Rows of the frame before.
        """
        self.least = min(self.least, int(made.min()))
        self.greatest = max(self.greatest, int(made.max()))
        scale = len(made) // len(given)
        for at, values, factor in ((0, given, 1), (1, made, scale)):
            rows = (top * factor + np.arange(len(values))) * _REGIONS // (height * factor)
            columns = np.arange(values.shape[1]) * _REGIONS // values.shape[1]
            down, across = np.eye(_REGIONS)[rows], np.eye(_REGIONS)[columns]
            exact = values.astype(np.float64)
            self._sums[at] += down.T @ exact.sum(2) @ across
            self._counts[at] += np.outer(down.sum(0), across.sum(0)) * values.shape[2]
            self._squares[at] += float(np.square(exact, out=exact).sum())

    def add_residual(self, difference: Pixels, levels: int) -> None:
        """Take what the result, shrunk again, differs from some rows of its source.

        Args:
            difference: ``(H, W, C)`` in stored levels.
            levels: Their range.
        """
        size = np.abs(difference).max(axis=2)
        self._levels = levels
        self._pixels += size.size
        self._beyond += int((size > 0.5 + _FLOAT32).sum())
        self._worst = max(self._worst, float(size.max()))
        self._missing += float(np.square(difference, dtype=np.float64).mean(2).sum())

    @property
    def within_half_a_level(self) -> float | None:
        """Share of the source's pixels that the result gives back; None: nothing was enlarged."""
        return 1 - self._beyond / self._pixels if self._pixels else None

    @property
    def decibels(self) -> float | None:
        """PSNR of the shrunk result against the source over the range of the stored bits."""
        if not self._pixels:
            return None
        mean = self._missing / self._pixels / self._levels**2
        return round(min(_BEST, 10 * math.log10(1 / mean)), 2) if mean else _BEST

    def sentences(self, dataset: Any) -> list[str]:
        """What came out, in ASCII, in the unit that the file's rescale gives.

        Args:
            dataset: The source's elements.
        """
        slope, intercept, unit = _rescale(dataset)
        counts = self._counts.sum((1, 2))
        means = self._sums.sum((1, 2)) / counts
        deviations = np.sqrt((self._squares / counts - means**2).clip(0)) * abs(slope)
        before, after = means * slope + intercept
        with np.errstate(invalid="ignore"):  # regions of a picture of a few pixels may be empty
            regions = self._sums / self._counts
        apart = float(np.nanmax(np.abs(regions[1] - regions[0]))) * abs(slope)
        told = [
            f"Before and after ({unit}): mean {before:.2f} and {after:.2f}, standard deviation "
            f"{deviations[0]:.2f} and {deviations[1]:.2f}; means of {_REGIONS}x{_REGIONS} regions "
            f"differ by up to {apart:.2f}."
        ]
        share = self.within_half_a_level
        if share is not None:
            told.append(
                f"Shrunk again, {self._pixels - self._beyond} of {self._pixels} pixels "
                f"({_percent(share)} %) are within half a stored level of the source, "
                f"all within {self._worst:.2f}."
            )
        return told


def _percent(share: float) -> str:
    """Rounded down: only all of them are 100 %."""
    return f"{math.floor(share * 1e5) / 1e3:.3f}".rstrip("0").rstrip(".")


def _rescale(dataset: Any) -> tuple[float, float, str]:
    """Slope and intercept from stored values to the unit, and the unit's name."""
    slope, intercept = dataset.get("RescaleSlope"), dataset.get("RescaleIntercept")
    if slope is None or intercept is None:
        return 1.0, 0.0, "stored values"
    unit = str(dataset.get("RescaleType") or ("HU" if dataset.get("Modality") == "CT" else "US"))
    return float(slope), float(intercept), "rescaled values" if unit == "US" else unit
