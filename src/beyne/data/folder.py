"""Find the pictures of an upscale data set: originals alone, or originals and their small pairs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from beyne.data.split import SPLITS, SplitName, make_split, read_split
from beyne.errors import UsageError
from beyne.images import SUFFIXES


@dataclass(frozen=True)
class Pair:
    """One original and, where the data set has it, its low-resolution partner.

    Attributes:
        name: Path relative to the data folder, with ``/``; the key of ``split.csv``.
    """

    name: str
    hr: Path
    lr: Path | None = None


@dataclass(frozen=True)
class Sources:
    """Folders named one by one instead of by the layout of the data folder."""

    hr: Path | None = None
    lr: Path | None = None
    val_hr: Path | None = None
    val_lr: Path | None = None


def find_pairs(
    root: Path, sources: Sources, seed: int, split_file: Path | None = None
) -> dict[SplitName, list[Pair]]:
    """The pictures of each split.

    In order of precedence: ``sources``; ``split_file``; ``train/``, ``val/``, ``test/`` below
    ``root``; ``root/split.csv``; a seeded 90/10 split by group.

    Raises:
        UsageError: There are no pictures, or originals and partners do not match.
    """
    if not root.is_dir():
        raise UsageError(f"{root} is not a folder", "give the folder of pictures with --data")
    if sources.hr:
        train = _pairs_in(root, root / sources.hr, _below(root, sources.lr))
        if sources.val_hr:
            val = _pairs_in(root, root / sources.val_hr, _below(root, sources.val_lr))
            return _required({"train": train, "val": val, "test": []}, root)
        return _required(_divided(train, root, seed, split_file), root)
    if split_file:
        return _required(_divided(find_all(root), root, seed, split_file), root)
    if (root / "train").is_dir():
        parts = _split_folders(root)
        if "val" not in parts:
            return _required(
                _divided(parts["train"], root, seed, split_file) | {"test": parts.get("test", [])},
                root,
            )
        return _required({name: parts.get(name, []) for name in SPLITS}, root)
    return _required(_divided(_layout(root, root), root, seed, split_file), root)


def find_held_out(
    root: Path, split_file: Path | None = None
) -> tuple[SplitName | Literal["all"], list[Pair]]:
    """The pictures to score a model on: those of test, else those of val, else all.

    In order of precedence: ``split_file``; ``test/``, ``val/`` below ``root``; ``root/split.csv``.

    Returns:
        The split, and its pictures.

    Raises:
        UsageError: There are no pictures, or originals and partners do not match.
    """
    pairs, parts = find_all(root), _split_folders(root)
    chosen = split_file
    if not (chosen or parts.get("test") or parts.get("val")):
        own = root / "split.csv"
        chosen = own if own.is_file() else None
    if chosen:
        parts = _divided(pairs, root, 0, chosen)
    held_out: tuple[SplitName, ...] = ("test", "val")
    for name in held_out:
        if parts.get(name):
            return name, parts[name]
    return "all", pairs


def find_all(root: Path) -> list[Pair]:
    """Every picture of a data folder, whatever its split.

    Raises:
        UsageError: There are no pictures, or originals and partners do not match.
    """
    if not root.is_dir():
        raise UsageError(f"{root} is not a folder", "give the folder of pictures with --data")
    pairs = [pair for part in _split_folders(root).values() for pair in part]
    pairs = pairs or _layout(root, root)
    if not pairs:
        known = ", ".join(sorted(SUFFIXES))
        raise UsageError(f"{root} has no pictures", f"known suffixes: {known}")
    return pairs


def _split_folders(root: Path) -> dict[SplitName, list[Pair]]:
    return {name: _layout(root, root / name) for name in SPLITS if (root / name).is_dir()}


def fingerprint(pairs: list[Pair]) -> str:
    """A hash over names and contents, to tell whether two runs saw the same data."""
    digest = hashlib.sha256()
    for pair in sorted(pairs, key=lambda pair: pair.name):
        digest.update(pair.name.encode())
        for path in (pair.hr, pair.lr):
            if path:
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _below(root: Path, folder: Path | None) -> Path | None:
    return root / folder if folder else None


def _required(parts: dict[SplitName, list[Pair]], root: Path) -> dict[SplitName, list[Pair]]:
    if not parts["train"]:
        known = ", ".join(sorted(SUFFIXES))
        raise UsageError(f"{root} has no pictures to train on", f"known suffixes: {known}")
    return parts


def _divided(
    pairs: list[Pair], root: Path, seed: int, split_file: Path | None
) -> dict[SplitName, list[Pair]]:
    path = split_file or root / "split.csv"
    names = [pair.name for pair in pairs]
    chosen = read_split(path) if split_file or path.is_file() else make_split(names, seed)
    parts: dict[SplitName, list[Pair]] = {"train": [], "val": [], "test": []}
    for pair in pairs:
        if pair.name in chosen:
            parts[chosen[pair.name]].append(pair)
    if pairs and not any(parts.values()):
        raise UsageError(f"{path} names none of the pictures", f"first picture: {names[0]}")
    return parts


def _layout(root: Path, folder: Path) -> list[Pair]:
    """Pictures directly in ``folder``, or in its ``hr/`` with partners in ``lr*/`` (any case)."""
    children = sorted(child for child in folder.iterdir() if child.is_dir())
    originals = [child for child in children if child.name.lower() == "hr"]
    partners = [child for child in children if child.name.lower().startswith("lr")]
    if not originals:
        return _pairs_in(root, folder, None)
    if len(partners) > 1:
        names = ", ".join(child.name for child in partners)
        raise UsageError(f"{folder} has several lr folders ({names})", "choose with data.lr")
    return _pairs_in(root, originals[0], partners[0] if partners else None)


def _pairs_in(root: Path, hr: Path, lr: Path | None) -> list[Pair]:
    originals = pictures_in(hr)
    if lr is None:
        return [Pair(_name(path, root), path) for path in originals]
    partners = {path.relative_to(lr).with_suffix("").as_posix(): path for path in pictures_in(lr)}
    pairs = []
    for path in originals:
        stem = path.relative_to(hr).with_suffix("").as_posix()
        partner = next((partners[name] for name in partner_names(stem) if name in partners), None)
        if partner is None:
            raise UsageError(f"{path} has no partner in {lr}", f"add {lr / path.name}")
        pairs.append(Pair(_name(path, root), path, partner))
    return pairs


def partner_names(stem: str) -> list[str]:
    """Names, without suffix, that the low-resolution partner of an original may have.

    Published sets name the partner of 0001.png either 0001.png or 0001x4.png.
    """
    return [stem, *(f"{stem}{mark}" for mark in ("x2", "x3", "x4", "x8"))]


def pictures_in(folder: Path) -> list[Path]:
    """The pictures in a folder and its subfolders, by suffix, sorted; hidden ones left out.

    Raises:
        UsageError: There is no such folder.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", "check data.hr, data.lr and --data")
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file() and not _hidden(path, folder)
    )


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _name(path: Path, root: Path) -> str:
    inside = path.is_relative_to(root)
    return (path.relative_to(root) if inside else path).as_posix()
