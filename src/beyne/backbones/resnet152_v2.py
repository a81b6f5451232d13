"""ResNet152V2 as Keras has it (He et al. 2016, arXiv 1603.05027), without its classifier.

Parameter names are Keras' layer names with torch's words, such as ``conv2_block1_1_conv.weight``;
layers have Keras' names: ``conv1_conv``, ``conv3_block8_1_conv``, ``conv3_block8_out`` … Keras
strides in the last block of a stack, not in the first, so other projects' ResNet-152 weights do not
fit.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn import functional as F

from beyne.backbones.blocks import Backbone, Tap
from beyne.config import Config

# Name of each stack, its inner features, its blocks, and the stride of the last.
_STACKS = (("conv2", 64, 3, 2), ("conv3", 128, 8, 2), ("conv4", 256, 36, 2), ("conv5", 512, 3, 1))
_EPSILON = 1.001e-5


class ResNet152V2Config(Config):
    """Nothing to choose: there is one set of published weights."""


class ResNet152V2(Backbone):
    """Fifty pre-activated bottleneck blocks; what enters a block's activation is ``preact_bn``."""

    kind = "resnet152_v2"
    usual_layer = "conv4_block36_out"

    def __init__(self, config: ResNet152V2Config) -> None:
        super().__init__(config, "symmetric")
        self.conv1_conv = nn.Conv2d(3, 64, 7, stride=2, padding=3)
        self.layers["conv1_conv"] = "conv1_conv"
        self.strides: dict[str, int] = {}
        channels = 64
        for stack, features, blocks, last_stride in _STACKS:
            for number in range(1, blocks + 1):
                block = f"{stack}_block{number}"
                self.strides[block] = last_stride if number == blocks else 1
                self._add_block(block, channels, features, with_shortcut=number == 1)
                channels = 4 * features
        self.post_bn = nn.BatchNorm2d(channels, _EPSILON)
        self.layers["post_bn"] = "post_bn"

    def _add_block(self, block: str, channels: int, features: int, with_shortcut: bool) -> None:
        stride = self.strides[block]
        shortcut = {"0_conv": nn.Conv2d(channels, 4 * features, 1)} if with_shortcut else {}
        modules: dict[str, nn.Module] = {
            "preact_bn": nn.BatchNorm2d(channels, _EPSILON),
            "1_conv": nn.Conv2d(channels, features, 1, bias=False),
            "1_bn": nn.BatchNorm2d(features, _EPSILON),
            "2_conv": nn.Conv2d(features, features, 3, stride, padding=1, bias=False),
            "2_bn": nn.BatchNorm2d(features, _EPSILON),
            **shortcut,
            "3_conv": nn.Conv2d(features, 4 * features, 1),
        }
        for name, module in modules.items():
            self.add_module(f"{block}_{name}", module)
        completed_by = {"preact_bn": "preact_bn", "1_conv": "1_bn", "2_conv": "2_bn"}
        for name in (*shortcut, "3_conv"):
            completed_by[name] = name
        completed_by["out"] = "3_conv"
        self.layers |= {f"{block}_{name}": f"{block}_{by}" for name, by in completed_by.items()}

    def keras_modules(self) -> dict[str, str]:
        """The names are Keras' own."""
        return {name: name for name, _ in self.named_children()}

    def randomise(self) -> None:
        """Stay with torch's weaker kernels: through fifty sums the signal would grow 10⁷ times."""

    def taps(self, x: Tensor) -> Iterator[Tap]:
        """The convolutions, normalised, before and after ReLU, and the sum of each block."""
        x = self.conv1_conv(x)
        yield "conv1_conv", x, x
        # Keras pads with zeros, not with minus infinity, and values may be negative here.
        x = F.max_pool2d(F.pad(x, (1, 1, 1, 1)), 3, stride=2)
        for block, stride in self.strides.items():
            before = self._module(f"{block}_preact_bn")(x)
            active = F.relu(before)
            yield f"{block}_preact_bn", before, active
            inner = active
            for part in ("1", "2"):
                before = self._module(f"{block}_{part}_bn")(
                    self._module(f"{block}_{part}_conv")(inner)
                )
                inner = F.relu(before)
                yield f"{block}_{part}_conv", before, inner
            if block.endswith("block1"):
                x = self._module(f"{block}_0_conv")(active)
                yield f"{block}_0_conv", x, x
            else:
                x = x[..., ::stride, ::stride]
            inner = self._module(f"{block}_3_conv")(inner)
            yield f"{block}_3_conv", inner, inner
            x = x + inner
            yield f"{block}_out", x, x
        before = self.post_bn(x)
        yield "post_bn", before, F.relu(before)

    def _module(self, name: str) -> nn.Module:
        return self.get_submodule(name)
