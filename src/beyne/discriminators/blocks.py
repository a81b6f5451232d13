"""Parts that two or more discriminators share."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from beyne.config import Config

Norm = Literal["none", "batch", "instance", "spectral"]


class DiscriminatorConfig(Config):
    """Fields that every discriminator has."""

    channels: int = Field(3, ge=1, description="of the images it judges")
    features: int = Field(64, ge=1, description="channels after the first layer")


def convolution(
    channels_in: int, channels_out: int, kernel: int, stride: int = 1, norm: Norm = "none"
) -> nn.Sequential:
    """Convolution, its normalisation and LeakyReLU 0.2; a stride of 2 halves the sides.

    Spectral norm (Miyato et al. 2018, arXiv 1802.05957) acts on the weights, the others on the
    activations, whose shift makes a bias before them idle.
    """
    biased = norm in ("none", "spectral")
    conv = nn.Conv2d(channels_in, channels_out, kernel, stride, (kernel - 1) // 2, bias=biased)
    layers: list[nn.Module] = [spectral_norm(conv) if norm == "spectral" else conv]
    if norm == "batch":
        layers.append(nn.BatchNorm2d(channels_out))
    elif norm == "instance":
        layers.append(nn.InstanceNorm2d(channels_out, affine=True))
    return nn.Sequential(*layers, nn.LeakyReLU(0.2))
