"""``beyne compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beyne.cli import options


def compare(
    context: typer.Context,
    arms: Annotated[
        list[str],
        typer.Argument(
            help="Recipes (trained here; recipe:NAME where a model has the name), runs, models, "
            "nearest, bicubic, lanczos; copy, median; of generators copy, mean."
        ),
    ],
    data: Annotated[Path, typer.Option("--data", help="Originals, or hr/ and lr*/, or a/ and b/.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for report and runs.")],
    seeds: Annotated[int, typer.Option(help="Trainings of each recipe.")] = 3,
    budget: Annotated[
        str | None, typer.Option(help="Length of each training: images=N or minutes=M.")
    ] = None,
    settings: Annotated[
        list[str], typer.Option("--set", help="key.sub=value over every recipe")
    ] = [],  # noqa: B006 typer reads it, nothing changes it
    split: Annotated[Path | None, typer.Option(help="split.csv: file,group,split")] = None,
    scale: Annotated[int | None, typer.Option(help="Enlargement; default: the smallest.")] = None,
    bands: options.Bands = None,
    metric: Annotated[
        str | None, typer.Option(help="That decides; default: lpips, or else psnr.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    language: Annotated[
        str, typer.Option("--lang", help="Of the report: en, kk, ru or uk.")
    ] = "en",
    status: options.Status = None,
) -> None:
    """Compare recipes and models on pictures that none was trained on; the same again goes on."""
    import beyne
    from beyne.cli.train import TrainingProgress
    from beyne.comparison.options import Listener
    from beyne.predict.fitting import parse_bands

    with TrainingProgress(status) as progress:
        found = beyne.compare(
            arms,
            data,
            output,
            seeds=seeds,
            budget=budget,
            split=split,
            scale=scale,
            bands=parse_bands(bands),
            metric=metric,
            device=device,
            settings=settings,
            language=language,
            debug=context.obj["debug"],
            listener=Listener(progress.message, progress.show),
        )
    for verdict in found.verdicts:
        print(verdict.sentence)
    print(output / "report.html")
    if found.failed:
        raise typer.Exit(1)
