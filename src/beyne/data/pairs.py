"""What a data folder is made of: pictures, pairs of them, and folders named one by one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from beyne.errors import UsageError
from beyne.images import SUFFIXES, is_dicom

PairedJob = Literal["upscale", "translate"]
Job = Literal["upscale", "translate", "generate", "illustrate"]
#: Jobs that make pictures of noise.
GENERATING: tuple[Job, ...] = ("generate", "illustrate")
Layout = Literal["folders", "side-by-side", "same"]
_LOOKED_AT = 100  # files, for what is no picture


@dataclass(frozen=True)
class Pair:
    """What a network is to make and, where the data set has it, what it is to make it from.

    Attributes:
        name: Path relative to the data folder, with ``/``; the key of ``split.csv``. Of the
            original, and in translation of the input.
        hr: The original; in translation the picture b.
        lr: Its low-resolution partner; in translation the picture a.
        halves: Both are one file, of which the left half is ``lr`` and the right half ``hr``.
    """

    name: str
    hr: Path
    lr: Path | None = None
    halves: bool = False


@dataclass(frozen=True)
class Sources:
    """What a data folder is for, and folders named one by one instead of by its layout."""

    hr: Path | None = None
    lr: Path | None = None
    val_hr: Path | None = None
    val_lr: Path | None = None
    job: Job = "upscale"
    a: Path | None = None
    b: Path | None = None
    layout: Layout = "folders"


def pictures_in(folder: Path) -> list[Path]:
    """The pictures in a folder and its subfolders, by suffix, sorted; hidden ones left out.

    Raises:
        UsageError: There is no such folder.
    """
    if not folder.is_dir():
        problem = f"{folder} is not a folder"
        raise UsageError(problem, "check --data, and data.hr, data.lr, data.a, data.b")
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file() and not _hidden(path, folder)
    )


def by_stem(folder: Path) -> dict[str, Path]:
    """The pictures in a folder by their paths below it without suffix, which partners share.

    Raises:
        UsageError: There is no such folder, or two pictures share one.
    """
    found: dict[str, Path] = {}
    for path in pictures_in(folder):
        stem = path.relative_to(folder).with_suffix("").as_posix()
        if stem in found:
            problem = f"{found[stem]} and {path} have one name, and partners are told by it"
            raise UsageError(problem, "keep one of them, or name them apart; beyne check")
        found[stem] = path
    return found


def what_is_there(folder: Path) -> str:
    """What to do about a folder without pictures, by what it holds instead."""
    known = f"known suffixes: {', '.join(sorted(SUFFIXES))}"
    if any(is_dicom(path) for path in islice(folder.rglob("*"), _LOOKED_AT)):
        return f"it holds DICOM files without a suffix: name them .dcm; {known}"
    return known


def name_below(path: Path, root: Path) -> str:
    """A picture's name: its path relative to the data folder, where it is inside."""
    inside = path.is_relative_to(root)
    return (path.relative_to(root) if inside else path).as_posix()


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)
