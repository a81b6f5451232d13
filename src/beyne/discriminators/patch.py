"""PatchGAN, the discriminator of pix2pix (Isola et al. 2017, arXiv 1611.07004, section 6.1.2)."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from beyne.discriminators.blocks import DiscriminatorConfig, Norm, convolution


class PatchDiscriminatorConfig(DiscriminatorConfig):
    """Sizes of `PatchDiscriminator`. The defaults judge patches of 70×70 pixels."""

    norm: Norm = "batch"
    layers: int = Field(3, ge=1, description="strided layers; each doubles the patch")
    scales: int = Field(1, ge=1, description="judges, each of the image at half the size before")


class PatchDiscriminator(nn.Module):
    """A verdict on every patch: 4×4 convolutions, ``layers`` of them strided, widths to ×8.

    With several ``scales`` the same again sees the image at half its size, and so on (Wang et al.
    2018, arXiv 1711.11585, section 3.2); every patch of any scale counts alike.
    """

    def __init__(self, config: PatchDiscriminatorConfig) -> None:
        super().__init__()
        self.config = config
        self.judge = self._judge(config)
        self.coarser = nn.ModuleList(self._judge(config) for _ in range(config.scales - 1))

    @staticmethod
    def _judge(config: PatchDiscriminatorConfig) -> nn.Sequential:
        width, norm = config.features, config.norm
        layers: list[nn.Module] = [convolution(config.channels, width, 4, stride=2)]
        for index in range(1, config.layers + 1):
            wider = config.features * min(2**index, 8)
            stride = 2 if index < config.layers else 1
            layers.append(convolution(width, wider, 4, stride, norm))
            width = wider
        return nn.Sequential(*layers, nn.Conv2d(width, 1, 4, padding=1))

    def forward(self, image: Tensor) -> Tensor:
        """``(N, C, H, W)`` in [0, 1] → logits ``(N, 1, K)`` of K patches, positive for real."""
        return self.layers(image)[-1]

    def layers(self, image: Tensor) -> list[Tensor]:
        """What every layer makes of an image, scale after scale; the last are the logits."""
        seen, logits = [], []
        for judge in (self.judge, *self.coarser):
            x = image * 2 - 1
            for layer in judge:
                x = layer(x)
                seen.append(x)
            logits.append(seen.pop().flatten(2))
            image = F.avg_pool2d(image, 3, 2, 1, count_include_pad=False)
        return [*seen, torch.cat(logits, 2)]
