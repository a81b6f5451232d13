"""How much fine detail an image has, right or wrong: blur is too little, grain too much."""

from __future__ import annotations

import torch
from torch import Tensor

from beyne.metrics.protocol import comparable


def high_frequency_energy(
    output: Tensor,
    target: Tensor,
    *,
    data_range: float = 1.0,
    luma: bool = False,
    crop: int = 0,
    scale: int = 4,
) -> Tensor:
    """Energy of the output above the Nyquist frequency of its input, over that of the original.

    The power spectrum is summed where √(fx² + fy²) > 1/(2·scale) cycles a pixel: the detail that an
    input ``scale`` times smaller can't hold. 1 is as much as the original has; it says nothing of
    whether it is the same detail.

    Args:
        output: ``(N, C, H, W)`` in [0, data_range].
        target: The original, the same shape and range.
        data_range: The value of white.
        luma: Compare BT.601 luma instead of the colours.
        crop: Pixels left out along each border.
        scale: Enlargement.

    Returns:
        ``(N,)``; infinite where the original has no such detail and the output has.

    Raises:
        UsageError: The images can't be compared, see `beyne.metrics.protocol.comparable`.
    """
    seen, wanted = comparable(output, target, data_range, luma, crop)
    down, across = (torch.fft.fftfreq(side, device=seen.device) for side in seen.shape[-2:])
    fine = (down[:, None].square() + across.square()).sqrt() > 0.5 / scale
    return _energy(seen, fine) / _energy(wanted, fine)


def _energy(image: Tensor, frequencies: Tensor) -> Tensor:
    power: Tensor = torch.fft.fft2(image).abs().square()
    return power[..., frequencies].sum((1, 2))
