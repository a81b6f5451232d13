"""Which file belongs to which split and group: as the data set says, or as proposed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from beyne.data.split import SPLITS, SplitName, group_of, make_split
from beyne.doctor.findings import Finding, not_there
from beyne.doctor.layout import Layout, Picture
from beyne.doctor.likeness import Families, Twins
from beyne.doctor.tables import Table, read_table
from beyne.errors import UsageError, did_you_mean

#: Columns of metadata.csv that name where a picture comes from; the first found counts.
GROUP_COLUMNS = (
    *("group", "patient", "patient_id", "subject", "subject_id", "person", "scene", "scene_id"),
    *("field", "field_id", "plot", "case", "study", "series", "source_id"),
)
_FILE_COLUMNS = ("file", "filename", "image", "path")
_SHARES: Mapping[SplitName, float] = {"val": 0.1, "test": 0.1}
_FEWEST_GROUPS = 10  # of a class that is split by itself


@dataclass(frozen=True)
class Division:
    """The splits.

    Attributes:
        split: File → split, of the targets that belong to one.
        groups: File → group of all targets: the one that must not be cut.
        known: What told the groups, such as ``"column patient of metadata.csv"`` → file → group.
        source: ``proposed``, ``folders`` or the name of the table.
        findings: What was wrong with the table's rows.
    """

    split: dict[str, SplitName]
    groups: dict[str, str]
    known: dict[str, dict[str, str]]
    source: str
    findings: list[Finding] = field(default_factory=list)


def divide(
    layout: Layout,
    twins: Sequence[Twins],
    split_file: Path | None = None,
    group: str | None = None,
    seed: int = 0,
) -> Division:
    """Take the split that there is, or propose one: 80/10/10, seeded, no group cut in two.

    In order of precedence: ``split_file``; folders train, val, test; ``split.csv``; the proposal,
    in which pictures that show the same count as one group.

    Args:
        group: A column of metadata.csv, or a regular expression whose first group (or the whole
            match) in a file's path names its group. None: a column of `GROUP_COLUMNS`, else the
            file names.

    Raises:
        UsageError: ``split_file`` can't be read, or ``group`` is no column and matches no file.
    """
    files = [picture.file for picture in layout.targets]
    metadata = layout.root / "metadata.csv"
    table = read_table(metadata) if metadata.is_file() else Table(metadata.name)
    known = _known(table, files, group)
    path = split_file or layout.root / "split.csv"
    if split_file or (path.is_file() and not any(p.split for p in layout.targets)):
        split, listed, findings = _read(path, set(files))
        if listed:
            known = {f"column group of {path.name}": listed, **known}
        source = path.name
    elif any(picture.split for picture in layout.targets):
        split = {p.file: p.split for p in layout.targets if p.split}
        source, findings = "folders", []
    else:
        split, source, findings = {}, "proposed", []
    if not known:
        known = {"file names": {file: group_of(file) for file in files}}
    groups = {file: _first(known, file) for file in files}
    if source == "proposed":
        split = _proposed(layout.targets, groups, twins, seed)
    return Division(split, groups, known, source, [*table.findings, *findings])


def _first(known: Mapping[str, Mapping[str, str]], file: str) -> str:
    return next((groups[file] for groups in known.values() if file in groups), group_of(file))


def _known(table: Table, files: list[str], group: str | None) -> dict[str, dict[str, str]]:
    """What names the groups → file → group."""
    columns = {name.lower(): name for name in table.columns}
    wanted = [group] if group else list(GROUP_COLUMNS)
    column = next((columns[name.lower()] for name in wanted if name.lower() in columns), None)
    named = next((columns[name] for name in _FILE_COLUMNS if name in columns), None)
    if column and named:
        values = {row[named].replace("\\", "/"): row[column] for _, row in table.rows}
        found = {file: _looked_up(values, file) for file in files}
        return {f"column {column} of metadata.csv": {f: g for f, g in found.items() if g}}
    return {f"pattern {group}": _by_pattern(group, files)} if group else {}


def _looked_up(values: Mapping[str, str], file: str) -> str:
    """The value of a file that a table names by its path, or by the end of it."""
    parts = PurePosixPath(file).parts
    ends = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((values[end] for end in ends if end in values), "")


def _by_pattern(pattern: str, files: list[str]) -> dict[str, str]:
    try:
        found = {file: re.search(pattern, file) for file in files}
    except re.error as error:
        raise UsageError(
            f"--group {pattern} is no pattern ({error})", "--group 'p(\\d+)_'"
        ) from None
    groups = {file: match.group(match.re.groups and 1) for file, match in found.items() if match}
    if not groups:
        problem = f"--group {pattern} is no column of metadata.csv and matches no file"
        raise UsageError(problem, f"the first file is {files[0]}")
    return groups


def _read(
    path: Path, files: set[str]
) -> tuple[dict[str, SplitName], dict[str, str], list[Finding]]:
    """Splits and groups that a table gives, row by row, and what is wrong with it."""
    table = read_table(path, ("file", "split"))
    findings = list(table.findings)
    split: dict[str, SplitName] = {}
    groups: dict[str, str] = {}
    missing: list[tuple[int, str]] = []
    for line, row in table.rows:
        file, name = row["file"].replace("\\", "/"), row["split"]
        where = f"{table.name}, line {line}"
        chosen = next((known for known in SPLITS if known == name), None)
        if chosen is None:
            problem, remedy = f"{where} says '{name}' for a split", did_you_mean(name, SPLITS)
            findings.append(Finding("split-name", "error", (file,), problem, remedy))
        elif file not in files:
            missing.append((line, file))
        elif file in split:
            problem = f"{where} names it again, for {name} after {split[file]}"
            findings.append(Finding("split-repeated", "error", (file,), problem, "keep one line"))
        else:
            split[file] = chosen
            if row.get("group"):
                groups[file] = row["group"]
    findings += not_there("split-missing", table.name, missing, files)
    return split, groups, findings


def _proposed(
    targets: Sequence[Picture], groups: Mapping[str, str], twins: Sequence[Twins], seed: int
) -> dict[str, SplitName]:
    """A split of each folder's pictures by themselves, so that every class is in all three.

    Where a folder has too few groups for that, of all together.
    """
    families = Families()
    for file, group in groups.items():
        families.join(file, f"group {group}")
    for twin in twins:
        for file in twin.files[1:]:
            families.join(twin.files[0], file)
    heads = {picture.file: families.head(picture.file) for picture in targets}
    members: dict[str, list[str]] = defaultdict(list)
    for picture in targets:
        members[picture.folder].append(picture.file)
    if min(len({heads[file] for file in files}) for files in members.values()) < _FEWEST_GROUPS:
        members = {"": list(heads)}
    return {
        file: split
        for name in sorted(members)
        for file, split in make_split(members[name], seed, _SHARES, heads).items()
    }
