"""Networks, one self-contained file each. A new one is a file and a line in `NETWORKS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beyne.config import of_kind, validated
from beyne.networks.blocks import ImageNetwork, ImageNetworkConfig
from beyne.networks.compact import Compact, CompactConfig
from beyne.networks.resize_unet import ResizeUNet, ResizeUNetConfig
from beyne.networks.rrdb import RRDB, RRDBConfig
from beyne.networks.span import Span, SpanConfig
from beyne.networks.srresnet import SRResNet, SRResNetConfig
from beyne.networks.unet import UNet, UNetConfig

#: Kind, as recipes and model files name it → its configuration and class.
NETWORKS: dict[str, tuple[type[ImageNetworkConfig], type[ImageNetwork]]] = {
    "compact": (CompactConfig, Compact),
    "resize-unet": (ResizeUNetConfig, ResizeUNet),
    "rrdb": (RRDBConfig, RRDB),
    "span": (SpanConfig, Span),
    "srresnet": (SRResNetConfig, SRResNet),
    "unet": (UNetConfig, UNet),
}


def configured(kind: str, fields: Mapping[str, Any]) -> ImageNetworkConfig:
    """The configuration of the network named ``kind``; arguments and errors as for `build`."""
    config_class, _ = of_kind(NETWORKS, kind, "generator")
    return validated(config_class, fields, where="generator")


def build(kind: str, fields: Mapping[str, Any]) -> ImageNetwork:
    """Make the network named ``kind`` with freshly initialised weights.

    Args:
        kind: A key of `NETWORKS`.
        fields: Values of its configuration; what is left out takes its default.

    Raises:
        UsageError: The kind or a field is unknown, or a value does not fit.
    """
    config = configured(kind, fields)
    return NETWORKS[kind][1](config)


__all__ = ["NETWORKS", "ImageNetwork", "ImageNetworkConfig", "build", "configured"]
