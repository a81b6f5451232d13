"""Every network at a size that computes in milliseconds."""

from __future__ import annotations

from typing import Any

import torch

from beyne.bundle import Model, card_for
from beyne.networks import NETWORKS, ImageNetwork, build
from beyne.networks.blocks import TranslatorConfig

FIELDS: dict[str, dict[str, Any]] = {
    "compact": {"features": 4, "convolutions": 2},
    "resize-unet": {"features": 4, "levels": 2},
    "rrdb": {"features": 4, "growth": 3, "blocks": 2},
    "span": {"features": 4, "blocks": 2, "expansion": 2},
    "srresnet": {"features": 4, "blocks": 2, "end_kernel": 5},
    "unet": {"features": 4, "levels": 2},
}
#: Those that keep the size, and those that also enlarge.
TRANSLATORS = [kind for kind in NETWORKS if issubclass(NETWORKS[kind][0], TranslatorConfig)]
ENLARGERS = [kind for kind in NETWORKS if kind not in TRANSLATORS]


def tiny(kind: str, **fields: Any) -> ImageNetwork:
    """A tiny network with random weights that do something."""
    torch.manual_seed(0)
    return build(kind, {**FIELDS[kind], **fields}).eval()


def tiny_model(kind: str, name: str = "tiny", **fields: Any) -> Model:
    """The same as a model ready for use."""
    network = tiny(kind, **fields)
    return Model(card_for(network, name), network.for_use().eval().requires_grad_(False))
