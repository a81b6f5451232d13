"""MobileNetV2, width 1 (Sandler et al. 2018, arXiv 1801.04381), without its classifier.

Parameter names are torchvision's, ``features.N``; layers have Keras' names: ``Conv1``,
``block_3_expand``, ``block_3_depthwise``, ``block_3_project``, ``block_4_add`` … ``Conv_1``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from beyne.backbones.blocks import Backbone, Tap
from beyne.config import Config

# Features of each stage, its blocks, and the stride of the first (the paper's table 2).
_STAGES = ((16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1))
_EXPANSION = 6


class MobileNetV2Config(Config):
    """What belongs to the weights: the defaults are torchvision's.

    Attributes:
        padding: Of the convolutions of stride 2: ``torchvision`` pads all four borders,
            ``tensorflow`` only the right and lower one where the side is even.
        epsilon: Added to the variance in batch normalisation; Keras has 1e-3.
    """

    value_range: Literal["imagenet", "symmetric"] = "imagenet"
    padding: Literal["torchvision", "tensorflow"] = "torchvision"
    epsilon: float = Field(1e-5, gt=0)


class _TensorflowConv2d(nn.Conv2d):
    """A 3×3 convolution of stride 2 with the padding that TensorFlow calls "same"."""

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        return super().forward(F.pad(x, (width % 2, 1, height % 2, 1)))


class _Block(nn.Module):
    """Inverted residual: expand (but for the first block), depthwise, project."""

    def __init__(self, conv: nn.Sequential, adds: bool) -> None:
        super().__init__()
        self.conv, self.adds = conv, adds


class MobileNetV2(Backbone):
    """Seventeen inverted residual blocks between two convolutions, with ReLU6."""

    kind = "mobilenet_v2"
    usual_layer = "block_13_expand"

    def __init__(self, config: MobileNetV2Config) -> None:
        super().__init__(config, config.value_range)
        self.config: MobileNetV2Config = config
        self.features = nn.Sequential(self._normalised(3, 32, kernel=3, stride=2))
        self.layers["Conv1"] = "features.0"
        channels = 32
        for features, blocks, first_stride in _STAGES:
            for number in range(blocks):
                self._add_block(channels, features, 1 if number else first_stride)
                channels = features
        self.features.append(self._normalised(channels, 1280))
        self.layers["Conv_1"] = f"features.{len(self.features) - 1}"

    def _normalised(
        self, channels: int, features: int, kernel: int = 1, stride: int = 1, groups: int = 1
    ) -> nn.Sequential:
        tensorflow = stride == 2 and self.config.padding == "tensorflow"
        conv = (_TensorflowConv2d if tensorflow else nn.Conv2d)(
            channels,
            features,
            kernel,
            stride,
            padding=0 if tensorflow else kernel // 2,
            groups=groups,
            bias=False,
        )
        return nn.Sequential(conv, nn.BatchNorm2d(features, self.config.epsilon))

    def _add_block(self, channels: int, features: int, stride: int) -> None:
        index = len(self.features)
        name = f"block_{index - 1}" if index > 1 else "expanded_conv"
        inner = channels * _EXPANSION if index > 1 else channels
        parts = {"expand": self._normalised(channels, inner)} if index > 1 else {}
        parts["depthwise"] = self._normalised(inner, inner, 3, stride, groups=inner)
        for number, part in enumerate(parts):
            self.layers[f"{name}_{part}"] = f"features.{index}.conv.{number}"
        conv = nn.Sequential(*parts.values(), *self._normalised(inner, features))
        adds = stride == 1 and channels == features
        self.features.append(_Block(conv, adds))
        self.layers[f"{name}_project"] = f"features.{index}.conv.{len(conv) - 1}"
        if adds:
            self.layers[f"{name}_add"] = f"features.{index}"

    def keras_modules(self) -> dict[str, str]:
        """A convolution and its normalisation are two layers in Keras."""
        modules: dict[str, str] = {}
        for name, module in self.layers.items():
            stem, _, number = module.rpartition(".")
            normalisation = {"Conv1": "bn_Conv1", "Conv_1": "Conv_1_bn"}.get(name, f"{name}_BN")
            if name.endswith("_project"):
                modules |= {name: f"{stem}.{int(number) - 1}", normalisation: module}
            elif not name.endswith("_add"):
                modules |= {name: f"{module}.0", normalisation: f"{module}.1"}
        return modules

    def taps(self, x: Tensor) -> Iterator[Tap]:
        """The convolutions, normalised, before and after ReLU6, and the residual sums."""
        first, *blocks, last = self.features
        before = first(x)
        x = F.relu6(before)
        yield "Conv1", before, x
        for index, block in enumerate(blocks):
            name = f"block_{index}" if index else "expanded_conv"
            assert isinstance(block, _Block)
            *stages, conv, normalisation = block.conv
            inner = x
            for part, stage in zip(("expand", "depthwise")[-len(stages) :], stages, strict=True):
                before = stage(inner)
                inner = F.relu6(before)
                yield f"{name}_{part}", before, inner
            projected = normalisation(conv(inner))
            yield f"{name}_project", projected, projected
            x = x + projected if block.adds else projected
            if block.adds:
                yield f"{name}_add", x, x
        before = last(x)
        yield "Conv_1", before, F.relu6(before)
