"""Pictures that no model was trained on, as far as their runs tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from beyne.bundle import read_card
from beyne.config import read_toml
from beyne.data import (
    Pair,
    Sources,
    content_of,
    find_all,
    find_held_out,
    find_pairs,
    find_split,
    fingerprint,
    read_contents,
    read_split,
)
from beyne.data.folder import BY_LAYOUT
from beyne.errors import UsageError
from beyne.zoo import BEST


def find_unseen(
    root: Path,
    split_file: Path | None = None,
    models: Iterable[str | Path] = (),
    sources: Sources = BY_LAYOUT,
) -> tuple[str, list[Pair]]:
    """The pictures to score models on: held out, and not among what a run was trained on.

    Args:
        root: The data folder.
        split_file: A ``split.csv`` to obey, see `beyne.data.find_held_out`.
        models: Runs among them say by their ``split.csv`` what they have seen; of model files
            see `stated`.
        sources: What the folder is for.

    Returns:
        What they are, in words, and the pictures.

    Raises:
        UsageError: There are none, or originals and partners do not match.
    """
    part, pairs = find_held_out(root, split_file, sources)
    seen = seen_by(models, pairs, root, split_file, sources)
    left = [pair for pair in pairs if pair.name not in seen]
    words = "all pictures" if part == "all" else f"split {part}"
    if not left:
        problem = f"every picture of {root} ({words}) was among those that a run was trained on"
        raise UsageError(problem, "score it on other pictures")
    if len(left) < len(pairs):
        words += f" but {len(pairs) - len(left)} that a run was trained on"
    return words, left


def seen_by(
    models: Iterable[str | Path],
    pairs: list[Pair],
    root: Path,
    split_file: Path | None = None,
    sources: Sources = BY_LAYOUT,
) -> set[str]:
    """Names of pictures that models were trained on, as far as their runs or cards tell.

    Args:
        pairs: The pictures in question.
        root: Their folder; else as for `find_unseen`.
    """
    seen = set()
    for model in map(Path, models):
        seen |= trained_on(model, pairs) or stated(model, root, split_file, sources)
    return seen


def trained_on(run: Path, pairs: list[Pair]) -> set[str]:
    """Names of the pictures that a run, or the run of a model file, trained on.

    These are copies of its training pictures, whatever they are called, and where there is one,
    also those of its names. Without one this is another data set whose files are called alike.
    Runs that keep no contents go by names alone, unless all of theirs are here and differ.
    """
    run = run.parent if run.is_file() else run
    split, recipe = run / "split.csv", run / "recipe.toml"
    if not (split.is_file() and (run / BEST).is_file()):
        return set()
    seen = {name for name, part in read_split(split).items() if part == "train"}
    if contents := read_contents(split):
        kept = {content for name, content in contents.items() if name in seen}
        copies = {pair.name for pair in pairs if content_of(pair) in kept}
        return seen | copies if copies else set()
    known = read_toml(recipe).get("run") if recipe.is_file() else None
    here = [pair for pair in pairs if pair.name in seen]
    if isinstance(known, dict) and len(here) == len(seen):
        return seen if fingerprint(here) == known.get("fingerprint") else set()
    return seen


def stated(
    model: Path, root: Path, split_file: Path | None = None, sources: Sources = BY_LAYOUT
) -> set[str]:
    """Names of the pictures of a folder that a model file, away from its run, was trained on.

    Its card has a fingerprint of them. It is looked for among the divisions that the training may
    have had: all pictures, those that a split has for training, and the one by the training's seed.
    None of them means that it learned from other pictures, or from these in a way unknown here.
    """
    if not model.is_file():
        return set()
    made = read_card(model).provenance
    known, seed = made.get("data", {}), made.get("recipe", {}).get("train", {}).get("seed", 0)
    for train in _divisions(root, split_file, sources, seed):
        # Contents are only read where the numbers agree.
        if len(train) == known.get("pictures") and fingerprint(train) == known.get("fingerprint"):
            return {pair.name for pair in train}
    return set()


def _divisions(
    root: Path, split_file: Path | None, sources: Sources, seed: int
) -> Iterator[list[Pair]]:
    yield find_all(root, sources)
    yield list(find_split(root, split_file, sources).get("train", []))
    with suppress(UsageError):  # nothing there to train on
        yield find_pairs(root, sources, seed)["train"]
