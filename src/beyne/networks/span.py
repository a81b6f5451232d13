"""SPAN, a swift parameter-free attention network (Wan et al. 2024, arXiv 2311.12770).

Trained with several branches a layer, applied as plain 3×3 convolutions. The published network
runs its branches one by one in training; here they are linear and without padding effects, so
their kernels are multiplied out *before* the convolution (the collapsed training of Bhardwaj et
al. 2022, arXiv 2103.09404): a training step then costs little more than that of the plain form.

Tensor names of the plain form are those of the published re-parameterised files:
``conv_1.eval_conv``, ``block_1.c1_r.eval_conv``, …, ``conv_cat``, ``upsampler.0``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from beyne.networks.blocks import ImageNetwork, SkipConfig, SkipShuffle, in_float32


class SpanConfig(SkipConfig):
    """Sizes of `Span`. The defaults give 0.43 M weights at ×4 in the plain form."""

    features: int = Field(48, ge=1)
    blocks: int = Field(6, ge=1)
    features_last: int | None = Field(None, ge=1, description="channels before the last layer")
    expansion: int = Field(0, ge=0, description="widening of the training branches; 0: plain")
    mean: tuple[float, ...] = ()  # subtracted from the input; empty: 0.5 for every channel
    gain: float = 4.0  # brings the centred input to about unit variance; 255 in published files
    block: Literal["attention", "residual"] = "attention"  # the first in published files
    detail: float = 1.0  # factor on the last layer's output; below 1 it learns in finer steps

    @model_validator(mode="after")
    def _mean_for_every_channel(self) -> SpanConfig:
        if self.mean and len(self.mean) != self.channels_in:
            raise ValueError(f"mean has {len(self.mean)} values for {self.channels_in} channels")
        return self


class RepConv(nn.Module):
    """3×3 convolution that trains as ``direct + project ∘ mix ∘ expand`` and runs as one kernel."""

    def __init__(self, channels_in: int, channels_out: int, expansion: int) -> None:
        super().__init__()
        self.eval_conv = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.branched = expansion > 0
        if not self.branched:
            return
        inner = channels_in * expansion
        self.expand = nn.Parameter(torch.randn(inner, channels_in) / channels_in**0.5)
        self.mix = nn.Parameter(torch.randn(inner, inner, 3, 3) / (9 * inner) ** 0.5)
        self.project = nn.Parameter(torch.randn(channels_out, inner) / (9 * inner) ** 0.5)

    def initialise(self, gain: float) -> None:
        """He's start (2015, arXiv 1502.01852) times ``gain`` on the direct path, 0 elsewhere."""
        nn.init.kaiming_normal_(self.eval_conv.weight)
        self.eval_conv.weight.data.mul_(gain)
        nn.init.zeros_(self.eval_conv.bias)  # type: ignore[arg-type]
        if self.branched:
            nn.init.zeros_(self.project)

    def kernel(self) -> Tensor:
        """The one kernel ``(out, in, 3, 3)`` that all paths amount to."""
        if not self.branched:
            return self.eval_conv.weight
        with torch.autocast(self.mix.device.type, enabled=False):
            inner = self.mix.shape[0]
            right = torch.einsum("mnyx,ni->myxi", self.mix, self.expand)
            product = (self.project @ right.reshape(inner, -1)).view(-1, 3, 3, right.shape[-1])
            return self.eval_conv.weight + product.permute(0, 3, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, in, H, W)`` → ``(N, out, H, W)``."""
        if not self.branched:
            plain: Tensor = self.eval_conv(x)
            return plain
        return F.conv2d(x, self.kernel(), self.eval_conv.bias, padding=1)


class SpanBlock(nn.Module):
    """Three convolutions, then an attention without parameters (equations 1–4 of the paper).

    As published, the gate multiplies by sigmoid(last) − ½, which around zero squares a signal:
    after a few blocks nothing is left of it, and in short trainings deep blocks never learn. A
    residual block adds its convolutions to what comes in instead, and starts by adding nothing
    (Zhang et al. 2019, arXiv 1901.09321): then every block learns from the first step.
    """

    def __init__(self, features: int, config: SpanConfig) -> None:
        super().__init__()
        self.residual = config.block == "residual"
        self.c1_r = RepConv(features, features, config.expansion)
        self.c2_r = RepConv(features, features, config.expansion)
        self.c3_r = RepConv(features, features, config.expansion)
        if self.residual:
            self.c1_r.initialise(1.0)
            self.c2_r.initialise(1.0)
            self.c3_r.initialise(0.0)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """``(N, F, H, W)`` → the block's output and its first activation, same shapes."""
        # Large new tensors cost as much as filling them; a gradient needs what came in, though.
        inplace = not torch.is_grad_enabled()
        first = F.silu(self.c1_r(x), inplace)
        last = self.c3_r(F.silu(self.c2_r(first), inplace))
        if self.residual:
            return x + last, first
        return (last + x) * (torch.sigmoid(last) - 0.5), first


