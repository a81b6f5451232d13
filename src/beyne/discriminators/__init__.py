"""Discriminators, one self-contained file each. A new one is a file and a line in `DISCRIMINATORS`.

Every one maps an image batch to logits, positive for real: ``(N, 1)``, or ``(N, 1, …)`` with one
for every place it looks at.
"""

from __future__ import annotations

from torch import nn

from beyne.config import Kinds
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
DISCRIMINATORS = Kinds[DiscriminatorConfig, nn.Module](
    "discriminator",
    {
        "dcgan": (DCGANDiscriminatorConfig, DCGANDiscriminator),
        "fastgan": (FastGANDiscriminatorConfig, FastGANDiscriminator),
        "patch": (PatchDiscriminatorConfig, PatchDiscriminator),
        "projected": (ProjectedDiscriminatorConfig, ProjectedDiscriminator),
        "unet": (UNetDiscriminatorConfig, UNetDiscriminator),
        "vgg": (VGGDiscriminatorConfig, VGGDiscriminator),
    },
)
configured, build = DISCRIMINATORS.configured, DISCRIMINATORS.build

__all__ = ["DISCRIMINATORS", "build", "configured"]
