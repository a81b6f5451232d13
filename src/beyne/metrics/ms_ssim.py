"""Structural similarity at five sizes (Wang, Simoncelli & Bovik 2003, Asilomar Conference)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from beyne.errors import UsageError
from beyne.metrics.protocol import comparable
from beyne.metrics.ssim import SSIM_WINDOW, similarity

# The paper's exponents, from the original size to a sixteenth.
_EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
#: A picture must be at least as large, so that the window fits at the last size.
MS_SSIM_SIDE = SSIM_WINDOW * 2 ** (len(_EXPONENTS) - 1)


def ms_ssim(
    output: Tensor, target: Tensor, *, data_range: float = 1.0, luma: bool = False, crop: int = 0
) -> Tensor:
    """MS-SSIM: contrast and structure at five sizes, luminance at the smallest (the paper's eq. 7).

    Args:
        output: ``(N, C, H, W)`` in [0, data_range], 176 pixels a side or more after the crop.
        target: The same shape and range.
        data_range: The value of white.
        luma: Compare BT.601 luma instead of the colours.
        crop: Pixels left out along each border.

    Returns:
        ``(N,)``; 1 where both are identical. Pixels and channels are averaged at each size; an
        average below 0 counts as 0.

    Raises:
        UsageError: Shapes differ, values leave the range, or the image is too small.
    """
    x, y = comparable(output, target, data_range, luma, crop)
    if min(x.shape[-2:]) < MS_SSIM_SIDE:
        size = f"{x.shape[-1]}×{x.shape[-2]}"
        raise UsageError(f"{size} pixels are too few for MS-SSIM; it takes {MS_SSIM_SIDE} a side")
    product = x.new_ones(x.shape[0])
    for number, exponent in enumerate(_EXPONENTS, start=1):
        whole, structure = similarity(x, y)
        factor = whole if number == len(_EXPONENTS) else structure
        product = product * factor.mean(1).relu() ** exponent
        x, y = F.avg_pool2d(x, 2), F.avg_pool2d(y, 2)
    return product
