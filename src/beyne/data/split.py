"""Which picture belongs to which split, never cutting a group (patient, scene, field) in two."""

from __future__ import annotations

import csv
import io
import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Literal, get_args

from beyne.errors import UsageError
from beyne.files import read_rows, write_whole

SplitName = Literal["train", "val", "test"]
SPLITS: tuple[SplitName, ...] = get_args(SplitName)

# Ends of a stem that tell parts of one scene apart: halves, tiles, slices, crops, both eyes.
_PART_OF_SCENE = re.compile(
    r"(?:[_-](?:t|tile|part|crop|slice|s|p|patch)\d{1,3}|[_-]x\d+_y\d+|(?<=\d)_?(?:l|r|left|right))$",
    re.IGNORECASE,
)
# Words whose number names a source; what follows the number are its parts.
_SOURCE = re.compile(
    r".*?(?<![a-z])(?:patient|subject|person|case|scene|field|plot|study)[_ -]?[a-z]?\d+",
    re.IGNORECASE,
)


def group_of(file: str) -> str:
    """Name of the group a file belongs to: its folder and stem without a part number.

    ``tree_t0.png`` and ``tree_t1.png`` are one group, ``patient7/a.png`` and ``patient7/b.png``,
    ``field3_may.png`` and ``field3_june.png``; ``img_001`` and ``img_002`` are two, as a bare
    number usually counts pictures, not parts of one. A folder train, val or test on top is no
    part of the name.
    """
    path = PurePosixPath(file)
    if path.parts[0] in SPLITS and len(path.parts) > 1:
        path = path.relative_to(path.parts[0])
    stem = path.with_suffix("").as_posix()
    source = _SOURCE.match(stem)
    return source.group() if source else _PART_OF_SCENE.sub("", stem)


def read_split(path: Path) -> dict[str, SplitName]:
    """Read a ``split.csv`` with the columns file, group, split.

    Returns:
        File (with ``/``) → split.

    Raises:
        UsageError: The file can't be read, a column is missing, or a value is no split.
    """
    result: dict[str, SplitName] = {}
    for line, row in enumerate(read_rows(path), start=2):
        file, split = row.get("file"), row.get("split")
        if not file or split not in SPLITS:
            wanted = "columns file,group,split with split one of train, val, test"
            raise UsageError(f"{path}, line {line}: {split!r} for {file!r}", f"write {wanted}")
        result[file.replace("\\", "/")] = split
    return result


def make_split(
    files: Sequence[str],
    seed: int,
    shares: Mapping[SplitName, float] = MappingProxyType({"val": 0.1}),
    groups: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, SplitName]:
    """A seeded split by group: about the given share of the files to each split, the rest to train.

    Every named split gets at least one group, in the order of ``shares``, as long as one is left
    for train: a data set of a single group is all train, since nothing else can be done.

    Args:
        groups: Known groups; others are told from the file names.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for file in files:
        members[groups.get(file) or group_of(file)].append(file)
    names = sorted(members)
    random.Random(seed).shuffle(names)
    result: dict[str, SplitName] = dict.fromkeys(files, "train")
    for split, share in shares.items():
        wanted, taken = max(1, round(share * len(files))), 0
        while taken < wanted and len(names) > 1:
            group = members[names.pop(0)]
            result.update(dict.fromkeys(group, split))
            taken += len(group)
    return result


def read_groups(path: Path) -> dict[str, str]:
    """File → group of a ``split.csv`` that `read_split` accepts; files without a group left out."""
    rows = read_rows(path)
    return {row["file"].replace("\\", "/"): row["group"] for row in rows if row.get("group")}


def read_contents(path: Path) -> dict[str, str]:
    """File → hash of its content, of a run's ``split.csv``; empty of one that states none."""
    rows = read_rows(path)
    return {row["file"].replace("\\", "/"): row["content"] for row in rows if row.get("content")}


def write_split(
    path: Path,
    split: Mapping[str, SplitName],
    groups: Mapping[str, str],
    contents: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write ``split.csv``: file, group, split, sorted by file; and content, where it is known.

    Args:
        path: Where to, whole or not at all.
        split: File → split.
        groups: Known groups; others are told from the file names.
        contents: File → hash of its content, see `beyne.data.content_of`.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "group", "split", *(["content"] if contents else [])])
    for file in sorted(split):
        content = [contents.get(file, "")] if contents else []
        writer.writerow([file, groups.get(file, group_of(file)), split[file], *content])
    write_whole(path, text.getvalue().encode())
