"""RRDB, the generator of ESRGAN (Wang et al. 2018, arXiv 1809.00219) and of Real-ESRGAN.

Tensor names are those of the published files: ``conv_first``, ``body.N.rdb1.conv1`` …,
``conv_body``, ``conv_up1``, ``conv_up2``, ``conv_hr``, ``conv_last``.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from beyne.networks.blocks import (
    UPSAMPLING_STEPS,
    ImageNetwork,
    ImageNetworkConfig,
    in_float32,
    padded_to_multiple,
)

_RESIDUAL_SCALE = 0.2  # section 3.1 of the paper: keeps deep residual sums stable
_FADED_REACH = 48  # low-resolution pixels; the exact reach is 15 a block


class RRDBConfig(ImageNetworkConfig):
    """Sizes of `RRDB`. The defaults are ESRGAN's, 16.7 M weights at ×4."""

    features: int = Field(64, ge=1)
    blocks: int = Field(23, ge=0)
    growth: int = Field(32, ge=1, description="channels each dense layer adds")
    unshuffle: Literal[1, 2, 4] = 1  # space-to-depth of the input, as in Real-ESRGAN's x2 files

    @model_validator(mode="after")
    def _steps_exist(self) -> RRDBConfig:
        if self.scale * self.unshuffle not in UPSAMPLING_STEPS:
            raise ValueError("scale times unshuffle must be one of 1, 2, 3, 4, 8")
        return self


class DenseBlock(nn.Module):
    """Five convolutions, each seeing all before it: ``(N, F, H, W)`` → the same shape."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(features, growth, 3, padding=1)
        self.conv2 = nn.Conv2d(features + growth, growth, 3, padding=1)
        self.conv3 = nn.Conv2d(features + 2 * growth, growth, 3, padding=1)
        self.conv4 = nn.Conv2d(features + 3 * growth, growth, 3, padding=1)
        self.conv5 = nn.Conv2d(features + 4 * growth, features, 3, padding=1)
        for module in self.children():
            assert isinstance(module, nn.Conv2d)
            # Small start (appendix of the paper): a fresh block is nearly the identity.
            nn.init.kaiming_normal_(module.weight, a=0.2).data.mul_(0.1)
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Input plus a fifth of the dense result."""
        seen = [x]
        for convolution in (self.conv1, self.conv2, self.conv3, self.conv4):
            seen.append(F.leaky_relu(convolution(torch.cat(seen, 1)), 0.2))
        residual: Tensor = self.conv5(torch.cat(seen, 1))
        return x + _RESIDUAL_SCALE * residual


class ResidualDenseBlocks(nn.Module):
    """Three dense blocks in a residual: the RRDB itself."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = DenseBlock(features, growth)
        self.rdb2 = DenseBlock(features, growth)
        self.rdb3 = DenseBlock(features, growth)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, F, H, W)`` → the same shape."""
        residual: Tensor = self.rdb3(self.rdb2(self.rdb1(x)))
        return x + _RESIDUAL_SCALE * residual


class RRDB(ImageNetwork):
    """Residual-in-residual dense blocks at low resolution, then nearest-neighbour steps."""

    def __init__(self, config: RRDBConfig) -> None:
        super().__init__()
        self.config: RRDBConfig = config
        features = config.features
        self.factors = UPSAMPLING_STEPS[config.scale * config.unshuffle]

        def convolution(channels_in: int = features, channels_out: int = features) -> nn.Conv2d:
            return nn.Conv2d(channels_in, channels_out, 3, padding=1)

        self.conv_first = convolution(config.channels_in * config.unshuffle**2)
        self.body = nn.Sequential(
            *(ResidualDenseBlocks(features, config.growth) for _ in range(config.blocks))
        )
        self.conv_body = convolution()
        for step in range(1, len(self.factors) + 1):
            self.add_module(f"conv_up{step}", convolution())
        self.conv_hr = convolution()
        self.conv_last = convolution(channels_out=config.channels_out)

    @property
    def reach(self) -> int:
        """The exact reach, at most the distance where the influence has faded."""
        exact = 15 * self.config.blocks + 2 + len(self.factors) + 2
        return self.config.unshuffle * min(exact, _FADED_REACH)

    def enlarge(self, x: Tensor) -> Tensor:
        """``(N, C, H, W)`` in [0, 1] → ``(N, C, H·s, W·s)``."""
        height, width = x.shape[-2:]
        unshuffle = self.config.unshuffle
        if unshuffle > 1:
            x = F.pixel_unshuffle(padded_to_multiple(x, unshuffle), unshuffle)
        features = self.conv_first(x)
        features = features + self.conv_body(self.body(features))
        for step, factor in enumerate(self.factors, start=1):
            features = F.interpolate(features, scale_factor=factor, mode="nearest")
            features = F.leaky_relu(self.get_submodule(f"conv_up{step}")(features), 0.2)
        image = in_float32(self.conv_last, F.leaky_relu(self.conv_hr(features), 0.2))
        return image[..., : height * self.config.scale, : width * self.config.scale]
