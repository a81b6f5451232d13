"""Faithfulness to the input: does the enlarged image, shrunk again, give the input back?"""

from __future__ import annotations

from torch import Tensor

from beyne.errors import UsageError
from beyne.images.resample import Operator, resize
from beyne.metrics.psnr import psnr


def lr_psnr(output: Tensor, lr: Tensor, operator: Operator = "bicubic") -> Tensor:
    """PSNR in decibels of ``A(output)`` against the actual input, all channels, nothing cropped.

    Args:
        output: The enlarged image, ``(N, C, H·s, W·s)`` in [0, 1].
        lr: The input it was made from, ``(N, C, H, W)`` in [0, 1].
        operator: The downscaling A.

    Returns:
        ``(N,)``.

    Raises:
        UsageError: ``output`` is not ``lr`` enlarged by a whole factor, or values leave [0, 1].
    """
    height, width = lr.shape[-2:]
    factor = output.shape[-1] // width
    if output.shape[:2] != lr.shape[:2] or output.shape[-2:] != (height * factor, width * factor):
        sizes = f"{tuple(output.shape)} and {tuple(lr.shape)}"
        raise UsageError(f"{sizes} are not one image and its enlargement by a whole factor")
    return psnr(resize(output, (height, width), operator).clamp(0, 1), lr)
