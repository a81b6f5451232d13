"""SRResNet, the generator of SRGAN (Ledig et al. 2017, arXiv 1609.04802), and its common variants.

Tensor names are those of the best-known PyTorch reproduction: ``conv_block1``, ``trunk.N.rcb``,
``conv_block2``, ``upsampling.N.upsample_block``, ``conv_block3``.
"""

from __future__ import annotations

import math

import torch
from pydantic import Field
from torch import Tensor, nn

from beyne.networks.blocks import UPSAMPLING_STEPS, ImageNetwork, ImageNetworkConfig, in_float32


class SRResNetConfig(ImageNetworkConfig):
    """Sizes of `SRResNet`. The defaults are the paper's generator, 1.5 M weights at ×4."""

    features: int = Field(64, ge=1)
    blocks: int = Field(16, ge=0)
    end_kernel: int = Field(9, ge=1, description="odd side of the first and last kernel")
    tanh: bool = False  # last activation; input and output are then mapped to and from [-1, 1]


class ResidualBlock(nn.Module):
    """conv–BN–PReLU–conv–BN and a skip, ``(N, F, H, W)`` → the same shape."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.rcb = nn.Sequential(
            nn.Conv2d(features, features, 3, padding=1, bias=False),
            nn.BatchNorm2d(features),
            nn.PReLU(),
            nn.Conv2d(features, features, 3, padding=1, bias=False),
            nn.BatchNorm2d(features),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Input plus its residual."""
        residual: Tensor = self.rcb(x)
        return x + residual


class UpsampleBlock(nn.Module):
    """conv–pixel shuffle–PReLU: ``(N, F, H, W)`` → ``(N, F, H·factor, W·factor)``."""

    def __init__(self, features: int, factor: int) -> None:
        super().__init__()
        self.upsample_block = nn.Sequential(
            nn.Conv2d(features, features * factor**2, 3, padding=1),
            nn.PixelShuffle(factor),
            nn.PReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Enlarge by the factor."""
        enlarged: Tensor = self.upsample_block(x)
        return enlarged


class SRResNet(ImageNetwork):
    """Residual blocks at low resolution, then pixel-shuffle steps."""

    def __init__(self, config: SRResNetConfig) -> None:
        super().__init__()
        self.config: SRResNetConfig = config
        features, kernel = config.features, config.end_kernel
        self.conv_block1 = nn.Sequential(
            nn.Conv2d(config.channels_in, features, kernel, padding=kernel // 2), nn.PReLU()
        )
        self.trunk = nn.Sequential(*(ResidualBlock(features) for _ in range(config.blocks)))
        self.conv_block2 = nn.Sequential(
            nn.Conv2d(features, features, 3, padding=1, bias=False), nn.BatchNorm2d(features)
        )
        self.upsampling = nn.Sequential(
            *(UpsampleBlock(features, factor) for factor in UPSAMPLING_STEPS[config.scale])
        )
        self.conv_block3 = nn.Conv2d(features, config.channels_out, kernel, padding=kernel // 2)

    @property
    def reach(self) -> int:
        """Exact: ends, two convolutions a block, and the steps at their own resolution."""
        ends = self.config.end_kernel // 2
        reach, factor_so_far = ends + 2.0 * self.config.blocks + 1, 1
        for factor in UPSAMPLING_STEPS[self.config.scale]:
            reach += 1 / factor_so_far
            factor_so_far *= factor
        return math.ceil(reach + ends / factor_so_far)

    def enlarge(self, x: Tensor) -> Tensor:
        """``(N, C, H, W)`` in [0, 1] → ``(N, C, H·s, W·s)``."""
        first = self.conv_block1(x * 2 - 1 if self.config.tanh else x)
        features = first + self.conv_block2(self.trunk(first))
        image = in_float32(self.conv_block3, self.upsampling(features))
        return (torch.tanh(image) + 1) / 2 if self.config.tanh else image
