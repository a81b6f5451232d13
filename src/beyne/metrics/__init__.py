"""Picture quality in numbers: one file per metric, one line here.

Every metric of the table takes ``(output, target)``, float tensors ``(N, C, H, W)``, and the
keywords ``data_range``, ``luma`` and ``crop``, and returns one value per image, ``(N,)``.
`LPIPS` is called alike once it is made, which needs weights; less is better there.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from beyne.metrics.consistency import lr_psnr
from beyne.metrics.frequency import high_frequency_energy
from beyne.metrics.lpips import LPIPS
from beyne.metrics.protocol import PUBLISHED_X4, Protocol
from beyne.metrics.psnr import psnr
from beyne.metrics.ssim import SSIM_WINDOW, ssim

METRICS: dict[str, Callable[..., Tensor]] = {
    "psnr": psnr,
    "ssim": ssim,
}

__all__ = [
    "LPIPS",
    "METRICS",
    "PUBLISHED_X4",
    "SSIM_WINDOW",
    "Protocol",
    "high_frequency_energy",
    "lr_psnr",
    "psnr",
    "ssim",
]
