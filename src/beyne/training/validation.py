"""Scores of a network on whole pictures while it trains."""

from __future__ import annotations

from collections import defaultdict
from math import isfinite
from statistics import fmean

import torch
from torch import nn

from beyne.data import Decoded
from beyne.data.pairs import PairedJob
from beyne.evaluation.measures import Measures, protocol_for
from beyne.images.raster import to_tensor
from beyne.images.resample import Operator
from beyne.metrics import LPIPS

_SCORES = ("psnr", "ssim", "lr_psnr", "lpips")


def validate(
    network: nn.Module,
    pictures: list[Decoded],
    device: torch.device,
    operator: Operator | None,
    lpips: LPIPS | None = None,
    job: PairedJob = "upscale",
) -> dict[str, float]:
    """Mean PSNR and SSIM against the originals, and LR-PSNR against the inputs.

    Args:
        network: The generator in the form it is used in; runs under the caller's autocast.
        pictures: Whole pictures.
        operator: The downscaling A for LR-PSNR; None where the inputs were not made by it alone.
        lpips: Measured too, if given.
        job: What the network is for; the mean absolute error is that of translations.

    Returns:
        Means over the pictures: ``psnr`` (at most 60 a picture) and ``lr_psnr`` in decibels,
        ``ssim``, ``lpips``, ``mae`` in levels of 255. Left out is what can't be computed: pictures
        too small, other channels out, no operator.
    """
    loaded = {"lpips": lpips} if lpips else {}
    names = ("mae", *_SCORES) if job == "translate" else _SCORES
    protocol = protocol_for(pictures, job)
    measures = Measures(protocol, pictures[0].scale, operator, names=names, loaded=loaded)
    scores: dict[str, list[float]] = defaultdict(list)
    for picture in pictures:
        lr, hr = to_tensor(picture.lr).to(device), to_tensor(picture.hr).to(device)
        with torch.inference_mode():
            output = network(lr).float()
        for name, value in measures.of(output, hr, lr).items():
            if isfinite(value):
                scores[name].append(value)
    return {name: fmean(values) for name, values in scores.items()}
