"""How far an enlarged raster, as written, shrinks back to its input: counted piece by piece."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from beyne.images.raster import Pixels
from beyne.images.resample import Operator, downscale
from beyne.predict.native import Values

#: A takes in two pixels on each side.
_REACH = 2
_HALF = 0.5 + 1e-9
_BEST = 100.0  # decibels given to an exact match


@dataclass
class Residual:
    """Counts over pixels of data whose surroundings are all data, so that A sees nothing else.

    Attributes:
        pixels: How many were compared, each band counted.
        within: How many of them lie within half a step of the file's values.
        largest: The largest difference, in steps.
        squares: Sum of squared differences, in the model's range.
    """

    pixels: int = 0
    within: int = 0
    largest: float = 0.0
    squares: float = 0.0

    def add(
        self,
        made: Pixels,
        given: Pixels,
        valid: NDArray[np.bool_],
        core: tuple[slice, slice],
        values: Values,
        operator: Operator,
    ) -> None:
        """Compare a piece.

        Args:
            made: ``(C, H·s, W·s)``, the result.
            given: ``(C, H, W)``, the input.
            valid: Which of it is data.
            core: The part of it that is counted.
            values: What they are to the model.
            operator: The downscaling A.
        """
        scale = made.shape[-1] // given.shape[-1]
        enlarged = torch.from_numpy(made.astype(np.float64))[None]
        shrunk = downscale(enlarged, scale, operator)[0].numpy()
        empty = torch.from_numpy(~valid).float()[None]
        alone = F.max_pool2d(empty, 2 * _REACH + 1, 1, _REACH)[0].numpy() == 0
        counted = alone[:, core[0], core[1]]
        difference = np.abs(shrunk - np.where(valid, given, 0))[:, core[0], core[1]][counted]
        self.pixels += difference.size
        self.within += int((difference <= _HALF * values.step).sum())
        self.squares += float(((difference / values.width) ** 2).sum())
        self.largest = max(self.largest, float(difference.max(initial=0)) / values.step)

    @property
    def decibels(self) -> float | None:
        """PSNR in the model's range, at most 100; None where nothing was compared."""
        if not self.pixels:
            return None
        mean = self.squares / self.pixels
        return round(min(_BEST, 10 * math.log10(1 / mean)) if mean else _BEST, 2)

    def tags(self) -> dict[str, str]:
        """The counts as the file's metadata has them."""
        return {
            "COMPARED_PIXELS": str(self.pixels),
            "WITHIN_HALF_STEP": str(self.within),
            "LARGEST_RESIDUAL_STEPS": f"{self.largest:.4g}",
        }
