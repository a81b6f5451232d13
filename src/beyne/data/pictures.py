"""Pictures in memory, each with its low-resolution side or with what makes one."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from beyne.data.degradations import RealConfig, degrade
from beyne.data.pairs import Pair
from beyne.errors import ImageError, UsageError, about
from beyne.images import Raster, read
from beyne.images.raster import Pixels, from_tensor, to_tensor
from beyne.images.resample import Operator, downscale, resize

#: Low-resolution pixels by which a degraded patch is longer than the crop that is cut from it. The
#: crop may lie anywhere in it: its surroundings are real, and JPEG's grid of 8 starts anywhere.
_MARGIN = 8
_WHOLE = 2**63 - 1  # with the name, the key to a whole picture's randomness; no seed is as large


@dataclass(frozen=True)
class Decoded:
    """A pair in memory, samples as in the files: ``(H·s, W·s, C)`` and ``(H, W, C)``."""

    name: str
    hr: Pixels
    lr: Pixels

    @property
    def scale(self) -> int:
        """Enlargement."""
        return int(self.hr.shape[0] // self.lr.shape[0])

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the low-resolution side."""
        return self.lr.shape[0], self.lr.shape[1]

    def crop(
        self, top: int, left: int, size: int, random: np.random.Generator
    ) -> tuple[Pixels, Pixels]:
        """A square of both sides, in low-resolution pixels; nothing is left to chance."""
        return square(self.lr, top, left, size), square(self.hr, top, left, size, self.scale)

    def whole(self) -> Decoded:
        """The pair itself."""
        return self

    def padded(self, side: int) -> Decoded:
        """With borders mirrored until no side of the input is below ``side``."""
        missing = [(0, max(0, side - length)) for length in self.size]
        hr, lr = (
            np.pad(pixels, [*((0, after * scale) for _, after in missing), (0, 0)], "symmetric")
            for pixels, scale in ((self.hr, self.scale), (self.lr, 1))
        )
        return replace(self, hr=hr, lr=lr)


