"""How the two sides of a pair lie on one another: ratio, shift, turn, colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from beyne.doctor.facts import Facts, luma_of
from beyne.images import Raster
from beyne.images.raster import Pixels
from beyne.images.resample import resize

_SIDE = 512  # of the middle part that shifts are measured on, in pixels of the smaller side
#: Frequencies, in cycles a pixel, that take part: above, shrinking has folded detail over.
_HIGHEST = 0.25
_OUTLINE = 128  # pixels, of edges that are compared between domains
_FINEST = 0.02  # of a pixel
_LARGEST_SCALE = 16
_MOST_TILT = 5.0  # degrees
_NO_TILT = 0.995  # agreement from which on there is none to look for

#: The ways a picture may lie, each a name and what makes it from the upright one.
TURNS: dict[str, Callable[[Pixels], Pixels]] = {
    "as it is": lambda image: image,
    "mirrored left to right": lambda image: image[:, ::-1],
    "upside down and mirrored": lambda image: image[::-1],
    "turned by 180°": lambda image: image[::-1, ::-1],
    "turned by 90° left": lambda image: np.rot90(image, 1),
    "turned by 90° right": lambda image: np.rot90(image, -1),
    "turned by 90° left and mirrored": lambda image: image.T,
    "turned by 90° right and mirrored": lambda image: np.rot90(image, 2).T,
}


@dataclass(frozen=True)
class Turn:
    """One of `TURNS` by its name, the correlation in it, and that of the pictures as they are."""

    name: str
    agreement: float
    upright: float


@dataclass(frozen=True)
class Shift:
    """By how many pixels of the target, down and right, the source's content is away from it.

    Attributes:
        before: Correlation of the sides as they are, ``after`` with the shift taken back.
        pixel: Pixels of the target in one of the array it was measured on.
    """

    down: float = 0.0
    right: float = 0.0
    before: float = 1.0
    after: float = 1.0
    pixel: float = 1.0

    @property
    def largest(self) -> float:
        """The larger of the two, without sign."""
        return max(abs(self.down), abs(self.right))


@dataclass(frozen=True)
class Tilt:
    """By how many degrees, to the left, the source is turned about its middle.

    Attributes:
        before: Correlation of the sides as they are, ``after`` with the turn taken back.
    """

    degrees: float = 0.0
    before: float = 1.0
    after: float = 1.0


@dataclass(frozen=True)
class Fit:
    """How the input of a pair fits its target.

    Attributes:
        target: File, as is ``source``.
        scale: Enlargement from source to target; None where no whole number fits.
        turn: The way of lying in which their thumbnails agree best.
        tilt: The small turn that is to be taken back.
        shift: Measured on grey levels; on edges where the domains differ.
        coarse: Measured on coarse edges, for domains that share no finer ones.
        picked: The source is made of single pixels of the target, without averaging.
        colours: Largest difference between the means of a channel, in [0, 1].
    """

    target: str
    source: str
    scale: int | None
    turn: Turn
    shift: Shift = Shift()
    tilt: Tilt = Tilt()
    coarse: Shift = Shift()
    picked: bool = False
    colours: float = 0.0


def fit(
    names: tuple[str, str],
    rasters: tuple[Raster, Raster],
    facts: tuple[Facts, Facts],
    domains_differ: bool,
) -> Fit:
    """Compare the sides (target, source) of a pair.

    Args:
        domains_differ: Compare edges, not grey levels; colours are left alone.
    """
    scale = _scale(facts[0].size, facts[1].size)
    thumbnails = [fact.thumbnail.astype(np.float32) for fact in facts]
    turn = _best_turn(*(map(edges, thumbnails) if domains_differ else thumbnails))
    if scale is None or any(fact.constant for fact in facts):
        return Fit(*names, scale, turn)
    target, source = (raster.pixels for raster in rasters)
    target = target[: source.shape[0] * scale, : source.shape[1] * scale]
    fixed, moving = _shrunk(target, scale), luma_of(source)
    if domains_differ:
        fixed, moving = edges(fixed), edges(moving)
        pixel = max(target.shape[:2]) / _OUTLINE
        coarse = _shift(_outlines(fixed), _outlines(moving), pixel, 0.5)
        shift = _shift(_middle(fixed), _middle(moving), scale)
        return Fit(*names, scale, turn, shift, coarse=coarse)
    colours = 0.0
    if facts[0].bands == facts[1].bands:
        pairs = zip(facts[0].means, facts[1].means, strict=True)
        colours = max(abs(one - other) for one, other in pairs)
    shift = _shift(_middle(fixed), _middle(moving), scale)
    tilt = _tilt(fixed, moving) if shift.before < _NO_TILT else Tilt()
    picked = _picked(target, source, scale)
    return Fit(*names, scale, turn, shift, tilt, picked=picked, colours=colours)


def correlation(one: Pixels, other: Pixels) -> float:
    """Pearson's correlation of two arrays of one shape; 0 where one is constant."""
    one, other = one - one.mean(), other - other.mean()
    norm = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float((one * other).sum()) / norm if norm > 0 else 0.0


def edges(luma: Pixels) -> Pixels:
    """Strength of the edges of a ``(H, W)`` picture, which domains share."""
    down, right = np.gradient(luma)
    return np.asarray(np.sqrt(down**2 + right**2))


