"""Find the pictures of a data set: originals, with their small partners or without; pairs a, b."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from beyne.data.pairs import (
    GENERATING,
    Pair,
    Sources,
    by_stem,
    name_below,
    pictures_in,
    what_is_there,
)
from beyne.data.sides import TABLE, listed, sides, unpaired
from beyne.data.split import SPLITS, SplitName, make_split, read_split
from beyne.errors import UsageError

#: An upscale data set in which no folder is named.
BY_LAYOUT = Sources()


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
        return _required(_divided(find_all(root, sources), root, seed, split_file), root)
    parts = _split_folders(root, sources)
    if "train" in parts:
        if "val" not in parts:
            return _required(
                _divided(parts["train"], root, seed, split_file) | {"test": parts.get("test", [])},
                root,
            )
        return _required({name: parts.get(name, []) for name in SPLITS}, root)
    return _required(_divided(_layout(root, root, sources), root, seed, split_file), root)


def find_held_out(
    root: Path, split_file: Path | None = None, sources: Sources = BY_LAYOUT
) -> tuple[SplitName | Literal["all"], list[Pair]]:
    """The pictures to score a model on: those of test, else those of val, else all.

    Arguments and errors as for `find_split`.

    Returns:
        The split, and its pictures.
    """
    parts = find_split(root, split_file, sources)
    held_out: tuple[SplitName, ...] = ("test", "val")
    for name in held_out:
        if parts.get(name):
            return name, parts[name]
    return "all", find_all(root, sources)


def find_split(
    root: Path, split_file: Path | None = None, sources: Sources = BY_LAYOUT
) -> Mapping[SplitName, list[Pair]]:
    """The pictures of each split that there is; none is made.

    In order of precedence: ``split_file``; ``test/``, ``val/`` below ``root``; ``root/split.csv``.

    Args:
        root: The data folder.
        split_file: A ``split.csv`` to obey.
        sources: What the folder is for.

    Raises:
        UsageError: There are no pictures.
    """
    pairs, parts = find_all(root, sources), _split_folders(root, sources)
    chosen = split_file
    if not (chosen or parts.get("test") or parts.get("val")):
        own = root / "split.csv"
        chosen = own if own.is_file() else None
    return _divided(pairs, root, 0, chosen) if chosen else parts


def find_all(root: Path, sources: Sources = BY_LAYOUT) -> list[Pair]:
    """Every picture of a data folder, whatever its split.

    An original without its partner is among them: reading it fails, see `check_partners`.

    Raises:
        UsageError: There are no pictures.
    """
    if not root.is_dir():
        raise UsageError(f"{root} is not a folder", "give the folder of pictures with --data")
    pairs = [pair for part in _split_folders(root, sources).values() for pair in part]
    pairs = pairs or _layout(root, root, sources)
    if not pairs:
        raise UsageError(f"{root} has no pictures", what_is_there(root))
    return pairs


def find_unpaired(root: Path, sources: Sources) -> list[Path]:
    """Pictures of a translate data set that have no partner and are left out."""
    folders = [root / name for name in SPLITS if (root / name).is_dir()] or [root]
    return [path for folder in folders for path in unpaired(folder, sources)]


def _split_folders(root: Path, sources: Sources) -> dict[SplitName, list[Pair]]:
    if sources.job == "translate" and (root / TABLE).is_file():
        pairs = listed(root, root / TABLE)
        parts = {name: [p for p in pairs if p.name.startswith(f"{name}/")] for name in SPLITS}
        return {name: part for name, part in parts.items() if part}
    return {n: _layout(root, root / n, sources) for n in SPLITS if (root / n).is_dir()}


def check_partners(pairs: list[Pair]) -> None:
    """Raise a `UsageError` that names the first original without its low-resolution partner."""
    for pair in pairs:
        if pair.lr and not pair.lr.exists():
            raise UsageError(f"{pair.name} has no partner in {pair.lr.parent}", f"add {pair.lr}")


def fingerprint(pairs: list[Pair]) -> str:
    """A hash over names and contents, to tell whether two runs saw the same data."""
    digest = hashlib.sha256()
    for pair in sorted(pairs, key=lambda pair: pair.name):
        digest.update(pair.name.encode())
        for path in (pair.hr, pair.lr):
            if path and path.exists():
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def content_of(pair: Pair) -> str:
    """A hash of what is to be made, whatever its file is called."""
    return hashlib.sha256(pair.hr.read_bytes()).hexdigest()[:16]


def _below(root: Path, folder: Path | None) -> Path | None:
    return root / folder if folder else None


def _required(parts: dict[SplitName, list[Pair]], root: Path) -> dict[SplitName, list[Pair]]:
    if not parts["train"]:
        raise UsageError(f"{root} has no pictures to train on", what_is_there(root))
    for pairs in parts.values():
        check_partners(pairs)
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


def _layout(root: Path, folder: Path, sources: Sources) -> list[Pair]:
    """Pictures directly in ``folder``, or in its ``hr/`` with partners in ``lr*/`` (any case)."""
    if sources.job == "translate":
        return sides(root, folder, sources)
    if sources.job in GENERATING:
        return _pairs_in(root, folder, None)
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
    if lr is None:
        return [Pair(name_below(path, root), path) for path in pictures_in(hr)]
    partners, pairs = by_stem(lr), []
    for stem, path in by_stem(hr).items():
        partner = next((partners[name] for name in partner_names(stem) if name in partners), None)
        pairs.append(Pair(name_below(path, root), path, partner or lr / path.relative_to(hr)))
    return pairs


def partner_names(stem: str) -> list[str]:
    """Names, without suffix, that the low-resolution partner of an original may have.

    Published sets name the partner of 0001.png either 0001.png or 0001x4.png.
    """
    return [stem, *(f"{stem}{mark}" for mark in ("x2", "x3", "x4", "x8"))]
