"""Generators of images from noise, one self-contained file each. A new one is a file and a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beyne.config import of_kind, validated
from beyne.generators.blocks import Generator, GeneratorConfig, latents
from beyne.generators.dcgan import DCGAN, DCGANConfig
from beyne.generators.fastgan import FastGAN, FastGANConfig

#: Kind, as recipes and model files name it → its configuration and class.
GENERATORS: dict[str, tuple[type[GeneratorConfig], type[Generator]]] = {
    "dcgan": (DCGANConfig, DCGAN),
    "fastgan": (FastGANConfig, FastGAN),
}


def configured(kind: str, fields: Mapping[str, Any]) -> GeneratorConfig:
    """The configuration of the generator ``kind``; arguments and errors as for `build`."""
    config_class, _ = of_kind(GENERATORS, kind, "generator")
    return validated(config_class, fields, where="generator")


def build(kind: str, fields: Mapping[str, Any]) -> Generator:
    """Make the generator named ``kind`` with freshly initialised weights.

    Args:
        kind: A key of `GENERATORS`.
        fields: Values of its configuration; what is left out takes its default.

    Raises:
        UsageError: The kind or a field is unknown, or a value does not fit.
    """
    config = configured(kind, fields)
    return GENERATORS[kind][1](config)


__all__ = ["GENERATORS", "Generator", "GeneratorConfig", "build", "configured", "latents"]
