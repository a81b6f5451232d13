"""``beyne info``."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer


def info(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Show versions, processor, memory, GPUs, installed extras and folders."""
    from beyne.info import report

    values = report()
    if as_json:
        typer.echo(json.dumps(values, indent=2))
        return
    for label, text in _lines(values):
        typer.echo(f"{label:<10} {text}")


def _lines(values: dict[str, Any]) -> list[tuple[str, str]]:
    processor, extras, folders = values["processor"], values["extras"], values["folders"]
    memory = values["memory_gib"]
    able = ", ".join(processor["instructions"]) or processor["level"]
    return [
        ("beyne", values["beyne"]),
        ("Python", f"{values['python']} on {values['system']}"),
        ("torch", values["torch"]),
        ("processor", f"{processor['name']}, {processor['cores']} cores: {able}"),
        ("memory", f"{memory} GiB" if memory else "unknown"),
        ("GPU", "; ".join(values["gpus"]) or "none"),
        ("extras", ", ".join(name for name, there in extras.items() if there) or "none"),
        ("missing", ", ".join(name for name, there in extras.items() if not there) or "none"),
        ("weights", folders["weights"] or "BEYNE_WEIGHTS is not set"),
        ("models", ", ".join(values["models"]) or "none"),
    ]
