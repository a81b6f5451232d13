"""Training crops from pictures in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from beyne.data.pictures import Decoded, Original, square
from beyne.errors import UsageError
from beyne.images.raster import Pixels, white_of

Views = Literal["all", "mirrored", "upright"]
Colours = Literal["own", "exchanged"]


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
        colours: Colours = "own",
        candidates: int = 1,
        halved: tuple[float, Sequence[Decoded | Original]] = (0.0, ()),
    ) -> None:
        """Take the pictures that are large enough.

        Args:
            pictures: To cut from.
            size: Side of the low-resolution crop in pixels.
            seed: Of the choice of crops.
            views: ``all`` eight ways to lay a square; ``mirrored``: left and right may change
                sides; ``upright``: as in the picture.
            colours: ``own``; ``exchanged``: each original with the mean of another, drawn anew for
                every crop, by a factor a band. For inputs that can't tell the overall colour, such
                as masks: with few pairs a network learns by heart which input has which.
            candidates: Crops drawn for each; the one with the most detail is taken (after Wang et
                al. 2021, arXiv 2111.15185: most of a photograph is sky and wall).
            halved: Share of the candidates that come from other pictures, and those: the same ones
                at half their size, whose structure is finer.

        Raises:
            UsageError: Not one picture is large enough.
        """
        self.size, self.seed, self.views, self.candidates = size, seed, views, candidates
        share, smaller = halved
        self.pictures = _large_enough(pictures, size)
        exchanged = self.pictures if colours == "exchanged" else []
        self.means = [_mean(picture.hr) for picture in exchanged]
        chance = _by_area(self.pictures)
        if share:
            smaller = _large_enough(smaller, size)
            chance = np.concatenate([chance * (1 - share), _by_area(smaller) * share])
            self.pictures += smaller
        self.chance = np.cumsum(chance)

    def batch(self, numbers: range) -> dict[str, Tensor]:
        """The crops of these numbers: ``lr`` ``(N, C, size, size)`` and ``hr``, in [0, 1]."""
        crops = [self._crop(number) for number in numbers]
        return {"lr": stacked([lr for lr, _ in crops]), "hr": stacked([hr for _, hr in crops])}

    def _crop(self, number: int) -> tuple[Pixels, Pixels]:
        random = np.random.Generator(np.random.Philox(key=[self.seed, number]))
        places = [self._place(random) for _ in range(self.candidates)]
        place = max(places, key=self._detail) if self.candidates > 1 else places[0]
        index, top, left, turns, flip = place
        lr, hr = self.pictures[index].crop(top, left, self.size, random)
        if self.means:
            factor = self.means[int(random.integers(len(self.means)))] / self.means[index]
            hr = (hr / white_of(hr.dtype) * factor).clip(0, 1).astype(np.float32)
        return oriented(lr, turns, flip), oriented(hr, turns, flip)

    def _place(self, random: np.random.Generator) -> _Place:
        index = min(int(np.searchsorted(self.chance, random.random())), len(self.pictures) - 1)
        height, width = self.pictures[index].size
        top = int(random.integers(height - self.size + 1))
        left = int(random.integers(width - self.size + 1))
        turns = int(random.integers(4)) if self.views == "all" else 0
        flip = bool(random.integers(2)) if self.views != "upright" else False
        return _Place(index, top, left, turns, flip)

    def _detail(self, place: _Place) -> float:
        """What is lost where each low-resolution pixel is one colour: mean difference in [0, 1]."""
        picture = self.pictures[place.picture]
        scale, side = picture.scale, self.size
        hr = square(picture.hr, place.top, place.left, side, scale)
        blocks = hr.reshape(side, scale, side, scale, -1).astype(np.float32)
        lost = np.abs(blocks - blocks.mean((1, 3), keepdims=True))
        return float(lost.mean() / white_of(hr.dtype))


class _Place(NamedTuple):
    picture: int  # its number
    top: int
    left: int
    turns: int
    flip: bool


def _large_enough(pictures: Sequence[Decoded | Original], size: int) -> list[Decoded | Original]:
    large = [p for p in pictures if min(p.size) >= size]
    if not large:
        largest = max(min(p.size) for p in pictures)
        raise UsageError(
            f"no picture is as large as the crop of {size} low-resolution pixels",
            f"--set data.size_in={largest} --set data.size_out={largest * pictures[0].scale}",
        )
    return large


def _by_area(pictures: Sequence[Decoded | Original]) -> NDArray[np.float64]:
    """The chance of each: every region is equally likely."""
    area = np.array([p.size[0] * p.size[1] for p in pictures], dtype=np.float64)
    return np.asarray(area / area.sum())


def _mean(pixels: Pixels) -> NDArray[np.float64]:
    """Of every band, in [0, 1], never quite black."""
    mean: NDArray[np.float64] = pixels.mean((0, 1), dtype=np.float64) / white_of(pixels.dtype)
    return mean.clip(1e-6)


def oriented(crop: Pixels, turns: int, flip: bool) -> Pixels:
    """Turned by so many quarters, then mirrored."""
    turned = np.rot90(crop, turns)
    return turned[:, ::-1] if flip else turned


def stacked(crops: Sequence[NDArray[Any]]) -> Tensor:
    """Samples ``(H, W, C)`` of any type to ``(N, C, H, W)`` in [0, 1]."""
    scaled = [c.astype(np.float32) / np.float32(white_of(c.dtype)) for c in crops]
    return torch.from_numpy(np.stack(scaled)).permute(0, 3, 1, 2)  # channels-last in memory
