"""Whole pictures to learn from, with their labels, for generators."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
import torch
from torch import Tensor

from beyne.data.crops import Views, oriented, stacked
from beyne.data.pairs import Pair
from beyne.data.split import SPLITS
from beyne.errors import UsageError
from beyne.images.raster import Pixels


class Wholes:
    """Whole pictures of one size in random order, fixed by the seed and their number alone.

    As with `Crops`, number ``n`` is the same in every run with the same seed and data.

    Args:
        pictures: ``(height, width, C)`` each, all of one shape.
        labels: Number of each one's class; empty without classes.
        seed: Of the choice.
        views: As for `Crops`; quarter turns are only for squares.
    """

    def __init__(
        self, pictures: Sequence[Pixels], labels: Sequence[int], seed: int, views: Views
    ) -> None:
        self.pictures, self.labels, self.seed, self.views = pictures, labels, seed, views

    def batch(self, numbers: range) -> dict[str, Tensor]:
        """``image`` ``(N, C, height, width)`` in [0, 1], and with classes ``label`` ``(N,)``."""
        drawn = [self._drawn(number) for number in numbers]
        batch = {"image": stacked([pixels for _, pixels in drawn])}
        if self.labels:
            batch["label"] = torch.tensor([self.labels[index] for index, _ in drawn])
        return batch

    def _drawn(self, number: int) -> tuple[int, Pixels]:
        random = np.random.Generator(np.random.Philox(key=[self.seed, number]))
        index = int(random.integers(len(self.pictures)))
        pixels = self.pictures[index]
        square = pixels.shape[0] == pixels.shape[1]
        turns = int(random.choice(4 if square else (0, 2))) if self.views == "all" else 0
        flip = bool(random.integers(2)) if self.views != "upright" else False
        return index, oriented(pixels, turns, flip)

    def all(self) -> Tensor:
        """Every picture as it is, ``(M, C, height, width)`` in [0, 1]."""
        return stacked(self.pictures)


def class_of(name: str) -> str:
    """The class of a picture: the folder on top, below train, val or test; empty without one."""
    parts = PurePosixPath(name).parts[:-1]
    inside = parts[1:] if parts and parts[0] in SPLITS else parts
    return inside[0] if inside else ""


def classes_of(pairs: Sequence[Pair]) -> tuple[str, ...]:
    """The classes that pictures are sorted into, by name; none if they are in fewer than two.

    Raises:
        UsageError: Some pictures are in none of them.
    """
    found = {class_of(pair.name) for pair in pairs}
    classes = tuple(sorted(found - {""}))
    if len(classes) < 2:
        return ()
    if "" in found:
        bare = next(pair.name for pair in pairs if not class_of(pair.name))
        problem = f"{bare} lies beside the folders of the classes {', '.join(classes[:5])}"
        remedy = "move it into one, or --set data.classes=[]; beyne check --task generate"
        raise UsageError(problem, remedy)
    return classes
