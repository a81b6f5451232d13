"""``beyne upscale``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from beyne.errors import UsageError

if TYPE_CHECKING:
    from beyne.predict.batch import Report

#: Options of the contract that a later version brings.
_LATER = {
    "--trust": "the map of trust",
    "--anonymize": "removing names from DICOM files",
    "--format cog": "cloud-optimised GeoTIFF",
}


def upscale(
    context: typer.Context,
    inputs: Annotated[list[str], typer.Argument(help="Files, folders or glob patterns.")],
    output: Annotated[str, typer.Option("-o", "--output", help="File, or folder ending in /.")],
    model: Annotated[str, typer.Option(help="Built-in name, model file, or auto.")] = "auto",
    scale: Annotated[int | None, typer.Option(help="Enlargement, up to the model's.")] = None,
    consistent: Annotated[
        bool | None,
        typer.Option(help="Make the result shrink back to the input; default: the model's."),
    ] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Show where to trust it.")] = False,
    smooth: Annotated[
        float, typer.Option(metavar="SIGMA", help="Gaussian over the result, before --consistent.")
    ] = 0.0,
    bands: Annotated[
        str | None, typer.Option(metavar="3,2,1|all", help="Bands to take, counted from 1.")
    ] = None,
    anonymize: Annotated[bool, typer.Option("--anonymize", help="Remove names.")] = False,
    format: Annotated[
        str | None,
        typer.Option(metavar="png|tiff|jpg|webp|cog", help="Default: TIFF stays, else png."),
    ] = None,
    precision: Annotated[str, typer.Option(metavar="auto|fp32|bf16|fp16")] = "auto",
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda|mps")] = "auto",
    tile: Annotated[
        str, typer.Option(metavar="auto|N", help="Side of the pieces computed at once.")
    ] = "auto",
    pixel_limit: Annotated[
        int | None,
        typer.Option(min=1, help="Most pixels of an input; default: what memory carries."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Skip outputs that exist.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace outputs that exist.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Enlarge pictures: INPUTS become OUTPUT, enlarged as the model does."""
    _refuse_what_is_not_there(
        {
            "--trust": trust,
            "--anonymize": anonymize,
            "--format cog": format == "cog",
        }
    )
    if resume and overwrite:
        raise UsageError("--resume keeps outputs that exist, --overwrite replaces them", "use one")
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
            smooth=smooth,
            consistent=consistent,
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
    if as_json:
        print(_document(report))
    print(_summary(report), file=sys.stderr)
    if report.failed:
        raise typer.Exit(1)


def _refuse_what_is_not_there(wanted: dict[str, bool]) -> None:
    for option, is_wanted in wanted.items():
        if is_wanted:
            problem = f"{option}: {_LATER[option]} is not in this version"
            raise UsageError(problem, "leave it out")


def _document(report: Report) -> str:
    from dataclasses import asdict

    keys = ("model", "device", "precision", "done", "failed")
    values = asdict(report)
    return json.dumps({key: values[key] for key in keys}, indent=2)


def _summary(report: Report) -> str:
    parts = [f"{len(report.done)} done"]
    if report.skipped:
        parts.append(f"{len(report.skipped)} there already")
    if report.failed:
        parts.append(f"{len(report.failed)} failed")
    how = f" on {report.device} in {report.precision}" if report.device else ""
    consistent = "on" if report.consistent else "off"
    return f"{', '.join(parts)}; {report.model}{how}, consistent {consistent}"
