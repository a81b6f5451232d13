"""``beyne generate``."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beyne.cli import options
from beyne.errors import UsageError

if TYPE_CHECKING:
    from beyne.generation import Generated, Made


def generate(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder; made if not there.")],
    model: Annotated[
        str, typer.Option(help="Model file, such as RUN/best.safetensors; auto: crops-demo.")
    ] = "auto",
    n: Annotated[int, typer.Option("-n", help="Pictures.")] = 16,
    text: Annotated[
        list[str] | None, typer.Option(help="What the pictures shall show; may be repeated.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="What of; default: each label in turn.")] = None,
    seed: Annotated[int, typer.Option(help="Of the first picture; each next has one more.")] = 0,
    vary: Annotated[
        str | None, typer.Option(metavar="SEED|FILE", help="Make variations of this picture.")
    ] = None,
    strength: Annotated[float, typer.Option(help="How far those are from it, 0 to 1.")] = 0.3,
    grid: Annotated[bool, typer.Option("--grid", help="Write grid.png, too: all as one.")] = False,
    interpolate: Annotated[
        int | None, typer.Option(metavar="N", help="Write a walk through the first N, too.")
    ] = None,
    upscale: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Enlarge them, too: photo-x4 or a file.")
    ] = None,
    reject_copies: Annotated[
        bool, typer.Option("--reject-copies", help="Draw near-copies of --data again.")
    ] = False,
    data: Annotated[Path | None, typer.Option(help="Folder of the training pictures.")] = None,
    split: Annotated[Path | None, typer.Option(help="split.csv: file,group,split")] = None,
    device: options.Device = "auto",
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
) -> None:
    """Generate pictures into a folder, each named by its seed."""
    if reject_copies != (data is not None):
        raise UsageError("--reject-copies and --data go together", "--reject-copies --data DIR")
    from beyne.cli.progress import Progress
    from beyne.generation import generate_files

    with Progress(quiet_output=as_json) as progress:
        progress.begin(n * max(1, len(text or ())))

        def made(picture: Made) -> None:
            progress.advance(1, picture.megapixels)
            progress.written(str(picture.output))

        result = generate_files(
            model,
            output,
            n,
            label=label,
            texts=text or (),
            seed=seed,
            vary=vary,
            strength=strength,
            grid=grid,
            interpolate=interpolate,
            upscale=upscale,
            reject_copies=data,
            split=split,
            device=device,
            overwrite=overwrite,
            made=made,
            message=progress.say,
        )
        for path in result.sheets:
            progress.written(str(path))
    if as_json:
        print(json.dumps(_document(result), indent=2, ensure_ascii=False))
    rejected = f", {len(result.rejected)} near-copies drawn again" if reject_copies else ""
    print(f"{len(result.done)} done{rejected}; {result.model} on {result.device}", file=sys.stderr)


def _document(result: Generated) -> dict[str, Any]:
    done = [
        {
            "output": str(picture.output),
            "seed": picture.seed,
            "text": picture.text,
            "label": picture.label,
            "nearness": picture.nearness,
        }
        for picture in result.done
    ]
    texts = [{"text": text} | asdict(reading) for text, reading in result.readings.items()]
    sheets = [str(path) for path in result.sheets]
    return {
        "model": result.model,
        "done": done,
        "texts": texts,
        "rejected": result.rejected,
        "sheets": sheets,
    }
