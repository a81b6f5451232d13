"""``beyne train``."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import Annotated

import typer

from beyne.cli import options

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
    status: options.Status = None,
) -> None:
    """Train a model; the same command again goes on where it stopped."""
    from beyne import api

    if dry_run:
        resolved, estimate = api.dry_run(recipe, data, run, settings, split)
        print(resolved, end="")
        print(f"# {estimate.text}")
        return
    with TrainingProgress(status) as progress:
        finished = api.train(
            recipe, data, run, settings, split, message=progress.message, progress=progress.show
        )
        if not finished:
            raise typer.Exit(130)
    print(run / "best.safetensors")


class TrainingProgress:
    """A bar with rate, time left and newest values on a terminal; messages anywhere.

    Args:
        status: File that shall tell other programs.
    """

    def __init__(self, status: Path | None = None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        from beyne.cli.status import StatusFile

        self.status = StatusFile(status) if status else None
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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.stop()
        if self.status:
            self.status.end(error)

    def message(self, text: str) -> None:
        """One line, above the bar."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)
        if self.status:
            self.status.message(text)

    def show(self, seen: int, total: int, values: dict[str, float]) -> None:
        """Move the bar."""
        shown = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
        self.bar.update(self.task, completed=seen, total=total, values=shown)
        if self.status:
            self.status.show(seen, total)
