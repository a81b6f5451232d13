"""Classes: how many pictures each has, and pictures whose class is in doubt."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from beyne.data.pairs import pictures_in
from beyne.data.split import SPLITS
from beyne.doctor.evidence import Evidence
from beyne.doctor.findings import Finding

_FEW = 0.1  # of the median class
_UNBALANCED = 10


def check(seen: Evidence) -> Iterator[Finding]:
    """Count the classes of ``generate`` (folders) and ``illustrate`` (column label)."""
    labels = _labels(seen)
    counts = Counter(label for label in labels.values() if label)
    if not counts:
        return
    listed = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    yield Finding("classes", "info", (), f"{len(counts)} classes: {listed}", "nothing")
    yield from _sizes(labels, counts)
    yield from _names(counts)
    if seen.layout.task == "generate":
        yield from _sides(seen)
        yield from _empty(seen.layout.root)
        bare = tuple(sorted(file for file, label in labels.items() if not label))
        if bare:
            problem = "lies beside the folders of classes, in none of them"
            yield Finding("no-class", "warning", bare, problem, "move it into its class")
    for twins in seen.twins:
        found = sorted({labels.get(file, "") for file in twins.files} - {""})
        if len(found) > 1:
            problem = f"the same picture in the classes {' and '.join(found)}"
            yield Finding("class-conflict", "error", twins.files, problem, "keep the right one")
    yield from _untrained(seen, labels)


def _labels(seen: Evidence) -> dict[str, str]:
    """File → class, empty where none is said."""
    if seen.layout.task == "generate":
        return {file: picture.folder for file, picture in seen.layout.pictures.items()}
    table = seen.layout.tables.get("captions")
    if seen.layout.task != "illustrate" or table is None or "label" not in table.columns:
        return {}
    return {row["file"]: row.get("label", "") for _, row in table.rows}


def _sides(seen: Evidence) -> Iterator[Finding]:
    """Two folders of the same names may be the sides of pairs; surely so if one holds masks."""
    names: dict[str, set[str]] = defaultdict(set)
    masks: dict[str, list[bool]] = defaultdict(list)
    for picture in seen.layout.pictures.values():
        names[picture.folder].add(picture.key.partition("/")[2])
        if picture.file in seen.facts:
            masks[picture.folder].append(seen.facts[picture.file].few_levels)
    if len(names) != 2 or len(set(map(frozenset, names.values()))) > 1 or "" in names:
        return
    first, second = sorted(names, key=lambda name: not all(masks[name]))
    problem = f"the folders {first} and {second} hold the same names, as the sides of pairs do"
    remedy = f"if they are: beyne check --set data.a={first} --set data.b={second}"
    differ = all(masks[first]) and not any(masks[second])
    yield Finding("sides-as-classes", "warning" if differ else "info", (), problem, remedy)


def _sizes(labels: dict[str, str], counts: Counter[str]) -> Iterator[Finding]:
    usual = statistics.median(counts.values())
    for name, count in sorted(counts.items()):
        if count == 1 or count < _FEW * usual:
            files = tuple(sorted(file for file, label in labels.items() if label == name))
            several = "pictures" if count > 1 else "picture"
            problem = f"the class {name} has {count} {several}, others about {usual:g}"
            remedy = "collect more, or leave the class out"
            yield Finding("class-small", "warning", files, problem, remedy)
    most, fewest = max(counts.values()), min(counts.values())
    if most > _UNBALANCED * fewest:
        problem = f"the largest class has {most / fewest:.0f} times the pictures of the smallest"
        yield Finding("unbalanced", "info", (), problem, "draw the classes equally in training")


def _names(counts: Counter[str]) -> Iterator[Finding]:
    same: dict[str, list[str]] = defaultdict(list)
    for name in sorted(counts):
        same[" ".join(name.casefold().replace("_", " ").split())].append(name)
    for names in same.values():
        if len(names) > 1:
            problem = f"the classes {' and '.join(map(repr, names))} differ in spelling only"
            files = tuple(f"{name}/" for name in names)
            yield Finding("class-names", "warning", files, problem, "make them one")


def _empty(root: Path) -> Iterator[Finding]:
    tops = [root / name for name in SPLITS if (root / "train").is_dir() and (root / name).is_dir()]
    for top in tops or [root]:
        for folder in sorted(top.iterdir()):
            if folder.is_dir() and not folder.name.startswith(".") and not pictures_in(folder):
                name = f"{folder.relative_to(root).as_posix()}/"
                problem = f"the class {folder.name} has no pictures"
                yield Finding("class-empty", "warning", (name,), problem, "fill it or delete it")


def _untrained(seen: Evidence, labels: dict[str, str]) -> Iterator[Finding]:
    split = seen.division.split
    trained = {labels.get(file) for file, name in split.items() if name == "train"}
    others = {labels[file] for file in split if labels.get(file)} - trained
    for name in sorted(others):
        files = tuple(sorted(file for file in split if labels.get(file) == name))
        problem = f"the class {name} is in no training picture"
        yield Finding("class-untrained", "warning", files, problem, "put some of it into train")
