"""``manifest.csv`` beside generated pictures: what each was made from, to make it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from beyne.errors import UsageError
from beyne.files import read_rows, table
from beyne.predict.sampler import SEEDS, Place

MANIFEST = "manifest.csv"


def manifest(
    known: Sequence[Mapping[str, object]],
    model: str,
    files: Sequence[str],
    places: Sequence[Place],
    nearness: Sequence[float | None],
) -> bytes:
    """The table as CSV; ``text``, ``base``, ``strength`` and ``nearness`` only where there are any.

    Args:
        known: Rows of the table so far, see `read_manifest`; those of ``files`` are replaced.
        model: Name of the model.
        files: Names relative to the table, with ``/``.
        places: What each was made from.
        nearness: Of each to the training pictures, see `beyne.evaluation.nearness`.
    """
    replaced = set(files)
    rows = [row for row in known if row["file"] not in replaced]
    for file, place, near in zip(files, places, nearness, strict=True):
        row: dict[str, object] = {"file": file, "model": model, "seed": place.seed}
        row["label"] = place.label or ""
        if place.text is not None:
            row["text"] = place.text
        if place.base is not None:
            row |= {"base": place.base, "strength": place.strength}
        if near is not None:
            row["nearness"] = f"{near:.4f}"
        rows.append(row)
    return table(rows)


def varied(first: Place, vary: str, texts: list[str]) -> tuple[Place, list[str]]:
    """Where variations begin, and the texts they are of.

    Args:
        first: What the call asks for.
        vary: A seed, or a picture that the manifest beside it, or above its folder, knows.
        texts: What the call asks for; if nothing, what the picture was made from.

    Raises:
        UsageError: It is neither, or itself a variation.
    """
    if vary.isdecimal() and int(vary) < SEEDS:
        return first._replace(base=int(vary)), texts
    file = Path(vary)
    for folder in file.resolve().parents[:2]:  # with several texts, each has its own below
        name = file.resolve().relative_to(folder).as_posix()
        rows = read_rows(folder / MANIFEST) if (folder / MANIFEST).is_file() else []
        row = next((row for row in rows if row.get("file") == name), None)
        if row and row.get("base"):
            problem = f"--vary {vary}: it is itself a variation, of seed {row['base']}"
            raise UsageError(problem, f"--vary {row['base']} --strength {first.strength:g}")
        if row and row.get("seed", "").isdecimal():
            label = first.label or row.get("label") or None
            own = [row["text"]] if row.get("text") else []
            return first._replace(base=int(row["seed"]), label=label), texts or own
    problem = f"--vary {vary}: neither a seed nor a picture that a {MANIFEST} beside it knows"
    raise UsageError(problem, "--vary 7, or a picture where beyne generate wrote it")


def read_manifest(path: Path) -> list[dict[str, str]]:
    """The rows of the table that new ones are to join; none where there is no table.

    Raises:
        UsageError: It can't be read, or is of something else.
    """
    rows = read_rows(path) if path.is_file() else []
    if not all("file" in row for row in rows):
        problem = f"{path} is no table of generated pictures"
        raise UsageError(problem, "give another folder with -o")
    return rows
