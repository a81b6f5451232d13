"""What can paint pictures of a kind: generators, and the plain ways that every one should beat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from beyne.predict.sampler import Sampler

#: Their names: training pictures again, and their mean.
BASELINES = ("copy", "mean")

#: Seeds between two samples of one generator.
_APART = 1_000_000

Value = TypeVar("Value")


def in_turn(values: Sequence[Value], number: int) -> list[Value]:
    """So many of some values: all in a fixed random order, again and again.

    So any number of them is of the same mixture, as labels of pictures to judge must be: a
    generator is asked for what the pictures that judge it show.
    """
    order = np.random.default_rng(0).permutation(len(values))
    return [values[order[index % len(order)]] for index in range(number)]


def painted(
    sampler: Sampler,
    labels: Sequence[str | None],
    sample: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Tensor:
    """Pictures of a generator, ``(N, C, H, W)`` in [0, 1].

    Args:
        labels: What each is to show; None of a generator without labels.
        sample: Others for every number, from 0.
        progress: Is given pictures done and pictures in all.
    """
    images = []
    for seed, label in enumerate(labels, start=_APART * sample):
        images.append(sampler.image(seed, label))
        progress(len(images), len(labels))
    return torch.cat(images)


def plain(name: str, train: Tensor, number: int, sample: int = 0) -> Tensor:
    """Pictures of a baseline; ``(number, C, H, W)`` in [0, 1].

    Args:
        name: One of `BASELINES`.
        train: ``(M, C, H, W)`` in [0, 1].
        number: How many.
        sample: As for `painted`.
    """
    if name == "mean":
        return train.mean(0, keepdim=True).expand(number, -1, -1, -1)
    random = torch.Generator().manual_seed(sample)
    return train[torch.randint(len(train), (number,), generator=random)]
