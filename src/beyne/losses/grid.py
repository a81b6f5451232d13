"""A loss on what repeats with the enlargement: all places of its grid get as much detail.

A network that enlarges s times paints the s×s pixels of an input pixel from channels of their own.
Nothing makes these alike, so faint patterns with a period of s pixels appear; networks that stride
by as much (a perceptual loss's, a discriminator's) are nearly blind to them.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from beyne.losses.fields import LossConfig


class GridLossConfig(LossConfig):
    """The grid's period."""

    kind: Literal["grid"] = "grid"
    scale: int = Field(4, ge=2, description="pixels; the enlargement, if left out")

    @property
    def least_side(self) -> int:
        """One period, and the pixels around it."""
        return self.scale + 2


class GridLoss(nn.Module):
    """How the s² places of the grid differ in fine detail, over a batch, beyond the target's.

    Detail is a pixel less the mean around it. Mean over places of the difference of its means,
    which is an additive pattern, and of that of its mean sizes, each less their mean over places:
    a place that has more contrast than others.
    """

    def __init__(self, config: GridLossConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Unweighted loss.

        Args:
            output: What the network made, ``(N, C, H·s, W·s)``, about [0, 1], not clamped.
            target: The truth in [0, 1], same shape.

        Returns:
            A scalar, in units of [0, 1].
        """
        made, true = (self._by_place(image) for image in (output, target))
        additive = made.mean(1) - true.mean(1)
        contrast = made.abs().mean(1) - true.abs().mean(1)
        return additive.abs().mean() + (contrast - contrast.mean()).abs().mean()

    def _by_place(self, image: Tensor) -> Tensor:
        """Detail in grey, ``(s², samples)``."""
        grey = image.float().mean(1, keepdim=True)
        around = F.avg_pool2d(grey, 3, stride=1)
        detail = grey[..., 1:-1, 1:-1] - around
        period = self.config.scale
        height, width = (side // period * period for side in detail.shape[-2:])
        places = F.pixel_unshuffle(detail[..., :height, :width], period)
        return places.transpose(0, 1).flatten(1)
