"""The self-supervised discriminator of FastGAN (Liu et al. 2021, arXiv 2101.04775, section 3.2).

With few pictures a discriminator soon looks at trifles. Here small decoders must paint the real
picture from what it has seen, so it has to see all of it.

Two things are other than in the paper. Spectral norm makes signals fade from layer to layer, and
what brings them back is not batch norm but each image's own root mean square: a verdict does not
depend on the company. And the decoders are measured by their mean absolute error, not by LPIPS:
that is our judge, and none of those who are judged may train on it.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from beyne.discriminators.blocks import ConditionalConfig, Norm, Projection, convolution
from beyne.errors import UsageError

_HALVINGS = 4  # the deepest map is a sixteenth of the image, that before an eighth
_LEAST = 2**_HALVINGS


class FastGANDiscriminatorConfig(ConditionalConfig):
    """Sizes of `FastGANDiscriminator`. Widths double to 8 times ``features``."""

    features: int = Field(32, ge=1, description="channels after the first layer")
    norm: Norm = "spectral"


class FastGANDiscriminator(nn.Module):
    """Four halvings in two paths, a verdict on every place, decoders from two depths."""

    def __init__(self, config: FastGANDiscriminatorConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.features * 2 ** min(step, 3) for step in range(_HALVINGS)]
        norm = config.norm
        self.first = convolution(config.channels, widths[0], 4, stride=2)
        self.halve = nn.ModuleList(
            _Halving(before, after, norm) for before, after in pairwise(widths)
        )
        self.judge = nn.Sequential(
            convolution(widths[-1], widths[-1], 1, norm=norm),
            nn.Conv2d(widths[-1], 1, 3, padding=1),
        )
        self.project = Projection(config, widths[-1])
        self.paint_part = _decoder(widths[-2], config.channels)
        self.paint_whole = _decoder(widths[-1], config.channels)

    def _seen(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Maps of an eighth and a sixteenth of the sides."""
        if min(image.shape[-2:]) < _LEAST:
            problem = f"images of {image.shape[-1]}×{image.shape[-2]} pixels are too small"
            raise UsageError(problem, f"the fastgan discriminator takes {_LEAST} and more")
        x = self.first(image * 2 - 1)
        *shallow, deepest = self.halve
        for halve in shallow:
            x = halve(x)
        return x, deepest(x)

    def forward(self, image: Tensor, asked: Tensor | None = None, strength: float = 1.0) -> Tensor:
        """``(N, C, H, W)`` in [0, 1] → logits ``(N, 1, H/16, W/16)``, positive for real.

        Of ``asked`` and ``strength`` see `Projection`.
        """
        seen = self._seen(image)[1]
        logits: Tensor = self.judge(seen) + self.project(seen, asked, strength)
        return logits

    def reconstruction(self, image: Tensor) -> Tensor:
        """How far from the image the decoders are: a scalar, for the discriminator to minimise.

        One paints the whole from the deepest map, one a quarter of it from the map before: the
        quarter at the place in the batch, modulo four, so that nothing is drawn by chance.

        Args:
            image: Real images ``(N, C, H, W)`` in [0, 1].
        """
        shallow, deep = self._seen(image)
        whole = _reduced(image, deep)
        parts = _quarters(_reduced(image, shallow), 8)
        distance = F.l1_loss(self.paint_whole(deep), whole)
        return distance + F.l1_loss(self.paint_part(_quarters(shallow, 1)), parts)


class _Halving(nn.Module):
    """Half the sides by convolutions, and by pooling beside them; the mean of both."""

    def __init__(self, width_in: int, width_out: int, norm: Norm) -> None:
        super().__init__()
        self.convolve = nn.Sequential(
            convolution(width_in, width_out, 4, stride=2, norm=norm),
            convolution(width_out, width_out, 3, norm=norm),
        )
        self.pool = nn.Sequential(nn.AvgPool2d(2), convolution(width_in, width_out, 1, norm=norm))

    def forward(self, x: Tensor) -> Tensor:
        x = self.convolve(x) + self.pool(x)
        return F.rms_norm(x, x.shape[1:])


def _decoder(width: int, channels: int) -> nn.Sequential:
    """A map → an image of eight times its sides, in [0, 1]."""
    layers: list[nn.Module] = []
    for _ in range(3):
        narrower = max(width // 2, 8)
        conv = nn.Conv2d(width, 2 * narrower, 3, padding=1)
        layers += [nn.Upsample(scale_factor=2, mode="nearest"), conv, nn.GLU(1)]
        width = narrower
    return nn.Sequential(*layers, nn.Conv2d(width, channels, 3, padding=1), nn.Sigmoid())


def _reduced(image: Tensor, seen: Tensor) -> Tensor:
    """The image at eight times the sides of a map, as its decoder paints it."""
    return F.adaptive_avg_pool2d(image, (8 * seen.shape[-2], 8 * seen.shape[-1]))


def _quarters(x: Tensor, unit: int) -> Tensor:
    """One quarter of each of ``(N, C, H, W)``, its sides a multiple of ``unit``, place by place."""
    high, wide = (side // unit // 2 * unit for side in x.shape[-2:])
    height, width = x.shape[-2:]
    corners = [(top, left) for top in (0, height - high) for left in (0, width - wide)]
    return torch.cat(
        [
            x[place::4, :, top : top + high, left : left + wide]
            for place, (top, left) in enumerate(corners)
        ]
    )
