"""What a data folder holds, told from its names alone: the task, the sides, who goes with whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

from beyne.data.captions import CAPTIONS
from beyne.data.folder import BY_LAYOUT, partner_names
from beyne.data.pairs import Sources, name_below, pictures_in, what_is_there
from beyne.data.split import SPLITS, SplitName
from beyne.doctor.findings import Finding, not_there
from beyne.doctor.tables import Table, read_table
from beyne.errors import UsageError, did_you_mean

Task = Literal["upscale", "translate", "generate", "illustrate"]
TASKS: tuple[str, ...] = get_args(Task)


@dataclass(frozen=True)
class Picture:
    """One picture and its place.

    Attributes:
        file: Path relative to the data folder, with ``/``.
        side: ``hr``, ``a``, ``b`` or a folder such as ``lr_x4``; empty where there are no sides.
        key: Path below the side, without suffix: what partners share.
        split: The folder train, val or test that it lies in, if there are such.
    """

    file: str
    side: str
    key: str
    split: SplitName | None

    @property
    def is_input(self) -> bool:
        """Whether it is what a network is given, rather than what it is to make."""
        return self.side == "a" or self.side.startswith("lr")

    @property
    def folder(self) -> str:
        """The first folder of the key, which names the class where folders are classes."""
        first, slash, _ = self.key.partition("/")
        return first if slash else ""


@dataclass(frozen=True)
class Layout:
    """A data folder.

    Attributes:
        root: The folder.
        task: What it is for.
        words: What told the task.
        pictures: Every picture by its file.
        partners: Pairs (target, input), such as an original and its low-resolution side.
        tables: ``captions`` and ``pairs``, where the folder has them.
        findings: What was wrong with the tables on the way.
    """

    root: Path
    task: str
    words: str
    pictures: Mapping[str, Picture]
    partners: Sequence[tuple[Picture, Picture]]
    tables: Mapping[str, Table]
    findings: Sequence[Finding]

    @property
    def sides(self) -> list[str]:
        """The sides there are; a single empty one where pictures have no partners."""
        return sorted({picture.side for picture in self.pictures.values()})

    @property
    def unclear(self) -> frozenset[str]:
        """Files of one side that have one stem, where partners are told by it."""
        if len(self.sides) < 2 or "pairs" in self.tables:
            return frozenset()
        found: dict[tuple[SplitName | None, str, str], list[Picture]] = defaultdict(list)
        for picture in self.pictures.values():
            if picture.side:
                found[picture.split, picture.side, picture.key].append(picture)
        return frozenset(p.file for same in found.values() if len(same) > 1 for p in same)

    @property
    def targets(self) -> list[Picture]:
        """The pictures that a split divides: all but the low-resolution sides; of a pair, a."""
        pictures = list(self.pictures.values())
        if self.task == "translate":
            named = {source.file for _, source in self.partners}
            return [p for p in pictures if p.side in ("a", "") or p.file in named]
        return [picture for picture in pictures if not picture.is_input]


def find_layout(root: Path, task: str | None = None, sources: Sources = BY_LAYOUT) -> Layout:
    """Look at the names in a data folder.

    Args:
        task: One of `TASKS`; None: told from the folders and tables.
        sources: Folders named one by one; what lies elsewhere does not count.

    Raises:
        UsageError: There is no such folder or task, or not one picture.
    """
    if not root.is_dir():
        raise UsageError(f"{root} is not a folder", "give the folder of pictures")
    if task is not None and task not in TASKS:
        raise UsageError(f"unknown task '{task}'", did_you_mean(task, TASKS))
    if sources.hr:
        return _of_folders(root, sources)
    files = [path.relative_to(root).as_posix() for path in pictures_in(root)]
    placed = [_split_off(file, (root / "train").is_dir()) for file in files]
    sides = {"a": sources.a, "b": sources.b}
    named = {f"{folder.as_posix()}/": side for side, folder in sides.items() if folder}
    if named:
        inside = [rest.startswith(tuple(named)) for _, rest in placed]
        files, placed = list(compress(files, inside)), list(compress(placed, inside))
    if not files:
        raise UsageError(f"{root} has no pictures", what_is_there(root))
    tables, findings = _tables(root)
    tops = {PurePosixPath(rest).parts[0].lower() for _, rest in placed if "/" in rest}
    told, words = _told(tops, set(tables), all("/" in rest for _, rest in placed))
    task = task or told
    pictures = {
        file: _picture(file, rest, split, task, named)
        for file, (split, rest) in zip(files, placed, strict=True)
    }
    if task == "translate" and "pairs" in tables and not named:
        partners, wrong = _listed(tables["pairs"], pictures)
        findings += wrong
    else:
        partners = _matched(pictures.values())
    return Layout(root, task, words if task == told else "", pictures, partners, tables, findings)


def _of_folders(root: Path, sources: Sources) -> Layout:
    """Originals and their low-resolution sides in folders named for them."""
    assert sources.hr
    split: SplitName | None = "train" if sources.val_hr else None
    sides: list[tuple[Path | None, str, SplitName | None]] = [
        (sources.hr, "hr", split),
        (sources.lr, "lr", split),
        (sources.val_hr, "hr", "val"),
        (sources.val_lr, "lr", "val"),
    ]
    pictures = {}
    for name, side, part in sides:
        folder = root / (name or "")
        for path in pictures_in(folder) if name else ():
            key = path.relative_to(folder).with_suffix("").as_posix()
            file = name_below(path, root)
            pictures[file] = Picture(file, side, key, part)
    if not pictures:
        raise UsageError(f"{root / sources.hr} has no pictures", what_is_there(root / sources.hr))
    words = "its folders are named"
    return Layout(root, "upscale", words, pictures, _matched(pictures.values()), {}, [])


def _split_off(file: str, has_splits: bool) -> tuple[SplitName | None, str]:
    top, _, rest = file.partition("/")
    for name in SPLITS:
        if has_splits and top == name and rest:
            return name, rest
    return None, file


def _tables(root: Path) -> tuple[dict[str, Table], list[Finding]]:
    tables, findings = {}, []
    wanted = [(name, "captions", ("file", "text")) for name in CAPTIONS]
    for name, role, columns in [*wanted, ("pairs.csv", "pairs", ("a", "b"))]:
        if (root / name).is_file():
            table = read_table(root / name, columns)
            tables[role] = table
            findings += table.findings
    return tables, findings


def _told(tops: set[str], tables: set[str], all_in_folders: bool) -> tuple[Task, str]:
    """The task, and what told it."""
    if "captions" in tables:
        return "illustrate", "it has captions"
    if "hr" in tops or any(top.startswith("lr") for top in tops):
        return "upscale", "it has folders hr and lr"
    if "pairs" in tables:
        return "translate", "it has pairs.csv"
    if {"a", "b"} <= tops:
        return "translate", "it has folders a and b"
    if all_in_folders and len(tops) > 1:
        return "generate", f"it has {len(tops)} folders of pictures, taken as classes"
    return "upscale", "it has pictures alone"


def _picture(
    file: str, rest: str, split: SplitName | None, task: str, named: Mapping[str, str]
) -> Picture:
    top, _, below = rest.partition("/")
    name = top.lower()
    for folder, side in named.items():
        if rest.startswith(folder):
            name, below = side, rest.removeprefix(folder)
    known = {"upscale": name == "hr" or name.startswith("lr"), "translate": name in ("a", "b")}
    side = name if below and known.get(task, False) else ""
    key = PurePosixPath(below if side else rest).with_suffix("").as_posix()
    return Picture(file, side, key, split)


def _matched(pictures: Iterable[Picture]) -> list[tuple[Picture, Picture]]:
    """Targets and inputs of the same name in the same split."""
    known = {(p.split, p.side, p.key): p for p in pictures}
    sides = sorted({side for _, side, _ in known if side == "a" or side.startswith("lr")})
    pairs = []
    for (split, side, key), target in known.items():
        if side not in ("hr", "b"):
            continue
        for other in sides:
            names = partner_names(key) if side == "hr" else [key]
            found = next(
                (known[split, other, n] for n in names if (split, other, n) in known), None
            )
            if found:
                pairs.append((target, found))
    return pairs


def _listed(
    table: Table, pictures: Mapping[str, Picture]
) -> tuple[list[tuple[Picture, Picture]], list[Finding]]:
    """The pairs that ``pairs.csv`` names, and what is wrong with its rows."""
    pairs, findings = [], []
    seen: dict[str, int] = {}
    missing: list[tuple[int, str]] = []
    for line, row in table.rows:
        a, b = (row[side].replace("\\", "/") for side in ("a", "b"))
        lacking = [(line, file) for file in (a, b) if file not in pictures]
        missing += lacking
        if lacking:
            continue
        pairs.append((pictures[b], pictures[a]))
        for file in {a, b}:
            if file in seen:
                problem = f"{table.name} names it twice, in lines {seen[file]} and {line}"
                remedy = "keep one of the lines"
                findings.append(Finding("pair-repeated", "warning", (file,), problem, remedy))
            seen[file] = line
    findings += not_there("pair-missing", table.name, missing, pictures)
    return pairs, findings
