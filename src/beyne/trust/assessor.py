"""A map of trust for one picture of any size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from beyne.errors import ImageError
from beyne.images.raster import Pixels, Raster, from_tensor, to_tensor
from beyne.predict.precision import used_range
from beyne.predict.tiling import Tiling, apply_in_tiles
from beyne.predict.transparency import bleed
from beyne.trust.calibration import Calibration, FloatMap, kind_of
from beyne.trust.evidence import ORIENTATIONS, evidence, luma
from beyne.trust.summary import Trust

if TYPE_CHECKING:
    from beyne.predict.predictor import Predictor

# Some twenty maps of a piece's result are in memory at once.
_CORE = 256
_WHOLE = 320_000
_WHITE = 255


# Below this part of white, the tolerance would be a large part of what the picture shows.
_LEAST_RANGE = 0.25


def check_range(raster: Raster) -> None:
    """Refuse deep pictures that use little of their depth, as many CT slices do.

    Raises:
        ImageError: It is one: all of it would count as right.
    """
    used = used_range(raster.pixels)
    if raster.pixels.dtype != np.uint8 and used < _LEAST_RANGE:
        problem = f"it uses {100 * used:.2g} % of its range, and trust counts in parts of that"
        raise ImageError(problem, "stretch its values first, or ask for no trust")


class Assessor:
    """Tells where results of a calibrated model can be trusted.

    Args:
        model: Makes the results.
        partner: The model that ``calibration`` names.
        calibration: Of the first, see `beyne.trust.calibration.calibration_of`.
    """

    def __init__(self, model: Predictor, partner: Predictor, calibration: Calibration) -> None:
        self.calibration = calibration
        self._model = model
        self._partner = partner

    def assess(
        self,
        raster: Raster,
        consistent: bool | None = None,
        on_done: Callable[[float], None] | None = None,
    ) -> Trust:
        """The trust in what the model makes of a picture at its own scale, without smoothing.

        Args:
            raster: The picture.
            consistent: As for `beyne.predict.predictor.Predictor.apply`, as is ``on_done``.

        Raises:
            ImageError: The model was not made for this picture, it uses little of its range, or
                memory does not suffice.
        """
        check_range(raster)
        kind = kind_of(raster)

        def function(tiles: Tensor) -> Tensor:
            pixels = from_tensor(tiles, raster.pixels.dtype)
            piece = replace(raster, pixels=pixels, alpha=None)
            found = self.calibration.probability(self.evidence(piece, consistent), kind)
            return torch.from_numpy(found)[None, None]

        pixels = raster.pixels if raster.alpha is None else bleed(raster.pixels, raster.alpha)
        size = (raster.height * self._model.card.scale, raster.width * self._model.card.scale)
        trust = np.empty((*size, 1), np.float32)
        cpu = torch.device("cpu")  # the predictors bring what they compute to their own devices
        apply_in_tiles(function, pixels, trust, self._tiling, cpu, on_done)
        return Trust(trust[..., 0], *self._tolerance(raster), kind)

    def evidence(self, raster: Raster, consistent: bool | None = None) -> FloatMap:
        """What `beyne.trust.evidence.evidence` tells about a picture small enough for memory."""
        with torch.inference_mode():
            result = _luma(self._model.apply(raster, consistent=consistent))
            partner = _luma(self._partner.apply(raster))
            return evidence(
                result,
                partner,
                self._turned(raster, result, partner, consistent),
                luma(to_tensor(raster.pixels)),
                self._model.card.operator,
                self.calibration.window,
            )

    def _tolerance(self, raster: Raster) -> tuple[float, str]:
        """The error up to which a pixel is right, and the unit it counts in."""
        if not raster.measured:
            return self.calibration.levels, f"levels of {_WHITE}"
        return self.calibration.levels / _WHITE * raster.levels, f"stored values of {raster.levels}"

    @property
    def _tiling(self) -> Tiling:
        context = self.calibration.window // self._model.card.scale + 1
        halo = max(self._model.halo, self._partner.halo) + context
        return Tiling(_CORE, halo, whole=_WHOLE)

    def _turned(
        self, raster: Raster, result: Tensor, partner: Tensor, consistent: bool | None
    ) -> Iterator[Tensor]:
        """Results in all orientations, turned back; the first is there already."""
        of_model = self.calibration.turned == "model"
        yield result if of_model else partner
        for orientation in ORIENTATIONS[1:]:
            turned = replace(raster, pixels=_oriented(raster.pixels, *orientation))
            if of_model:
                made = self._model.apply(turned, consistent=consistent)
            else:
                made = self._partner.apply(turned)
            yield _luma(replace(made, pixels=_back(made.pixels, *orientation)))


def _luma(raster: Raster) -> Tensor:
    return luma(to_tensor(raster.pixels))


def _oriented(pixels: Pixels, turns: int, mirrored: bool) -> Pixels:
    pixels = np.rot90(pixels, turns)
    return np.ascontiguousarray(pixels[:, ::-1] if mirrored else pixels)


def _back(pixels: Pixels, turns: int, mirrored: bool) -> Pixels:
    return np.rot90(pixels[:, ::-1] if mirrored else pixels, -turns)
