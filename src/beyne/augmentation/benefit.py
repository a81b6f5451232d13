"""What the folds say together: accuracies of the arms, and a verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from beyne.augmentation.fold import ARMS, Fold
from beyne.evaluation.statistics import Values, Verdict, corrected, verdict

Outcome = Literal["gain", "no gain shown", "harm"]
_OUTCOMES: dict[str, Outcome] = {"better": "gain", "worse": "harm"}

#: What is compared with what; the first pair is the question.
_PAIRS = (
    ("real + classical", "real + classical + GAN"),
    ("real", "real + GAN"),
    ("real", "real + classical"),
)


@dataclass(frozen=True)
class Benefit:
    """Whether generated pictures help.

    A source (patient, scene) counts as one, whatever its number of pictures: its value is the mean
    over them. What is claimed is claimed by the rule of `beyne.evaluation.statistics`, over
    sources and repeats, p by Holm for the three pairs of arms. It is about pictures of such
    sources, this number of them, this classifier and this way to generate, and no others.

    Attributes:
        values: Arm → accuracy in percent, ``(repeats, sources)``.
        verdicts: The question first: generated pictures on top of classical augmentation; then
            without it; then classical augmentation alone.
    """

    values: dict[str, Values]
    verdicts: tuple[Verdict, ...]

    @property
    def outcome(self) -> Outcome:
        """Of adding generated pictures to real ones under classical augmentation."""
        return _OUTCOMES.get(self.verdicts[0].outcome, "no gain shown")

    @property
    def sentence(self) -> str:
        """Such as ``"gain +2.1 points [0.4, 3.9]"``."""
        found = self.verdicts[0]
        between = ": " if self.outcome == "no gain shown" else " "
        few = "" if found.can_show else f"; {found.n} sources can't show any"
        return f"{self.outcome}{between}{found.gain:+.1f} points{found.interval.said(1)}{few}"


def benefit(folds: Sequence[Fold], groups: Mapping[str, str]) -> Benefit:
    """Judge finished folds.

    Args:
        folds: All folds of one or more repeats.
        groups: Name of a picture → its source.
    """
    values = {arm: _by_source(folds, arm, groups) for arm in ARMS}
    found = [
        verdict(first, second, values[first], values[second], "higher", "points")
        for first, second in _PAIRS
    ]
    return Benefit(values, tuple(corrected(found)))


def _by_source(folds: Sequence[Fold], arm: str, groups: Mapping[str, str]) -> Values:
    """Accuracy in percent, ``(repeats, sources)``."""
    tables: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for fold in folds:
        for name, right in zip(fold.names, fold.right[arm], strict=True):
            tables[fold.repeat][groups[name]].append(100 * right)
    sources = sorted(set(groups.values()))
    return np.array([[np.mean(table[source]) for source in sources] for table in tables.values()])
