"""A picture of any size through a function that takes one tile at a time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from beyne.images.raster import Pixels

#: Tiles ``(H, W, C)`` of one size → what becomes of each, ``(H·scale, W·scale, D)``.
TileFunction = Callable[[list[Pixels]], Sequence[Pixels]]

#: Windows start at multiples of this, so that networks that fold pixels into channels keep phase.
ALIGNMENT = 4

#: Half the width of the seam, in input pixels, over which two windows are blended.
_HALF_SEAM = 1


@dataclass(frozen=True)
class Window:
    """One window along one axis, in input pixels.

    Attributes:
        start: First pixel that is computed.
        stop: One past the last pixel that is computed.
        keep: First pixel that is kept; what lies before it is only context.
        end: One past the last pixel that is kept.
        seam: Pixels from ``keep`` on that are blended with the window before.
    """

    start: int
    stop: int
    keep: int
    end: int
    seam: int


@dataclass(frozen=True)
class Tiling:
    """How a picture is cut.

    Attributes:
        core: Side of a tile without its context, in input pixels.
        halo: Pixels of context that the function needs on each side.
        batch: Tiles computed at once.
        alignment: Windows start at multiples of this.
        whole: A picture of at most this many pixels is not cut.
    """

    core: int
    halo: int
    batch: int = 1
    alignment: int = ALIGNMENT
    whole: int = 0


def windows(length: int, tiling: Tiling) -> list[Window]:
    """Windows that cover an axis of ``length`` pixels, all of one size.

    The number of windows follows from ``core``; their size is then evened out, so that the last
    one, which is moved inwards to end at the border, repeats as little as possible.
    """
    halo, alignment = tiling.halo, tiling.alignment
    context = halo + _HALF_SEAM
    inner = max(length - 2 * context, 1)
    step = alignment * math.ceil(inner / math.ceil(inner / tiling.core) / alignment)
    size = step + 2 * context
    if size >= length:
        return [Window(0, length, 0, length, 0)]
    size += (length - size) % alignment
    last = length - size
    starts = [min(start, last) for start in range(0, last + step, step)]
    return [
        Window(
            start,
            start + size,
            keep=start + halo if start else 0,
            # The next window takes over where its seam ends.
            end=following + halo + 2 * _HALF_SEAM if following else length,
            seam=2 * _HALF_SEAM if start else 0,
        )
        for start, following in zip(starts, [*starts[1:], 0], strict=True)
    ]


def apply_in_tiles(
    function: TileFunction,
    pixels: Pixels,
    output: Pixels,
    tiling: Tiling,
    on_done: Callable[[float], None] | None = None,
) -> None:
    """Fill ``output`` with ``function`` of ``pixels``, a batch of tiles at a time.

    Args:
        function: Maps tiles to tiles enlarged by output size / input size, of ``output``'s type.
        pixels: ``(H, W, C)`` samples.
        output: ``(H·scale, W·scale, D)``; overwritten.
        tiling: How to cut. ``halo`` must cover what one result pixel of ``function`` depends on.
        on_done: Told the fraction of the picture that is finished, after each batch.
    """
    height, width = pixels.shape[:2]
    if height * width <= tiling.whole:
        tiling = replace(tiling, core=max(height, width))
    rows, columns = (windows(length, tiling) for length in (height, width))
    tiles = list(itertools.product(rows, columns))
    scale = output.shape[0] // height
    done = 0
    for chosen in _chunks(tiles, tiling.batch):
        results = function([pixels[y.start : y.stop, x.start : x.stop] for y, x in chosen])
        for (y, x), result in zip(chosen, results, strict=True):
            kept = result[
                (y.keep - y.start) * scale : (y.end - y.start) * scale,
                (x.keep - x.start) * scale : (x.end - x.start) * scale,
            ]
            place = output[y.keep * scale : y.end * scale, x.keep * scale : x.end * scale]
            _paste(kept, place, y.seam * scale, x.seam * scale)
        done += len(chosen)
        if on_done is not None:
            on_done(done / len(tiles))


def _chunks(
    tiles: Sequence[tuple[Window, Window]], size: int
) -> Iterator[Sequence[tuple[Window, Window]]]:
    for start in range(0, len(tiles), size):
        yield tiles[start : start + size]


def _paste(fresh: Pixels, place: Pixels, seam_top: int, seam_left: int) -> None:
    """Put ``fresh`` into ``place``, fading in over what earlier windows left in the seams."""
    if seam_left:
        fresh[:, :seam_left] = _faded(
            place[:, :seam_left], fresh[:, :seam_left], _ramp(seam_left)[None, :, None]
        )
    if seam_top:
        fresh[:seam_top] = _faded(
            place[:seam_top], fresh[:seam_top], _ramp(seam_top)[:, None, None]
        )
    place[...] = fresh


def _faded(old: Pixels, new: Pixels, weight: Pixels) -> Pixels:
    start = old.astype(np.float64)
    mixed = start + weight * (new - start)
    return np.asarray(np.rint(mixed) if old.dtype.kind in "iu" else mixed)


def _ramp(length: int) -> Pixels:
    return ((np.arange(length) + 0.5) / length).astype(np.float32)
