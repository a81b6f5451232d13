"""Antialiased bicubic resampling on float tensors: the downscaling operator A of beyne.

`bicubic` repeats Pillow's antialiased bicubic (a = −0.5, support stretched by the shrink factor,
kernel renormalised where it leaves the image) without Pillow's rounding to 8 bits.
`bicubic-matlab` repeats MATLAB's ``imresize``: the same kernel, borders mirrored instead, which is
what the published super-resolution benchmarks use.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from beyne.errors import UsageError

Operator = Literal["bicubic", "bicubic-matlab"]
OPERATORS: tuple[str, ...] = get_args(Operator)

_CUBIC_A = -0.5
_CUBIC_SUPPORT = 2.0


def resize(image: Tensor, size: tuple[int, int], operator: Operator = "bicubic") -> Tensor:
    """Resample to ``size``, enlarging or shrinking; differentiable.

    Args:
        image: Float tensor ``(N, C, H, W)``, any range; values may overshoot it a little.
        size: Height and width to make.
        operator: Treatment of the borders, see the module's text.

    Returns:
        ``(N, C, *size)``, same dtype.
    """
    rows = _weights(image.shape[-2], size[0], operator).to(image)
    columns = _weights(image.shape[-1], size[1], operator).to(image)
    # Shrinking the longer cut first would save a little; rows first keeps A linear and simple.
    return torch.matmul(torch.matmul(rows, image), columns.T)


def downscale(image: Tensor, scale: int, operator: Operator = "bicubic") -> Tensor:
    """Apply A: shrink by an integer factor.

    Raises:
        UsageError: Height or width is not a multiple of ``scale``.
    """
    height, width = image.shape[-2:]
    if height % scale or width % scale:
        raise UsageError(f"{width}×{height} is not a multiple of {scale}", "crop it first")
    return resize(image, (height // scale, width // scale), operator)


def _cubic(x: np.ndarray) -> np.ndarray:
    """Keys' cubic kernel (Keys 1981, eq. 15 with a = −0.5)."""
    a, x = _CUBIC_A, np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


@lru_cache(maxsize=64)
def _weights(n_in: int, n_out: int, operator: Operator) -> Tensor:
    """Matrix ``(n_out, n_in)`` that resamples one axis."""
    ratio = n_in / n_out
    stretch = max(ratio, 1.0)
    center = (np.arange(n_out)[:, None] + 0.5) * ratio - 0.5
    reach = int(np.ceil(_CUBIC_SUPPORT * stretch)) + 1
    taps = np.floor(center).astype(int) + np.arange(-reach, reach + 1)[None, :]
    weights = _cubic((taps - center) / stretch)
    if operator == "bicubic":
        weights = np.where((taps >= 0) & (taps < n_in), weights, 0.0)
        taps = taps.clip(0, n_in - 1)
    else:
        period = 2 * n_in
        taps = taps % period
        taps = np.where(taps < n_in, taps, period - 1 - taps)
    weights = weights / weights.sum(1, keepdims=True)
    matrix = np.zeros((n_out, n_in))
    np.add.at(matrix, (np.arange(n_out)[:, None], taps), weights)
    return torch.from_numpy(matrix.astype(np.float32))
