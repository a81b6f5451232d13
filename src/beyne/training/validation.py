"""Scores of a network on whole pictures while it trains."""

from __future__ import annotations

from statistics import fmean

import torch
from torch import nn

from beyne.backbones import SMALLEST_SIDE
from beyne.data import Decoded
from beyne.images.raster import to_tensor
from beyne.images.resample import Operator
from beyne.metrics import LPIPS, SSIM_WINDOW, Protocol, lr_psnr, psnr, ssim

#: Decibels a picture counts at most. Where chance left an input as it was and the network did, too,
#: the score is infinite, and so would be every mean and the best of all checkpoints.
_BEST = 60.0


def protocol_for(picture: Decoded) -> Protocol:
    """Luma for colour, a crop as wide as the scale, rounded as the file would be."""
    bits = picture.hr.dtype.itemsize * 8 if picture.hr.dtype.kind == "u" else None
    crop = picture.scale if min(picture.hr.shape[:2]) > 32 else 0
    return Protocol(luma=picture.hr.shape[2] == 3, crop=crop, bits=bits)


def validate(
    network: nn.Module,
    pictures: list[Decoded],
    device: torch.device,
    operator: Operator | None,
    lpips: LPIPS | None = None,
) -> dict[str, float]:
    """Mean PSNR and SSIM against the originals, and LR-PSNR against the inputs.

    Args:
        network: The generator in the form it is used in; runs under the caller's autocast.
        pictures: Whole pictures.
        operator: The downscaling A for LR-PSNR; None where the inputs were not made by it alone.
        lpips: Measured too, if given.

    Returns:
        Means over the pictures: ``psnr`` (at most 60 a picture) and ``lr_psnr`` in decibels,
        ``ssim``, ``lpips``. The last three are left out where they can't be computed: pictures too
        small, other channels out, no operator.
    """
    scores: dict[str, list[float]] = {"psnr": [], "ssim": [], "lr_psnr": [], "lpips": []}
    for picture in pictures:
        lr, hr = to_tensor(picture.lr).to(device), to_tensor(picture.hr).to(device)
        with torch.inference_mode():
            output = network(lr).float().clamp(0, 1)
        protocol = protocol_for(picture)
        scores["psnr"].append(min(_BEST, float(protocol.measure(psnr, output, hr))))
        if min(hr.shape[-2:]) - 2 * protocol.crop >= SSIM_WINDOW:
            scores["ssim"].append(float(protocol.measure(ssim, output, hr)))
        if lpips and min(hr.shape[-2:]) >= SMALLEST_SIDE:
            shown = Protocol(bits=protocol.bits)
            scores["lpips"].append(float(shown.measure(lpips, output, hr)))
        if operator and output.shape[1] == lr.shape[1]:
            scores["lr_psnr"].append(float(lr_psnr(output, lr, operator)))
    return {name: fmean(values) for name, values in scores.items() if values}
