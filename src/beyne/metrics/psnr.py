"""Peak signal-to-noise ratio."""

from __future__ import annotations

from torch import Tensor

from beyne.metrics.protocol import comparable


def psnr(
    output: Tensor, target: Tensor, *, data_range: float = 1.0, luma: bool = False, crop: int = 0
) -> Tensor:
    """PSNR in decibels, 10·log10(range² / mean squared error).

    Args:
        output: ``(N, C, H, W)`` in [0, data_range].
        target: The same shape and range.
        data_range: The value of white.
        luma: Compare BT.601 luma, as the published tables do.
        crop: Pixels left out along each border.

    Returns:
        ``(N,)``, the squared error averaged over channels and pixels of each image; infinite
        where both are identical.

    Raises:
        UsageError: Shapes differ, or values leave the range.
    """
    first, second = comparable(output, target, data_range, luma, crop)
    return -10 * (first - second).square().mean(dim=(1, 2, 3)).log10()
