"""Scores and sheets of a network on whole pictures while it trains."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from statistics import fmean

import torch
from torch import Tensor, nn

from beyne.data import Decoded
from beyne.data.pairs import Job
from beyne.evaluation.measures import Measures, protocol_for
from beyne.images.raster import to_tensor
from beyne.images.resample import Operator
from beyne.metrics import LPIPS
from beyne.recipe import Recipe
from beyne.reports.document import Section
from beyne.tasks import PairedTask

_SCORES = ("psnr", "ssim", "lr_psnr", "lpips")
_SHOWN, _SIDE, _LEAST = 4, 256, 96  # pictures of a preview; pixels out, and in at least


class PairedExaminer:
    """Looks at what a network makes of validation pictures; see `beyne.training.examiner`.

    Args:
        recipe: Resolved.
        pictures: Whole ones of the val split.
        task: Shows them.
        lpips: Measured too, if given.
    """

    paired = True

    def __init__(
        self,
        recipe: Recipe,
        pictures: list[Decoded],
        task: PairedTask,
        lpips: LPIPS | None,
    ) -> None:
        self.recipe, self.pictures, self.task, self.lpips = recipe, pictures, task, lpips
        self.number = len(pictures)
        self.protocol = {"protocol": protocol_for(pictures, recipe.job).text}
        if lpips:
            self.protocol["lpips_is"] = lpips.text
        self.device = torch.device("cpu")

    def to(self, device: torch.device) -> None:
        """Move what it looks with."""
        self.device = device
        if self.lpips:
            self.lpips.to(device)

    def scores(self, network: nn.Module) -> dict[str, float]:
        """See `validate`."""
        operator, job = self.recipe.data.made_by, self.recipe.job
        return validate(network, self.pictures, self.device, operator, self.lpips, job)

    def alarm(self, scores: Mapping[str, float]) -> str:
        """Nothing is."""
        return ""

    def sheets(self, network: nn.Module) -> list[Tensor]:
        """Input, output and original of the corners of some pictures."""
        sheets = []
        for picture in self.pictures[:_SHOWN]:
            scale = picture.scale
            side = min(max(_LEAST, _SIDE // scale), *picture.lr.shape[:2])
            lr, hr = picture.lr[:side, :side], picture.hr[: side * scale, : side * scale]
            tensors = (to_tensor(pixels).to(self.device) for pixels in (lr, hr))
            sheets.append(self.task.preview(network, *tensors))
        return sheets

    def conclusion(self, run: Path) -> tuple[Sequence[str], Sequence[Section]]:
        """Nothing beyond the scores."""
        return (), ()


def validate(
    network: nn.Module,
    pictures: list[Decoded],
    device: torch.device,
    operator: Operator | None,
    lpips: LPIPS | None = None,
    job: Job = "upscale",
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
