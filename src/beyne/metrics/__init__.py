"""Picture quality in numbers: one file per metric, one line here.

`METRICS` holds what compares an output with one truth, picture by picture. What compares two
sets of pictures stands in `beyne.metrics.distribution` and `beyne.metrics.features`.
"""

from __future__ import annotations

import math

from beyne.backbones import SMALLEST_SIDE
from beyne.metrics.consistency import lr_psnr
from beyne.metrics.distribution import covered, kid_by_picture
from beyne.metrics.frequency import high_frequency_energy
from beyne.metrics.judged import agreed, first, right
from beyne.metrics.lpips import LPIPS
from beyne.metrics.mae import mae
from beyne.metrics.metric import Better, Metric
from beyne.metrics.ms_ssim import MS_SSIM_SIDE, ms_ssim
from beyne.metrics.protocol import PUBLISHED_X4, Protocol
from beyne.metrics.psnr import psnr
from beyne.metrics.spectral import spectral_angle
from beyne.metrics.ssim import SSIM_WINDOW, ssim

#: Name, as tables of scores have it → the metric.
METRICS: dict[str, Metric] = {
    "mae": Metric("MAE", mae, "lower", "/255"),
    "psnr": Metric("PSNR", psnr, "higher", "dB", most=60.0),
    "ssim": Metric("SSIM", ssim, "higher", digits=4, bounds=(-1, 1), smallest=SSIM_WINDOW),
    "ms_ssim": Metric("MS-SSIM", ms_ssim, "higher", digits=4, bounds=(0, 1), smallest=MS_SSIM_SIDE),
    "lpips": Metric(
        "LPIPS", LPIPS, "lower", digits=4, loaded=True, whole=True, smallest=SMALLEST_SIDE
    ),
    "lr_psnr": Metric("LR-PSNR", lr_psnr, "higher", "dB", against="input", most=100.0),
    "fine_detail": Metric("fine detail", high_frequency_energy, None, scaled=True),
    "spectral_angle": Metric("spectral angle", spectral_angle, "lower", "°", whole=True, bands=4),
}

#: Name → what compares two sets of pictures, with a value for each real picture.
SET_METRICS: dict[str, Metric] = {
    "kid": Metric("KID", kid_by_picture, "lower", digits=4, bounds=(-math.inf, math.inf)),
    "coverage": Metric("coverage", covered, "higher", bounds=(0, 1)),
}

#: Name → what is asked of pictures that were made of texts, with a value for each real picture.
TEXT_METRICS: dict[str, Metric] = {
    "class_accuracy": Metric("class accuracy", right, "higher", digits=3, bounds=(0, 1)),
    "agreement": Metric("agreement", agreed, "higher", digits=3, bounds=(0, 1)),
    "r_precision": Metric("R-precision", first, "higher", digits=3, bounds=(0, 1)),
}

#: Every column that a table of scores may have.
COLUMNS = METRICS | SET_METRICS | TEXT_METRICS

__all__ = [
    "COLUMNS",
    "LPIPS",
    "METRICS",
    "MS_SSIM_SIDE",
    "PUBLISHED_X4",
    "SET_METRICS",
    "SSIM_WINDOW",
    "TEXT_METRICS",
    "Better",
    "Metric",
    "Protocol",
    "high_frequency_energy",
    "lr_psnr",
    "mae",
    "ms_ssim",
    "psnr",
    "spectral_angle",
    "ssim",
]
