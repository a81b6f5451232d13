"""``beyne upscale``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from beyne.cli import options
from beyne.cli.results import check_wishes, conclude

if TYPE_CHECKING:
    from beyne.predict.batch import Report


def upscale(
    context: typer.Context,
    inputs: options.Inputs,
    output: options.Output,
    model: Annotated[str, typer.Option(help="Built-in name, model file, or auto.")] = "auto",
    scale: Annotated[int | None, typer.Option(help="Enlargement, up to the model's.")] = None,
    consistent: Annotated[
        bool | None,
        typer.Option(
            help="Make the result shrink back to the input; "
            "default: the model's; on for DICOM, GeoTIFF, NIfTI."
        ),
    ] = None,
    ensemble: options.Ensemble = False,
    trust: Annotated[
        bool, typer.Option("--trust", help="Map where to trust it; takes eleven times as long.")
    ] = False,
    smooth: Annotated[
        float, typer.Option(metavar="SIGMA", help="Gaussian over the result, before --consistent.")
    ] = 0.0,
    bands: Annotated[
        str | None,
        typer.Option(metavar="3,2,1|B04,B03|all", help="Bands to take; names: of Sentinel-2."),
    ] = None,
    resample: Annotated[
        bool, typer.Option("--resample", help="Sentinel-2: coarser bands at the finest's pixels.")
    ] = False,
    anonymize: options.Anonymize = False,
    format: Annotated[
        str | None,
        typer.Option(
            metavar="png|tiff|jpg|webp|cog", help="Default: TIFF, DICOM, NIfTI stay; else png."
        ),
    ] = None,
    precision: options.Precision = "auto",
    device: options.Device = "auto",
    tile: options.Tile = "auto",
    pixel_limit: options.PixelLimit = None,
    resume: options.Resume = False,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
) -> None:
    """Enlarge pictures: INPUTS become OUTPUT, enlarged as the model does."""
    check_wishes(resume, overwrite)
    from beyne.api import upscale_files
    from beyne.cli.progress import Progress
    from beyne.predict.fitting import parse_bands

    with Progress(quiet_output=as_json) as progress:
        report = upscale_files(
            inputs,
            output,
            progress,
            model=model,
            scale=scale,
            bands=parse_bands(bands),
            resample=resample,
            smooth=smooth,
            consistent=consistent,
            ensemble=ensemble,
            trust=trust,
            anonymize=anonymize,
            format=format,
            device=device,
            precision=precision,
            tile=tile,
            overwrite=overwrite,
            resume=resume,
            pixel_limit=pixel_limit,
            measure=as_json,
            debug=context.obj["debug"],
        )
    conclude(report, as_json, f", consistent {_consistent(report)}")


def _consistent(report: Report) -> str:
    if 0 < report.consistent < len(report.done):
        return f"on for {report.consistent}"
    return "on" if report.consistent else "off"
