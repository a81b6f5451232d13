"""What the samples of a file are to a model: which value is black, which is white.

Bytes are what models are made for: 0 to 255. Of deeper samples, which often fill a sliver of their
type, black to white is the range that nearly all of the file's data lies in, so that the model sees
a picture of full contrast; one range for a whole file. Only a model that itself learned from deeper
samples sees integers as it learned them, as parts of the type's whole range.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beyne.bundle import ModelCard
from beyne.images.raster import Pixels, Raster, is_data, to_steps
from beyne.images.residual import Levels

#: Percentiles between which nearly all data lies, and how much wider, in parts of that, the range
#: may be to hold the rest: what it does not hold the model does not see.
_PERCENTILES, _MARGIN = (0, 0.1, 99.9, 100), 0.1
#: Samples taken of a file to tell its range.
_SAMPLES = 1 << 18


@dataclass(frozen=True)
class Values:
    """How values of a file become values of the model and back.

    Attributes:
        black: Value that is 0 to the model.
        width: Difference to the value that is 1.
        dtype: Type of the samples.
        limits: Least and greatest value of data that can be written.
        nodata: Value that no data may take.
    """

    black: float
    width: float
    dtype: np.dtype[Any]
    limits: tuple[float, float]
    nodata: float | None = None

    @property
    def levels(self) -> Levels:
        """Floats have no steps, and get those of 16 bits in the range."""
        step = self.width / 65535 if self.dtype.kind == "f" else 1.0
        return Levels(step, self.width, self.limits)

    def shares(self, samples: Pixels) -> NDArray[np.float64]:
        """Samples as parts of the range: in [0, 1], but for what lies beyond."""
        return (samples.astype(np.float64) - self.black) / self.width

    def samples(self, shares: NDArray[np.float64]) -> Pixels:
        """The inverse, rounded; what would be the nodata value becomes the one beside it."""
        values = (shares * self.width + self.black).clip(*self.limits)
        if self.dtype.kind != "f":
            values = np.rint(values)
        samples = values.astype(self.dtype)
        if self.nodata is not None and np.isfinite(self.nodata):
            nodata = np.array(self.nodata).astype(self.dtype)
            wide = nodata.astype(np.float64)
            above = np.nextafter(nodata, np.inf) if self.dtype.kind == "f" else wide + 1
            samples[samples == nodata] = above if wide < self.limits[1] else wide - 1
        return samples


#: Floats that are in the model's range already.
UNIT = Values(0.0, 1.0, np.dtype(np.float32), (-math.inf, math.inf))


def values_of(
    sample: Pixels,
    dtype: np.dtype[Any],
    limits: tuple[float, float],
    nodata: float | None,
    card: ModelCard,
) -> Values:
    """The range that stands for black to white in a whole raster or volume.

    Args:
        sample: Values of data from all over it.
        dtype: Type of its samples.
        limits: Least and greatest sample that the file can hold.
        nodata: Value that stands for no data.
        card: Of the model.
    """
    black, white = 0.0, 255.0
    if dtype.kind != "f" and sees_whole_range(card, dtype):
        black, white = limits if dtype != np.uint8 else (black, white)
    elif len(sample):
        least, black, white, most = (float(at) for at in np.percentile(sample, _PERCENTILES))
        margin = _MARGIN * (white - black)
        black, white = max(least, black - margin), min(most, white + margin)
    low, high = limits
    low, high = low + (nodata == low), high - (nodata == high)
    return Values(black, white - black or 1.0, dtype, (low, high), nodata)


def values_of_pictures(card: ModelCard, raster: Raster, sample: Pixels | None = None) -> Values:
    """The same of a picture, in its own steps (see `beyne.images.raster.to_steps`).

    Args:
        card: Of the model.
        raster: The picture, or one of several that share a range.
        sample: What `sampled` gives of all of these; None: there is but this one.
    """
    dtype, levels = raster.pixels.dtype, raster.levels
    limits = (0.0, float(levels)) if levels else (-math.inf, math.inf)
    low, high = raster.padding or (-1, -1)
    if low <= 0 <= high:  # data must not become padding
        limits = high + 1.0, limits[1]
    elif low <= levels <= high:
        limits = limits[0], low - 1.0
    nodata = low if low == high >= 0 else None
    if sees_whole_range(card, dtype):
        return Values(0.0, levels or 1.0, dtype, limits, nodata)
    return values_of(sampled(raster) if sample is None else sample, dtype, limits, nodata, card)


def sees_whole_range(card: ModelCard, dtype: np.dtype[Any]) -> bool:
    """Whether samples are parts of their type's whole range to a model, however few they use."""
    return dtype == np.uint8 or card.bits > 8


def sampled(raster: Raster, pixels: int | None = None) -> Pixels:
    """Values of a picture ``(n,)``, from a grid, without what is transparent or padding.

    Args:
        raster: The picture.
        pixels: Of all pictures that share a range; None: it is alone.
    """
    step = math.ceil(math.sqrt((pixels or raster.height * raster.width) / _SAMPLES))
    every = slice(None, None, step)
    values = to_steps(raster.pixels[every, every], raster.levels)
    known = is_data(values, raster.padding)
    if raster.alpha is not None:
        known &= raster.alpha[every, every, None] > 0
    found: Pixels = values[known]
    return found
