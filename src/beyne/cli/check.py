"""``beyne check``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from beyne.doctor import Diagnosis
    from beyne.training.preview import Seen

_SHOWN = 8  # files of a finding


def check(
    data: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of pictures.")],
    task: Annotated[
        str | None,
        typer.Option(help="upscale, translate, generate or illustrate; default: by the folder."),
    ] = None,
    split: Annotated[Path | None, typer.Option(help="split.csv to judge: file,group,split")] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN|PATTERN",
            help="What names patient or scene: a column of metadata.csv, or a regular expression.",
        ),
    ] = None,
    write_split: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the proposed split there.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="Write a sheet of inputs beside their originals.")
    ] = False,
    recipe: Annotated[
        str | None, typer.Option(help="Recipe that the sheet is for; default: by the task.")
    ] = None,
    settings: Annotated[
        list[str], typer.Option("--set", help="key.sub=value over the recipe")
    ] = [],  # noqa: B006 typer reads it, nothing changes it
    output: Annotated[Path, typer.Option("-o", "--output", help="The sheet, a PNG.")] = Path(
        "preview.png"
    ),
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the sheet and the written split.")
    ] = False,
) -> None:
    """Look for faults in a data folder, and propose a split. Exit code 1: there are some."""
    from beyne import api
    from beyne.cli.progress import Progress
    from beyne.data import write_split as write
    from beyne.files import check_free

    if write_split:
        check_free(write_split, overwrite)
    seen = (
        api.preview(data, output, recipe, settings, split, task=task, overwrite=overwrite)
        if preview
        else None
    )
    with Progress() as progress:
        diagnosis = api.check(data, task, split, group=group, settings=settings, watcher=progress)
    if write_split:
        write(write_split, diagnosis.split, diagnosis.groups)
        typer.echo(f"wrote {write_split}", err=True)
    if as_json:
        sheet = {"preview": str(output)} if seen else {}
        typer.echo(json.dumps(diagnosis.document() | sheet, ensure_ascii=False, indent=1))
    else:
        _print(diagnosis)
        if seen:
            _print_seen(seen, output)
    raise typer.Exit(0 if diagnosis.ok else 1)


def _print(diagnosis: Diagnosis) -> None:
    for finding in diagnosis.findings:
        count = f" ({len(finding.files)} files)" if len(finding.files) > 1 else ""
        typer.echo(
            f"{finding.severity:<8}{finding.kind}{count}: {finding.problem}; {finding.remedy}"
        )
        for file in finding.files[:_SHOWN]:
            typer.echo(f"          {file}")
        if len(finding.files) > _SHOWN:
            typer.echo(f"          and {len(finding.files) - _SHOWN} more (--json names all)")
    counts = [list(diagnosis.split.values()).count(name) for name in ("train", "val", "test")]
    proposed = ", proposed: --write-split FILE keeps it" if diagnosis.proposed else ""
    typer.echo("split   {} train, {} val, {} test".format(*counts) + proposed)


def _print_seen(seen: Seen, sheet: Path) -> None:
    samples = {"uint8": "8-bit", "uint16": "16-bit", "float32": "float"}
    small, large = (f"{width}×{height}" for width, height in (seen.smallest, seen.largest))
    resampled = "resampled to " if seen.resampled else ""
    lines = [
        ("training", f"takes {seen.train} train, {seen.val} val, {seen.test} test as things are"),
        ("size", resampled + (small if small == large else f"{small} to {large}")),
        ("samples", ", ".join(samples[name] for name in seen.samples)),
    ]
    if seen.paired is not None:
        lines.insert(1, ("inputs", "their own" if seen.paired else "made from the originals"))
    if seen.too_small:
        lines.append(("left out", f"{seen.too_small} smaller than a crop"))
    for label, text in lines:
        typer.echo(f"{label:<10} {text}")
    typer.echo(sheet)
