"""Spectral angle mapper (Kruse et al. 1993, doi:10.1016/0034-4257(93)90013-N)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from beyne.errors import UsageError
from beyne.metrics.protocol import comparable


def spectral_angle(
    output: Tensor, target: Tensor, *, data_range: float = 1.0, luma: bool = False, crop: int = 0
) -> Tensor:
    """Mean angle in degrees between the spectra of a pixel: a fault of colour, not of brightness.

    Args:
        output: ``(N, C, H, W)`` in [0, data_range], two bands or more.
        target: The same shape and range.
        data_range: The value of white.
        luma: Must stay False: one band has no spectrum.
        crop: Pixels left out along each border.

    Returns:
        ``(N,)`` in [0, 90], the mean over pixels; 0 where the bands stand in the same ratio. A
        black pixel has no spectrum: its angle is 0 to another black one, else 90.

    Raises:
        UsageError: Shapes differ, values leave the range, there is one band, or luma is asked for.
    """
    x, y = comparable(output, target, data_range, False, crop)
    if luma or x.shape[1] < 2:
        raise UsageError("one band has no spectrum", "compare all channels of two bands or more")
    x, y = F.normalize(x, dim=1), F.normalize(y, dim=1)
    # Exact for small angles, unlike the arc cosine (Kahan); black pixels come out as said above.
    half = torch.atan2((x - y).norm(dim=1), (x + y).norm(dim=1))
    return half.mul(2).rad2deg().mean((1, 2))
