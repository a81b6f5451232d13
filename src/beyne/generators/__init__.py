"""Generators of images from noise, one self-contained file each. A new one is a file and a line."""

from __future__ import annotations

from beyne.config import Kinds
from beyne.generators.blocks import Generator, GeneratorConfig, latents
from beyne.generators.dcgan import DCGAN, DCGANConfig
from beyne.generators.fastgan import FastGAN, FastGANConfig

#: Kind, as recipes and model files name it → its configuration and class.
GENERATORS = Kinds[GeneratorConfig, Generator](
    "generator",
    {
        "dcgan": (DCGANConfig, DCGAN),
        "fastgan": (FastGANConfig, FastGAN),
    },
)
configured, build = GENERATORS.configured, GENERATORS.build

__all__ = ["GENERATORS", "Generator", "GeneratorConfig", "build", "configured", "latents"]
