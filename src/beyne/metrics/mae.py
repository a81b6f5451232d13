"""Mean absolute error, the pixel loss as a score."""

from __future__ import annotations

from torch import Tensor

from beyne.metrics.protocol import comparable


def mae(
    output: Tensor, target: Tensor, *, data_range: float = 1.0, luma: bool = False, crop: int = 0
) -> Tensor:
    """Mean absolute difference in levels, of which white has 255.

    Args:
        output: ``(N, C, H, W)`` in [0, data_range].
        target: The same shape and range.
        data_range: The value of white.
        luma: Compare BT.601 luma.
        crop: Pixels left out along each border.

    Returns:
        ``(N,)`` in [0, 255], the mean over channels and pixels of each image.

    Raises:
        UsageError: Shapes differ, or values leave the range.
    """
    first, second = comparable(output, target, data_range, luma, crop)
    return 255 * (first - second).abs().mean(dim=(1, 2, 3))
