"""A plain stack of convolutions at low resolution: the compact network of the SRVGG family.

Introduced with Real-ESRGAN's small models (Wang et al. 2021, arXiv 2107.10833). Tensor names are
those of the published files: ``body.0`` … ``body.N``.
"""

from __future__ import annotations

from pydantic import Field
from torch import Tensor, nn

from beyne.networks.blocks import (
    ImageNetwork,
    ImageSkip,
    SkipConfig,
    SkipShuffle,
    in_float32,
)


class CompactConfig(SkipConfig):
    """Sizes of `Compact`. The defaults are 16 inner layers, 0.6 M weights at ×4."""

    features: int = Field(64, ge=1)
    convolutions: int = Field(16, ge=0)
    image_skip: ImageSkip = "nearest"


class Compact(ImageNetwork):
    """3×3 convolutions with PReLU, one pixel shuffle, and the enlarged input added."""

    def __init__(self, config: CompactConfig) -> None:
        super().__init__()
        self.config: CompactConfig = config
        features = config.features
        layers: list[nn.Module] = [nn.Conv2d(config.channels_in, features, 3, padding=1)]
        layers.append(nn.PReLU(features))
        for _ in range(config.convolutions):
            layers += [nn.Conv2d(features, features, 3, padding=1), nn.PReLU(features)]
        layers.append(nn.Conv2d(features, config.channels_out * config.scale**2, 3, padding=1))
        self.body = nn.ModuleList(layers)
        self.shuffle = SkipShuffle(config.channels_out, config.scale, config.image_skip)

    @property
    def reach(self) -> int:
        """One pixel a convolution, exact."""
        return self.config.convolutions + 2

    def enlarge(self, x: Tensor) -> Tensor:
        """``(N, C, H, W)`` in [0, 1] → ``(N, C, H·s, W·s)``."""
        features = x
        for layer in self.body[:-1]:
            features = layer(features)
        detail = in_float32(self.body[-1], features)
        output: Tensor = self.shuffle(detail, x)
        return output
