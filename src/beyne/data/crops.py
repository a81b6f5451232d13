"""Training crops from pictures in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from beyne.data.pictures import Decoded, Original
from beyne.errors import UsageError
from beyne.images.raster import Pixels, white_of

Views = Literal["all", "mirrored", "upright"]


class Crops:
    """Random crops, both sides flipped and turned alike, fixed by the seed and their number alone.

    Crop number ``n`` is the same in every run with the same seed and data, whatever came before:
    a resumed run goes on exactly where it stopped, and processes share the work by number.
    """

    def __init__(
        self,
        pictures: Sequence[Decoded | Original],
        size: int,
        seed: int,
        views: Views = "all",
    ) -> None:
        """Take the pictures that are large enough.

        Args:
            pictures: To cut from.
            size: Side of the low-resolution crop in pixels.
            seed: Of the choice of crops.
            views: ``all`` eight ways to lay a square; ``mirrored``: left and right may change
                sides; ``upright``: as in the picture.

        Raises:
            UsageError: Not one picture is large enough.
        """
        self.pictures = [p for p in pictures if min(p.size) >= size]
        if not self.pictures:
            largest = max(min(p.size) for p in pictures)
            raise UsageError(
                f"no picture is as large as the crop of {size} low-resolution pixels",
                f"--set data.size_in={largest} --set data.size_out={largest * pictures[0].scale}",
            )
        self.size, self.seed, self.views = size, seed, views
        area = np.array([p.size[0] * p.size[1] for p in self.pictures], dtype=np.float64)
        self.chance = np.cumsum(area / area.sum())  # every region is equally likely

    def batch(self, numbers: range) -> dict[str, Tensor]:
        """The crops of these numbers: ``lr`` ``(N, C, size, size)`` and ``hr``, in [0, 1]."""
        crops = [self._crop(number) for number in numbers]
        return {"lr": stacked([lr for lr, _ in crops]), "hr": stacked([hr for _, hr in crops])}

    def _crop(self, number: int) -> tuple[Pixels, Pixels]:
        random = np.random.Generator(np.random.Philox(key=[self.seed, number]))
        index = min(int(np.searchsorted(self.chance, random.random())), len(self.pictures) - 1)
        picture = self.pictures[index]
        height, width = picture.size
        top = int(random.integers(height - self.size + 1))
        left = int(random.integers(width - self.size + 1))
        turns = int(random.integers(4)) if self.views == "all" else 0
        flip = bool(random.integers(2)) if self.views != "upright" else False
        lr, hr = picture.crop(top, left, self.size, random)
        return oriented(lr, turns, flip), oriented(hr, turns, flip)


def oriented(crop: Pixels, turns: int, flip: bool) -> Pixels:
    """Turned by so many quarters, then mirrored."""
    turned = np.rot90(crop, turns)
    return turned[:, ::-1] if flip else turned


def stacked(crops: Sequence[NDArray[Any]]) -> Tensor:
    """Samples ``(H, W, C)`` of any type to ``(N, C, H, W)`` in [0, 1]."""
    scaled = [c.astype(np.float32) / np.float32(white_of(c.dtype)) for c in crops]
    return torch.from_numpy(np.stack(scaled)).permute(0, 3, 1, 2)  # channels-last in memory
