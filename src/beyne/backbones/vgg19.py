"""VGG19 (Simonyan & Zisserman 2015, arXiv 1409.1556) without its classifier.

Parameter names are torchvision's, ``features.N``; layers have the paper's names, ``conv1_1`` …
``conv5_4``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from beyne.backbones.blocks import Backbone, Tap
from beyne.config import Config

# Features of each block and its number of convolutions.
_BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))


class VGG19Config(Config):
    """What belongs to the weights: torchvision's take ``imagenet``, the original ``caffe``."""

    value_range: Literal["imagenet", "caffe"] = "imagenet"


class VGG19(Backbone):
    """Sixteen 3×3 convolutions with ReLU in five blocks, halved between the blocks."""

    kind = "vgg19"
    usual_layer = "conv5_4"

    def __init__(self, config: VGG19Config) -> None:
        super().__init__(config, config.value_range)
        self.features = nn.ModuleDict()
        index, channels = 0, 3
        for block, (features, convolutions) in enumerate(_BLOCKS, 1):
            for number in range(1, convolutions + 1):
                self.features[str(index)] = nn.Conv2d(channels, features, 3, padding=1)
                self.layers[f"conv{block}_{number}"] = f"features.{index}"
                index, channels = index + 2, features  # the published numbers count the ReLUs
            index += 1  # and the pooling

    def keras_modules(self) -> dict[str, str]:
        """Keras calls ``conv1_1`` ``block1_conv1``."""
        return {
            name.replace("conv", "block").replace("_", "_conv"): module
            for name, module in self.layers.items()
        }

    def taps(self, x: Tensor) -> Iterator[Tap]:
        """The convolutions, before and after ReLU."""
        for name, module in self.layers.items():
            if name.endswith("_1") and name != "conv1_1":
                x = F.max_pool2d(x, 2)
            before = self.get_submodule(module)(x)
            x = F.relu(before)
            yield name, before, x
