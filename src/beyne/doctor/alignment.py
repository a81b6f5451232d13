"""How the two sides of a pair lie on one another: ratio, shift, turn, colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from beyne.doctor.facts import Facts, luma_of
from beyne.images import Raster
from beyne.images.raster import Pixels
from beyne.images.resample import resize

_SIDE = 512  # of the middle part that shifts are measured on, in pixels of the smaller side
#: Frequencies, in cycles a pixel, that take part: above, shrinking has folded detail over.
_HIGHEST = 0.3
_FINEST = 0.02  # of a pixel
_LARGEST_SCALE = 16

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
class Fit:
    """How the input of a pair fits its target.

    Attributes:
        target: File, as is ``source``.
        scale: Enlargement from source to target; None where no whole number fits.
        shift: Pixels of the target, down and right, that the source's content is away.
        gain: By how much the shift takes away of what is lacking to a correlation of 1.
        agreement: Correlation of the sides as they are, of edges where their domains differ.
        turn: Of `TURNS` the name of the one in which the thumbnails agree best.
        turned_gain: By how much their correlation is higher in it than as they are.
        picked: The source is made of single pixels of the target, without averaging.
        colours: Largest difference between the means of a channel, in [0, 1].
    """

    target: str
    source: str
    scale: int | None
    shift: tuple[float, float] = (0.0, 0.0)
    gain: float = 0.0
    agreement: float = 1.0
    turn: str = "as it is"
    turned_gain: float = 0.0
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
    target, source = rasters
    scale = _scale(facts[0].size, facts[1].size)
    turn, gain = _best_turn(*(_seen(f.thumbnail.astype(np.float32), domains_differ) for f in facts))
    if scale is None or any(fact.constant for fact in facts):
        return Fit(*names, scale, turn=turn, turned_gain=gain)
    pixels = target.pixels[: source.height * scale, : source.width * scale]
    large, small = _seen(_shrunk(luma_of(pixels), scale), domains_differ), source.pixels
    middle = tuple(
        slice(max(0, n - _SIDE) // 2, max(0, n - _SIDE) // 2 + _SIDE) for n in large.shape
    )
    fixed, moving = large[middle], _seen(luma_of(small), domains_differ)[middle]
    shift = _shift(fixed, moving)
    before, after = correlation(fixed, moving), correlation(*_overlap(fixed, moving, shift))
    same_bands = facts[0].bands == facts[1].bands and not domains_differ
    differences = [abs(a - b) for a, b in zip(facts[0].means, facts[1].means, strict=False)]
    return Fit(
        *names,
        scale,
        shift=(shift[0] * scale, shift[1] * scale),
        gain=1 - (1 - after) / max(1 - before, 1e-6),
        agreement=before,
        turn=turn,
        turned_gain=gain,
        picked=not domains_differ and scale > 1 and _picked(pixels, small, scale),
        colours=max(differences) if same_bands else 0.0,
    )


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


def _seen(luma: Pixels, domains_differ: bool) -> Pixels:
    return edges(luma) if domains_differ else luma


def _shrunk(luma: Pixels, scale: int) -> Pixels:
    if scale == 1:
        return luma
    height, width = (side // scale for side in luma.shape)
    return np.asarray(resize(torch.from_numpy(luma)[None, None], (height, width))[0, 0].numpy())


def _best_turn(target: Pixels, source: Pixels) -> tuple[str, float]:
    found = {name: correlation(target, turn(source)) for name, turn in TURNS.items()}
    best = max(found, key=lambda name: found[name])
    return best, found[best] - found["as it is"]


def _shift(fixed: Pixels, moving: Pixels) -> tuple[float, float]:
    """By how many pixels, down and right, ``moving`` is away from ``fixed``.

    Phase correlation (Kuglin and Hines 1975), its peak refined by the discrete Fourier transform
    at fractions of a pixel (Guizar-Sicairos et al. 2008).
    """
    height, width = fixed.shape
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    spectra = [np.fft.fft2((side - side.mean()) * window) for side in (fixed, moving)]
    cross = spectra[1] * spectra[0].conj()
    down, right = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None]
    low = np.hypot(down, right) <= _HIGHEST
    cross = np.where(low, cross / (np.abs(cross) + 1e-9), 0)
    rows, columns = np.unravel_index(int(np.fft.ifft2(cross).real.argmax()), cross.shape)
    around = np.arange(-1, 1 + _FINEST, _FINEST)
    at_rows = around + _signed(int(rows), height)
    at_columns = around + _signed(int(columns), width)
    surface = np.exp(2j * np.pi * at_rows[:, None] * down.T) @ cross
    surface = (surface @ np.exp(2j * np.pi * right.T * at_columns[None])).real
    best = np.unravel_index(int(surface.argmax()), surface.shape)
    return float(at_rows[best[0]]), float(at_columns[best[1]])


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
    if large.dtype != small.dtype or large.shape[2] != small.shape[2]:
        return False
    strip = small[: max(1, 2**18 // small.shape[1])]
    equal = [
        (large[top::scale, left::scale][: len(strip)] == strip).mean()
        for top in range(scale)
        for left in range(scale)
    ]
    # In flat pictures every pixel of a square is the same.
    return bool(max(equal) > 0.98 and np.mean(equal) < 0.9)
