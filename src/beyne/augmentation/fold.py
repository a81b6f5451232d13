"""One fold: choose strength and share inside its training part, train the arms, test them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from beyne.augmentation.classical import STRENGTHS, varied
from beyne.augmentation.samples import Samples, hold_out
from beyne.evaluation.recognition import fit, standardised
from beyne.evaluation.statistics import Values
from beyne.images.resample import resize

#: Pictures to train on, pictures held out of that (to stop by), class → number wanted, seed →
#: class → pictures ``(N, C, H, W)`` in [0, 1].
Painter = Callable[[Samples, Samples, Mapping[str, int], int], Mapping[str, Tensor]]

#: Pictures ``(N, C, side, side)`` of deviation 1, their classes ``(N,)``, pictures asked about
#: ``(M, C, side, side)``, strength of classical augmentation, seed → classes ``(trainings, M)``.
Classify = Callable[[Tensor, Tensor, Tensor, float, int], Tensor]

ARMS = ("real", "real + classical", "real + GAN", "real + classical + GAN")
#: Generated pictures for each real one.
SHARES = (0.5, 1.0, 2.0)


@dataclass(frozen=True)
class SmallNetwork:
    """The classifier that judges the arms, the same for all; a `Classify`.

    Attributes:
        steps: Of the optimiser, whatever the number of pictures.
        batch: Pictures a step, drawn with replacement from real and generated ones together.
        trainings: How often it is trained, each time from another seed.
    """

    steps: int = 300
    batch: int = 64
    trainings: int = 3

    def __call__(
        self, pictures: Tensor, targets: Tensor, asked: Tensor, strength: float, seed: int
    ) -> Tensor:
        """As `Classify` says."""
        classes = [str(number) for number in range(int(targets.max()) + 1)]
        vary = partial(varied, strength=strength)
        seeds = range(seed, seed + self.trainings)
        return torch.stack(
            [
                fit(pictures, targets, classes, self.steps, one, vary, self.batch).numbers(asked)
                for one in seeds
            ]
        )


@dataclass(frozen=True)
class Fold:
    """What one fold gave.

    Attributes:
        repeat: Number of the division into folds.
        fold: Number of the fold in it.
        strength: Of classical augmentation, as chosen.
        share: Generated pictures for each real one, as chosen.
        names: Of the tested pictures.
        right: Arm → of each of them, the share of trainings that read it rightly.
        painting: Seconds that it took to train the GAN and paint.
        classifying: Seconds of all classifiers.
    """

    repeat: int
    fold: int
    strength: float
    share: float
    names: list[str]
    right: dict[str, list[float]]
    painting: float
    classifying: float


def run_fold(
    train: Samples,
    test: Samples,
    paint: Painter,
    classify: Classify,
    number: tuple[int, int],
    seed: int,
) -> Fold:
    """Work through a fold.

    The painter sees no more than the inner training part, so what it paints may be judged on the
    inner held-out part, by which strength and share are chosen; both together train the arms.

    Args:
        train: Training part of the fold.
        test: The rest; nothing but the answers in the end comes from it.
        paint: Gives pictures for training.
        classify: The classifier.
        number: Of the repeat and of the fold.
        seed: Of the inner division, the classifiers and the painter.

    Raises:
        UsageError: The training part can't be divided once more.
    """
    chosen, held_out = hold_out(train, seed)
    inner, judges = train.take(chosen), train.take(held_out)
    start = time.perf_counter()
    painted = paint(inner, judges, wanted(train), seed)
    painting = time.perf_counter() - start
    classes, fakes = train.classes, {label: _sized(f, train.side) for label, f in painted.items()}

    def right(pictures: Samples, asked: Samples, strength: float, share: float) -> Values:
        """Of each picture asked about, the share of trainings that read it rightly."""
        images, targets = _pool(pictures, fakes, classes, share)
        found = classify(standardised(images), targets, standardised(asked.images), strength, seed)
        return np.asarray((found == _numbers(asked, classes)).double().mean(0))

    def best(candidates: dict[float, float]) -> float:
        return max(candidates, key=lambda value: (candidates[value], -value))

    start = time.perf_counter()
    strength = best({s: right(inner, judges, s, 0.0).mean() for s in STRENGTHS})
    share = best({s: right(inner, judges, strength, s).mean() for s in SHARES})
    settings = ((0.0, 0.0), (strength, 0.0), (0.0, share), (strength, share))
    answers = {
        arm: right(train, test, *setting).tolist()
        for arm, setting in zip(ARMS, settings, strict=True)
    }
    classified = time.perf_counter() - start
    return Fold(*number, strength, share, list(test.names), answers, painting, classified)


def wanted(train: Samples, share: float = max(SHARES)) -> dict[str, int]:
    """Class → generated pictures, in the proportions of the real ones."""
    return {label: round(share * count) for label, count in train.counts.items()}


def _sized(images: Tensor, side: int) -> Tensor:
    """The middle square of ``(N, C, H, W)``, as `read_samples` cuts files, at ``side`` pixels."""
    shorter = min(images.shape[-2:])
    top, left = ((length - shorter) // 2 for length in images.shape[-2:])
    square = images[..., top : top + shorter, left : left + shorter]
    return resize(square.float(), (side, side)).clamp(0, 1)


def _pool(
    real: Samples, fakes: Mapping[str, Tensor], classes: tuple[str, ...], share: float
) -> tuple[Tensor, Tensor]:
    """Real pictures and a share of generated ones, with the numbers of their classes."""
    parts = [real.images]
    targets = [_numbers(real, classes)]
    for label, number in wanted(real, share).items():
        parts.append(fakes[label][:number])
        targets.append(torch.full((len(parts[-1]),), classes.index(label)))
    return torch.cat(parts), torch.cat(targets)


def _numbers(samples: Samples, classes: tuple[str, ...]) -> Tensor:
    return torch.tensor([classes.index(label) for label in samples.labels])
