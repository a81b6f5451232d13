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
_BLOCK = 128  # beyond it, rows or columns of the pieces it is cut into

#: First column and dense matrix ``(rows, columns)`` of each run of rows.
Blocks = tuple[tuple[int, Tensor], ...]


def resize(image: Tensor, size: tuple[int, int], operator: Operator = "bicubic") -> Tensor:
    """Resample to ``size``, enlarging or shrinking; differentiable, and exact under autocast.

    Args:
        image: Float tensor ``(N, C, H, W)``, any range; values may overshoot it a little.
        size: Height and width to make.
        operator: Treatment of the borders, see the module's text.

    Returns:
        ``(N, C, *size)``, same dtype.
    """
    for axis, n_out in ((-2, size[0]), (-1, size[1])):
        image = along(image, axis, _resampling(image.shape[axis], n_out, operator, image.dtype))
    return image


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


def taps(n_in: int, n_out: int, operator: Operator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Source indices and weights, ``(n_out, taps)`` each, that resample one axis.

    An index may come twice in a row; its weights then add up.
    """
    ratio = n_in / n_out
    stretch = max(ratio, 1.0)
    center = (np.arange(n_out)[:, None] + 0.5) * ratio - 0.5
    reach = math.ceil(_CUBIC_SUPPORT * stretch)
    indices = np.floor(center).astype(np.int64) + np.arange(-reach, reach + 2)[None, :]
    weights = _cubic((indices - center) / stretch)
    if operator == "bicubic":
        weights = np.where((indices >= 0) & (indices < n_in), weights, 0.0)
        indices = indices.clip(0, n_in - 1)
    else:
        indices = indices % (2 * n_in)
        indices = np.where(indices < n_in, indices, 2 * n_in - 1 - indices)
    used = np.abs(weights).max(axis=0) > 0
    weights = weights / weights.sum(1, keepdims=True)
    return indices[:, used], weights[:, used]


def dense(indices: NDArray[Any], weights: NDArray[Any], n_in: int) -> NDArray[Any]:
    """Taps as a matrix ``(n_out, n_in)`` in float64."""
    matrix = np.zeros((len(indices), n_in))
    np.add.at(matrix, (np.arange(len(indices))[:, None], indices), weights)
    return matrix


def blocks(indices: NDArray[Any], weights: NDArray[Any], n_in: int, dtype: torch.dtype) -> Blocks:
    """Taps as small dense matrices, each for a run of rows, that `along` multiplies with.

    They are float64 if ``dtype``, that of the images, is; else float32.
    """
    exact = np.float64 if dtype == torch.float64 else np.float32
    n_out, longest = len(indices), max(n_in, len(indices))
    rows = n_out if longest <= _DENSE else max(1, _BLOCK * n_out // longest)
    made: list[tuple[int, Tensor]] = []
    for top in range(0, n_out, rows):
        columns = indices[top : top + rows]
        first, last = int(columns.min()), int(columns.max())
        matrix = dense(columns - first, weights[top : top + rows], last + 1 - first)
        # What is kept for later calls must not be an inference tensor, whoever calls first.
        with torch.inference_mode(False):
            made.append((first, torch.from_numpy(matrix.astype(exact))))
    return tuple(made)


def along(image: Tensor, axis: int, matrix: Blocks) -> Tensor:
    """A matrix times ``image`` ``(N, C, H, W)`` along axis -2 or -1, never in reduced precision."""
    with torch.autocast(image.device.type, enabled=False):
        parts = []
        for first, block in matrix:
            block = block.to(image)
            part = image.narrow(axis, first, block.shape[1])
            parts.append(part @ block.T if axis == -1 else block @ part)
        return parts[0] if len(parts) == 1 else torch.cat(parts, axis)


@lru_cache(maxsize=64)
def _resampling(n_in: int, n_out: int, operator: Operator, dtype: torch.dtype) -> Blocks:
    return blocks(*taps(n_in, n_out, operator), n_in, dtype)