class Span(ImageNetwork):
    """Attention blocks at low resolution, four stages concatenated, one pixel shuffle."""

    def __init__(self, config: SpanConfig) -> None:
        super().__init__()
        self.config: SpanConfig = config
        features, expansion = config.features, config.expansion
        last = config.features_last or features
        self.conv_1 = RepConv(config.channels_in, features, expansion)
        for index in range(1, config.blocks + 1):
            self.add_module(f"block_{index}", SpanBlock(features, config))
        self.conv_2 = RepConv(features, features, expansion)
        self.conv_cat = nn.Conv2d(4 * features, last, 1)
        shuffled = config.channels_out * config.scale**2
        self.upsampler = nn.ModuleList([nn.Conv2d(last, shuffled, 3, padding=1)])
        self.shuffle = SkipShuffle(config.channels_out, config.scale, config.image_skip)
        mean = config.mean or (0.5,) * config.channels_in
        self.register_buffer("mean", torch.tensor(mean), persistent=False)
        self.mean: Tensor

    @property
    def reach(self) -> int:
        """Exact: three convolutions a block and three around them."""
        return 3 * self.config.blocks + 3

    def stack(self) -> Iterator[SpanBlock]:
        """The blocks, in order."""
        for index in range(1, self.config.blocks + 1):
            block = self.get_submodule(f"block_{index}")
            assert isinstance(block, SpanBlock)
            yield block

    def enlarge(self, x: Tensor) -> Tensor:
        """``(N, C, H, W)`` in [0, 1] → ``(N, C, H·s, W·s)``."""
        start = self.conv_1((x - self.mean.view(-1, 1, 1)) * self.config.gain)
        outputs: list[Tensor] = []
        features = start
        for block in self.stack():
            features, first_activation = block(features)
            outputs.append(features)
        stages = [start, self.conv_2(outputs[-1]), outputs[0], first_activation]
        joined = self.conv_cat(torch.cat(stages, 1))
        detail = in_float32(self.upsampler[0], joined) * self.config.detail
        output: Tensor = self.shuffle(detail, x)
        return output

    def for_use(self) -> Span:
        """A plain copy: every layer's branches multiplied out into its one kernel."""
        if not self.config.expansion:
            return self
        plain = Span(self.config.model_copy(update={"expansion": 0}))
        own = self.state_dict()
        state = {name: own[name] for name in plain.state_dict()}
        for name, module in self.named_modules():
            if isinstance(module, RepConv):
                state[f"{name}.eval_conv.weight"] = module.kernel().detach()
        plain.load_state_dict(state)
        return plain.to(self.conv_cat.weight.device)

    def start_from(self, tensors: Mapping[str, Tensor]) -> None:
        """Load the plain form's tensors; the extra branches of training start at zero."""
        branches = {
            name: tensor
            for name, tensor in self.state_dict().items()
            if name.rpartition(".")[2] in ("expand", "mix", "project")
        }
        self.load_state_dict({**branches, **tensors})
        for module in self.modules():
            if isinstance(module, RepConv) and module.branched:
                nn.init.zeros_(module.project)
