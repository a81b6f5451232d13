"""What follows the network: grey, clipping, shrinking, smoothing, projection, rounding."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from beyne.bundle import ModelCard
from beyne.images.projection import REACH, project, project_into_range
from beyne.images.resample import resize

_SMOOTHING_REACH = 4  # standard deviations


@dataclass(frozen=True)
class Finish:
    """What happens to a tile besides the network.

    Attributes:
        scale: Enlargement; below the model's own, its result is shrunk.
        smooth: Standard deviation of the Gaussian, in result pixels.
        consistent: Project it onto the images that the model's A shrinks to the input.
        grey: The model's colours become their mean.
        clip: Samples are in [0, 1].
    """

    scale: int
    smooth: float
    consistent: bool = False
    grey: bool = False
    clip: bool = False

    def halo(self, model_scale: int) -> int:
        """Input pixels of context it needs."""
        shrinking = math.ceil(2 / self.scale) + 1 if self.scale != model_scale else 0
        smoothing = math.ceil(math.ceil(_SMOOTHING_REACH * self.smooth) / self.scale)
        return shrinking + smoothing + (REACH if self.consistent else 0)

    def after(self, result: Tensor, tiles: Tensor, card: ModelCard) -> Tensor:
        """What is kept of the network's ``result`` for ``tiles``."""
        if self.grey:
            result = result.mean(1, keepdim=True)
        if self.clip:
            result = result.clamp_(0, 1)
        if self.scale != card.scale:
            size = (tiles.shape[-2] * self.scale, tiles.shape[-1] * self.scale)
            result = resize(result, size)
        if self.smooth:
            result = smoothed(result, self.smooth)
        if self.consistent:
            if self.clip:
                result = project_into_range(result, tiles, card.operator)
            else:
                result = project(result, tiles, card.operator)
        return result


def smoothed(image: Tensor, sigma: float) -> Tensor:
    """Gaussian smoothing; beyond the border the outermost pixels go on.

    Args:
        image: ``(N, C, H, W)``.
        sigma: Standard deviation in pixels, > 0.
    """
    reach = math.ceil(_SMOOTHING_REACH * sigma)
    offsets = torch.arange(-reach, reach + 1, dtype=image.dtype, device=image.device)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = (kernel / kernel.sum()).expand(image.shape[1], 1, 1, -1)
    groups = image.shape[1]
    image = F.pad(image, (reach,) * 4, mode="replicate")
    image = F.conv2d(image, kernel, groups=groups)
    return F.conv2d(image, kernel.transpose(2, 3), groups=groups)
