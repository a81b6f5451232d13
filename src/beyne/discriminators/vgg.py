"""The discriminator of SRGAN (Ledig et al. 2017, arXiv 1609.04802, figure 4)."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor, nn

from beyne.discriminators.blocks import DiscriminatorConfig, Norm, convolution


class VGGDiscriminatorConfig(DiscriminatorConfig):
    """Sizes of `VGGDiscriminator`. The defaults are the paper's: 64 → 512 channels."""

    norm: Norm = "batch"
    hidden: int = Field(1024, ge=1, description="width of the dense layer")
    pooled: int = Field(6, ge=1, description="side of the map the dense layer sees")


class VGGDiscriminator(nn.Module):
    """Eight 3×3 convolutions, strided where the width doubles; one verdict an image.

    Adaptive pooling before the dense layers makes it take images of any size.
    """

    def __init__(self, config: VGGDiscriminatorConfig) -> None:
        super().__init__()
        self.config = config
        width, norm = config.features, config.norm
        layers = [
            convolution(config.channels, width, 3),
            convolution(width, width, 3, stride=2, norm=norm),
        ]
        for _ in range(3):
            layers.append(convolution(width, 2 * width, 3, norm=norm))
            layers.append(convolution(2 * width, 2 * width, 3, stride=2, norm=norm))
            width *= 2
        self.features = nn.Sequential(*layers)
        self.verdict = nn.Sequential(
            nn.AdaptiveAvgPool2d(config.pooled),
            nn.Flatten(),
            nn.Linear(width * config.pooled**2, config.hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(config.hidden, 1),
        )

    def forward(self, image: Tensor) -> Tensor:
        """``(N, C, H, W)`` in [0, 1] → logits ``(N, 1)``, positive for real."""
        logits: Tensor = self.verdict(self.features(image * 2 - 1))
        return logits
