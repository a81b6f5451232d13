"""The generator of FastGAN (Liu et al. 2021, arXiv 2101.04775, section 3.1), for few pictures.

Nearest enlargement before plain convolutions, so no checkerboard; gated linear units; and the
skip-layer excitation, by which what was decided at a small size weighs the channels of a larger.
Of the paper's parts the noise in each block is left out, so that an image is a function of its
latent alone, and so is the spectral norm: before a batch norm the size of weights has no effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from beyne.generators.blocks import Generator, GeneratorConfig, as_image

_REACH = 4  # doublings that a skip-layer excitation bridges, as in the paper


class FastGANConfig(GeneratorConfig):
    """Sizes of `FastGAN`.

    Attributes:
        widths: Channels of the start and after each doubling, of as many as there are; the last
            stands for all beyond. The defaults are half of the paper's.
    """

    latent: int = Field(256, ge=1, description="numbers that an image is made from")
    widths: tuple[int, ...] = Field((256, 256, 128, 64, 64, 32, 16), min_length=1)

    def channels_after(self, step: int) -> int:
        """Channels after ``step`` doublings."""
        return self.widths[min(step, len(self.widths) - 1)]


class FastGAN(Generator):
    """Latent → small map → doublings, by turns with one and two convolutions → image."""

    def __init__(self, config: FastGANConfig) -> None:
        super().__init__(config)
        widths = [config.channels_after(step) for step in range(config.doublings + 1)]
        self.start = _Start(config.latent, widths[0], config.start)
        self.enlarge = nn.ModuleList(
            _Doubling(widths[step], widths[step + 1], convolutions=1 + step % 2)
            for step in range(config.doublings)
        )
        self.reach = min(_REACH, config.doublings)
        self.excite = nn.ModuleList(
            _Excitation(widths[step], widths[step + self.reach])
            for step in range(config.doublings + 1 - self.reach)
        )
        self.last = nn.Conv2d(widths[-1], config.channels, 3, padding=1)
        self.modulate = nn.ModuleList(
            _modulation(config.latent, width) for width in widths[1:] if config.text
        )

    def paint(self, latent: Tensor, asked: Tensor | None = None) -> Tensor:
        """See `Generator`; a text also weighs the channels after every doubling."""
        maps = [self.start(latent)]
        for step, enlarge in enumerate(self.enlarge, start=1):
            x = enlarge(maps[-1])
            if self.modulate and asked is not None:
                x = x * (1 + self.modulate[step - 1](asked)[..., None, None])
            if step >= self.reach:
                x = x * self.excite[step - self.reach](maps[step - self.reach])
            maps.append(x)
        return as_image(self.last, maps[-1])


def _modulation(latent: int, width: int) -> nn.Linear:
    """What is asked for → how far each channel's factor is from 1; at first not at all."""
    layer = nn.Linear(latent, width, bias=False)
    nn.init.zeros_(layer.weight)
    return layer


class _Start(nn.Module):
    """A point on the sphere → the smallest map."""

    def __init__(self, latent: int, width: int, size: Sequence[int]) -> None:
        super().__init__()
        self.shape = (2 * width, *size)
        self.spread = nn.Linear(latent, 2 * width * size[0] * size[1], bias=False)
        self.norm = nn.BatchNorm2d(2 * width)

    def forward(self, latent: Tensor) -> Tensor:
        direction = F.normalize(latent, dim=1) * latent.shape[1] ** 0.5
        return F.glu(self.norm(self.spread(direction).view(-1, *self.shape)), 1)


class _Doubling(nn.Module):
    """Nearest enlargement ×2, then convolutions, each with batch norm and a gate."""

    def __init__(self, width_in: int, width_out: int, convolutions: int) -> None:
        super().__init__()
        widths = [width_in] + [width_out] * convolutions
        self.convolve = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(before, 2 * after, 3, padding=1, bias=False),
                    nn.BatchNorm2d(2 * after),
                    nn.GLU(1),
                )
                for before, after in pairwise(widths)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.convolve(F.interpolate(x, scale_factor=2, mode="nearest"))
        return result


class _Excitation(nn.Module):
    """Skip-layer excitation: a small map → a factor for each channel of a larger one."""

    def __init__(self, width_small: int, width_large: int) -> None:
        super().__init__()
        self.weigh = nn.Sequential(
            nn.AdaptiveAvgPool2d(4),
            nn.Conv2d(width_small, width_large, 4),
            nn.LeakyReLU(0.1),
            nn.Conv2d(width_large, width_large, 1),
        )

    def forward(self, small: Tensor) -> Tensor:
        return torch.sigmoid(self.weigh(small))
