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
    from beyne.blend import blend as mixed
    from beyne.bundle import load, save
    from beyne.files import check_free
    from beyne.zoo import find

    check_free(output, overwrite)
    model = mixed(load(find(first)), load(find(second)), alpha, output.stem)
    save(output, model.card, model.network, half)
    typer.echo(output)
