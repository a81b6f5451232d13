"""``beyne check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from beyne.training.check import Seen


def check(
    data: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of pictures.")],
    recipe: Annotated[str, typer.Option(help="Name of a recipe, or a TOML file.")] = "photo-x4",
    settings: Annotated[
        list[str], typer.Option("--set", help="key.sub=value over the recipe")
    ] = [],  # noqa: B006 typer reads it, nothing changes it
    split: Annotated[Path | None, typer.Option(help="split.csv: file,group,split")] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Write a sheet of inputs beside their originals.")
    ] = False,
    output: Annotated[Path, typer.Option("-o", "--output", help="The sheet, a PNG.")] = Path(
        "preview.png"
    ),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the sheet.")] = False,
) -> None:
    """Read a data folder as training would, and say what is there."""
    from beyne import api

    sheet = output if preview else None
    seen = api.check(data, recipe, settings, split, preview=sheet, overwrite=overwrite)
    for label, text in _lines(seen):
        typer.echo(f"{label:<10} {text}")
    if sheet:
        typer.echo(sheet)


def _lines(seen: Seen) -> list[tuple[str, str]]:
    samples = {"uint8": "8-bit", "uint16": "16-bit", "float32": "float"}
    small, large = (f"{width}×{height}" for width, height in (seen.smallest, seen.largest))
    lines = [
        ("pictures", f"{seen.train} train, {seen.val} val, {seen.test} test"),
        ("inputs", "their own" if seen.paired else "made from the originals"),
        ("size", small if small == large else f"{small} to {large}"),
        ("samples", ", ".join(samples[name] for name in seen.samples)),
    ]
    if seen.too_small:
        lines.append(("left out", f"{seen.too_small} smaller than a crop"))
    return lines
