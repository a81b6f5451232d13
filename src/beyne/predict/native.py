"""Pieces of rasters and volumes, enlarged in the values that the file holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from beyne.errors import ImageError
from beyne.images.projection import project_into_limits
from beyne.images.raster import Pixels
from beyne.images.resample import resize
from beyne.images.residual import Levels, Residual
from beyne.predict.pieces import Piece
from beyne.predict.transparency import bleed

if TYPE_CHECKING:
    from beyne.predict.predictor import Predictor

Mask = NDArray[np.bool_]

#: Pixels over which data flows into no data; beyond them lies the middle of the range.
FILLED = 12
_MIDDLE = 0.5
#: Percentiles of the whole raster that are black and white to the model.
_BLACK, _WHITE = 0.1, 99.9
#: Steps in the model's range from which on float32 is exact enough to project, at half the time.
_COARSE = 2**-12


@dataclass(frozen=True)
class Values:
    """How values of a raster become values of the model and back.

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

    def rounded(self, values: Pixels) -> Pixels:
        """Samples of the type; what would be the nodata value becomes the one beside it."""
        values = values.clip(*self.limits)
        if self.dtype.kind != "f":
            values = np.rint(values)
        samples = values.astype(self.dtype)
        if self.nodata is not None and np.isfinite(self.nodata):
            nodata = np.array(self.nodata).astype(self.dtype)
            wide = nodata.astype(np.float64)
            above = np.nextafter(nodata, np.inf) if self.dtype.kind == "f" else wide + 1
            samples[samples == nodata] = above if wide < self.limits[1] else wide - 1
        return samples


def values_of(
    sample: NDArray[np.float64],
    dtype: np.dtype[Any],
    limits: tuple[float, float],
    nodata: float | None,
) -> Values:
    """The range that stands for black to white in a whole raster.

    Bytes are what models are made for: 0 to 255. Of other types it is where nearly all of the
    data lies, as 16-bit scenes often fill a tenth of their type only.

    Args:
        sample: Values of data from all over the raster.
        dtype: Type of its samples.
        limits: Least and greatest sample that the file can hold.
        nodata: Value that stands for no data.
    """
    black, white = 0.0, 255.0
    if dtype != np.uint8 and len(sample):
        black, white = (float(value) for value in np.percentile(sample, (_BLACK, _WHITE)))
    low, high = limits
    low, high = low + (nodata == low), high - (nodata == high)
    return Values(black, white - black or 1.0, dtype, (low, high), nodata)


class Enlarger:
    """Enlarges groups of bands by a model, or alpha smoothly.

    Args:
        predictor: Applies the model.
        scale: Enlargement.
        smooth: Standard deviation of the Gaussian over the result.
        consistent: Project the result onto the images that shrink back to the input.

    Attributes:
        residual: How far what `bands` made shrinks back to the input.
    """

    def __init__(self, predictor: Predictor, scale: int, smooth: float, consistent: bool) -> None:
        self._predictor = predictor
        self._scale, self._smooth, self._consistent = scale, smooth, consistent
        self.residual = Residual()

    def bands(self, samples: Pixels, valid: Mask, values: Values, piece: Piece) -> Pixels:
        """Bands enlarged together by the model.

        Args:
            samples: ``(C, H, W)``, all that is seen of the piece.
            valid: Which of it is data.
            values: What they are to the model.
            piece: Says what is kept.

        Returns:
            ``(C, H·scale, W·scale)`` of all that is seen, samples of the same type.
        """
        x, operator = filled(samples, valid, values), self._predictor.card.operator
        inside = x.clamp(0, 1)
        result = self._predictor.piece(inside.float(), self._scale, self._smooth).double()
        if result.shape[1] != x.shape[1]:
            problem = f"{self._predictor.card.name} makes other bands than it takes"
            raise ImageError(problem, "use a model that makes the same")
        # What is brighter or darker than the model knows goes around it.
        result += resize(x - inside, (result.shape[-2], result.shape[-1]))
        if self._consistent:
            low, high = ((limit - values.black) / values.width for limit in values.limits)
            step = values.levels.step / values.width
            if step > _COARSE:
                result, x = result.float(), x.float()
            result = project_into_limits(result, x, operator, (low, high), step).double()
        made = values.rounded(result[0].numpy() * values.width + values.black)
        if self._scale > 1:
            self.residual.add(made, samples, values.levels, operator, piece.core(), valid)
        return made

    def alpha(self, samples: Pixels, valid: Mask, values: Values) -> Pixels:
        """Alpha ``(1, H, W)`` enlarged smoothly; where it was 0 its neighbours' values."""
        x = filled(samples, valid, values)
        size = x.shape[-2] * self._scale, x.shape[-1] * self._scale
        return values.rounded(resize(x, size)[0].numpy() * values.width + values.black)


def repeated(array: NDArray[Any], scale: int) -> NDArray[Any]:
    """``(C, H, W)`` with every pixel ``scale`` times across and down."""
    return array.repeat(scale, axis=-2).repeat(scale, axis=-1)


def filled(samples: Pixels, valid: Mask, values: Values) -> Tensor:
    """``(1, C, H, W)`` in float64 and the model's range; data flows into what is none."""
    x = np.full(samples.shape, _MIDDLE)
    x[valid] = (samples[valid].astype(np.float64) - values.black) / values.width
    for band, known in zip(x, valid, strict=True):
        band[...] = bleed(band[..., None], known, FILLED)[..., 0]
    return torch.from_numpy(x)[None]
