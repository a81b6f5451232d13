"""How far an enlarged picture, as written, shrinks back to its input: counted piece by piece."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from beyne.images.raster import Pixels
from beyne.images.resample import Operator, downscale

#: A takes in two pixels on each side.
_REACH = 2
_HALF = 0.5 + 1e-9
_BEST = 100.0  # decibels given to an exact match, as JSON has no infinity
_ROWS = 64  # input rows at once, so that memory does not grow with the picture
_CONTEXT = 4  # input rows beyond them
#: Share of the values that must be given back for nothing to be said.
_ENOUGH = 0.998


@dataclass(frozen=True)
class Levels:
    """The values that the samples of a file may have.

    Attributes:
        step: Between neighbouring values.
        width: From black to white.
        limits: Least and greatest value.
    """

    step: float
    width: float
    limits: tuple[float, float]


@dataclass
class Residual:
    """Counts over the values of the input, each band counted; in float64, so exact.

    Attributes:
        compared: How many were compared.
        within: How many of them are given back within half a step.
        largest: The largest difference, in steps.
        squares: Sum of squared differences, black to white being 1.
    """

    compared: int = 0
    within: int = 0
    largest: float = 0.0
    squares: float = 0.0

    def add(
        self,
        made: Pixels,
        given: Pixels,
        levels: Levels,
        operator: Operator,
        core: tuple[slice, slice] = (slice(None), slice(None)),
        valid: NDArray[np.bool_] | None = None,
    ) -> None:
        """Compare a piece.

        Args:
            made: ``(C, H·s, W·s)``, the result.
            given: ``(C, H, W)``, the input.
            levels: Of both.
            operator: The downscaling A.
            core: The part of the input that is counted; the rest is context.
            valid: ``(C, H, W)``, which of it is data: counted is where A sees nothing else.
        """
        scale = made.shape[-1] // given.shape[-1]
        enlarged = torch.from_numpy(made.astype(np.float64))[None]
        shrunk = downscale(enlarged, scale, operator)[0].numpy().clip(*levels.limits)
        difference = np.abs(shrunk - given)[:, core[0], core[1]]
        if valid is not None:
            difference = difference[alone(valid)[:, core[0], core[1]]]
        self.compared += difference.size
        self.within += int((difference <= _HALF * levels.step).sum())
        self.squares += float(((difference / levels.width) ** 2).sum())
        self.largest = max(self.largest, float(difference.max(initial=0)) / levels.step)

    def add_whole(
        self,
        made: Pixels,
        given: Pixels,
        levels: Levels,
        operator: Operator,
        valid: NDArray[np.bool_] | None = None,
    ) -> None:
        """Compare all that is in memory, in strips; arguments as for `add`."""
        height = given.shape[1]
        scale = made.shape[1] // height
        for top in range(0, height, _ROWS):
            first, last = max(top - _CONTEXT, 0), min(top + _ROWS + _CONTEXT, height)
            seen = slice(first, last)
            large = made[:, first * scale : last * scale]
            known = None if valid is None else valid[:, seen]
            core = slice(top - first, top - first + _ROWS), slice(None)
            self.add(large, given[:, seen], levels, operator, core, known)

    @property
    def decibels(self) -> float | None:
        """PSNR of the shrunk result against the input, at most 100; None: nothing compared."""
        if not self.compared:
            return None
        mean = self.squares / self.compared
        return round(min(_BEST, 10 * math.log10(1 / mean)), 2) if mean else _BEST

    @property
    def sentence(self) -> str:
        """The counts in words, in ASCII; empty if nothing was compared."""
        if not self.compared:
            return ""
        # Rounded down: only all of them are 100 %.
        percent = f"{math.floor(self.within / self.compared * 1e5) / 1e3:.3f}"
        return (
            f"Shrunk again, {self.within} of {self.compared} values "
            f"({percent.rstrip('0').rstrip('.')} %) are within half a stored level of the source, "
            f"all within {self.largest:.2f}."
        )

    @property
    def shortfall(self) -> list[str]:
        """What to tell the user where too few values are given back; else nothing."""
        if self.within >= _ENOUGH * self.compared:
            return []
        return [f"{self.sentence} The others are too sharp for their range."]


def alone(valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where A sees data only; ``(C, H, W)``, as ``valid``."""
    empty = torch.from_numpy(~valid).float()[None]
    found: NDArray[np.bool_] = F.max_pool2d(empty, 2 * _REACH + 1, 1, _REACH)[0].numpy() == 0
    return found
