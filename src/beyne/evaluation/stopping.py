"""When a training that is watched by KID is over."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from beyne.metrics.distribution import Estimate, kid

_PARTS = 10


def steady_kid(generated: Tensor, real: Tensor) -> Estimate:
    """KID and its standard error, by leaving out a tenth of both sets at a time (jackknife).

    Of few pictures KID scatters widely and may be negative; what is smaller than its error is no
    progress. Where the same latents and real pictures are used at every look, errors are rather
    too large than too small.

    Args:
        generated: Features ``(N, D)``.
        real: ``(M, D)``; of the larger set as many as there are in the smaller.

    Raises:
        UsageError: The features don't fit each other, or a set has fewer than three.
    """
    number = min(len(generated), len(real))
    generated, real, part = generated[:number], real[:number], torch.arange(number) % _PARTS
    value = kid(generated, real, subset=number).value
    parts = [
        kid(generated[part != left], real[part != left], subset=number).value
        for left in range(_PARTS)
    ]
    spread = torch.tensor(parts, dtype=torch.float64).var(correction=0)
    return Estimate(value, float((spread * (_PARTS - 1)).sqrt()))


def exhausted(looks: Sequence[Estimate], patience: int) -> bool:
    """Whether the last ``patience`` looks brought nothing.

    Progress is a value below the best before it by more than the error of that best; so a value
    that was low by chance does not pass for one.

    Args:
        looks: KID at every look so far, from the first; lower is better.
        patience: Looks to wait for progress.
    """
    if not looks:
        return False
    best, since = looks[0], 0
    for look in looks[1:]:
        if look.value < best.value - best.deviation:
            best, since = look, 0
        else:
            since += 1
    return since >= patience
