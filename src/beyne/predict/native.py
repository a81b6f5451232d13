"""Measurements and deep pictures, enlarged in the values that the file holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from beyne.bundle import ModelCard
from beyne.errors import ImageError, is_out_of_memory
from beyne.images.projection import EXACT_REACH, EXACT_ROUNDS, ROUNDS, project_into_limits
from beyne.images.raster import Pixels, Raster, from_steps, is_data, to_steps
from beyne.images.resample import resize
from beyne.predict.finish import smoothed
from beyne.predict.footprint import in_tiles
from beyne.predict.transparency import bleed
from beyne.predict.values import Values

if TYPE_CHECKING:
    from beyne.predict.predictor import Predictor

Mask = NDArray[np.bool_]

#: Pixels over which data flows into no data; beyond them lies the middle of the range.
FILLED = 12
_MIDDLE = 0.5
#: Steps in the model's range from which on float32 is exact enough to project, at half the time.
_COARSE = 2**-12


def is_native(raster: Raster, card: ModelCard) -> bool:
    """Whether a picture is enlarged in its own values: measurements, and what is deeper than bytes.

    What changes the kind of a picture knows no values but its own.
    """
    alike = card.channels_in == card.channels_out and card.side is None
    deep = raster.measured or raster.pixels.dtype != np.uint8
    return deep and alike and card.job == "upscale"


class Enlarger:
    """Enlarges groups of bands by a model, or alpha smoothly.

    The model sees what lies between black and white; what is brighter or darker goes around it, by
    bicubic. Projected is in the file's own values. In float32, unless another precision was asked
    for by name, so that pieces agree.

    Args:
        predictor: Applies the model.
        scale: Enlargement.
        smooth: Standard deviation of the Gaussian over the result.
        consistent: Project the result onto the images that shrink back to the input.
        measured: These are measurements, to which the projection shall be exact.
    """

    def __init__(
        self,
        predictor: Predictor,
        scale: int,
        smooth: float,
        consistent: bool,
        measured: bool = True,
    ) -> None:
        self._predictor = predictor
        self._rounds = EXACT_ROUNDS if measured else (ROUNDS, 0)
        self._scale, self._smooth, self._consistent = scale, smooth, consistent

    def bands(self, samples: Pixels, valid: Mask, values: Values) -> Pixels:
        """Bands of a piece of a raster, enlarged together by the model.

        Args:
            samples: ``(C, H, W)``, all that is seen of the piece.
            valid: Which of it is data.
            values: What they are to the model.

        Returns:
            ``(C, H·scale, W·scale)`` of all that is seen, samples of the same type.
        """
        try:
            made: Pixels = self._enlarged(filled(samples, valid, values), values)[0]
            return made
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            remedy = "make pieces smaller: --tile 128"
            raise ImageError("memory does not suffice for a piece", remedy) from error

    def alpha(self, samples: Pixels, valid: Mask, values: Values) -> Pixels:
        """Alpha ``(1, H, W)`` enlarged smoothly; where it was 0 its neighbours' values."""
        x = filled(samples, valid, values)
        size = x.shape[-2] * self._scale, x.shape[-1] * self._scale
        return values.samples(resize(x, size)[0].numpy())

    def whole(
        self,
        samples: Pixels,
        values: Values,
        on_done: Callable[[float], None] | None = None,
        padding: tuple[int, int] | None = None,
    ) -> Pixels:
        """All bands of what is in memory, by tiles.

        Args:
            samples: ``(H, W, C)``, as ``values`` counts them.
            values: What they are to the model.
            on_done: Told the finished fraction from time to time.
            padding: Least and greatest sample that are no data, nor is what is not finite.

        Returns:
            ``(H·scale, W·scale, C)``, samples of the file's type; where there is no data, what
            flowed in from its surroundings.
        """

        def function(tiles: list[Pixels]) -> list[Pixels]:
            bands = [tile.transpose(2, 0, 1) for tile in tiles]
            x = torch.cat([filled(each, is_data(each, padding), values) for each in bands])
            return [made.transpose(1, 2, 0) for made in self._enlarged(x, values)]

        tiling = self._predictor.tiling_of_pieces(self._scale, self._smooth)
        halo = tiling.halo + EXACT_REACH * self._consistent
        if padding is not None or samples.dtype.kind == "f":
            halo += FILLED
        result = self._scale, samples.shape[2], values.dtype
        return in_tiles(function, samples, result, replace(tiling, halo=halo), on_done)

    def raster(
        self, raster: Raster, values: Values, on_done: Callable[[float], None] | None = None
    ) -> Pixels:
        """The pixels ``(H·scale, W·scale, C)`` of a picture; ``values`` are of its steps."""
        pixels = raster.pixels if raster.alpha is None else bleed(raster.pixels, raster.alpha)
        samples, padding = to_steps(pixels, raster.levels), raster.padding
        made = self.whole(samples, values, on_done, padding)
        if padding is not None:
            put_back(made, samples, ~is_data(samples, padding))
        return from_steps(made, raster.levels)

    def _enlarged(self, x: Tensor, values: Values) -> Pixels:
        """Samples ``(N, C, H·scale, W·scale)`` of shares ``(N, C, H, W)`` in float64."""
        predictor = self._predictor
        inside = x.clamp(0, 1)
        result = predictor.piece(inside.float(), self._scale, self._smooth).double()
        if result.shape[1] != x.shape[1]:
            problem = f"{predictor.card.name} makes other bands than it takes"
            raise ImageError(problem, "use a model that makes the same")
        if not torch.equal(inside, x):
            beyond = resize(x - inside, (result.shape[-2], result.shape[-1]))
            result += smoothed(beyond, self._smooth) if self._smooth else beyond
        if self._consistent:
            low, high = (float(values.shares(np.array(limit))) for limit in values.limits)
            step = values.levels.step / values.width
            if step > _COARSE:
                result, x = result.float(), x.float()
            operator = predictor.card.operator
            limits = low, high
            result = project_into_limits(result, x, operator, limits, step, self._rounds).double()
        return values.samples(result.numpy())


def repeated(array: NDArray[Any], scale: int) -> NDArray[Any]:
    """``(C, H, W)`` with every pixel ``scale`` times across and down."""
    return array.repeat(scale, axis=-2).repeat(scale, axis=-1)


def put_back(made: Pixels, samples: Pixels, gaps: Mask) -> None:
    """Repeat in a result what is no data in its source.

    Args:
        made: ``(H·scale, W·scale, C)``; changed.
        samples: ``(H, W, C)``, the source.
        gaps: ``(H, W, C)``, what of it is no data.
    """
    height, width, bands = samples.shape
    blocks = made.reshape(height, len(made) // height, width, -1, bands)
    np.copyto(blocks, samples[:, None, :, None], where=gaps[:, None, :, None])


def filled(samples: Pixels, valid: Mask, values: Values) -> Tensor:
    """``(1, C, H, W)`` in float64 and the model's range; data flows into what is none."""
    x = np.full(samples.shape, _MIDDLE)
    x[valid] = values.shares(samples[valid])
    for band, known in zip(x, valid, strict=True):
        band[...] = bleed(band[..., None], known, FILLED)[..., 0]
    return torch.from_numpy(x)[None]
