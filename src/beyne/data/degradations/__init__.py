"""What makes a picture worse on the way to a network's input. One file a stage or a model.

A new model is a file and a line in `DEGRADATIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beyne.config import of_kind, validated
from beyne.data.degradations.base import BicubicConfig, DegradationConfig
from beyne.data.degradations.real import RealConfig, degrade
from beyne.errors import UsageError

#: Kind, as recipes name it → its configuration.
DEGRADATIONS: dict[str, type[DegradationConfig]] = {
    "bicubic": BicubicConfig,
    "real": RealConfig,
}


def configured(fields: Any) -> DegradationConfig:
    """The configuration in the recipe's table ``data.degradation``.

    Raises:
        UsageError: It is no table, the kind or a field is unknown, or a value does not fit.
    """
    where = "data.degradation"
    if not isinstance(fields, Mapping):
        raise UsageError(f"{where}: {fields!r} is no table", f"--set {where}.kind=real")
    kind = str(fields.get("kind", "bicubic"))
    return validated(of_kind(DEGRADATIONS, kind, where), fields, where)


__all__ = [
    "DEGRADATIONS",
    "BicubicConfig",
    "DegradationConfig",
    "RealConfig",
    "configured",
    "degrade",
]
