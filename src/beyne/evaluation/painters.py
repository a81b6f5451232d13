"""What can paint pictures of a kind: generators, and the plain ways that every one should beat."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from beyne.predict.sampler import Sampler

#: Their names: training pictures again, and their mean.
BASELINES = ("copy", "mean")

#: Seeds between two samples of one generator.
_APART = 1_000_000


def painted(
    sampler: Sampler,
    number: int,
    sample: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Tensor:
    """Pictures of a generator, ``(number, C, H, W)`` in [0, 1].

    Args:
        number: How many.
        sample: Others for every number, from 0.
        progress: Is given pictures done and pictures in all.
    """
    images = []
    for seed in range(_APART * sample, _APART * sample + number):
        images.append(sampler.image(seed))
        progress(len(images), number)
    return torch.cat(images)


def plain(name: str, train: Tensor, number: int, sample: int = 0) -> Tensor:
    """Pictures of a baseline; arguments as for `painted`.

    Args:
        name: One of `BASELINES`.
        train: ``(M, C, H, W)`` in [0, 1].
    """
    if name == "mean":
        return train.mean(0, keepdim=True).expand(number, -1, -1, -1)
    random = torch.Generator().manual_seed(sample)
    return train[torch.randint(len(train), (number,), generator=random)]
