"""Trust in what a model makes of one picture, or of one piece of a larger one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from beyne.images.raster import Pixels, Raster, from_tensor, to_tensor, white_of
from beyne.predict.tiling import Tiling, apply_in_tiles
from beyne.predict.transparency import bleed
from beyne.trust.calibration import Calibration, FloatMap, Kind
from beyne.trust.evidence import ORIENTATIONS, evidence, luma
from beyne.trust.summary import Meaning, Trust

if TYPE_CHECKING:
    from beyne.predict.predictor import Predictor

#: Side in input pixels of a piece: some twenty maps of its result are in memory at once.
CORE = 256
_WHOLE = 320_000
#: Levels of 8 bits, in which errors count.
WHITE = 255
#: Percentiles between which a deep picture's range lies, and the sides of the grid they are of.
_PERCENTILES = (0.1, 99.9)
_SAMPLES = 128


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
        meaning: Meaning | None = None,
    ) -> Trust:
        """The trust in what the model makes of a picture at its own scale, without smoothing.

        Args:
            raster: The picture.
            consistent: As for `beyne.predict.predictor.Predictor.apply`, as is ``on_done``.
            meaning: What it shall say; None: what `meaning` finds for the picture.

        Raises:
            ImageError: The model was not made for this picture, or memory does not suffice.
        """
        meaning = meaning or self.meaning([raster])

        pixels = raster.pixels if raster.alpha is None else bleed(raster.pixels, raster.alpha)
        if meaning.deep:
            pixels = _stretched(pixels, meaning)

        def function(tiles: Tensor) -> Tensor:
            piece = replace(raster, pixels=from_tensor(tiles, pixels.dtype), alpha=None)
            found = self.probability(piece, meaning.kind, consistent)
            return torch.from_numpy(found)[None, None]

        size = (raster.height * self.card.scale, raster.width * self.card.scale)
        trust = np.empty((*size, 1), np.float32)
        cpu = torch.device("cpu")  # the predictors bring what they compute to their own devices
        tiling = Tiling(CORE, self.halo, whole=_WHOLE)
        apply_in_tiles(function, pixels, trust, tiling, cpu, on_done)
        return Trust(trust[..., 0], meaning)

    def meaning(self, frames: Iterable[Raster]) -> Meaning:
        """What trust says of a picture, or of the frames of one file together.

        Bytes count from 0 to 255. Of deeper samples, which may fill a small part of their type,
        black to white is the range in which nearly all of them lie; they are stretched to it.
        """
        sampled = []
        for raster in frames:
            step = [max(1, length // _SAMPLES) for length in raster.pixels.shape[:2]]
            sampled.append(raster.pixels[:: step[0], :: step[1]].ravel())
        kind = self.calibration.kind_of(bool(raster.extras.get("georeferenced")))
        levels = raster.levels or 1
        if raster.pixels.dtype == np.uint8:
            unit = f"stored values of {levels}" if raster.measured else f"levels of {WHITE}"
            white = levels if raster.measured else WHITE
            return Meaning(self.calibration.levels / WHITE * white, unit, kind)
        samples = np.concatenate(sampled) / raster.white
        low, high = (float(value) for value in np.percentile(samples, _PERCENTILES))
        least = WHITE / levels if raster.levels else 1e-6  # no finer than the file's own steps
        width = min(max(high - low, least), 1.0)
        tolerance = self.calibration.levels / WHITE * width * levels
        return Meaning(tolerance, "stored values", kind, True, low, width)

    def probability(self, raster: Raster, kind: Kind, consistent: bool | None = None) -> FloatMap:
        """Trust ``(H·scale, W·scale)`` of a piece small enough for memory, its borders included.

        Args:
            raster: The piece, without alpha.
            kind: Of pictures, whose curve is taken.
            consistent: As for `assess`.
        """
        return self.calibration.probability(self.evidence(raster, consistent), kind)

    def evidence(self, raster: Raster, consistent: bool | None = None) -> FloatMap:
        """What `beyne.trust.evidence.evidence` tells; arguments as for `probability`."""
        with torch.inference_mode():
            result = _luma(self._model.apply(raster, consistent=consistent))
            partner = _luma(self._partner.apply(raster))
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
                made = self._model.apply(turned, consistent=consistent)
            else:
                made = self._partner.apply(turned)
            yield _luma(replace(made, pixels=_back(made.pixels, *orientation)))


def _stretched(pixels: Pixels, meaning: Meaning) -> Pixels:
    """Floats in [0, 1] of samples in the range that counts."""
    shares = pixels / np.float32(white_of(pixels.dtype))
    stretched: Pixels = ((shares - meaning.black) / meaning.width).clip(0, 1).astype(np.float32)
    return stretched


def _luma(raster: Raster) -> Tensor:
    return luma(to_tensor(raster.pixels))


def _oriented(pixels: Pixels, turns: int, mirrored: bool) -> Pixels:
    pixels = np.rot90(pixels, turns)
    return (pixels[:, ::-1] if mirrored else pixels).copy()  # torch takes no negative strides


def _back(pixels: Pixels, turns: int, mirrored: bool) -> Pixels:
    return np.rot90(pixels[:, ::-1] if mirrored else pixels, -turns)
