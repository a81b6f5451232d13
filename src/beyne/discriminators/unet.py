"""U-Net discriminator with spectral norm (Schönfeld et al. 2020, arXiv 2002.12655).

In the form that Real-ESRGAN made common (Wang et al. 2021, arXiv 2107.10833, section 3.4): it
judges every pixel, with three steps down and three up.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from beyne.discriminators.blocks import DiscriminatorConfig, Norm, convolution


class UNetDiscriminatorConfig(DiscriminatorConfig):
    """Sizes of `UNetDiscriminator`."""

    norm: Norm = "spectral"


class UNetDiscriminator(nn.Module):
    """Three strided convolutions down, three bilinear steps up with skips added."""

    def __init__(self, config: UNetDiscriminatorConfig) -> None:
        super().__init__()
        self.config = config
        width, norm = config.features, config.norm
        self.first = convolution(config.channels, width, 3)
        self.down = nn.ModuleList(
            convolution(width * 2**step, width * 2 ** (step + 1), 4, stride=2, norm=norm)
            for step in range(3)
        )
        self.up = nn.ModuleList(
            convolution(width * 2 ** (step + 1), width * 2**step, 3, norm=norm)
            for step in reversed(range(3))
        )
        self.last = nn.Sequential(
            convolution(width, width, 3, norm=norm),
            convolution(width, width, 3, norm=norm),
            nn.Conv2d(width, 1, 3, padding=1),
        )

    def forward(self, image: Tensor) -> Tensor:
        """``(N, C, H, W)`` in [0, 1] → logits ``(N, 1, H, W)``, positive for real."""
        x = self.first(image * 2 - 1)
        skips = []
        for layer in self.down:
            skips.append(x)
            x = layer(x)
        for layer, skip in zip(self.up, reversed(skips), strict=True):
            x = F.interpolate(x, size=skip.shape[-2:], mode="bilinear", align_corners=False)
            x = layer(x) + skip
        logits: Tensor = self.last(x)
        return logits
