"""Networks, one self-contained file each. A new one is a file and a line in `NETWORKS`."""

from __future__ import annotations

from beyne.config import Kinds
from beyne.networks.blocks import ImageNetwork, ImageNetworkConfig
from beyne.networks.compact import Compact, CompactConfig
from beyne.networks.resize_unet import ResizeUNet, ResizeUNetConfig
from beyne.networks.rrdb import RRDB, RRDBConfig
from beyne.networks.span import Span, SpanConfig
from beyne.networks.srresnet import SRResNet, SRResNetConfig
from beyne.networks.unet import UNet, UNetConfig

#: Kind, as recipes and model files name it → its configuration and class.
NETWORKS = Kinds[ImageNetworkConfig, ImageNetwork](
    "generator",
    {
        "compact": (CompactConfig, Compact),
        "resize-unet": (ResizeUNetConfig, ResizeUNet),
        "rrdb": (RRDBConfig, RRDB),
        "span": (SpanConfig, Span),
        "srresnet": (SRResNetConfig, SRResNet),
        "unet": (UNetConfig, UNet),
    },
)
configured, build = NETWORKS.configured, NETWORKS.build

__all__ = ["NETWORKS", "ImageNetwork", "ImageNetworkConfig", "build", "configured"]
