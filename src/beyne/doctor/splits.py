"""Splits that can't be trusted: groups cut in two, files of no split, splits without files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from beyne.data.split import SPLITS
from beyne.doctor.evidence import Evidence
from beyne.doctor.findings import Finding

_OTHER_NAMES = {
    "validation": "val",
    "valid": "val",
    "dev": "val",
    "testing": "test",
    "training": "train",
}


def check(seen: Evidence) -> Iterator[Finding]:
    """Judge the split that the data set has; of a proposal there is nothing to say."""
    yield from seen.division.findings
    yield from _folders(seen)
    if seen.division.source == "proposed":
        return
    yield from _cut(seen)
    left = sorted({p.file for p in seen.layout.targets} - seen.division.split.keys())
    if left and seen.division.split:
        problem = f"in no split of {seen.division.source}, so left out everywhere"
        remedy = "add lines for them, or take them out"
        yield Finding("not-in-split", "warning", tuple(left), problem, remedy)
    missing = [name for name in SPLITS if name not in seen.division.split.values()]
    for name in missing if seen.division.split else []:
        problem = f"no picture is in {name}"
        if name == "test":
            yield Finding("split-empty", "info", (), problem, "keep some for the final judgement")
        else:
            remedy = "move some there, or let a split be made: take the present one away"
            yield Finding("split-empty", "warning", (), problem, remedy)


def _folders(seen: Evidence) -> Iterator[Finding]:
    """Folders that mean a split and are not read as one."""
    names = sorted(path.name for path in seen.layout.root.iterdir() if path.is_dir())
    for name in names:
        meant = _OTHER_NAMES.get(name.lower(), name.lower())
        if meant in SPLITS and meant != name and meant not in names:
            problem = f"the folder {name} is not taken for a split"
            remedy = f"name it {meant}"
            yield Finding("split-folder", "warning", (f"{name}/",), problem, remedy)


def _cut(seen: Evidence) -> Iterator[Finding]:
    """Groups in several splits, by everything that names groups."""
    told = set()
    for source, groups in seen.division.known.items():
        members: dict[str, list[str]] = defaultdict(list)
        for file, group in groups.items():
            if file in seen.division.split:
                members[group].append(file)
        for group, files in sorted(members.items()):
            splits = {seen.division.split[file] for file in files}
            if len(splits) > 1 and tuple(files) not in told:
                told.add(tuple(files))
                names = ", ".join(name for name in SPLITS if name in splits)
                problem = f"the group {group} ({source}) is cut: it is in {names}"
                remedy = "put the whole group into one split"
                yield Finding("group-cut", "error", tuple(sorted(files)), problem, remedy)
