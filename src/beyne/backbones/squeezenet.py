"""SqueezeNet 1.1 (Iandola et al. 2016, arXiv 1602.07360) without its classifier: LPIPS' trunk.

Parameter names are torchvision's, ``features.N``; layers have the paper's names, ``conv1`` and
``fire2`` … ``fire9``. It judges results here, so no recipe or model of beyne is trained with it.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from beyne.backbones.blocks import Backbone, Tap
from beyne.config import Config

# Place of each fire module among the published layers → channels in, squeezed, out of each branch.
_FIRES = {
    3: (64, 16, 64),
    4: (128, 16, 64),
    6: (128, 32, 128),
    7: (256, 32, 128),
    9: (256, 48, 192),
    10: (384, 48, 192),
    11: (384, 64, 256),
    12: (512, 64, 256),
}


class SqueezeNetConfig(Config):
    """Nothing to choose: all published weights share one form."""


class _Fire(nn.Module):
    """Fewer features, then 1×1 and 3×3 convolutions side by side."""

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.squeeze(x))
        return torch.cat([self.expand1x1(x), self.expand3x3(x)], 1)


class SqueezeNet(Backbone):
    """A convolution and eight fire modules, with ReLU, halved three times by pooling."""

    kind = "squeezenet"
    usual_layer = "fire5"

    def __init__(self, config: SqueezeNetConfig) -> None:
        super().__init__(config)
        self.features = nn.ModuleDict({"0": nn.Conv2d(3, 64, 3, stride=2)})
        self.layers["conv1"] = "features.0"
        for number, (index, sizes) in enumerate(_FIRES.items(), 2):
            self.features[str(index)] = _Fire(*sizes)
            self.layers[f"fire{number}"] = f"features.{index}"

    def taps(self, x: Tensor) -> Iterator[Tap]:
        """The modules, before and after their last ReLU."""
        for name, module in self.layers.items():
            if name in ("fire2", "fire4", "fire6"):
                x = F.max_pool2d(x, 3, stride=2, ceil_mode=True)
            before = self.get_submodule(module)(x)
            x = F.relu(before)
            yield name, before, x
