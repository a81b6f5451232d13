"""The plain ways to translate, which every model should beat: the input itself, a median image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from beyne.data import Pair, decode
from beyne.errors import ImageError, UsageError
from beyne.images import Raster
from beyne.images.raster import Pixels, converted, from_tensor, to_tensor
from beyne.images.resample import resize

#: Their names: what comes in, as far as its bands allow; and the training pictures' median.
BASELINES = ("copy", "median")

_ROWS = 64  # of the median at once


def copy(raster: Raster, channels: int) -> Raster:
    """The input itself; of one band as many alike, or the mean of many.

    Raises:
        ImageError: Neither number of bands is one, and they differ.
    """
    if raster.channels in (1, channels):
        repeats = channels // raster.channels
        return raster.with_pixels(np.repeat(raster.pixels, repeats, axis=2))
    if channels == 1:
        pixels = converted(raster.pixels, np.dtype(np.float32)).mean(axis=2, keepdims=True)
        return Raster(pixels)
    raise ImageError(f"{raster.channels} bands are no copy of {channels}", "compare without copy")


def median_image(pairs: Sequence[Pair]) -> Raster:
    """The median of the pictures b, pixel by pixel, in float, in the size that most of them have.

    Raises:
        UsageError: There are none, or their numbers of bands differ.
        ImageError: One can't be read.
    """
    if not pairs:
        problem = "median needs training pictures, and no split names any"
        raise UsageError(problem, "give a split.csv with --split, or folders train and val")
    pictures = [decode(pair, 1, None, "bicubic").hr for pair in pairs]
    if len(bands := {pixels.shape[2] for pixels in pictures}) > 1:
        raise UsageError(f"median of pictures with {min(bands)} and with {max(bands)} bands")
    (size, _), *_ = Counter(pixels.shape[:2] for pixels in pictures).most_common(1)
    stack = np.stack([_in_size(pixels, size) for pixels in pictures])
    rows = [np.median(stack[:, top : top + _ROWS], axis=0) for top in range(0, size[0], _ROWS)]
    return Raster(np.concatenate(rows).astype(np.float32))


def in_size_of(picture: Raster, raster: Raster) -> Raster:
    """A picture resampled to the size of another."""
    return Raster(_in_size(picture.pixels, (raster.height, raster.width)))


def _in_size(pixels: Pixels, size: tuple[int, ...]) -> Pixels:
    """In float."""
    if pixels.shape[:2] == size:
        return converted(pixels, np.dtype(np.float32))
    resampled = resize(to_tensor(pixels), (size[0], size[1])).clamp(0, 1)
    return from_tensor(resampled, np.dtype(np.float32))
