"""A map of trust in one number and one sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beyne.trust.calibration import FloatMap, Kind

#: Below this a pixel is more likely wrong than right: its detail is invented.
INVENTED = 0.5

_CELLS = 24  # cells along the longer side, of which areas consist
_SMALLEST_AREA = 0.005  # part of the picture
_MOST_AREAS = 3

_LIKE: dict[Kind, str] = {"photograph": "a photograph", "satellite": "a satellite picture"}
#: The ninths of a picture, row by row.
_PLACES = (
    ("upper left", "top", "upper right"),
    ("left", "middle", "right"),
    ("lower left", "bottom", "lower right"),
)


@dataclass(frozen=True)
class Trust:
    """How far a result can be trusted.

    Attributes:
        map: ``(H, W)``, for each pixel the probability that the luma around it is right: the mean
            error over a small window is at most ``tolerance``.
        tolerance: In ``unit``.
        unit: Levels of 255, or of measurements the stored values.
        kind: Of pictures on which this was measured.
    """

    map: FloatMap
    tolerance: float
    unit: str
    kind: Kind

    @property
    def mean(self) -> float:
        """The part of the picture that can be expected to be right."""
        return float(self.map.mean(dtype=np.float64))

    @property
    def invented(self) -> float:
        """The part of the picture whose trust is below one half."""
        return float((self.map < INVENTED).mean())

    @property
    def sentence(self) -> str:
        """Both numbers, and where the large doubtful areas lie."""
        right = (
            f"trust {self.mean:.2f}: {_percent(self.mean)} of the picture is expected to be within "
            f"{self.tolerance:.4g} {self.unit} of the truth, if it is like {_LIKE[self.kind]}"
        )
        if not self.invented:
            return f"{right}; none is mostly invented"
        found = areas(self.map < INVENTED)
        where = ": around " + ", around ".join(found) if found else ", nowhere a large area of it"
        return f"{right}; {_percent(self.invented)} is mostly invented{where}"


def areas(mask: NDArray[np.bool_]) -> list[str]:
    """The largest connected areas of a mask in words, such as ``the lower left (x 0-64, y 8-96)``.

    Args:
        mask: ``(H, W)``.

    Returns:
        At most three, the largest first; none that is smaller than half a percent of the picture.
    """
    side = max(1, -(-max(mask.shape) // _CELLS))
    cells = _shares(mask, side) >= INVENTED
    smallest = max(1, _SMALLEST_AREA * cells.size)
    found = sorted((area for area in _connected(cells) if len(area) >= smallest), key=len)
    return [_in_words(area, side, mask.shape) for area in found[::-1][:_MOST_AREAS]]


def _shares(mask: NDArray[np.bool_], side: int) -> FloatMap:
    """The share of set pixels in each square cell; cells at the far borders may be cut."""
    starts = [np.arange(0, length, side) for length in mask.shape]
    counts = np.add.reduceat(np.add.reduceat(mask, starts[0], 0, int), starts[1], 1)
    sizes = [np.diff([*start, length]) for start, length in zip(starts, mask.shape, strict=True)]
    return (counts / np.outer(*sizes)).astype(np.float32)


def _connected(cells: NDArray[np.bool_]) -> list[set[tuple[int, int]]]:
    """Sets of cells that touch by a side."""
    left = {(int(row), int(column)) for row, column in np.argwhere(cells)}
    found = []
    while left:
        area, edge = set(), [left.pop()]
        while edge:
            row, column = edge.pop()
            area.add((row, column))
            near = {(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)}
            edge += near & left
            left -= near
        found.append(area)
    return found


def _in_words(area: set[tuple[int, int]], side: int, shape: tuple[int, ...]) -> str:
    rows, columns = (np.array(axis) for axis in zip(*area, strict=True))
    middles = [(axis.mean() + 0.5) * side for axis in (rows, columns)]
    down, across = (min(int(3 * at / length), 2) for at, length in zip(middles, shape, strict=True))
    top, left = rows.min() * side, columns.min() * side
    bottom = min((rows.max() + 1) * side, shape[0])
    right = min((columns.max() + 1) * side, shape[1])
    return f"the {_PLACES[down][across]} (x {left}–{right}, y {top}–{bottom})"


def _percent(part: float) -> str:
    return f"{100 * part:.0f} %" if part == 0 or part >= 0.01 else "less than 1 %"
