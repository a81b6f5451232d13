"""Antialiased bicubic resampling on float tensors: the downscaling operator A of beyne.

`bicubic` repeats Pillow's antialiased bicubic (a = −0.5, support stretched by the shrink factor,
kernel renormalised where it leaves the image) without Pillow's rounding to 8 bits.
`bicubic-matlab` repeats MATLAB's ``imresize``: the same kernel, borders mirrored instead, which is
what the published super-resolution benchmarks use.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from beyne.errors import UsageError

Operator = Literal["bicubic", "bicubic-matlab"]
OPERATORS: tuple[str, ...] = get_args(Operator)

_CUBIC_A = -0.5
_CUBIC_SUPPORT = 2.0
_DENSE = 512  # up to this length a full matrix is faster, most of all in the backward pass


def resize(image: Tensor, size: tuple[int, int], operator: Operator = "bicubic") -> Tensor:
    """Resample to ``size``, enlarging or shrinking; differentiable.

    Args:
        image: Float tensor ``(N, C, H, W)``, any range; values may overshoot it a little.
        size: Height and width to make.
        operator: Treatment of the borders, see the module's text.

    Returns:
        ``(N, C, *size)``, same dtype; never computed in less, whatever autocast says.
    """
    with torch.autocast(image.device.type, enabled=False):
        return _resized(image, size, operator)


def _resized(image: Tensor, size: tuple[int, int], operator: Operator) -> Tensor:
    for axis, n_out in ((-2, size[0]), (-1, size[1])):
        image = _resize_axis(image, axis, n_out, operator)
    return image


def _resize_axis(image: Tensor, axis: int, n_out: int, operator: Operator) -> Tensor:
    if max(image.shape[axis], n_out) <= _DENSE:
        matrix = _matrix(image.shape[axis], n_out, operator).to(image)
        return image @ matrix.T if axis == -1 else matrix @ image
    taps, weights = _taps(image.shape[axis], n_out, operator)
    shape = [1] * image.dim()
    shape[axis] = n_out
    total: Tensor | None = None
    for index, weight in zip(taps.to(image.device), weights.to(image), strict=True):
        part = image.index_select(axis, index) * weight.view(shape)
        total = part if total is None else total.add_(part)
    assert total is not None
    return total


def downscale(image: Tensor, scale: int, operator: Operator = "bicubic") -> Tensor:
    """Apply A: shrink by an integer factor.

    Raises:
        UsageError: Height or width is not a multiple of ``scale``.
    """
    height, width = image.shape[-2:]
    if height % scale or width % scale:
        raise UsageError(f"{width}×{height} is not a multiple of {scale}", "crop it first")
    return resize(image, (height // scale, width // scale), operator)


def _cubic(x: NDArray[Any]) -> NDArray[Any]:
    """Keys' cubic kernel (Keys 1981, eq. 15 with a = −0.5)."""
    a, x = _CUBIC_A, np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


@lru_cache(maxsize=64)
def _taps(n_in: int, n_out: int, operator: Operator) -> tuple[Tensor, Tensor]:
    """Source indices and weights, ``(taps, n_out)`` each, that resample one axis."""
    ratio = n_in / n_out
    stretch = max(ratio, 1.0)
    center = (np.arange(n_out)[:, None] + 0.5) * ratio - 0.5
    reach = math.ceil(_CUBIC_SUPPORT * stretch)
    taps = np.floor(center).astype(np.int64) + np.arange(-reach, reach + 2)[None, :]
    weights = _cubic((taps - center) / stretch)
    if operator == "bicubic":
        weights = np.where((taps >= 0) & (taps < n_in), weights, 0.0)
        taps = taps.clip(0, n_in - 1)
    else:
        taps = taps % (2 * n_in)
        taps = np.where(taps < n_in, taps, 2 * n_in - 1 - taps)
    used = np.abs(weights).max(axis=0) > 0
    weights = weights / weights.sum(1, keepdims=True)
    # What is kept for later calls must not be an inference tensor, whoever calls first.
    with torch.inference_mode(False):
        return (
            torch.from_numpy(taps[:, used].T.copy()),
            torch.from_numpy(weights[:, used].T.astype(np.float32)),
        )


@lru_cache(maxsize=64)
def _matrix(n_in: int, n_out: int, operator: Operator) -> Tensor:
    """The same as a matrix ``(n_out, n_in)``."""
    taps, weights = _taps(n_in, n_out, operator)
    with torch.inference_mode(False):
        return torch.zeros(n_out, n_in).scatter_add_(1, taps.T, weights.T)
