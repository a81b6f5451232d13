"""``beyne translate``."""

from __future__ import annotations

from typing import Annotated

import typer

from beyne.cli import options
from beyne.cli.results import check_wishes, conclude


def translate(
    context: typer.Context,
    inputs: options.Inputs,
    output: options.Output,
    model: Annotated[str, typer.Option(help="Model file, such as RUN/best.safetensors.")],
    smooth: Annotated[float, typer.Option(metavar="SIGMA", help="Gaussian over the result.")] = 0.0,
    bands: options.Bands = None,
    anonymize: options.Anonymize = False,
    format: Annotated[
        str | None,
        typer.Option(metavar="png|tiff|jpg|webp", help="Default: png; TIFF, DICOM stay."),
    ] = None,
    precision: options.Precision = "auto",
    device: options.Device = "auto",
    tile: options.Tile = "auto",
    pixel_limit: options.PixelLimit = None,
    resume: options.Resume = False,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
) -> None:
    """Turn pictures into those of another domain, such as masks into photos, of the same size."""
    check_wishes(resume, overwrite)
    from beyne.api import translate_files
    from beyne.cli.progress import Progress
    from beyne.predict.fitting import parse_bands

    with Progress(quiet_output=as_json) as progress:
        report = translate_files(
            inputs,
            output,
            progress,
            model=model,
            bands=parse_bands(bands),
            smooth=smooth,
            anonymize=anonymize,
            format=format,
            device=device,
            precision=precision,
            tile=tile,
            overwrite=overwrite,
            resume=resume,
            pixel_limit=pixel_limit,
            debug=context.obj["debug"],
        )
    conclude(report, as_json)
