"""Pictures with their classes and sources, in memory, and how they are divided into folds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from beyne.data import Pair, class_of, classes_of, read_whole
from beyne.data.crops import stacked
from beyne.errors import UsageError, about
from beyne.images import read

#: Sources that a class must come from: to train on, to choose by, and to test on.
FEWEST = 3

_HELD_OUT = 5  # folds of what a generator may see, of which one is held out


@dataclass(frozen=True, eq=False)
class Samples:
    """Pictures of one size, each of a class and a source (patient, scene, parent photo).

    Attributes:
        names: Of the pictures.
        images: ``(N, C, side, side)`` in [0, 1].
        labels: Class of each.
        groups: Source of each; pictures of one source are never divided.
    """

    names: tuple[str, ...]
    images: Tensor
    labels: tuple[str, ...]
    groups: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in order."""
        return tuple(sorted(set(self.labels)))

    @property
    def side(self) -> int:
        """Pixels a side."""
        return int(self.images.shape[-1])

    @property
    def counts(self) -> dict[str, int]:
        """Class → pictures."""
        return dict(sorted(Counter(self.labels).items()))

    def of(self, label: str) -> Tensor:
        """The pictures of a class, ``(M, C, side, side)``."""
        return self.images[torch.tensor([own == label for own in self.labels])]

    def take(self, chosen: NDArray[np.int64]) -> Samples:
        """Those with the given numbers."""
        numbers = chosen.tolist()
        names, labels, groups = (
            tuple(values[i] for i in numbers) for values in (self.names, self.labels, self.groups)
        )
        return Samples(names, self.images[torch.from_numpy(chosen)], labels, groups)


def read_samples(
    pairs: Sequence[Pair], groups: Mapping[str, str], side: int, channels: int | None = None
) -> Samples:
    """Read the pictures of a folder with one folder per class, their middle squares.

    Args:
        pairs: The pictures.
        groups: Name → source.
        side: Pixels a side that all are brought to.
        channels: Bands; None: the most of any picture, as grey ones fit among colours.

    Raises:
        UsageError: There are fewer than two classes, pictures in no class, or bands do not fit.
        ImageError: A picture can't be read.
    """
    if not classes_of(pairs):
        raise UsageError("there is one class only", "make one folder per class, two or more")
    channels = channels or max(_bands(pair) for pair in pairs)
    names = tuple(pair.name for pair in pairs)
    return Samples(
        names,
        stacked([read_whole(pair, channels, (side, side)) for pair in pairs]),
        tuple(class_of(name) for name in names),
        tuple(groups[name] for name in names),
    )


def _bands(pair: Pair) -> int:
    with about(pair.hr):
        return read(pair.hr).channels


def check_sources(samples: Samples, folds: int) -> None:
    """Refuse what can't be divided.

    Raises:
        UsageError: A class comes from fewer sources than there are folds, or than `FEWEST`.
    """
    if folds < 2:
        raise UsageError(f"--folds {folds}: at least 2", "--folds 3")
    needed = max(folds, FEWEST)
    sources = _sources(samples)
    few = {label: number for label, number in sources.items() if number < needed}
    if few:
        label, number = min(few.items(), key=lambda item: item[1])
        problem = f"class {label} has pictures of {number} sources, and {folds} folds need {needed}"
        fewer = f"--folds {number}, or " if FEWEST <= number < folds else ""
        raise UsageError(problem, f"{fewer}add pictures, leave the class out, or see --group")


def divisions(
    samples: Samples, folds: int, seed: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Stratified, grouped folds: every picture is tested once, and no source is divided.

    Groups go, the largest first and else in random order, each to the fold that has the least of
    its classes so far, of equal ones to the smallest (much as scikit-learn's StratifiedGroupKFold).

    Yields:
        Numbers of the pictures to train on and of those to test on, for each fold.

    Raises:
        UsageError: Some fold would have to be tested on a class that it can't train on.
    """
    random = np.random.default_rng(seed)
    classes, names = samples.classes, sorted(set(samples.groups))
    table = np.zeros((len(names), len(classes)))
    members = np.array([names.index(group) for group in samples.groups])
    for group, label in zip(members, samples.labels, strict=True):
        table[group, classes.index(label)] += 1
    order = random.permutation(len(names))
    order = order[np.argsort(-table[order].max(1), kind="stable")]
    wanted, filled = table.sum(0) / folds, np.zeros((folds, len(classes)))
    place = np.zeros(len(names), dtype=np.int64)
    for group in order:
        crowded = (filled / wanted) @ (table[group] / wanted)
        place[group] = np.lexsort([filled.sum(1), crowded])[0]
        filled[place[group]] += table[group]
    if (filled == filled.sum(0)).any():
        problem = "a fold would hold all pictures of a class"
        raise UsageError(problem, "use fewer --folds, or name finer sources by --group")
    for fold in random.permutation(folds):  # the first to be filled has the largest groups
        tested = place[members] == fold
        yield np.flatnonzero(~tested), np.flatnonzero(tested)


def hold_out(samples: Samples, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers of about four fifths of the pictures and of the rest, in which classes are alike.

    Raises:
        UsageError: A class comes from one source only.
    """
    folds = min(_HELD_OUT, *_sources(samples).values())
    return next(divisions(samples, max(2, folds), seed))


def _sources(samples: Samples) -> dict[str, int]:
    """Class → number of sources it comes from."""
    found: dict[str, set[str]] = defaultdict(set)
    for label, group in zip(samples.labels, samples.groups, strict=True):
        found[label].add(group)
    return {label: len(groups) for label, groups in found.items()}
