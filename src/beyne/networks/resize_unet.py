"""A U-Net of our own for few pairs: resize-convolutions, and normalisation pixel by pixel.

Enlarging without weights before a convolution leaves no checkerboard, which transposed
convolutions do (Odena et al. 2016, doi 10.23915/distill.00003). Every pixel's features are brought
to a mean square of 1 (ProGAN, Karras et al. 2018, arXiv 1710.10196, section 4.2): that knows
neither the batch nor the rest of the picture, so tiles give what the whole picture gives.
"""

from __future__ import annotations

from itertools import pairwise

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


class ResizeUNetConfig(TranslatorConfig):
    """Sizes of `ResizeUNet`. The defaults give 4.5 M weights."""

    features: int = Field(24, ge=1, description="channels at full size; they double a level")
    most_features: int = Field(192, ge=1, description="up to these")
    levels: int = Field(6, ge=1, description="halvings")


class ResizeUNet(ImageNetwork):
    """Two convolutions a level on the way down, one on the way up, joined across."""

    def __init__(self, config: ResizeUNetConfig) -> None:
        super().__init__()
        self.config: ResizeUNetConfig = config
        widths = [
            min(config.features * 2**level, config.most_features)
            for level in range(config.levels + 1)
        ]
        steps = list(pairwise(widths))
        self.first = Layer(config.channels_in, widths[0])
        self.down = nn.ModuleList(
            nn.Sequential(Layer(above, width, stride=2), Layer(width, width))
            for above, width in steps
        )
        self.up = nn.ModuleList(Layer(above + width, above) for above, width in reversed(steps))
        self.last = nn.Conv2d(widths[0], config.channels_out, 3, padding=1)

    @property
    def alignment(self) -> int:
        """What becomes one pixel at the lowest level."""
        return int(2**self.config.levels)

    @property
    def reach(self) -> int:
        """Exact: the way up, then down, of the pixel that reaches furthest."""

        def touched(pixel: int) -> tuple[int, int]:
            low, high = pixel - 1, pixel + 1
            for _ in range(self.config.levels):
                low, high = (low - 1) // 2, (high + 1) // 2
            for _ in range(self.config.levels):
                low, high = 2 * (low - 1) - 1, 2 * (high + 1) + 1
            return low - 1, high + 1

        return widest_reach(touched, self.alignment)

    def enlarge(self, x: Tensor) -> Tensor:
        """``(N, C, H, W)`` in [0, 1] → ``(N, D, H, W)`` in [0, 1]."""
        height, width = x.shape[-2:]
        x = self.first(padded_to_multiple(x, self.alignment) * 2 - 1)
        skips = []
        for layer in self.down:
            skips.append(x)
            x = layer(x)
        for layer in self.up:
            x = layer(torch.cat([F.interpolate(x, scale_factor=2, mode="nearest"), skips.pop()], 1))
        image = in_float32(self.last, x)
        return (torch.tanh(image[..., :height, :width]) + 1) / 2


class Layer(nn.Module):
    """3×3 convolution, normalisation of every pixel's features, LeakyReLU 0.2."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1)
        nn.init.kaiming_normal_(self.conv.weight, 0.2)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C, H, W)`` → ``(N, D, H / stride, W / stride)``."""
        x = self.conv(x)
        # Squares of small numbers vanish in half precision.
        scale = torch.rsqrt(x.float().square().mean(1, keepdim=True) + 1e-6)
        return F.leaky_relu(x * scale.to(x.dtype), 0.2)
