"""Sets of pictures that translations made over all folds: KID, and whether training comes again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from beyne.evaluation.memorisation import CopyCheck, judged
from beyne.evaluation.nearness import described
from beyne.metrics.distribution import kid
from beyne.metrics.features import chosen_features


class PaintedSets:
    """Collects them fold by fold; the first arm are the real pictures that were held out."""

    def __init__(self) -> None:
        self._features = chosen_features()
        self._seen: dict[str, list[Tensor]] = defaultdict(list)
        self._near: dict[str, list[Tensor]] = defaultdict(list)

    def add(self, train: Sequence[Tensor], made: Mapping[str, Sequence[Tensor]]) -> None:
        """A fold's training pictures, and those of each arm, each ``(1, C, H, W)`` in [0, 1]."""
        arms = {arm: torch.cat(list(images)) for arm, images in made.items()}
        check = CopyCheck(torch.cat(list(train)), next(iter(arms.values())), self._features)
        for arm, images in arms.items():
            self._seen[arm].append(described(images, self._features))
            self._near[arm].append(check.nearness(images).values)

    def report(self) -> None:
        """Print KID against the real pictures, and the verdict on copies."""
        seen, near = (
            {arm: torch.cat(parts) for arm, parts in kept.items()}
            for kept in (self._seen, self._near)
        )
        (first, real), *others = seen.items()
        print(f"\nKID ({self._features.text}); copies:\n")
        for arm, features in others:
            distance = kid(features, real, subset=len(real)).value
            print(f"- {arm}: {distance:.4g}; {judged(near[arm], near[first]).sentence}")
