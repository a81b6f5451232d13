"""The generator of pix2pix (Isola et al. 2017, arXiv 1611.07004, section 6.1.1)."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from beyne.networks.blocks import (
    ImageNetwork,
    TranslatorConfig,
    in_float32,
    padded_to_multiple,
    widest_reach,
)

Norm = Literal["batch", "instance"]


class UNetConfig(TranslatorConfig):
    """Sizes of `UNet`. The defaults are the paper's for 256 pixels: 54 M weights."""

    features: int = Field(64, ge=1, description="after the first layer; at most 8 times as many")
    levels: int = Field(8, ge=2, description="halvings; at the last, 2^levels pixels are one")
    norm: Norm = "batch"
    dropout: float = Field(0.0, ge=0, lt=1, description="in training only, after the deepest steps")


class UNet(ImageNetwork):
    """Strided 4×4 convolutions down, transposed ones up, every level joined to its mirror image.

    As published, but that it is applied with the running statistics of batch normalisation and
    without dropout: the same picture gives the same result, alone or among others.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config: UNetConfig = config
        widths = [config.features * min(2**level, 8) for level in range(config.levels)]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level, width in enumerate(widths):
            # Neither the image nor the single pixel at the bottom is normalised.
            plain = level in (0, config.levels - 1)
            before = widths[level - 1] if level else config.channels_in
            halved = nn.Conv2d(before, width, 4, 2, 1, bias=False)
            self.down.append(nn.Sequential(halved, *([] if plain else [_norm(config.norm, width)])))
        for level in range(config.levels - 1, 0, -1):
            joined = widths[level] * (1 if level == config.levels - 1 else 2)
            doubled = nn.ConvTranspose2d(joined, widths[level - 1], 4, 2, 1, bias=False)
            drops = config.dropout and config.levels - 4 <= level < config.levels - 1
            noise = [nn.Dropout(config.dropout)] if drops else []
            self.up.append(nn.Sequential(doubled, _norm(config.norm, widths[level - 1]), *noise))
        self.last = nn.ConvTranspose2d(2 * widths[0], config.channels_out, 4, 2, 1)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.normal_(module.weight, 0.0, 0.02)

    @property
    def alignment(self) -> int:
        """What becomes one pixel at the bottom."""
        return int(2**self.config.levels)

    @property
    def needs_whole(self) -> bool:
        """With instance normalisation, which takes its statistics from the picture at hand."""
        return self.config.norm == "instance"

    @property
    def reach(self) -> int:
        """Exact for convolutions; instance normalisation sees the whole picture besides."""

        def touched(pixel: int) -> tuple[int, int]:
            low = high = pixel
            for _ in range(self.config.levels):
                low, high = (low + 1) // 2 - 1, (high + 1) // 2
            for _ in range(self.config.levels):
                low, high = 2 * low - 1, 2 * high + 2
            return low, high

        return widest_reach(touched, self.alignment)

    def enlarge(self, x: Tensor) -> Tensor:
        """``(N, C, H, W)`` in [0, 1] → ``(N, D, H, W)`` in [0, 1]."""
        height, width = x.shape[-2:]
        x = padded_to_multiple(x, self.alignment) * 2 - 1
        skips = [self.down[0](x)]
        for layer in list(self.down)[1:]:
            skips.append(layer(F.leaky_relu(skips[-1], 0.2)))
        x = skips.pop()
        for layer in self.up:
            x = torch.cat([layer(F.relu(x)), skips.pop()], 1)
        image = in_float32(self.last, F.relu(x))
        return (torch.tanh(image[..., :height, :width]) + 1) / 2


def _norm(kind: Norm, features: int) -> nn.Module:
    if kind == "instance":
        return nn.InstanceNorm2d(features, affine=True)
    norm = nn.BatchNorm2d(features)
    nn.init.normal_(norm.weight, 1.0, 0.02)
    return norm
