"""What a step computes with: its share of the learning rate, its precision, its randomness."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from beyne.hardware import cpu_computes_bf16
from beyne.recipe import Recipe, TrainConfig
from beyne.tasks.adversarial import Balance

#: Where ``save_every`` is left open: saves of a short run, and images between two of a long one.
SAVES, LONGEST_SAVE = 10, 16_000


def scheduled(train: TrainConfig, images: int) -> float:
    """Share of the learning rate at ``images`` seen, in [0, 1].

    Linear warm-up, then constant or a half cosine down to zero.
    """
    assert train.images is not None
    share = 1.0
    warmup = min(train.warmup, train.images // 10)  # short trials are not all warm-up
    if warmup:
        share = min(1.0, (images + train.batch) / warmup)
    if train.schedule == "cosine":
        share *= 0.5 + 0.5 * math.cos(math.pi * min(1.0, images / train.images))
    return share


def learning_rate(recipe: Recipe, images: int, balance: Balance, net: str = "generator") -> float:
    """Of a network's optimiser at ``images`` seen, with what the guard has set."""
    train, adversarial = recipe.train, recipe.adversarial
    share = scheduled(train, images)
    if net == "discriminator" and adversarial:
        return (adversarial.learning_rate or train.learning_rate) * balance.rate * share
    return train.learning_rate * share


@dataclass(frozen=True)
class Intervals:
    """Training images between two records, looks of the guard, saves, and previews.

    Where a recipe leaves one open it is a share of the run, so that a short run is watched and can
    go on where it was killed, too; in long runs it grows no further. Validation goes with saving
    and takes its time, hence a tenth and no less.
    """

    log: int
    guard: int
    save: int
    preview: int

    @classmethod
    def of(cls, recipe: Recipe) -> Intervals:
        """Those of a resolved recipe."""
        train = recipe.train
        guard = recipe.adversarial and recipe.adversarial.guard
        assert train.images is not None
        return cls(
            log=train.log_every or _share(train.images, 100, 1_600),
            guard=(guard and guard.every) or _share(train.images, 50, 1_600),
            save=train.save_every or _share(train.images, SAVES, LONGEST_SAVE),
            preview=train.preview_every or _share(train.images, 10, 64_000),
        )


def _share(images: int, parts: int, most: int) -> int:
    return min(-(-images // parts), most)


def step_seed(seed: int, images: int, process: int) -> int:
    """What the randomness of one step in one process starts from."""
    return int(np.random.SeedSequence([seed, images, process]).generate_state(1)[0])


def chosen_precision(wanted: str) -> str:
    """``bf16`` where the processor or GPU computes in it, else ``fp32``; ``wanted`` if not auto."""
    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    return "bf16" if cpu_computes_bf16() else "fp32"
