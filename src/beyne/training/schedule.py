"""What a step computes with: its share of the learning rate, its precision, its randomness."""

from __future__ import annotations

import math

import numpy as np
import torch

from beyne.hardware import cpu_computes_bf16
from beyne.recipe import Recipe, TrainConfig
from beyne.tasks.adversarial import Balance


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
