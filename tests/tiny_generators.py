"""Every generator at a size that computes in milliseconds."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from beyne.bundle import Model, card_for
from beyne.generators import Generator, build

FIELDS: dict[str, dict[str, Any]] = {
    "dcgan": {"features": 4, "latent": 8},
    "fastgan": {"widths": [16, 8], "latent": 8},
}


def tiny(kind: str, **fields: Any) -> Generator:
    """With random weights, and norms that have seen them, so that the images differ."""
    torch.manual_seed(0)
    generator = build(kind, {**FIELDS[kind], **fields})
    norms = [m for m in generator.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        generator(torch.randn(16, 8))
    for norm in norms:
        norm.momentum = 0.1
    return generator.eval()


def tiny_model(kind: str, name: str = "tiny", words: Any = None, **fields: Any) -> Model:
    """The same as a model ready for use; ``words`` are other fields of its card."""
    network = tiny(kind, **fields)
    return Model(card_for(network, name, **(words or {})), network.requires_grad_(False))
