"""Pieces of a raster that is never in memory as a whole."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from beyne.predict.tiling import Tiling

#: Sides of pieces are multiples of this where they can be, so that tiles of the file, of which
#: they hold whole ones, are compressed once.
_GRID = 128


@dataclass(frozen=True)
class Piece:
    """Rows and columns that are kept, and those that are read for it, context included."""

    rows: tuple[int, int]
    columns: tuple[int, int]
    seen_rows: tuple[int, int]
    seen_columns: tuple[int, int]

    def core(self, scale: int = 1) -> tuple[slice, slice]:
        """Where what is kept lies in what is seen, both enlarged ``scale`` times."""
        (top, bottom), (first, _) = self.rows, self.seen_rows
        (left, right), (start, _) = self.columns, self.seen_columns
        return (
            slice((top - first) * scale, (bottom - first) * scale),
            slice((left - start) * scale, (right - start) * scale),
        )


def side_of(tiling: Tiling) -> int:
    """Side of a piece, in input pixels: that of a tile, on the grid if it is as large."""
    core = tiling.core // _GRID * _GRID or tiling.core
    return math.ceil(core / tiling.alignment) * tiling.alignment


def pieces(height: int, width: int, side: int, halo: int, alignment: int) -> list[Piece]:
    """Pieces that cover a raster, row by row; the last of a row or column may be smaller.

    Args:
        height: Rows of the raster.
        width: Its columns.
        side: As `side_of` gave it.
        halo: Pixels of context on each side, where the raster has them.
        alignment: What is seen starts at multiples of this.
    """
    halo = math.ceil(halo / alignment) * alignment
    axes = []
    for length in (height, width):
        starts = range(0, length, side)
        kept = [(start, min(start + side, length)) for start in starts]
        axes.append([(one, (max(one[0] - halo, 0), min(one[1] + halo, length))) for one in kept])
    return [
        Piece(rows, columns, seen_rows, seen_columns)
        for (rows, seen_rows), (columns, seen_columns) in itertools.product(*axes)
    ]