def _scale(large: tuple[int, int], small: tuple[int, int]) -> int | None:
    scale = round(large[0] / small[0])
    fits = 1 <= scale <= _LARGEST_SCALE and tuple(side // scale for side in large) == small
    return scale if fits else None


def _shrunk(pixels: Pixels, scale: int) -> Pixels:
    luma = luma_of(pixels)
    if scale == 1:
        return luma
    height, width = (side // scale for side in luma.shape)
    return np.asarray(resize(torch.from_numpy(luma)[None, None], (height, width))[0, 0].numpy())


def _middle(luma: Pixels) -> Pixels:
    top, left = (max(0, side - _SIDE) // 2 for side in luma.shape)
    return luma[top : top + _SIDE, left : left + _SIDE]


def _outlines(strength: Pixels) -> Pixels:
    """Edges on 128 pixels a side: two domains may share no more than these."""
    image = Image.fromarray(np.sqrt(strength))
    return np.asarray(image.resize((_OUTLINE, _OUTLINE), Image.Resampling.BOX))


def _best_turn(target: Pixels, source: Pixels) -> Turn:
    found = {name: correlation(target, turn(source)) for name, turn in TURNS.items()}
    best = max(found, key=lambda name: found[name])
    return Turn(best, found[best], found["as it is"])


def _shift(fixed: Pixels, moving: Pixels, pixel: float, whitening: float = 1.0) -> Shift:
    """By how much ``moving`` is away from ``fixed``, arrays of one shape.

    Phase correlation (Kuglin and Hines 1975), its peak refined by the discrete Fourier transform
    at fractions of a pixel (Guizar-Sicairos et al. 2008).

    Args:
        pixel: Pixels of the target in one of the arrays.
        whitening: How far all frequencies are made to count the same, from 0 to 1.
    """
    height, width = fixed.shape
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    spectra = [np.fft.fft2((side - side.mean()) * window) for side in (fixed, moving)]
    cross = spectra[1] * spectra[0].conj()
    down, right = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None]
    low = np.hypot(down, right) <= _HIGHEST
    cross = np.where(low, cross / (np.abs(cross) + 1e-9) ** whitening, 0)
    rows, columns = np.unravel_index(int(np.fft.ifft2(cross).real.argmax()), cross.shape)
    around = np.arange(-1, 1 + _FINEST, _FINEST)
    at_rows = around + _signed(int(rows), height)
    at_columns = around + _signed(int(columns), width)
    surface = np.exp(2j * np.pi * at_rows[:, None] * down.T) @ cross
    surface = (surface @ np.exp(2j * np.pi * right.T * at_columns[None])).real
    best = np.unravel_index(int(surface.argmax()), surface.shape)
    found = float(at_rows[best[0]]), float(at_columns[best[1]])
    before, after = correlation(fixed, moving), correlation(*_overlap(fixed, moving, found))
    return Shift(found[0] * pixel, found[1] * pixel, before, after, pixel)


def _tilt(fixed: Pixels, moving: Pixels) -> Tilt:
    """The small turn of ``moving``, of the same shape as ``fixed``, that makes both agree best."""
    height, width = fixed.shape
    reduced = max(1, max(height, width) // _OUTLINE)
    small, other = (Image.fromarray(side).reduce(reduced) for side in (fixed, moving))
    edge = max(2, min(small.size) // 8)  # what comes in from outside
    inside = slice(edge, -edge), slice(edge, -edge)
    if min(small.size) < 4 * edge:
        return Tilt()
    seen = np.asarray(small)[inside]
    found = {
        float(degrees): correlation(
            seen, np.asarray(other.rotate(-degrees, Image.Resampling.BICUBIC))[inside]
        )
        for degrees in np.arange(-_MOST_TILT, _MOST_TILT + 0.25, 0.5)
    }
    best = max(found, key=lambda degrees: found[degrees])
    return Tilt(best, found[0.0], found[best])


def _signed(index: int, length: int) -> int:
    return index if index <= length // 2 else index - length


def _overlap(fixed: Pixels, moving: Pixels, shift: tuple[float, float]) -> tuple[Pixels, Pixels]:
    """What both show of the same place, ``moving`` shifted back; its edge left out."""
    phase = np.zeros(fixed.shape)
    for axis, amount in enumerate(shift):
        frequency = np.fft.fftfreq(fixed.shape[axis]) * amount
        phase = phase + (frequency[:, None] if axis == 0 else frequency[None])
    back = np.fft.ifft2(np.fft.fft2(moving) * np.exp(2j * np.pi * phase)).real
    edge = [int(abs(amount)) + 2 for amount in shift]
    inside = tuple(slice(n, -n) for n in edge)
    if any(2 * n + 8 > side for n, side in zip(edge, fixed.shape, strict=True)):
        return fixed, moving
    return fixed[inside], back[inside]


def _picked(large: Pixels, small: Pixels, scale: int) -> bool:
    """Whether the small side takes the same one pixel of each square of the large one."""
    if scale == 1 or large.dtype != small.dtype or large.shape[2] != small.shape[2]:
        return False
    strip = small[: max(1, 2**18 // small.shape[1])]
    equal = [
        (large[top::scale, left::scale][: len(strip)] == strip).mean()
        for top in range(scale)
        for left in range(scale)
    ]
    # In flat pictures every pixel of a square is the same.
    return bool(max(equal) > 0.98 and np.mean(equal) < 0.9)
