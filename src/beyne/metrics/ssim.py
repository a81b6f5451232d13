"""Structural similarity (Wang, Bovik, Sheikh & Simoncelli 2004), as its authors' MATLAB code."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from beyne.errors import UsageError
from beyne.metrics.protocol import comparable

#: Side of the window; a picture must be at least as large.
SSIM_WINDOW = 11
_SIGMA = 1.5
_C1 = 0.01**2  # (K1·L)², the range L being 1 here
_C2 = 0.03**2


def ssim(
    output: Tensor, target: Tensor, *, data_range: float = 1.0, luma: bool = False, crop: int = 0
) -> Tensor:
    """SSIM with an 11×11 Gaussian window of σ 1.5, where the window lies wholly inside.

    Args:
        output: ``(N, C, H, W)`` in [0, data_range].
        target: The same shape and range.
        data_range: The value of white.
        luma: Compare BT.601 luma, as the published tables do.
        crop: Pixels left out along each border.

    Returns:
        ``(N,)``, averaged over pixels and channels; 1 where both are identical.

    Raises:
        UsageError: Shapes differ, values leave the range, or the image is smaller than 11×11.
    """
    x, y = comparable(output, target, data_range, luma, crop)
    if min(x.shape[-2:]) < SSIM_WINDOW:
        size = f"{x.shape[-1]}×{x.shape[-2]}"
        raise UsageError(f"{size} pixels are too few for SSIM's {SSIM_WINDOW}×{SSIM_WINDOW} window")
    whole, _ = similarity(x, y)
    return whole.mean(1)


def similarity(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """SSIM, and its contrast and structure alone, each ``(N, C)``, averaged over pixels.

    Args:
        x: ``(N, C, H, W)`` in [0, 1], at least 11×11, as is ``y``.
    """
    mean_x, mean_y = _blurred(x), _blurred(y)
    variance_x = _blurred(x * x) - mean_x**2
    variance_y = _blurred(y * y) - mean_y**2
    covariance = _blurred(x * y) - mean_x * mean_y
    structure = (2 * covariance + _C2) / (variance_x + variance_y + _C2)
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    return (luminance * structure).mean((2, 3)), structure.mean((2, 3))


def _blurred(image: Tensor) -> Tensor:
    """Gaussian mean at every place the window fits: ``(N, C, H - 10, W - 10)``."""
    offsets = torch.arange(SSIM_WINDOW, dtype=image.dtype, device=image.device) - SSIM_WINDOW // 2
    weights = torch.exp(-(offsets**2) / (2 * _SIGMA**2))
    weights = weights / weights.sum()
    planes = image.flatten(0, 1).unsqueeze(1)  # (N·C, 1, H, W)
    planes = F.conv2d(F.conv2d(planes, weights.view(1, 1, -1, 1)), weights.view(1, 1, 1, -1))
    return planes.view(*image.shape[:2], *planes.shape[-2:])
