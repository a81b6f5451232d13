"""Losses, one self-contained file a family. A new one is a file and a line in `LOSSES`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from beyne.config import of_kind, validated
from beyne.errors import UsageError
from beyne.losses.consistency import ConsistencyLoss, ConsistencyLossConfig
from beyne.losses.fields import LossConfig, Stage
from beyne.losses.grid import GridLoss, GridLossConfig
from beyne.losses.perceptual import PerceptualLoss, PerceptualLossConfig
from beyne.losses.pixel import PixelLoss, PixelLossConfig
from beyne.weights import MissingWeightsError

#: Kind, as recipes name it → its configuration and class.
LOSSES: dict[str, tuple[type[LossConfig], type[nn.Module]]] = {
    "charbonnier": (PixelLossConfig, PixelLoss),
    "consistency": (ConsistencyLossConfig, ConsistencyLoss),
    "grid": (GridLossConfig, GridLoss),
    "l1": (PixelLossConfig, PixelLoss),
    "mse": (PixelLossConfig, PixelLoss),
    "perceptual": (PerceptualLossConfig, PerceptualLoss),
}


def build(
    term: str, fields: Mapping[str, Any], defaults: Mapping[str, Any] | None = None
) -> tuple[nn.Module, LossConfig]:
    """Make the loss of the recipe's table ``losses.<term>``; gives it and its configuration.

    Args:
        term: Name of the table.
        fields: What stands in it.
        defaults: What the recipe's data says (``scale``, ``operator``), for losses that want it.

    Raises:
        UsageError: The kind or a field is unknown, a value does not fit, or weights are missing.
    """
    kind = str(fields.get("kind", "l1"))
    config_class, loss_class = of_kind(LOSSES, kind, f"losses.{term}")
    wanted = {k: v for k, v in (defaults or {}).items() if k in config_class.model_fields}
    config = validated(config_class, wanted | dict(fields), where=f"losses.{term}")
    try:
        return loss_class(config), config
    except MissingWeightsError as error:
        remedy = error.remedy_in(f"losses.{term}")
        raise UsageError(f"losses.{term}: {error.problem}", remedy) from None
    except UsageError as error:
        raise UsageError(f"losses.{term}: {error.problem}", error.remedy) from None


__all__ = ["LOSSES", "LossConfig", "Stage", "build"]
