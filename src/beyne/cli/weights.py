"""``beyne weights``: list, fetch, path."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

weights = typer.Typer(
    name="weights", help="Weights that losses and metrics need.", no_args_is_help=True
)

_Name = Annotated[str, typer.Argument(metavar="NAME", help="As `beyne weights list` shows it.")]


@weights.command("list")
def list_weights(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """List what is known, what of it is here, and what each file is."""
    from beyne.weights import is_right, known, located

    entries: list[dict[str, Any]] = []
    for name, facts in known().items():
        found = located(name)
        right = found is not None and is_right(name, found)
        places = {"path": str(found) if right else None}
        places["another_file"] = str(found) if found and not right else None
        entries.append({"name": name, **places, **facts.model_dump()})
    if as_json:
        typer.echo(json.dumps(entries, indent=2, ensure_ascii=False))
        return
    for entry in entries:
        for line in _lines(entry):
            typer.echo(line)


@weights.command()
def fetch(name: _Name) -> None:
    """Download weights and print where they are."""
    from beyne.weights import fetch as fetched

    typer.echo(fetched(name, lambda text: typer.echo(text, err=True)))


@weights.command()
def path(name: _Name) -> None:
    """Print where weights are on this machine, or say how to get them."""
    from beyne.weights import path as found

    typer.echo(found(name))


def _lines(entry: dict[str, Any]) -> list[str]:
    layers = f", up to {entry['deepest']}" if entry["deepest"] else ""
    size = f"{entry['megabytes']:g} MB" if entry["megabytes"] else ""
    kind, _, digits = entry["hash"].partition(":")
    facts = [
        size,
        entry["licence"],
        "" if entry["official"] else "not official",
        f"{kind} {digits[:8]}" if digits else "no hash published",
    ]
    fetch = f"not here: beyne weights fetch {entry['name']}" if entry["url"] else "not here"
    place = entry["path"] or f"{fetch} ({entry['file']})"
    if entry["another_file"]:
        place = f"not here: {entry['another_file']} is another file, remove it"
    texts = [
        f"{entry['network']}{layers}: {entry['about']}",
        ", ".join(filter(None, facts)),
        place,
    ]
    return [entry["name"], *(f"    {text}" for text in texts)]
