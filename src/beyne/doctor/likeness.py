"""Pictures that show the same: equal pixels, or the same view saved, sized or turned otherwise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from beyne.doctor.alignment import TURNS, correlation
from beyne.doctor.facts import THUMBNAIL, Facts
from beyne.doctor.jpeg import cosines
from beyne.images.raster import Pixels

_LOW = 8  # frequencies along each axis that the hash looks at
_MOST_BITS = 10  # of 63 that may differ
#: Least correlation of what two thumbnails show inside squares of 8×8, over the whole picture and
#: as a mean of the squares' own. Twins saved as JPEG of quality 30, shrunk to half, with noise of
#: 20 grey levels, blurred by 3 pixels, brightened by 40 or with gamma 2 had 0.83 or more; different
#: X-rays, retinas, grains and satellite tiles with as few different bits had less than 0.8.
_LIKE = 0.8
_TEXTURED = 2.0  # grey levels of deviation inside a square that has something to compare
#: Grains on a plain ground have few such squares; then they must agree better.
_SQUARES, _LIKE_IN_FEW, _FEWEST_SQUARES = 24, 0.9, 6
_ROWS = 2048
#: Pixels of a thumbnail that a twin may lack on every side: crops to 95 and to 90 %.
_MARGINS = (1.6, 3.2)


@dataclass(frozen=True)
class Twins:
    """Files that show the same.

    Attributes:
        files: Two or more, sorted.
        exact: Whether their pixels are equal.
    """

    files: tuple[str, ...]
    exact: bool


class Families:
    """Things joined two by two into families (union–find)."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def head(self, name: str) -> str:
        """The one that stands for the family of ``name``."""
        parent = self._parent.get(name, name)
        if parent == name:
            return name
        self._parent[name] = head = self.head(parent)
        return head

    def join(self, one: str, other: str) -> None:
        """Make one family of two; the name that sorts first stands for it."""
        first, second = sorted((self.head(one), self.head(other)))
        self._parent[second] = first


def find_twins(facts: Mapping[str, Facts]) -> list[Twins]:
    """Equal pictures, and nearly equal ones however they lie, inverted, or cropped a little.

    A perceptual hash (signs of the low DCT coefficients, after Zauner 2010) proposes pairs, the
    thumbnails confirm them. Constant pictures are left out, since they all look the same; masks of
    few levels, which have too little to compare, are twins only where they are equal.
    """
    equal: dict[bytes, list[str]] = defaultdict(list)
    for file in sorted(facts):
        if not facts[file].constant:
            equal[facts[file].digest].append(file)
    twins = [Twins(tuple(files), exact=True) for files in equal.values() if len(files) > 1]
    families = Families()
    firsts = [files[0] for files in equal.values() if not facts[files[0]].few_levels]
    for one, other in _near([facts[file].thumbnail for file in firsts]):
        families.join(firsts[one], firsts[other])
    near: dict[str, list[str]] = defaultdict(list)
    for file in firsts:
        near[families.head(file)].append(file)
    return twins + [Twins(tuple(files), exact=False) for files in near.values() if len(files) > 1]


def _near(thumbnails: list[Pixels]) -> Iterator[tuple[int, int]]:
    """Pairs of numbers of thumbnails that are nearly equal."""
    if len(thumbnails) < 2:
        return
    stack = np.stack(thumbnails)
    signs = _hashes(stack)
    for view in (*TURNS.values(), *map(_inner, _MARGINS)):
        seen = np.stack([view(thumbnail) for thumbnail in thumbnails])
        others = _hashes(seen)
        for top in range(0, len(stack), _ROWS):
            # Of signs ±1 the product is 63 less twice the bits that differ; negatives are below 0.
            alike = abs(signs[top : top + _ROWS] @ others.T) >= signs.shape[1] - 2 * _MOST_BITS
            for one, other in np.argwhere(alike) + np.array((top, 0)):
                if one != other and same_view(stack[one], seen[other]):
                    yield int(one), int(other)


def _inner(margin: float) -> Callable[[Pixels], Pixels]:
    """What makes the thumbnail of a picture's middle, ``margin`` pixels cut off all round."""
    box = (margin, margin, THUMBNAIL - margin, THUMBNAIL - margin)

    def cut(thumbnail: Pixels) -> Pixels:
        image = Image.fromarray(thumbnail)
        return np.asarray(image.resize(image.size, Image.Resampling.BICUBIC, box))

    return cut


def _hashes(stack: Pixels) -> Pixels:
    """``(N, 64, 64)`` → ``(N, 63)`` signs, as float32."""
    matrix = cosines(THUMBNAIL)[:_LOW]
    coefficients = (matrix @ stack.astype(np.float32) @ matrix.T).reshape(len(stack), -1)
    return np.where(coefficients[:, 1:] > 0, np.float32(1), np.float32(-1))


def same_view(one: Pixels, other: Pixels) -> bool:
    """Whether two ``(64, 64)`` thumbnails show the same, up to brightness and fine detail.

    One may be the other's negative.
    """
    first, second = _detail(one), _detail(other)
    agreement = correlation(first, second)
    if abs(agreement) < _LIKE:
        return False
    second = second * np.sign(agreement)
    spreads = first.std(1) * second.std(1)
    textured = (first.std(1) > _TEXTURED) & (spreads > 0)
    if textured.sum() < _FEWEST_SQUARES:
        return False
    least = _LIKE if textured.sum() >= _SQUARES else _LIKE_IN_FEW
    return bool(((first * second).mean(1)[textured] / spreads[textured]).mean() >= least)


def _detail(thumbnail: Pixels) -> Pixels:
    """``(64, 64)`` → ``(64 squares, 64 pixels)``, each square less its mean."""
    squares = thumbnail.astype(np.float32).reshape(8, 8, 8, 8).swapaxes(1, 2).reshape(64, 64)
    return np.asarray(squares - squares.mean(1, keepdims=True))
