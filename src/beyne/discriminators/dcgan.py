"""The discriminator of DCGAN (Radford et al. 2015, arXiv 1511.06434), the plain baseline."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor, nn

from beyne.discriminators.blocks import ConditionalConfig, Norm, Projection, convolution


class DCGANDiscriminatorConfig(ConditionalConfig):
    """Sizes of `DCGANDiscriminator`."""

    norm: Norm = "batch"
    layers: int = Field(4, ge=1, description="strided layers; 4 bring 64 pixels down to 4")


class DCGANDiscriminator(nn.Module):
    """Strided 4×4 convolutions, doubling in width, and one verdict on the 4×4 map they end in.

    Adaptive pooling before the verdict makes it take images of any size; 64 pixels pass unchanged.
    """

    def __init__(self, config: DCGANDiscriminatorConfig) -> None:
        super().__init__()
        self.config = config
        width = config.features
        layers = [convolution(config.channels, width, 4, stride=2)]
        for _ in range(config.layers - 1):
            layers.append(convolution(width, 2 * width, 4, stride=2, norm=config.norm))
            width *= 2
        self.look = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(4))
        self.judge = nn.Conv2d(width, 1, 4)
        self.project = Projection(config, width)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=0.02)

    def forward(self, image: Tensor, asked: Tensor | None = None, strength: float = 1.0) -> Tensor:
        """``(N, C, H, W)`` in [0, 1] → logits ``(N, 1, 1, 1)``, positive for real.

        Of ``asked`` and ``strength`` see `Projection`.
        """
        seen = self.look(image * 2 - 1)
        logits: Tensor = self.judge(seen) + self.project(seen, asked, strength)
        return logits
