"""Who says what a picture shows: ridge regression on what a frozen network sees.

A generator can't learn to please it, since no recipe learns from these features. Whatever it says
of generated pictures is worth what it is worth on real ones that it did not know (`read_apart`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

RIDGE = 0.01  # of features at length one
_FOLDS = 100  # judges at most that share the work of reading what they did not learn from

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
        weight = torch.ones(len(known)) if weight is None else weight
        weight = weight.double()[:, None]
        self.mean, self.bias = ((weight * values).mean(0) for values in (known, target))
        centred = known - self.mean
        kernel = centred @ centred.T + RIDGE * torch.diag(1 / weight[:, 0])
        self.weights = centred.T @ torch.linalg.solve(kernel, target - self.bias)

    def __call__(self, seen: Tensor) -> Tensor:
        """``(K, D)`` → ``(K, M)``."""
        return (F.normalize(seen.double(), dim=1) - self.mean) @ self.weights + self.bias


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

    def read(self, seen: Tensor) -> list[str]:
        """The class of each picture ``(N, D)``."""
        return [self.classes[number] for number in self.ridge(seen).argmax(1).tolist()]


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
