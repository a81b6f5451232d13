"""Training crops from pictures decoded once, and the low-resolution side of a pair."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from beyne.data.folder import Pair
from beyne.errors import UsageError, about
from beyne.images import Raster, read
from beyne.images.raster import Pixels, from_tensor, to_tensor, white_of
from beyne.images.resample import Operator, downscale


@dataclass(frozen=True)
class Decoded:
    """A pair in memory, samples as in the files: ``(H·s, W·s, C)`` and ``(H, W, C)``."""

    name: str
    hr: Pixels
    lr: Pixels


def decode(pair: Pair, scale: int, channels: tuple[int, int], operator: Operator) -> Decoded:
    """Read a pair; a missing partner is made from the original by operator A.

    The made partner is rounded to the original's bit depth, as a file would be. The original is
    cropped to a multiple of the scale.

    Args:
        channels: Channel counts of the network, in and out.

    Raises:
        ImageError: A file can't be read.
        UsageError: The channels do not fit, or the sizes are not in the ratio ``scale``.
    """
    channels_in, channels_out = channels
    original = _read(pair.hr)
    if min(original.pixels.shape[:2]) < scale:
        size = f"{original.width}×{original.height}"
        raise UsageError(f"{pair.name}: {size} is too small for ×{scale}", "take it out")
    hr = _as_channels(original, channels_out, pair.name)
    hr = hr[: hr.shape[0] // scale * scale, : hr.shape[1] // scale * scale]
    if pair.lr is not None:
        lr = _as_channels(_read(pair.lr), channels_in, pair.name)
    else:
        source = _as_channels(original, channels_in, pair.name)[: hr.shape[0], : hr.shape[1]]
        # Clamped, as a file would be: the kernel overshoots at edges.
        shrunk = downscale(to_tensor(source), scale, operator).clamp(0, 1)
        lr = from_tensor(shrunk, source.dtype)
    if hr.shape[:2] != (lr.shape[0] * scale, lr.shape[1] * scale):
        small, large = f"{lr.shape[1]}×{lr.shape[0]}", f"{hr.shape[1]}×{hr.shape[0]}"
        raise UsageError(f"{pair.name}: {small} and {large} are not 1 : {scale}")
    return Decoded(pair.name, np.ascontiguousarray(hr), np.ascontiguousarray(lr))


def _read(path: Path) -> Raster:
    """The picture with its colours in [0, 1], which a float file may overstep a little."""
    with about(path):
        raster = read(path)
    if raster.pixels.dtype.kind == "f":
        return raster.with_pixels(raster.pixels.clip(0, 1), raster.alpha)
    return raster


def _as_channels(raster: Raster, channels: int, name: str) -> Pixels:
    """The colours as the network takes them: grey replicated, or the colours' mean for grey."""
    if raster.channels == channels:
        return raster.pixels
    if raster.channels == 1:
        return np.repeat(raster.pixels, channels, axis=2)
    if channels == 1 and raster.channels == 3:
        mean = raster.pixels.mean(axis=2, keepdims=True)
        rounded = mean.round() if raster.pixels.dtype.kind == "u" else mean
        return np.asarray(rounded, dtype=raster.pixels.dtype)
    problem = f"{name} has {raster.channels} bands, the recipe's network takes {channels}"
    raise UsageError(problem, f"--set generator.channels_in={raster.channels} and channels_out")


class Crops:
    """Random crops, flipped and turned alike, each fixed by the seed and its number alone.

    Crop number ``n`` is the same in every run with the same seed and data, whatever came before:
    a resumed run goes on exactly where it stopped, and processes share the work by number.
    """

    def __init__(self, pictures: list[Decoded], size: int, seed: int) -> None:
        """Args: ``size`` is the side of the low-resolution crop in pixels."""
        self.pictures = [p for p in pictures if min(p.lr.shape[:2]) >= size]
        if not self.pictures:
            largest = max(min(p.lr.shape[:2]) for p in pictures)
            scale = pictures[0].hr.shape[0] // pictures[0].lr.shape[0]
            raise UsageError(
                f"no picture is as large as the crop of {size} low-resolution pixels",
                f"--set data.size_in={largest} --set data.size_out={largest * scale}",
            )
        self.size, self.seed = size, seed
        self.scale = pictures[0].hr.shape[0] // pictures[0].lr.shape[0]
        area = np.array([p.lr.shape[0] * p.lr.shape[1] for p in self.pictures], dtype=np.float64)
        self.chance = np.cumsum(area / area.sum())  # every region is equally likely

    def batch(self, numbers: range) -> dict[str, Tensor]:
        """The crops of these numbers: ``lr`` ``(N, C, size, size)`` and ``hr``, in [0, 1]."""
        crops = [self._crop(number) for number in numbers]
        return {"lr": _stack([lr for lr, _ in crops]), "hr": _stack([hr for _, hr in crops])}

    def _crop(self, number: int) -> tuple[Pixels, Pixels]:
        random = np.random.Generator(np.random.Philox(key=[self.seed, number]))
        index = min(int(np.searchsorted(self.chance, random.random())), len(self.pictures) - 1)
        picture, size, scale = self.pictures[index], self.size, self.scale
        top = int(random.integers(picture.lr.shape[0] - size + 1))
        left = int(random.integers(picture.lr.shape[1] - size + 1))
        turns, flip = int(random.integers(4)), bool(random.integers(2))
        lr = picture.lr[top : top + size, left : left + size]
        top, left, size = top * scale, left * scale, size * scale
        hr = picture.hr[top : top + size, left : left + size]
        return _oriented(lr, turns, flip), _oriented(hr, turns, flip)


def _oriented(crop: Pixels, turns: int, flip: bool) -> Pixels:
    turned = np.rot90(crop, turns)
    return turned[:, ::-1] if flip else turned


def _stack(crops: list[NDArray[Any]]) -> Tensor:
    scaled = [c.astype(np.float32) / np.float32(white_of(c.dtype)) for c in crops]
    return torch.from_numpy(np.stack(scaled)).permute(0, 3, 1, 2)  # channels-last in memory
