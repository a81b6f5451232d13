"""Arguments and options that commands over picture files share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Inputs = Annotated[list[str], typer.Argument(help="Files, folders or glob patterns.")]
Output = Annotated[str, typer.Option("-o", "--output", help="File, or folder ending in /.")]
Bands = Annotated[
    str | None, typer.Option(metavar="3,2,1|all", help="Bands to take, counted from 1.")
]
Anonymize = Annotated[bool, typer.Option("--anonymize", help="Leave out names, dates, places.")]
Precision = Annotated[str, typer.Option(metavar="auto|fp32|bf16|fp16")]
Device = Annotated[str, typer.Option(metavar="auto|cpu|cuda|mps")]
Ensemble = Annotated[
    bool,
    typer.Option("--ensemble", help="Mean of eight orientations: truer, eight times as long."),
]
Tile = Annotated[str, typer.Option(metavar="auto|N", help="Side of the pieces computed at once.")]
PixelLimit = Annotated[
    int | None,
    typer.Option(min=1, help="Most pixels of an input; default: what memory carries."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Skip outputs that exist.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Status = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Keep there, as JSON, how it goes on, for other programs."),
]
