"""Does a generator paint its training pictures again?

Generated pictures are compared with pictures that were held out from training: both are judged by
how near they come to a training picture (`beyne.evaluation.nearness`). A generated picture counts
as *nearer* if it is nearer than all but the nearest few of the held-out ones, one in thirty and one
at least. Of a generator that paints new pictures of the same kind, any order of generated and
held-out ones is as likely as another, so the number that are nearer has a known distribution,
whatever the pictures and their distances (the precedence test: Nelson 1963,
doi:10.1080/00401706.1963.10490103). *Copies* are claimed where chance makes as many in less than 1
of 100 cases. If a generator that copies every fourth picture would not be found, or only if each of
its copies counted (a fourth of them may not), that is said: it takes 28 held-out pictures.

Not seen: copied parts within new surroundings, copies whose colours were exchanged or which were
bent, cropped or shifted by more than an eighth, and copies of a picture that training has twice.
Neither training nor held-out pictures may therefore have twins in training (``beyne check`` tells),
and they must come from as many scenes or patients as one can: the test takes them as independent.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from beyne.errors import UsageError
from beyne.evaluation.nearness import Describe, Nearness, Training
from beyne.evaluation.statistics import Interval, scipy_stats
from beyne.images import Raster, write
from beyne.images.sheet import in_rows, shown

Outcome = Literal["copies", "no copying shown", "too few pictures to tell"]

#: The same in a word, as reports name it.
SHORT: dict[Outcome, Literal["copies", "none", "few"]] = {
    "copies": "copies",
    "no copying shown": "none",
    "too few pictures to tell": "few",
}

#: Pictures of each sort with which a generator that copies every fourth is found.
GENERATED, HELD_OUT = 64, 30
_LEVEL = 0.01
_SHARE = 1 / 4 * 3 / 4  # of nearer ones, that must be a finding for "no copying shown"
_QUANTILE = 30


@dataclass(frozen=True)
class Memorisation:
    """What was found.

    Attributes:
        generated: Pictures judged.
        held_out: Pictures they were compared with.
        rank: A generated picture is nearer if fewer than so many held-out ones are as near.
        nearer: How many are.
        finding: How many it would take to claim copies; more than ``generated`` if none would do.
        p: Chance of as many without copying.
        interval: Of the share that is nearer, 95 % (Clopper & Pearson 1934).
        outcome: What is claimed.
    """

    generated: int
    held_out: int
    rank: int
    nearer: int
    finding: int
    p: float
    interval: Interval
    outcome: Outcome

    @property
    def expected(self) -> float:
        """Share that is nearer without copying, on average."""
        return self.rank / (self.held_out + 1)

    @property
    def sentence(self) -> str:
        """Such as ``"copies: 31 of 64 generated pictures are nearer to a training picture …"``."""
        others = "any" if self.rank == 1 else f"all but {self.rank - 1}"
        counted = (
            f"{self.nearer} of {self.generated} generated pictures are nearer to a training "
            f"picture than {others} of {self.held_out} held-out ones"
        )
        low, high = (100 * end for end in self.interval)
        share = f"{100 * self.nearer / self.generated:.0f} % [{low:.0f}, {high:.0f}]"
        if self.outcome == "copies":
            p = "p < 0.001" if self.p < 0.001 else f"p = {self.p:.2g}"
            return f"copies: {counted}: {share}, by chance {100 * self.expected:.0f} %, {p}"
        if self.outcome == "no copying shown":
            return f"no copying shown: {counted}: {share}; {self.finding} would be a finding"
        need = f"{HELD_OUT} held-out and {GENERATED} generated ones can"
        return f"too few pictures to tell: {counted}; {need}"

    def as_json(self) -> dict[str, object]:
        """Plain values by name, the sentence among them."""
        return asdict(self) | {"expected": self.expected, "sentence": self.sentence}


def judged(generated: Tensor, held_out: Tensor) -> Memorisation:
    """Apply the rule.

    Args:
        generated: `Nearness.values` of generated pictures, ``(N,)``.
        held_out: The same of held-out ones, ``(K,)``.

    Raises:
        UsageError: Nothing was generated.
        MissingExtraError: SciPy is not installed.
    """
    number, others = len(generated), len(held_out)
    if not number:
        raise UsageError("no generated pictures to judge", f"generate {GENERATED}")
    rank = _rank(others)
    nearer = int((generated < threshold(held_out)).sum())
    chances = chance(np.arange(number + 1), number, rank, others)
    finding = int((chances >= _LEVEL).sum())  # chances fall with the number
    outcome: Outcome = "no copying shown"
    if nearer >= finding:
        outcome = "copies"
    elif finding > _SHARE * number:
        outcome = "too few pictures to tell"
    low, high = scipy_stats().binomtest(nearer, number).proportion_ci(0.95)
    return Memorisation(
        generated=number,
        held_out=others,
        rank=rank,
        nearer=nearer,
        finding=finding,
        p=float(chances[nearer]),
        interval=Interval(float(low), float(high)),
        outcome=outcome,
    )


def threshold(held_out: Tensor) -> float:
    """Below this a picture is nearer than held-out ones, ``(K,)``; 0 if there are none."""
    return float(held_out.kthvalue(_rank(len(held_out))).values) if len(held_out) else 0.0


def chance(nearer: NDArray[Any], generated: int, rank: int, held_out: int) -> NDArray[Any]:
    """Probability that of two samples of one kind this many of the first precede.

    Args:
        nearer: Of the first sample, at least so many, each for itself, that come before …
        generated: Size of the first.
        rank: … this one of the second, counted from 1.
        held_out: Size of the second.
    """
    # Among the first (nearer + rank − 1) of all there are then fewer than rank of the second.
    first = nearer + rank - 1
    values = scipy_stats().hypergeom.cdf(rank - 1, generated + held_out, held_out, first)
    return np.asarray(values)


def _rank(held_out: int) -> int:
    return max(1, held_out // _QUANTILE)


class CopyCheck:
    """Looks for copies of training pictures; what `nearness` gives once serves all the rest.

    Args:
        train: ``(M, C, H, W)`` in [0, 1], at the size that the model generates.
        held_out: ``(K, C, H, W)``, pictures of the same kind that training did not see.
        describe: Gives features, such as `beyne.metrics.features.Features`.

    Raises:
        UsageError: There are fewer than two training pictures.
    """

    def __init__(self, train: Tensor, held_out: Tensor, describe: Describe) -> None:
        self.training = Training(train, describe)
        self.held_out = self.nearness(held_out).values

    def nearness(self, generated: Tensor) -> Nearness:
        """Of ``(N, C, H, W)`` in [0, 1]."""
        return self.training.nearness(generated)

    def judge(self, near: Nearness) -> Memorisation:
        """The verdict; errors as for `judged`."""
        return judged(near.values, self.held_out)

    def rejected(self, near: Nearness) -> Tensor:
        """Which pictures are as near to a training picture as a copy: flags ``(N,)``.

        About one in thirty of honest pictures is among them.

        Raises:
            UsageError: There are no held-out pictures to tell by.
        """
        if not len(self.held_out):
            raise UsageError("no held-out pictures to tell copies by", "hold some out of training")
        return near.values < threshold(self.held_out)

    def sheet(self, generated: Tensor, near: Nearness, path: Path, number: int = 16) -> None:
        """Write a PNG: generated pictures, each with the nearest of training beside it.

        Args:
            generated: ``(N, C, H, W)`` in [0, 1].
            near: Their nearness.
            path: Where to, whole or not at all.
            number: Pairs to show, the nearest first.

        Raises:
            ImageError: The PNG can't be written.
        """
        rows = [
            (shown(generated[n : n + 1]), shown(self.training.pictures[near.nearest[n]][None]))
            for n in near.values.argsort()[:number].tolist()
        ]
        write(Raster(in_rows(rows)), path)
