"""PatchGAN, the discriminator of pix2pix (Isola et al. 2017, arXiv 1611.07004, section 6.1.2)."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor, nn

from beyne.discriminators.blocks import DiscriminatorConfig, Norm, convolution


class PatchDiscriminatorConfig(DiscriminatorConfig):
    """Sizes of `PatchDiscriminator`. The defaults judge patches of 70×70 pixels."""

    norm: Norm = "batch"
    layers: int = Field(3, ge=1, description="strided layers; each doubles the patch")


class PatchDiscriminator(nn.Module):
    """A verdict on every patch: 4×4 convolutions, ``layers`` of them strided, widths to ×8."""

    def __init__(self, config: PatchDiscriminatorConfig) -> None:
        super().__init__()
        self.config = config
        width, norm = config.features, config.norm
        layers: list[nn.Module] = [convolution(config.channels, width, 4, stride=2)]
        for index in range(1, config.layers + 1):
            wider = config.features * min(2**index, 8)
            stride = 2 if index < config.layers else 1
            layers.append(convolution(width, wider, 4, stride, norm))
            width = wider
        self.judge = nn.Sequential(*layers, nn.Conv2d(width, 1, 4, padding=1))

    def forward(self, image: Tensor) -> Tensor:
        """``(N, C, H, W)`` in [0, 1] → logits ``(N, 1, h, w)``, positive for real."""
        return self.layers(image)[-1]

    def layers(self, image: Tensor) -> list[Tensor]:
        """What every layer makes of an image; the last are the logits."""
        seen = [image * 2 - 1]
        for layer in self.judge:
            seen.append(layer(seen[-1]))
        return seen[1:]
