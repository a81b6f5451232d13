"""Backbones: networks trained to recognise things, whose inner activations see what matters.

One self-contained file each. A new one is a file, a line in `BACKBONES` and a table of its weights
in ``weights/known.toml``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from beyne import weights as published
from beyne.backbones.blocks import SMALLEST_SIDE, Activation, Backbone
from beyne.backbones.files import read_tensors
from beyne.backbones.mobilenet_v2 import MobileNetV2, MobileNetV2Config
from beyne.backbones.resnet152_v2 import ResNet152V2, ResNet152V2Config
from beyne.backbones.squeezenet import SqueezeNet, SqueezeNetConfig
from beyne.backbones.vgg19 import VGG19, VGG19Config
from beyne.config import Config, validated
from beyne.errors import UsageError, did_you_mean

#: Name, as recipes have it → what belongs to its weights, and its class.
BACKBONES: dict[str, tuple[type[Config], type[Backbone]]] = {
    "mobilenet_v2": (MobileNetV2Config, MobileNetV2),
    "resnet152_v2": (ResNet152V2Config, ResNet152V2),
    "squeezenet": (SqueezeNetConfig, SqueezeNet),
    "vgg19": (VGG19Config, VGG19),
}

#: Weights that are no file: numbers drawn by chance.
RANDOM = "random"


def load_backbone(
    name: str, weights: str = "", layers: Sequence[str] = (), seed: int = 0
) -> Backbone:
    """A backbone ready for use: frozen, in evaluation mode, in channels-last memory.

    Args:
        name: A key of `BACKBONES`.
        weights: A name of `beyne.weights.known`, ``random``, or empty for the first of this
            backbone there.
        layers: What will be asked of it.
        seed: Of random weights.

    Raises:
        MissingWeightsError: The weights are not on this machine.
        UsageError: A name is unknown, the file is not what it should be, or it does not reach all
            ``layers``.
    """
    if name not in BACKBONES:
        raise UsageError(f"there is no backbone '{name}'", did_you_mean(name, BACKBONES))
    if weights == RANDOM:
        with _seeded(seed):
            backbone = _build(name, {})
            backbone.randomise()
        backbone.require(layers)
    else:
        backbone = _published(name, weights or published.default(name), layers)
    backbone.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return backbone.eval().requires_grad_(False)


def _build(name: str, fields: dict[str, Any]) -> Backbone:
    config_class, backbone_class = BACKBONES[name]
    return backbone_class(validated(config_class, fields, where=name))


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Numbers of its own: a loss must not disturb those that training draws."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def _published(name: str, weights: str, layers: Sequence[str]) -> Backbone:
    entry = published.find(weights)
    if entry.network != name:
        others = [known for known, other in published.known().items() if other.network == name]
        problem = f"'{weights}' are weights of {entry.network}, not of {name}"
        raise UsageError(problem, f"for {name} there are: {', '.join(others)}, {RANDOM}")
    with _seeded(0):
        backbone = _build(name, entry.fields)
    backbone.require(layers)
    try:
        path = published.path(weights)
    except published.MissingWeightsError as error:
        error.instead = _instead(name)
        raise
    backbone.take(read_tensors(path, backbone), path)
    held = list(backbone.layers)
    if missing := [layer for layer in layers if layer not in held]:
        problem = f"'{weights}' hold only {held[0]} to {held[-1]} of {name}, not {missing[0]}"
        raise UsageError(problem, "choose layers among them, or other weights")
    return backbone


def _instead(name: str) -> dict[str, str]:
    """Settings for weights that are here: of this backbone, else of another."""
    for backbone in dict.fromkeys([name, *BACKBONES]):
        if backbone == "squeezenet":  # it judges results, so nothing learns from it
            continue
        for weights, entry in published.present(backbone).items():
            changes = {"backbone": backbone} if backbone != name else {}
            changes["weights"] = weights
            if backbone != name or entry.deepest:
                changes["layers"] = entry.deepest or BACKBONES[backbone][1].usual_layer
            return changes
    return {}


__all__ = [
    "BACKBONES",
    "RANDOM",
    "SMALLEST_SIDE",
    "Activation",
    "Backbone",
    "load_backbone",
    "read_tensors",
]
