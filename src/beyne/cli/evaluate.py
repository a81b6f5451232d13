"""``beyne evaluate``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beyne.cli import options

if TYPE_CHECKING:
    from beyne.evaluation.generators import GeneratorScores
    from beyne.evaluation.scores import Scores
    from beyne.evaluation.texts.scores import TextScores

_ARROWS = {"higher": "↑", "lower": "↓", "one": "→ 1"}


def evaluate(
    model: Annotated[
        str, typer.Argument(help="Name, model file, run; nearest, bicubic, lanczos; copy, median.")
    ],
    data: Annotated[
        Path,
        typer.Option("--data", help="Originals, or hr/ and lr*/, or a/ and b/, or a generator's."),
    ],
    split: Annotated[Path | None, typer.Option(help="split.csv: file,group,split")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder for the table and the worst ten.")
    ] = None,
    scale: Annotated[int | None, typer.Option(help="Enlargement, up to the model's.")] = None,
    bands: options.Bands = None,
    consistent: Annotated[
        bool | None,
        typer.Option(help="Make the result shrink back to the input; default: the model's."),
    ] = None,
    ensemble: options.Ensemble = False,
    settings: Annotated[
        list[str],
        typer.Option(
            "--set", help="data.a=FOLDER, data.b=FOLDER, data.captions=FILE; default: the model's"
        ),
    ] = [],  # noqa: B006 typer reads it, nothing changes it
    used_range: Annotated[
        bool,
        typer.Option("--used-range", help="PSNR against the range an original uses (CT, MR)."),
    ] = False,
    language: Annotated[
        str, typer.Option("--lang", help="Of the report on pictures from texts: en, kk, ru or uk.")
    ] = "en",
    precision: Annotated[str, typer.Option(help="fp32, auto, bf16 or fp16.")] = "fp32",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files of -o.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Score a model on pictures whose originals are known; a generator by held-out pictures."""
    import beyne
    from beyne.evaluation.scores import Scores
    from beyne.predict.fitting import parse_bands

    scores = beyne.evaluate(
        model,
        data,
        split,
        output,
        scale=scale,
        bands=parse_bands(bands),
        consistent=consistent,
        ensemble=ensemble,
        device=device,
        precision=precision,
        settings=settings,
        used_range=used_range,
        language=language,
        overwrite=overwrite,
        message=lambda text: print(text, file=sys.stderr),
        progress=_show,
    )
    if as_json:
        print(json.dumps(scores.as_json(), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        for line in _table(scores) if isinstance(scores, Scores) else _table_of_generator(scores):
            print(line)
    if not isinstance(scores, Scores):
        return
    for failure in scores.failed:
        print(failure, file=sys.stderr)
    if scores.failed:
        raise typer.Exit(1)


def _table(scores: Scores) -> list[str]:
    lines = [f"{scores.model} on {scores.data}: {scores.n} scored", scores.protocol, ""]
    lines.append(f"{'':<18} {'mean':>8}   {'95 % interval':<20} worst")
    for name, (low, high) in scores.interval.items():
        line = _line(name, scores.mean[name], _span(low, high))
        lines.append(f"{line:<49} {scores.worst(name)[0]}")
    return lines


def _table_of_generator(scores: GeneratorScores | TextScores) -> list[str]:
    from beyne.evaluation.texts.scores import TextScores

    lines = [f"{scores.model} on {scores.data}", scores.protocol, ""]
    lines.append(f"{'':<18} {'value':>8}   95 % interval")
    spans = {name: _span(*ends) for name, ends in scores.interval.items()}
    lines += [_line(name, value, spans.get(name, "")) for name, value in scores.mean.items()]
    if isinstance(scores, TextScores):
        lines += _parts(scores)
    return [*lines, "", *scores.sentences]


def _parts(scores: TextScores) -> list[str]:
    """Class accuracy by language, KID by class, controls."""
    lines = [""]
    for name, mean in scores.languages.items():
        span = _span(*mean.interval)
        lines.append(f"{'class accuracy ' + name:<18} {mean.value:>8.4g}   {span}")
    lines += [f"{'KID ' + name:<18} {kid.value:>8.4g}" for name, kid in scores.classes.items()]
    if scores.nearest_caption is not None:
        lines.append(f"{'nearest caption':<18} {scores.nearest_caption:>8.4g}   of its class")
    for name, share in scores.chance.items():
        lines.append(f"{'by chance':<18} {share:>8.4g}   {_title(name)}")
    return [*lines, f"{'real pictures':<18} {scores.real:>8.4g}   {_title('r_precision')}"]


def _line(name: str, value: float, span: str) -> str:
    from beyne.reports.document import METRICS

    title = f"{_title(name)} {_ARROWS[METRICS[name].better]}"
    return f"{title:<18} {value:>8.4g}   {span}".rstrip()


def _span(low: float, high: float) -> str:
    return f"[{low:.4g}, {high:.4g}]" if low == low else "one picture: none"


def _title(name: str) -> str:
    from beyne.reports.document import METRICS

    return METRICS[name].name


def _show(done: int, total: int) -> None:
    """One line that counts, on a terminal."""
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\r{done}/{total} pictures", end=end, file=sys.stderr, flush=True)
