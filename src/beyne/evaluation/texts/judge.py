"""Who says what a picture shows: ridge regression on what a frozen network sees.

A generator can't learn to please it, since no recipe learns from these features. Whatever it says
of generated pictures is worth what it is worth on real ones that it did not know (`read_apart`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

RIDGE = 0.01  # of features at length one
_FOLDS = 100  # judges at most that share the work of reading what they did not learn from

#: Least share of real pictures that a judge must read rightly for its word to count.
GOOD = 0.9

Said = TypeVar("Said")


class Ridge:
    """Linear regression with a penalty on large weights (Hoerl & Kennard 1970).

    Args:
        known: Features ``(N, D)``; each row counts at length one.
        target: Values to tell from them, ``(N, M)``.
        weight: How much each row counts, ``(N,)``, 1 on average; None: all the same.
    """

    def __init__(self, known: Tensor, target: Tensor, weight: Tensor | None = None) -> None:
        known, target = F.normalize(known.double(), dim=1), target.double()
        weight = (torch.ones(len(known)) if weight is None else weight).double()[:, None]
        self.mean, self.bias = ((weight * values).mean(0) for values in (known, target))
        # With the root of the weight in both sides rows count alike. The smaller square is solved.
        rows, wanted = weight.sqrt() * (known - self.mean), weight.sqrt() * (target - self.bias)
        if len(rows) < rows.shape[1]:
            self.weights = rows.T @ _solved(rows @ rows.T, wanted)
        else:
            self.weights = _solved(rows.T @ rows, rows.T @ wanted)

    def __call__(self, seen: Tensor) -> Tensor:
        """``(K, D)`` → ``(K, M)``."""
        centred = F.normalize(seen.double(), dim=1) - self.mean
        return centred @ self.weights + self.bias


def _solved(square: Tensor, wanted: Tensor) -> Tensor:
    """(square + penalty)⁻¹ wanted."""
    penalty = RIDGE * torch.eye(len(square), dtype=torch.float64)
    found: Tensor = torch.linalg.solve(square + penalty, wanted)
    return found


class Judge:
    """Says which class a picture shows.

    Classes weigh the same, however many pictures they have.

    Args:
        known: What is seen of real pictures ``(N, D)``.
        labels: Of each.
    """

    def __init__(self, known: Tensor, labels: Sequence[str]) -> None:
        self.classes = sorted(set(labels))
        numbers = [self.classes.index(label) for label in labels]
        target = torch.eye(len(self.classes), dtype=torch.float64)[numbers]
        weight = 1 / target.sum(0)[numbers]
        self.ridge = Ridge(known, target, weight / weight.mean())

    def scores(self, seen: Tensor) -> Tensor:
        """Of pictures ``(N, D)`` by class, ``(N, classes)``."""
        return self.ridge(seen)

    def read(self, seen: Tensor) -> list[str]:
        """The class of each picture ``(N, D)``."""
        return [self.classes[number] for number in self.scores(seen).argmax(1).tolist()]


def judge_without(seen: Tensor, labels: Sequence[str], left_out: Collection[int]) -> Judge:
    """One that does not know some of the pictures."""
    known = [number for number in range(len(labels)) if number not in left_out]
    return Judge(seen[known], [labels[number] for number in known])


def read_apart(seen: Tensor, labels: Sequence[str], groups: Sequence[str]) -> list[str]:
    """What each real picture is read as by a judge that learned from other groups.

    Args:
        seen: What is seen of the pictures, ``(N, D)``.
        labels: Of each.
        groups: Of each, such as its source; of more than a hundred groups several are left out
            together.
    """

    def read(asked: Sequence[int]) -> list[str]:
        return judge_without(seen, labels, asked).read(seen[asked])

    return apart(groups, read)


def apart(groups: Sequence[str], answer: Callable[[list[int]], Sequence[Said]]) -> list[Said]:
    """An answer for each picture, asked for group by group.

    Args:
        groups: Of each picture, as for `read_apart`.
        answer: Numbers of pictures → an answer for each, by someone who does not know these.
    """
    numbers = {group: number for number, group in enumerate(sorted(set(groups)))}
    folds: dict[int, list[int]] = defaultdict(list)
    for picture, group in enumerate(groups):
        folds[numbers[group] % _FOLDS].append(picture)
    found: dict[int, Said] = {}
    for asked in folds.values():
        found |= zip(asked, answer(asked), strict=True)
    return [found[picture] for picture in range(len(groups))]


class Reading(NamedTuple):
    """How many pictures were read rightly, of how many."""

    right: int
    pictures: int

    @property
    def share(self) -> float:
        """That was right, 0 to 1."""
        return self.right / self.pictures

    @property
    def sentence(self) -> str:
        """Such as ``"61 of 68 (89.7 %)"``."""
        return f"{self.right} of {self.pictures} ({100 * self.share:.1f} %)"


@dataclass(frozen=True)
class Worth:
    """What a judge is worth on real pictures that it did not learn from.

    A class of which there is one picture, or one source, could not be read without it, and is not
    counted.

    Attributes:
        single: Where each picture is left out; None if there is none to count.
        sources: Where its whole source is; None if no source has several pictures, or none counts.
    """

    single: Reading | None
    sources: Reading | None

    @property
    def good(self) -> bool:
        """Whether each of the two is at least `GOOD`."""
        known = [one for one in (self.single, self.sources) if one]
        return bool(known) and all(one.share >= GOOD for one in known)

    @property
    def sentence(self) -> str:
        """Such as ``"the judge reads 68 of 68 (100.0 %) real pictures rightly if …"``."""
        if not self.single:
            return "no class has two real pictures to judge the judge by"
        said = f"the judge reads {self.single.sentence} real pictures rightly if each is left out"
        return f"{said}, {self.sources.sentence} if its source is" if self.sources else said

    def as_json(self) -> dict[str, Any]:
        """Plain values by name, the sentence among them."""
        kinds = {"single": self.single, "sources": self.sources}
        plain = {name: one and one._asdict() | {"share": one.share} for name, one in kinds.items()}
        return plain | {"good": self.good, "sentence": self.sentence}


def worth(seen: Tensor, labels: Sequence[str], groups: Sequence[str]) -> Worth:
    """Of a judge of these pictures; arguments as for `read_apart`."""
    several = len(set(groups)) < len(groups)
    single = _reading(seen, labels, [str(number) for number in range(len(labels))])
    return Worth(single, _reading(seen, labels, groups) if several else None)


def _reading(seen: Tensor, labels: Sequence[str], groups: Sequence[str]) -> Reading | None:
    found = Counter(label for label, _ in set(zip(labels, groups, strict=True)))
    rows = zip(labels, read_apart(seen, labels, groups), strict=True)
    right = [said == label for label, said in rows if found[label] > 1]
    return Reading(sum(right), len(right)) if right else None
