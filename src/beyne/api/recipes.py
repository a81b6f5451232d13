"""The recipes there are, told without loading torch."""

from __future__ import annotations

from pathlib import Path

from beyne.config import read_toml

_PRESETS = Path(__file__).parents[1] / "presets"


def recipes() -> dict[str, str]:
    """Name of a recipe that comes with beyne → the job it is for, ``upscale`` …, sorted."""
    return {path.stem: _job(path.stem) for path in sorted(_PRESETS.glob("*.toml"))}


def _job(name: str) -> str:
    values = read_toml(_PRESETS / f"{name}.toml")
    if "base" in values:
        return _job(values["base"])
    return str(values.get("job", "upscale"))
