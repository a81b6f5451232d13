"""Projection onto the images that a downscaling operator A takes back to a given input.

Of all images x′ with A x′ = y, the nearest to x is x + A⁺(y − A x). A shrinks one axis after the
other by a matrix D of full row rank, so A⁺ is D⁺ = Dᵀ(DDᵀ)⁻¹ along each axis. DDᵀ is banded and
well conditioned (about 2): its inverse fades by two thirds a pixel, hence A⁺ is exact in float32
when it is cut off 16 pixels away, and long axes need no solving of their own.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from beyne.images.resample import Blocks, Operator, along, blocks, dense, downscale, taps

#: Low-resolution pixels around a region beyond which the projection of it hardly depends on any:
#: two that A reaches, and six over which A⁺ fades to a thousandth.
REACH = 8

#: Rounds of projecting and clipping: where nothing is clipped, the first one suffices.
ROUNDS = 3

# Steps after the first go further than the projection, which saves two rounds in five of undoing
# what clipping does; below 2 they converge (relaxed projections, Bauschke and Borwein 1996).
_RELAXED = 1.8

#: Rounds that leave less than half a step of 255 wherever there is a solution, and those after them
#: in which no value counts for more than one step.
EXACT_ROUNDS = 10, 20
_TOLERANCE = 0.1  # steps
_EXACT_REACH = 16  # low-resolution pixels over which A⁺ fades to 10⁻⁸
_SHORT = 4 * _EXACT_REACH  # an axis as long as this has a middle that feels neither end

#: Low-resolution pixels around a region beyond which the projection of it depends on none at all,
#: but for what clipping passes on: from there on the weights are those of the axis's middle.
EXACT_REACH = _SHORT // 2 + 2


def project(output: Tensor, source: Tensor, operator: Operator = "bicubic") -> Tensor:
    """The image nearest to ``output`` whose downscaling is ``source``; differentiable, linear.

    Args:
        output: ``(N, C, H·s, W·s)`` for any whole s, any range.
        source: ``(N, C, H, W)``, same dtype.
        operator: The downscaling A.

    Returns:
        As ``output``. A of it equals ``source`` to the accuracy of float32. Not clipped: values
        may leave the range of the arguments.

    Raises:
        UsageError: ``output`` is not a multiple of ``source`` in size.
    """
    return output + _correction(output, source, operator)


def project_into_range(
    output: Tensor, source: Tensor, operator: Operator = "bicubic", rounds: int = ROUNDS
) -> Tensor:
    """`project` and clip to [0, 1] by turns, until both hold well enough.

    Arguments and result as for `project`; at least one round.
    """
    for turn in range(rounds):
        correction = _correction(output, source, operator)
        output = output.add(correction, alpha=_RELAXED if turn else 1.0).clamp_(0, 1)
    return output


def project_into_limits(
    output: Tensor,
    source: Tensor,
    operator: Operator,
    limits: tuple[float, float],
    step: float,
    rounds: tuple[int, int] = EXACT_ROUNDS,
) -> Tensor:
    """`project` and clip to ``limits`` by turns, far more exactly than `project_into_range`.

    Both steps together go downhill, so Nesterov's momentum (1983) needs a third of the rounds.
    Where the source is sharper than anything within the limits can shrink to, least squares would
    spread what is missing over many pixels; Huber's loss (1964) leaves it to few.

    Args:
        output: As for `project`, as are ``source`` and ``operator``.
        source: See there.
        operator: See there.
        limits: Least and greatest value of the result.
        step: Between neighbouring values of the file; it ends early within a tenth of that.
        rounds: At most so many by least squares, and so many by Huber's loss.

    Returns:
        As ``output``, within the limits.
    """
    projected = project(output, source, operator)
    image = projected.clamp(*limits)
    if torch.equal(image, projected):
        return image
    for turns, most in zip(rounds, (math.inf, step), strict=True):
        before = image
        for turn in range(1, turns + 1):
            ahead = image.lerp(before, -turn / (turn + 3))
            missing = source - downscale(ahead, ahead.shape[-1] // source.shape[-1], operator)
            if float(missing.abs().max()) < _TOLERANCE * step:
                return image
            moved = ahead + _enlarged(missing.clamp_(-most, most), ahead.shape[-1], operator)
            before, image = image, moved.clamp_(*limits)
    return image


def _correction(output: Tensor, source: Tensor, operator: Operator) -> Tensor:
    """A⁺(source − A output)."""
    scale = output.shape[-1] // source.shape[-1]
    return _enlarged(source - downscale(output, scale, operator), output.shape[-1], operator)


def _enlarged(missing: Tensor, width: int, operator: Operator) -> Tensor:
    """A⁺ of what is missing in an image of ``width`` columns."""
    scale = width // missing.shape[-1]
    for axis in (-1, -2):
        missing = along(
            missing, axis, _enlarging(missing.shape[axis], scale, operator, missing.dtype)
        )
    return missing


@lru_cache(maxsize=64)
def _enlarging(n_in: int, scale: int, operator: Operator, dtype: torch.dtype) -> Blocks:
    """D⁺ for an axis of ``n_in`` pixels: that of a short axis, its middle repeated."""
    short = min(n_in, _SHORT)
    shrinking = dense(*taps(short * scale, short, operator), short * scale)
    inverse = shrinking.T @ np.linalg.inv(shrinking @ shrinking.T)
    pixel = np.arange(n_in * scale) // scale
    shift = (pixel - short // 2).clip(0, n_in - short)
    columns = (pixel - shift)[:, None] + np.arange(-_EXACT_REACH, _EXACT_REACH + 1)
    inside = (columns >= 0) & (columns < short)
    columns = columns.clip(0, short - 1)
    rows = np.arange(n_in * scale) - shift * scale
    weights = np.where(inside, inverse[rows[:, None], columns], 0.0)
    return blocks(columns + shift[:, None], weights, n_in, dtype)
