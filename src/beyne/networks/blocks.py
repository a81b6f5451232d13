"""Parts that two or more networks hold word for word, and what every generator states of itself."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from beyne.config import Config

Scale = Literal[1, 2, 3, 4, 8]


class ImageNetworkConfig(Config):
    """Fields that every image-to-image network has."""

    channels_in: int = 3
    channels_out: int = 3
    scale: Scale = 4


class ImageNetwork(nn.Module):
    """Base of networks that map an image to an image ×scale.

    A subclass maps float32 ``(N, channels_in, H, W)`` in [0, 1] to float32
    ``(N, channels_out, H·scale, W·scale)``, not clamped, for any H and W ≥ 1.
    """

    config: ImageNetworkConfig

    @property
    def halo(self) -> int:
        """Low-resolution pixels around a region that its output depends on.

        Exact for the small networks; for RRDB the distance beyond which the influence stays
        under half a grey level.
        """
        raise NotImplementedError

    def for_use(self) -> ImageNetwork:
        """The network in the form it is applied and saved in; self unless re-parameterisable."""
        return self


def in_float32(module: nn.Module, x: Tensor) -> Tensor:
    """Run ``module`` in float32 even under autocast: the last layer decides the grey levels."""
    with torch.autocast(x.device.type, enabled=False):
        result: Tensor = module(x.float())
    return result
