"""The pictures a generator was trained on, those held out, and copies told by them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from torch import Tensor

from beyne.bundle import ModelCard
from beyne.data import Pair, Sources, class_of, find_pairs, fingerprint, read_whole
from beyne.data.crops import stacked
from beyne.errors import UsageError
from beyne.evaluation.memorisation import CopyCheck
from beyne.evaluation.painters import in_turn
from beyne.metrics.features import chosen_features
from beyne.zoo import BEST


def trained_and_held_out(
    card: ModelCard, data: Path, split: Path | None = None
) -> tuple[list[Pair], list[Pair]]:
    """Pictures of a data folder that a generator was trained on, and those that it was not.

    A folder that states no split is divided as the model's training divided it, by its seed. Of a
    model with labels only pictures in folders of these names count.

    Raises:
        UsageError: There are no pictures, or none of one of the two.
    """
    seed = card.provenance.get("recipe", {}).get("train", {}).get("seed", 0)
    parts = find_pairs(data, Sources(job="generate"), seed, split)
    train, held_out = (
        [pair for pair in pairs if not card.labels or class_of(pair.name) in card.labels]
        for pairs in (parts["train"], [*parts["val"], *parts["test"]])
    )
    if not (train and held_out):
        part = "held out of training" if train else "to train on"
        labels = f" in folders {', '.join(card.labels[:5])}" if card.labels else ""
        raise UsageError(f"{data} has no pictures {part}{labels}", "say which are with --split")
    return train, held_out


def split_of(model: str | Path, split: str | Path | None = None) -> Path | None:
    """The ``split.csv`` to obey: the given one, else that of the run a model is in, else none."""
    if split:
        return Path(split)
    run = Path(model) if Path(model).is_dir() else Path(model).parent
    own = run / "split.csv"
    return own if own.is_file() and (run / BEST).is_file() else None


def as_learned(pairs: Sequence[Pair], card: ModelCard) -> Tensor:
    """Pictures cut and resampled as for the generator's training: ``(N, C, H, W)`` in [0, 1].

    Raises:
        ImageError: One can't be read.
        UsageError: One has other bands.
    """
    size = card.generator["height"], card.generator["width"]
    return stacked([read_whole(pair, card.channels_out, size) for pair in pairs])


def labels_like(held_out: Sequence[Pair], card: ModelCard, number: int) -> list[str | None]:
    """What a generator is asked for when held-out pictures judge it: what these show, in turn."""
    if not card.labels:
        return [None] * number
    classes = [class_of(pair.name) for pair in held_out]
    return in_turn([label for label in classes if label in card.labels] or card.labels, number)


def doubt(card: ModelCard, train: Sequence[Pair]) -> str:
    """What to say if a model states that it was trained on other pictures; else empty."""
    stated = card.provenance.get("data", {}).get("fingerprint")
    if stated is None or stated == fingerprint(list(train)):
        return ""
    return f"{card.name} was trained on other pictures than these: copies of those go unseen"


def copy_check(
    card: ModelCard,
    data: Path,
    split: Path | None = None,
    message: Callable[[str], None] = lambda text: None,
) -> CopyCheck:
    """The check against copies for a generator's model.

    Args:
        card: The model's.
        data: Folder of the pictures it was trained on and of others like them.
        split: A ``split.csv`` that tells which are which; None: the folder's own, see
            `trained_and_held_out`.
        message: Is told of doubts.

    Raises:
        UsageError: There are too few pictures, or they do not fit the model.
        ImageError: One can't be read.
    """
    train, held_out = trained_and_held_out(card, data, split)
    if words := doubt(card, train):
        message(words)
    return CopyCheck(as_learned(train, card), as_learned(held_out, card), chosen_features())
