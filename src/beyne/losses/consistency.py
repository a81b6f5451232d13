"""A loss on what the low-resolution input fixes: the output, shrunk, must give the input back."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from torch import Tensor, nn

from beyne.images.resample import Operator, downscale
from beyne.losses.fields import LossConfig


class ConsistencyLossConfig(LossConfig):
    """Which downscaling the consistency loss uses."""

    kind: Literal["consistency"] = "consistency"
    scale: int = Field(4, ge=2)
    operator: Operator = "bicubic"


class ConsistencyLoss(nn.Module):
    """Mean of |A(output) − A(target)|: the training form of LR-PSNR.

    A(target) stands for the input before it was rounded to the file's bit depth.
    """

    def __init__(self, config: ConsistencyLossConfig) -> None:
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
        # A is linear, so the difference is shrunk once instead of both images.
        return downscale(output - target, self.config.scale, self.config.operator).abs().mean()
