"""``beyne train``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

_PANEL_WIDTH = 28


def train(
    recipe: Annotated[str, typer.Argument(help="name of a recipe, or a TOML file")],
    data: Annotated[Path, typer.Option("--data", help="folder of pictures")],
    run: Annotated[Path, typer.Option("-o", "--output", help="folder of the run")],
    settings: Annotated[
        list[str], typer.Option("--set", help="key.sub=value over the recipe")
    ] = [],  # noqa: B006 typer reads it, nothing changes it
    split: Annotated[Path | None, typer.Option(help="split.csv: file,group,split")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="print the resolved recipe, its hours and memory")
    ] = False,
) -> None:
    """Train a model; the same command again goes on where it stopped."""
    from beyne import api

    if dry_run:
        resolved, estimate = api.dry_run(recipe, data, run, settings, split)
        print(resolved, end="")
        print(f"# {estimate.text}")
        return
    with TrainingProgress() as progress:
        finished = api.train(
            recipe, data, run, settings, split, message=progress.message, progress=progress.show
        )
    if not finished:
        raise typer.Exit(130)
    print(run / "best.safetensors")


class TrainingProgress:
    """A bar with rate, time left and newest values on a terminal; messages anywhere."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.console = Console(stderr=True)
        self.bar = Progress(
            BarColumn(_PANEL_WIDTH),
            TextColumn("{task.completed:,}/{task.total:,} images"),
            TextColumn("{task.fields[values]}"),
            TimeRemainingColumn(),
            console=self.console,
            disable=not sys.stderr.isatty(),
            speed_estimate_period=120,
        )
        self.task = self.bar.add_task("train", total=None, values="")

    def __enter__(self) -> TrainingProgress:
        self.bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.bar.stop()

    def message(self, text: str) -> None:
        """One line, above the bar."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def show(self, seen: int, total: int, values: dict[str, float]) -> None:
        """Move the bar."""
        shown = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
        self.bar.update(self.task, completed=seen, total=total, values=shown)
