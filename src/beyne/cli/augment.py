"""``beyne augment``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beyne.cli import options


def augment(
    source: Annotated[
        str, typer.Argument(help="Recipe (trained in each fold), or model, such as a run.")
    ],
    data: Annotated[Path, typer.Option("--data", help="One folder of pictures per class.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for report and pictures.")],
    folds: Annotated[int, typer.Option(help="Parts that are tested in turn.")] = 3,
    repeats: Annotated[int, typer.Option(help="Divisions into folds.")] = 3,
    side: Annotated[int, typer.Option(help="Pixels a side for the classifier.")] = 32,
    steps: Annotated[int, typer.Option(help="Of each classifier's training.")] = 300,
    group: Annotated[
        str | None, typer.Option(help="Source: a column of metadata.csv, or a regular expression.")
    ] = None,
    split: Annotated[
        Path | None, typer.Option(help="split.csv; its test pictures are left")
    ] = None,
    settings: Annotated[
        list[str], typer.Option("--set", help="key.sub=value over the recipe")
    ] = [],  # noqa: B006 typer reads it, nothing changes it
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Write pictures also without a gain.")
    ] = False,
    device: options.Device = "auto",
    language: Annotated[
        str, typer.Option("--lang", help="Of the report: en, kk, ru or uk.")
    ] = "en",
) -> None:
    """Test whether generated pictures help a classifier, and write those that do."""
    import beyne
    from beyne.cli.train import TrainingProgress
    from beyne.comparison.options import Listener

    with TrainingProgress() as progress:
        found = beyne.augment(
            source,
            data,
            output,
            folds=folds,
            repeats=repeats,
            side=side,
            steps=steps,
            group=group,
            split=split,
            settings=settings,
            anyway=anyway,
            device=device,
            language=language,
            listener=Listener(progress.message, progress.show),
        )
    print(found.sentence)
    print(output / "report.html")
