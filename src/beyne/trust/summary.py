"""A map of trust in two numbers and one sentence, also of maps that are never whole in memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from beyne.trust.calibration import FloatMap, Kind

#: Below this a pixel is more likely wrong than right: its detail is invented.
INVENTED = 0.5

_CELLS = 24  # cells along the longer side, of which areas consist
_SMALLEST_AREA = 0.005  # part of the picture
_MOST_AREAS = 3
_ROWS = 1024

_LIKE: dict[Kind, str] = {
    "photograph": "a photograph",
    "satellite": "a satellite picture",
    "radiograph": "a radiograph",
}
#: The ninths of a picture, row by row.
_PLACES = (
    ("upper left", "top", "upper right"),
    ("left", "middle", "right"),
    ("lower left", "bottom", "lower right"),
)


@dataclass(frozen=True)
class Meaning:
    """What trust says of one file.

    Attributes:
        tolerance: A pixel is right if the mean error of the luma around it is at most this.
        unit: What that counts in.
        kind: Of pictures on which trust was measured.
        deep: Whether this is deeper than the 8 bits of those pictures.
    """

    tolerance: float
    unit: str
    kind: Kind
    deep: bool = False


class Tally:
    """Counts over a map of trust, piece by piece; frames of a stack lie over one another.

    Args:
        height: Rows of the map.
        width: Its columns.
    """

    def __init__(self, height: int, width: int) -> None:
        self._shape = height, width
        self._side = max(1, -(-max(height, width) // _CELLS))
        cells = -(-height // self._side), -(-width // self._side)
        self._known, self._doubtful = np.zeros(cells), np.zeros(cells)
        self._sum = 0.0

    def add(
        self,
        trust: FloatMap,
        top: int = 0,
        left: int = 0,
        known: NDArray[np.bool_] | None = None,
    ) -> None:
        """Take a piece.

        Args:
            trust: ``(H, W)`` in [0, 1].
            top: Its first row in the map.
            left: Its first column.
            known: ``(H, W)``, where there is data; None: everywhere.
        """
        for start in range(0, len(trust), _ROWS):  # in strips: sums want floats
            rows = slice(start, start + _ROWS)
            values = trust[rows]
            there = np.ones(values.shape, bool) if known is None else known[rows]
            self._sum += float(values.sum(where=there, dtype=np.float64))
            self._known += self._by_cell(there, top + start, left)
            self._doubtful += self._by_cell(there & (values < INVENTED), top + start, left)

    def _by_cell(self, mask: NDArray[np.bool_], top: int, left: int) -> NDArray[np.float32]:
        """How many pixels of a mask are set in each cell."""
        down, across = (
            np.eye(count, dtype=np.float32)[(start + np.arange(length)) // self._side]
            for count, start, length in zip(self._known.shape, (top, left), mask.shape, strict=True)
        )
        found: NDArray[np.float32] = down.T @ mask.astype(np.float32) @ across
        return found

    @property
    def mean(self) -> float:
        """The part of the picture that can be expected to be right; 0 if there is no data."""
        return self._sum / max(1.0, float(self._known.sum()))

    @property
    def invented(self) -> float:
        """The part of the picture whose trust is below one half."""
        return float(self._doubtful.sum()) / max(1.0, float(self._known.sum()))

    @property
    def areas(self) -> list[str]:
        """The largest areas that are mostly doubtful, such as ``the lower left (x 0–64, y 8–96)``.

        At most three, the largest first; none that is smaller than half a percent of the picture.
        """
        cells = (self._doubtful >= INVENTED * self._known) & (self._known > 0)
        smallest = max(1, _SMALLEST_AREA * cells.size)
        found = sorted((area for area in _connected(cells) if len(area) >= smallest), key=len)
        return [_in_words(area, self._side, self._shape) for area in found[::-1][:_MOST_AREAS]]

    def sentence(self, meaning: Meaning) -> str:
        """Both numbers, and where the large doubtful areas lie."""
        if not self._known.any():
            return "trust: it holds no data"
        like = _LIKE[meaning.kind] + " of 8 bits" * meaning.deep
        right = (
            f"trust {self.mean:.2f}: {_percent(self.mean)} of the picture is expected to be within "
            f"{meaning.tolerance:.4g} {meaning.unit} of the truth, if it is like {like}"
        )
        if not self.invented:
            return f"{right}; none is mostly invented"
        found = self.areas
        where = ": around " + ", around ".join(found) if found else ", nowhere a large area of it"
        return f"{right}; {_percent(self.invented)} is mostly invented{where}"


@dataclass(frozen=True)
class Told:
    """What is to be told of a map that has been written.

    Attributes:
        tally: Counts over all of it.
        meaning: What it says.
        frame: Number, from 1, of the frame that the overlay shows; None: there is but one.
    """

    tally: Tally
    meaning: Meaning
    frame: int | None = None

    @property
    def sentence(self) -> str:
        """That of the counts, and which frame is shown."""
        said = self.tally.sentence(self.meaning)
        if self.frame is None:
            return said
        return f"{said}; the overlay shows frame {self.frame}, the least trusted"


@dataclass(frozen=True)
class Trust:
    """How far a result can be trusted.

    Attributes:
        map: ``(H, W)``, for each pixel the probability that the luma around it is right: the mean
            error over a small window is at most ``meaning.tolerance``.
        meaning: What it says.
        known: ``(H, W)``, what of the map counts; None: all of it. Elsewhere it is 1.
    """

    map: FloatMap
    meaning: Meaning
    known: NDArray[np.bool_] | None = None

    @cached_property
    def tally(self) -> Tally:
        """What there is to count in it."""
        tally = Tally(*self.map.shape)
        tally.add(self.map, known=self.known)
        return tally

    @property
    def mean(self) -> float:
        """The part of the picture that can be expected to be right."""
        return self.tally.mean

    @property
    def invented(self) -> float:
        """The part of the picture whose trust is below one half."""
        return self.tally.invented

    @property
    def sentence(self) -> str:
        """Both numbers, and where the large doubtful areas lie."""
        return self.tally.sentence(self.meaning)


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
