"""Losses that compare pixel by pixel."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from beyne.losses.fields import LossConfig


class PixelLossConfig(LossConfig):
    """Which pixel loss."""

    kind: Literal["l1", "charbonnier", "mse"] = "l1"
    epsilon: float = Field(1e-3, gt=0, description="Charbonnier's softening, in units of [0, 1]")


class PixelLoss(nn.Module):
    """Mean over all samples of |d|, √(d² + ε²) (Charbonnier et al. 1994) or d²."""

    def __init__(self, config: PixelLossConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Unweighted loss.

        Args:
            output: What the network made, ``(N, C, H, W)``, about [0, 1], not clamped.
            target: The truth in [0, 1], same shape.

        Returns:
            A scalar, in units of [0, 1] (squared for mse).
        """
        difference = output - target
        if self.config.kind == "l1":
            return difference.abs().mean()
        if self.config.kind == "mse":
            return difference.square().mean()
        return torch.sqrt(difference.square() + self.config.epsilon**2).mean()
