"""Where generated pictures come from: a recipe, trained in each fold, or a finished model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from beyne import training
from beyne.augmentation.samples import Samples
from beyne.bundle import load, read_card
from beyne.comparison.arms import PREFIX
from beyne.comparison.options import Listener
from beyne.data import write_split
from beyne.data.split import SplitName
from beyne.errors import UsageError
from beyne.evaluation.enlargers import model_file
from beyne.predict.fitting import check_job
from beyne.predict.sampler import Sampler
from beyne.recipe import load_recipe, presets
from beyne.zoo import BEST

_SEEDS = 1_000_000  # of pictures of one generator


class FinishedGan:
    """A model file; a `Painter`, whatever it was trained on.

    Attributes:
        name: For reports.
        seen: Whether it may have seen the pictures of any fold.
        identity: Text that changes with what it is.
        channels: Bands of what it makes; None: as the pictures have.
    """

    seen = True
    channels: int | None

    def __init__(self, source: str, device: str) -> None:
        self._path, self._device = model_file(source), device
        card = read_card(self._path)
        check_job(card, "generate")
        self.name, self.channels = card.name, card.channels_out
        self.identity = hashlib.sha256(self._path.read_bytes()).hexdigest()

    def sampler(self, train: Samples, held_out: Samples, seed: int) -> Sampler:
        """What paints for these training pictures."""
        return Sampler(load(self._path), self._device)

    def __call__(
        self, train: Samples, held_out: Samples, numbers: Mapping[str, int], seed: int
    ) -> dict[str, Tensor]:
        """Pictures by class, as `beyne.augmentation.fold.Painter` says.

        Raises:
            UsageError: The generator knows no labels, or not all of these.
        """
        sampler = self.sampler(train, held_out, seed)
        check_labels(sampler, numbers)
        return {
            label: torch.cat([sampler.image(n, label) for n in seeds(seed, number)])
            for label, number in numbers.items()
        }


class TrainedGan(FinishedGan):
    """A recipe, trained anew for every fold, on its training part alone.

    Args:
        source: Name of a recipe, or its TOML file.
        settings: Texts such as ``"train.images=8000"`` laid over it.
        data: Folder of the pictures.
        runs: Folder of the runs.
        device: Where it samples; training takes the GPU that is there.
        listener: Is told how training goes.
    """

    seen = False

    def __init__(
        self,
        source: str,
        settings: Sequence[str],
        data: Path,
        runs: Path,
        device: str,
        listener: Listener,
    ) -> None:
        self._source, self._settings, self._data, self._runs = source, settings, data, runs
        self._device, self._listener = device, listener
        recipe = load_recipe(source, list(settings))
        if recipe.job != "generate":
            problem = f"the recipe {recipe.name} is to {recipe.job} pictures, not to generate them"
            raise UsageError(problem, "beyne augment gan-small")
        training.require_extra()
        self.name, self.channels = recipe.name, recipe.generator.get("channels")
        self.identity = json.dumps(recipe.plain(), sort_keys=True)

    def sampler(self, train: Samples, held_out: Samples, seed: int) -> Sampler:
        """Train, or go on training, and take the best model.

        Raises:
            KeyboardInterrupt: Ctrl-C stopped it; the same call goes on.
        """
        run, split_file = self._runs / str(seed), self._runs / f"{seed}.csv"
        self._runs.mkdir(parents=True, exist_ok=True)
        parts: tuple[tuple[SplitName, Samples], ...] = ("train", train), ("val", held_out)
        split = {name: part for part, samples in parts for name in samples.names}
        groups = {n: g for _, part in parts for n, g in zip(part.names, part.groups, strict=True)}
        write_split(split_file, split, groups)
        recipe = load_recipe(self._source, [*self._settings, f"train.seed={seed}"])
        message, progress = self._listener.message, self._listener.progress
        if not training.train(
            recipe, self._data, run, split_file, message=message, progress=progress
        ):
            raise KeyboardInterrupt
        return Sampler(load(run / BEST), self._device)


def find_gan(
    source: str,
    settings: Sequence[str],
    data: Path,
    runs: Path,
    device: str,
    listener: Listener,
) -> FinishedGan:
    """What is meant by the source: a recipe's name or TOML file, else a model; see `TrainedGan`.

    Raises:
        UsageError: There is no such recipe or model, or it generates nothing.
    """
    name = source.removeprefix(PREFIX)
    if name != source or Path(source).suffix == ".toml" or name in presets():
        return TrainedGan(name, settings, data, runs, device, listener)
    if settings:
        raise UsageError(f"--set {settings[0]}: {source} is no recipe", "leave it out")
    return FinishedGan(source, device)


def seeds(seed: int, number: int) -> range:
    """Of the pictures of each class that a generator paints."""
    return range(_SEEDS * seed, _SEEDS * seed + number)


def check_labels(sampler: Sampler, wanted: Mapping[str, int]) -> None:
    """Raise a `UsageError` unless the generator can be asked for each of these classes."""
    if missing := sorted(set(wanted) - set(sampler.card.labels)):
        problem = f"{sampler.card.name} knows no label '{missing[0]}'"
        known = ", ".join(sampler.card.labels) or "none"
        raise UsageError(problem, f"train it on the folders of these classes; it knows {known}")
