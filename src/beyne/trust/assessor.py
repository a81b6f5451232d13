"""Trust in what a model makes of one picture, or of one piece of a larger one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from beyne.images.raster import Pixels, Raster, to_tensor
from beyne.predict.ensemble import ORIENTATIONS, turned_back
from beyne.predict.fitting import checked_consistent, fitted
from beyne.predict.native import repeated
from beyne.predict.tiling import Tiling, apply_in_tiles
from beyne.predict.values import UNIT, Values, values_of_pictures
from beyne.trust.calibration import Calibration, FloatMap, Kind
from beyne.trust.evidence import evidence, luma
from beyne.trust.native import meaning_of, model_picture
from beyne.trust.summary import Trust

if TYPE_CHECKING:
    from beyne.predict.predictor import Predictor

#: Side in input pixels of a piece: some twenty maps of its result are in memory at once.
CORE = 256
_WHOLE = 320_000


class Assessor:
    """Tells where results of a calibrated model can be trusted.

    Args:
        model: Makes the results.
        partner: The model that ``calibration`` names.
        calibration: Of the first, see `beyne.trust.calibration.calibration_of`.
    """

    def __init__(self, model: Predictor, partner: Predictor, calibration: Calibration) -> None:
        self.card, self.calibration = model.card, calibration
        self._model = model
        self._partner = partner

    def assess(
        self,
        raster: Raster,
        consistent: bool | None = None,
        on_done: Callable[[float], None] | None = None,
        values: Values | None = None,
    ) -> Trust:
        """The trust in what the model makes of a picture at its own scale, without smoothing.

        Args:
            raster: The picture. Of what is fully transparent or padding nothing is said.
            consistent: As for `beyne.predict.predictor.Predictor.apply`, as are ``on_done`` and
                ``values``.

        Raises:
            ImageError: The model was not made for this picture, or memory does not suffice.
        """
        raster = fitted(raster, self.card)
        consistent = checked_consistent(self.card, self.card.scale, consistent, raster.measured)
        values = values or values_of_pictures(self.card, raster)
        georeferenced = bool(raster.extras.get("georeferenced"))
        meaning = meaning_of(self.calibration, [values], georeferenced)
        found = self.map_of(model_picture(raster, values), meaning.kind, consistent, on_done)
        if raster.known is None:
            return Trust(found, meaning)
        known = repeated(raster.known, self.card.scale)
        return Trust(np.where(known, found, np.float32(1)), meaning, known)

    def map_of(
        self,
        raster: Raster,
        kind: Kind,
        consistent: bool,
        on_done: Callable[[float], None] | None = None,
    ) -> FloatMap:
        """`probability` of a picture of any size; arguments as there and for `assess`."""
        scale = self.card.scale

        def function(tiles: list[Pixels]) -> list[Pixels]:
            pieces = [replace(raster, pixels=tile) for tile in tiles]
            return [self.probability(piece, kind, consistent)[..., None] for piece in pieces]

        trust = np.empty((raster.height * scale, raster.width * scale, 1), np.float32)
        tiling = Tiling(CORE, self.halo, whole=_WHOLE)
        apply_in_tiles(function, raster.pixels, trust, tiling, on_done)
        return trust[..., 0]

    def probability(self, raster: Raster, kind: Kind, consistent: bool | None = None) -> FloatMap:
        """Trust ``(H·scale, W·scale)`` of a piece small enough for memory, its borders included.

        Args:
            raster: The piece as the model is given it, bytes or floats in [0, 1], without alpha.
            kind: Of pictures, whose curve is taken.
            consistent: As for `assess`.
        """
        return self.calibration.probability(self.evidence(raster, consistent), kind)

    def evidence(self, raster: Raster, consistent: bool | None = None) -> FloatMap:
        """What `beyne.trust.evidence.evidence` tells; arguments as for `probability`."""
        with torch.inference_mode():
            result = _luma(self._model.apply(raster, consistent=consistent, values=UNIT))
            partner = _luma(self._partner.apply(raster, values=UNIT))
            return evidence(
                result,
                partner,
                self._turned(raster, result, partner, consistent),
                luma(to_tensor(raster.pixels)),
                self.card.operator,
                self.calibration.window,
            )

    @property
    def halo(self) -> int:
        """Input pixels around a piece beyond which its trust depends on none."""
        context = self.calibration.window // self.card.scale + 1
        return max(self._model.halo, self._partner.halo) + context

    def _turned(
        self, raster: Raster, result: Tensor, partner: Tensor, consistent: bool | None
    ) -> Iterator[Tensor]:
        """Results in all orientations, turned back; the first is there already."""
        of_model = self.calibration.turned == "model"
        yield result if of_model else partner
        for orientation in ORIENTATIONS[1:]:
            turned = replace(raster, pixels=_oriented(raster.pixels, *orientation))
            if of_model:
                made = self._model.apply(turned, consistent=consistent, values=UNIT)
            else:
                made = self._partner.apply(turned, values=UNIT)
            yield turned_back(_luma(made), *orientation)


def _luma(raster: Raster) -> Tensor:
    return luma(to_tensor(raster.pixels))


def _oriented(pixels: Pixels, turns: int, mirrored: bool) -> Pixels:
    pixels = np.rot90(pixels, turns)
    return (pixels[:, ::-1] if mirrored else pixels).copy()  # torch takes no negative strides
