"""``beyne blend``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def blend(
    first: Annotated[str, typer.Argument(metavar="A", help="Name or file of a model.")],
    second: Annotated[str, typer.Argument(metavar="B", help="One of the same network.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Model file to write.")],
    alpha: Annotated[float, typer.Option(help="Weight of B, 0 to 1.")] = 0.5,
    half: Annotated[bool, typer.Option("--half", help="Store float16, half the size.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
) -> None:
    """Mix two models of one network, such as a faithful and a crisp one."""
    from beyne.api import blend_models

    typer.echo(blend_models(first, second, output, alpha, half, overwrite))
