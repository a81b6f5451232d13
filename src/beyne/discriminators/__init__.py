"""Discriminators, one self-contained file each. A new one is a file and a line in `DISCRIMINATORS`.

Every one maps an image batch to logits, positive for real: ``(N, 1)``, or ``(N, 1, …)`` with one
for every place it looks at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from beyne.config import of_kind, validated
from beyne.discriminators.blocks import DiscriminatorConfig
from beyne.discriminators.dcgan import DCGANDiscriminator, DCGANDiscriminatorConfig
from beyne.discriminators.fastgan import FastGANDiscriminator, FastGANDiscriminatorConfig
from beyne.discriminators.patch import PatchDiscriminator, PatchDiscriminatorConfig
from beyne.discriminators.projected import (
    ProjectedDiscriminator,
    ProjectedDiscriminatorConfig,
)
from beyne.discriminators.unet import UNetDiscriminator, UNetDiscriminatorConfig
from beyne.discriminators.vgg import VGGDiscriminator, VGGDiscriminatorConfig

#: Kind, as recipes name it → its configuration and class.
DISCRIMINATORS: dict[str, tuple[type[DiscriminatorConfig], type[nn.Module]]] = {
    "dcgan": (DCGANDiscriminatorConfig, DCGANDiscriminator),
    "fastgan": (FastGANDiscriminatorConfig, FastGANDiscriminator),
    "patch": (PatchDiscriminatorConfig, PatchDiscriminator),
    "projected": (ProjectedDiscriminatorConfig, ProjectedDiscriminator),
    "unet": (UNetDiscriminatorConfig, UNetDiscriminator),
    "vgg": (VGGDiscriminatorConfig, VGGDiscriminator),
}


def configured(kind: str, fields: Mapping[str, Any]) -> DiscriminatorConfig:
    """The configuration of the discriminator ``kind``; arguments and errors as for `build`."""
    config_class, _ = of_kind(DISCRIMINATORS, kind, "discriminator")
    return validated(config_class, fields, where="discriminator")


def build(kind: str, fields: Mapping[str, Any]) -> nn.Module:
    """Make the discriminator named ``kind`` with freshly initialised weights.

    Args:
        kind: A key of `DISCRIMINATORS`.
        fields: Values of its configuration; what is left out takes its default.

    Raises:
        UsageError: The kind or a field is unknown, or a value does not fit.
    """
    config = configured(kind, fields)
    return DISCRIMINATORS[kind][1](config)


__all__ = ["DISCRIMINATORS", "build", "configured"]
