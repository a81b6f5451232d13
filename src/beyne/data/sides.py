"""Find the pairs of a translate data set: input a, output b."""

from __future__ import annotations

from pathlib import Path

from beyne.data.pairs import Pair, Sources, by_stem, name_below, pictures_in
from beyne.errors import UsageError
from beyne.files import read_rows

#: Table of pairs: columns a and b, paths below its folder.
TABLE = "pairs.csv"


def sides(root: Path, folder: Path, sources: Sources) -> list[Pair]:
    """The pairs in a folder, in order of their inputs.

    In order of precedence: halves of one picture, or one picture as both sides, where ``sources``
    says so; folders that it names; ``pairs.csv``; folders ``a`` and ``b`` (any case). Partners
    share path and stem, not suffix; a picture without one is left out.

    Args:
        root: The data folder, which names begin at.
        folder: It, or its train, val or test.

    Raises:
        UsageError: There are no such folders, not one pair, two pictures of one stem on a side, or
            the table is wrong.
    """
    if sources.layout != "folders":
        halves = sources.layout == "side-by-side"
        pictures = pictures_in(folder)
        return [Pair(name_below(path, root), path, path, halves) for path in pictures]
    if folders := _folders(folder, sources):
        return _matched(root, *folders)
    if (folder / TABLE).is_file():
        return listed(root, folder / TABLE)
    remedy = "--set data.a=FOLDER --set data.b=FOLDER, or --set data.layout=side-by-side"
    raise UsageError(f"{folder} has neither folders a and b nor {TABLE}", remedy)


def unpaired(folder: Path, sources: Sources) -> list[Path]:
    """Pictures of the sides in a folder that have no partner on the other."""
    folders = _folders(folder, sources) if sources.layout == "folders" else None
    if not folders:
        return []
    a, b = (by_stem(side) for side in folders)
    return [(a | b)[stem] for stem in sorted(a.keys() ^ b.keys())]


def listed(root: Path, table: Path) -> list[Pair]:
    """The pairs that a table with the columns a and b names.

    Raises:
        UsageError: It can't be read, lacks a column, or names what is not there.
    """
    pairs = []
    for line, row in enumerate(read_rows(table), start=2):
        paths = [table.parent / (row.get(side) or "").replace("\\", "/") for side in ("a", "b")]
        for path in paths:
            if not path.is_file():
                problem = f"{table}, line {line}: {name_below(path, root)} is not there"
                raise UsageError(problem, "its columns are a and b, paths below its folder")
        pairs.append(Pair(name_below(paths[0], root), paths[1], paths[0]))
    return pairs


def _folders(folder: Path, sources: Sources) -> tuple[Path, Path] | None:
    """Those of a and b: named ones, else by their names, unless a table says more."""
    if sources.a and sources.b:
        return folder / sources.a, folder / sources.b
    children = {child.name.lower(): child for child in folder.iterdir() if child.is_dir()}
    if (folder / TABLE).is_file() or not {"a", "b"} <= children.keys():
        return None
    return children["a"], children["b"]


def _matched(root: Path, a: Path, b: Path) -> list[Pair]:
    inputs, outputs = by_stem(a), by_stem(b)
    pairs = [
        Pair(name_below(inputs[stem], root), outputs[stem], inputs[stem])
        for stem in inputs
        if stem in outputs
    ]
    if not pairs:
        problem = f"no picture of {a} has a partner of its name in {b}"
        raise UsageError(problem, f"name partners alike, or list them in {TABLE}")
    return pairs
