"""``beyne models``: list, show, import, export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from beyne.bundle import ModelCard
    from beyne.zoo import Entry

models = typer.Typer(name="models", help="Look at, import and export models.", no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]
_Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the file.")]
_Name = Annotated[str, typer.Argument(metavar="NAME|FILE", help="Built-in name, or a model file.")]


@models.command("list")
def list_models(
    folder: Annotated[Path | None, typer.Argument(help="Look in this folder, too.")] = None,
    as_json: _Json = False,
) -> None:
    """List the built-in models and those of a folder."""
    from beyne.zoo import entries

    found, errors = entries(folder)
    for error in errors:
        typer.echo(str(error), err=True)
    if as_json:
        typer.echo(json.dumps([_as_json(entry) for entry in found], indent=2, ensure_ascii=False))
    else:
        _print_table(found)


@models.command()
def show(name: _Name, as_json: _Json = False) -> None:
    """Show a model's card."""
    from beyne.zoo import entry

    found = entry(name)
    if as_json:
        typer.echo(json.dumps(_as_json(found), indent=2, ensure_ascii=False))
        return
    for label, text in _card_lines(found):
        typer.echo(f"{label:<12} {text}")


@models.command("import")
def import_model(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="Weights: .pth, .safetensors.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Model file; default: here, same stem.")
    ] = None,
    licence: Annotated[str | None, typer.Option(help="Licence of the weights.")] = None,
    overwrite: _Overwrite = False,
) -> None:
    """Make a model file of weights that others published."""
    from beyne.zoo.community import UNKNOWN_LICENCE
    from beyne.zoo.community import import_model as converted

    typer.echo(converted(source, output, licence or UNKNOWN_LICENCE, overwrite))


@models.command()
def export(
    name: _Name,
    output: Annotated[Path, typer.Option("-o", "--output", help="The .onnx file to write.")],
    overwrite: _Overwrite = False,
) -> None:
    """Write a model as ONNX, checked against PyTorch."""
    from beyne.api import export_model

    proof = export_model(name, output, overwrite)
    sizes = " and ".join(f"{width}×{height}" for height, width in proof.sizes)
    typer.echo(
        f"operator set {proof.opset}; greatest difference from PyTorch at {sizes}: "
        f"{proof.difference:.1e} of white",
        err=True,
    )
    typer.echo(output)


def _as_json(entry: Entry) -> dict[str, Any]:
    facts = {"path": str(entry.path), "parameters": entry.parameters, "bytes": entry.size}
    return facts | {"card": entry.card.model_dump(mode="json")}


def _print_table(entries: list[Entry]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("name", "job", "size", "weights", "licence"):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        card = entry.card
        weights = f"{entry.parameters / 1e6:.2f} M"
        cells = (card.name, card.job, _size(card), weights, card.licence)
        table.add_row(*map(Text, cells))  # not read as markup
    Console().print(table)


def _card_lines(entry: Entry) -> list[tuple[str, str]]:
    card = entry.card
    fields = ", ".join(f"{key} {value}" for key, value in card.generator.items() if key != "kind")
    lines = [
        ("name", card.name),
        ("about", card.description),
        ("does", f"{card.job} {_size(card)}, {_takes_and_makes(card)}"),
        ("network", f"{card.generator['kind']}: {fields}"),
        ("weights", f"{entry.parameters:,}, {entry.size / 1e6:.1f} MB"),
        ("labels", ", ".join(card.labels)),
        ("shrinking", _shrinking(card)),
        ("licence", card.licence),
        ("credit", card.credit),
    ]
    lines += [("score", _words(row)) for row in card.scores]
    lines += [("trust", _words({"ECE": value, "on": data})) for data, value in _trust(card).items()]
    lines += [("made by", line) for line in _history(card.provenance)]
    return [*((label, text) for label, text in lines if text), ("file", str(entry.path))]


def _trust(card: ModelCard) -> dict[str, float]:
    """Errors of its trust map, by the pictures they were found on."""
    return dict((card.trust or {}).get("ece", {}))


def _history(provenance: dict[str, Any]) -> list[str]:
    """How a model was made, a line a stage, oldest first; ``--json`` has every setting."""
    start, recipe = provenance.get("start", {}), provenance.get("recipe")
    known = {"start", "recipe", "images", "data", "beyne", "torch"}
    rest = {key: value for key, value in provenance.items() if recipe is None or key not in known}
    lines = _history(start) if recipe else []
    if recipe:
        data = provenance.get("data") or recipe.get("run", {})
        pictures = f" from {data['pictures']} pictures" if "pictures" in data else ""
        seen = f"{provenance['images']:,} training images{pictures}"
        lines.append(f"recipe {recipe['name']}, {seen}")
    return lines + [_words({key: value}) for key, value in rest.items()]


def _size(card: ModelCard) -> str:
    """Enlargement, or width and height of what is made of nothing."""
    if not card.generates:
        return f"×{card.scale}"
    return f"{card.generator['width']}×{card.generator['height']}"


def _takes_and_makes(card: ModelCard) -> str:
    if card.generates:
        made = f"{_channels(card.channels_out)} of {card.bits} bit"
        text = " and a text" if card.text else ""
        return f"{made}, from {card.generator['latent']} random numbers{text}"
    sizes = "any size" if card.size_multiple == 1 else f"sizes a multiple of {card.size_multiple}"
    return f"{_channels(card.channels_in)} in, {_channels(card.channels_out)} out, {sizes}"


def _shrinking(card: ModelCard) -> str:
    if card.generates:
        return ""
    return f"{card.operator}, consistent {'on' if card.consistent else 'off'}"


def _channels(number: int) -> str:
    return f"{number} channel{'s' if number > 1 else ''}"


def _words(values: dict[str, Any]) -> str:
    return ", ".join(
        f"{key} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for key, value in values.items()
    )
