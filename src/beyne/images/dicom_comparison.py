"""How the stored values of a DICOM file compare before and after enlarging."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from beyne.images.dicom_header import functional_groups, holder
from beyne.images.raster import Pixels
from beyne.images.residual import Residual

_REGIONS = 4  # along each side of a frame


class Comparison:
    """Sums over the stored values of all frames.

    Attributes:
        least: Least stored value after.
        greatest: Greatest stored value after.
        residual: What is missing after shrinking; empty if nothing was enlarged.
    """

    def __init__(self) -> None:
        self.least, self.greatest = 1 << 16, -(1 << 16)
        self._squares = np.zeros(2)  # before, after
        self._sums, self._counts = np.zeros((2, 2, _REGIONS, _REGIONS))
        self.residual = Residual()

    def add(
        self, given: Pixels, made: Pixels, valid: NDArray[np.bool_], top: int, height: int
    ) -> None:
        """Take some rows.

        Args:
            given: ``(H, W, C)`` stored values before.
            made: ``(H·scale, W·scale, C)`` of the same rows after.
            valid: ``(H, W, C)``, which of them are data and count.
            top: First of the rows in the frame before.
            height: Rows of the frame before.
        """
        self.least = min(self.least, int(made.min()))
        self.greatest = max(self.greatest, int(made.max()))
        scale = len(made) // len(given)
        large = valid.repeat(scale, 0).repeat(scale, 1)
        for at, values, known, factor in ((0, given, valid, 1), (1, made, large, scale)):
            rows = (top * factor + np.arange(len(values))) * _REGIONS // (height * factor)
            columns = np.arange(values.shape[1]) * _REGIONS // values.shape[1]
            down, across = np.eye(_REGIONS)[rows], np.eye(_REGIONS)[columns]
            exact = np.where(known, values, 0.0)
            self._sums[at] += down.T @ exact.sum(2) @ across
            self._counts[at] += down.T @ known.sum(2) @ across
            self._squares[at] += float(np.square(exact, out=exact).sum())

    def sentences(self, dataset: Any) -> list[str]:
        """What came out, in ASCII, in the unit that the file's rescale gives; of no data nothing.

        Args:
            dataset: The source's elements.
        """
        slope, intercept, unit = _rescale(dataset)
        counts = self._counts.sum((1, 2))
        if not counts.all():
            return []
        means = self._sums.sum((1, 2)) / counts
        deviations = np.sqrt((self._squares / counts - means**2).clip(0)) * abs(slope)
        before, after = means * slope + intercept
        with np.errstate(invalid="ignore"):  # regions of a picture of a few pixels may be empty
            regions = self._sums / self._counts
        apart = float(np.nanmax(np.abs(regions[1] - regions[0]))) * abs(slope)
        means_and_regions = (
            f"Before and after ({unit}): mean {before:.2f} and {after:.2f}, standard deviation "
            f"{deviations[0]:.2f} and {deviations[1]:.2f}; means of {_REGIONS}x{_REGIONS} regions "
            f"differ by up to {apart:.2f}."
        )
        return [*filter(None, (means_and_regions, self.residual.sentence))]


def _rescale(dataset: Any) -> tuple[float, float, str]:
    """Slope and intercept from stored values to the unit, and the unit's name."""
    by_modality = "HU" if dataset.get("Modality") == "CT" else "US"
    found = set()
    for item in (dataset, *functional_groups(dataset)):
        part = holder(item, "PixelValueTransformationSequence", "RescaleSlope")
        if part is not None and part.get("RescaleIntercept") is not None:
            unit = str(part.get("RescaleType") or by_modality)
            found.add((float(part.RescaleSlope), float(part.RescaleIntercept), unit))
    if len(found) != 1:  # none, or another one for every frame
        return 1.0, 0.0, "stored values"
    slope, intercept, unit = found.pop()
    return slope, intercept, "rescaled values" if unit == "US" else unit