@dataclass(frozen=True)
class Original:
    """A picture in memory whose low-resolution side is made anew for every crop.

    Attributes:
        hr: ``(H·s, W·s, C)``, samples as in the file.
        source: The same with the channels of the network's input: what is degraded.
    """

    name: str
    hr: Pixels
    source: Pixels
    scale: int
    degradation: RealConfig

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the low-resolution side."""
        return self.hr.shape[0] // self.scale, self.hr.shape[1] // self.scale

    def crop(
        self, top: int, left: int, size: int, random: np.random.Generator
    ) -> tuple[Pixels, Pixels]:
        """A square of both sides, in low-resolution pixels, degraded as ``random`` decides."""
        (height, width), scale = self.size, self.scale
        first, last = _around(top, size, height, random)
        before, after = _around(left, size, width, random)
        source = self.source[first * scale : last * scale, before * scale : after * scale]
        lr = square(self._degraded(source, random), top - first, left - before, size)
        return lr, square(self.hr, top, left, size, scale)

    def whole(self) -> Decoded:
        """The picture degraded as a whole, in every run in the same way: its name decides."""
        key = [_WHOLE, zlib.crc32(self.name.encode())]
        random = np.random.Generator(np.random.Philox(key=key))
        return Decoded(self.name, self.hr, self._degraded(self.source, random))

    def _degraded(self, source: Pixels, random: np.random.Generator) -> Pixels:
        size = source.shape[0] // self.scale, source.shape[1] // self.scale
        return from_tensor(degrade(to_tensor(source), size, self.degradation, random), source.dtype)


def square(pixels: Pixels, top: int, left: int, size: int, scale: int = 1) -> Pixels:
    """Of a picture that is ``scale`` times as large as what place and size are counted in."""
    top, left, size = top * scale, left * scale, size * scale
    return pixels[top : top + size, left : left + size]


def _around(start: int, size: int, length: int, random: np.random.Generator) -> tuple[int, int]:
    """Start and end of a stretch that holds the given one and `_MARGIN` more, inside ``length``."""
    longer = min(size + _MARGIN, length)
    first = int(random.integers(max(0, start + size - longer), min(start, length - longer) + 1))
    return first, first + longer


def decode(
    pair: Pair,
    scale: int,
    channels: tuple[int, int] | None,
    operator: Operator,
    side: int | None = None,
    shrink: int = 1,
) -> Decoded:
    """Read a pair; a missing partner is made from the original by operator A.

    The made partner is rounded to the original's bit depth, as a file would be. The original is
    cropped to a multiple of the scale.

    Args:
        channels: Channel counts of the network, in and out; None: as in the files.
        side: Resample the original to this many pixels a side, whatever its shape, and its partner
            to ``side / scale``.
        shrink: Shrink the original by this factor first; not for pairs that have a partner.

    Raises:
        ImageError: A file can't be read.
        UsageError: The channels do not fit, or the sizes are not in the ratio ``scale``; or input
            and original would be the same.
    """
    channels_in, channels_out = channels or (None, None)
    original = _original(pair, scale, side, shrink)
    hr = _as_channels(original, channels_out, pair.name)
    if pair.lr is not None:
        if not pair.lr.exists():
            problem = f"{pair.name}: it has no partner in {pair.lr.parent}"
            raise ImageError(problem, f"add {pair.lr}")
        partner = _resampled(_half(_read(pair.lr), 0, pair), side and side // scale)
        lr = _as_channels(partner, channels_in, pair.name)
    elif scale == 1:
        problem = f"{pair.name}: at ×1 the input would be the original itself"
        raise UsageError(problem, "--set data.degradation.kind=real, or give an lr folder")
    else:
        source = _as_channels(original, channels_in, pair.name)
        # Clamped, as a file would be: the kernel overshoots at edges.
        shrunk = downscale(to_tensor(source), scale, operator).clamp(0, 1)
        lr = from_tensor(shrunk, source.dtype)
    if hr.shape[:2] != (lr.shape[0] * scale, lr.shape[1] * scale):
        small, large = f"{lr.shape[1]}×{lr.shape[0]}", f"{hr.shape[1]}×{hr.shape[0]}"
        problem = f"{pair.name}: {small} and {large} are not 1 : {scale}"
        raise UsageError(problem, "bring them to the same size" if scale == 1 else "")
    return Decoded(pair.name, hr, np.ascontiguousarray(lr))


def read_whole(pair: Pair, channels: int, size: tuple[int, int]) -> Pixels:
    """Read a picture, cut to the shape of ``size`` about its middle, and resample it.

    Args:
        pair: Its original is read.
        channels: That it shall have.
        size: Height and width in pixels.

    Returns:
        ``(height, width, channels)``, samples of the file's type.

    Raises:
        ImageError: The file can't be read.
        UsageError: It has other channels.
    """
    raster = _read(pair.hr)
    pixels = to_tensor(_as_channels(raster, channels, pair.name))
    height, width = pixels.shape[-2:]
    share = min(height / size[0], width / size[1])
    rows, columns = (max(1, round(side * share)) for side in size)
    top, left = (height - rows) // 2, (width - columns) // 2
    cut = pixels[..., top : top + rows, left : left + columns]
    return from_tensor(resize(cut, size).clamp(0, 1), raster.pixels.dtype)


def read_original(
    pair: Pair,
    scale: int,
    channels: tuple[int, int],
    degradation: RealConfig,
    side: int | None = None,
    shrink: int = 1,
) -> Original:
    """Read a picture that is to be degraded in training; arguments and errors as for `decode`."""
    original = _original(pair, scale, side, shrink)
    source, hr = (_as_channels(original, count, pair.name) for count in channels)
    return Original(pair.name, hr, source, scale, degradation)


def _original(pair: Pair, scale: int, side: int | None, shrink: int) -> Raster:
    """The original's colours, resampled if asked for and cropped to a multiple of the scale."""
    original = _shrunk(_resampled(_half(_read(pair.hr), 1, pair), side), shrink)
    height, width = (side // scale * scale for side in original.pixels.shape[:2])
    if not (height and width):
        size = f"{original.width}×{original.height}"
        raise UsageError(f"{pair.name}: {size} is too small for ×{scale}", "take it out")
    return original.with_pixels(np.ascontiguousarray(original.pixels[:height, :width]))


def _half(raster: Raster, number: int, pair: Pair) -> Raster:
    """The left (0) or right (1) half, where both sides of a pair are one picture."""
    if not pair.halves:
        return raster
    width = raster.width // 2
    if not width:
        raise UsageError(f"{pair.name} is too narrow for two halves", "take it out")
    start = number * (raster.width - width)
    return Raster(np.ascontiguousarray(raster.pixels[:, start : start + width]))


def _resampled(raster: Raster, side: int | None) -> Raster:
    """A square of that side by the antialiased bicubic; None leaves the picture as it is."""
    return raster if side is None else _resized(raster, (side, side))


def _shrunk(raster: Raster, factor: int) -> Raster:
    """By the antialiased bicubic."""
    height, width = (max(1, length // factor) for length in raster.pixels.shape[:2])
    return _resized(raster, (height, width))


def _resized(raster: Raster, size: tuple[int, int]) -> Raster:
    if raster.pixels.shape[:2] == size:
        return raster
    pixels = resize(to_tensor(raster.pixels), size).clamp(0, 1)
    return Raster(from_tensor(pixels, raster.pixels.dtype))


def _read(path: Path) -> Raster:
    """The picture with its colours in [0, 1], which a float file may overstep a little."""
    with about(path):
        raster = read(path)
    if raster.pixels.dtype.kind == "f":
        return raster.with_pixels(raster.pixels.clip(0, 1), raster.alpha)
    return raster


def _as_channels(raster: Raster, channels: int | None, name: str) -> Pixels:
    """The colours as the network takes them: grey replicated, or the colours' mean for grey."""
    if channels is None or raster.channels == channels:
        return raster.pixels
    if raster.channels == 1:
        return np.repeat(raster.pixels, channels, axis=2)
    if channels == 1 and raster.channels == 3:
        return raster.grey().pixels
    problem = f"{name} has {raster.channels} bands, the recipe's network takes {channels}"
    raise UsageError(
        problem, "bring all pictures to the same bands; beyne check tells which differ"
    )
