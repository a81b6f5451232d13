"""The work of an augmentation study: folds, each kept when it is done, then the verdict."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from beyne.augmentation.benefit import Benefit, benefit
from beyne.augmentation.fold import Fold, SmallNetwork, run_fold
from beyne.augmentation.gan import find_gan
from beyne.augmentation.samples import check_sources, divisions, read_samples
from beyne.comparison.options import Listener
from beyne.comparison.record import check_record, write_record
from beyne.data import Sources, find_all, find_split, fingerprint
from beyne.doctor import Diagnosis, examine
from beyne.errors import UsageError
from beyne.evaluation.statistics import scipy_stats
from beyne.files import write_whole
from beyne.predict.device import find_device

_KIND = "augmentation"
_SOURCES = Sources(job="generate")


@dataclass(frozen=True)
class Options:
    """How to study.

    Attributes:
        folds: Parts that the pictures are divided into; each is tested once.
        repeats: Divisions into folds, each with GANs and classifiers of its own.
        side: Pixels a side at which the classifier sees pictures, a multiple of 8.
        steps: Of the classifier's optimiser, the same in every arm.
        group: What names sources, see `beyne.check`.
        split: A ``split.csv`` whose test pictures are left alone, instead of the data folder's.
        settings: Over the recipe.
        device: Where pictures are generated, as for `beyne.load`.
    """

    folds: int = 3
    repeats: int = 3
    side: int = 32
    steps: int = 300
    group: str | None = None
    split: Path | None = None
    settings: tuple[str, ...] = ()
    device: str = "auto"

    def __post_init__(self) -> None:
        for name in ("repeats", "steps"):
            if getattr(self, name) < 1:
                raise UsageError(f"--{name} {getattr(self, name)}: at least one", f"--{name} 3")
        if self.side < 8 or self.side % 8:
            raise UsageError(f"--side {self.side}: not a multiple of 8", "--side 32")
        find_device(self.device)


class Study:
    """One augmentation study in its folder.

    Args:
        source: A recipe (its name, or a TOML file) or a model.
        data: Folder with one folder of pictures per class.
        folder: Of the study; made if it is not there.
        options: How.
        listener: Is told how it goes on.

    Attributes:
        samples: All pictures but those of the test split.
        diagnosis: What the data check found.

    Raises:
        UsageError: The call is wrong; nothing was written.
        ImageError: A picture can't be read.
    """

    def __init__(
        self, source: str, data: Path, folder: Path, options: Options, listener: Listener
    ) -> None:
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file", "give a folder with -o")
        self.source, self.data, self.folder = source, data, folder
        self.options, self.listener = options, listener
        scipy_stats()
        runs = folder / "runs"
        self.gan = find_gan(source, options.settings, data, runs, options.device, listener)
        parts = find_split(data, options.split, _SOURCES)
        tested = {pair.name for pair in parts.get("test", [])}
        self.pairs = [pair for pair in find_all(data, _SOURCES) if pair.name not in tested]
        self.diagnosis: Diagnosis = examine(
            data, "generate", options.split, options.group, listener.watcher
        )
        groups = self.diagnosis.groups
        self.samples = read_samples(self.pairs, groups, options.side, self.gan.channels)
        check_sources(self.samples, options.folds)
        self.network = SmallNetwork(options.steps)
        self._call = {
            "gan": self.gan.identity,
            "data": fingerprint(self.pairs),
            "groups": dict(zip(self.samples.names, self.samples.groups, strict=True)),
            **{name: getattr(options, name) for name in ("folds", "repeats", "side", "steps")},
        }
        check_record(folder, self._call, _KIND)

    def run(self) -> tuple[list[Fold], Benefit]:
        """Work through the folds that are not done yet, and judge.

        Raises:
            UsageError: Pictures can't be divided, or the generator does not know their classes.
            KeyboardInterrupt: It was stopped; the same study again goes on.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        write_record(self.folder, self._call, _KIND)
        folds = list(self._folds())
        return folds, benefit(folds, self._call["groups"])

    @property
    def final_seed(self) -> int:
        """Of the generator that learns from all pictures."""
        return 100 * self.options.folds * self.options.repeats

    def _folds(self) -> Iterator[Fold]:
        folder, options = self.folder / "folds", self.options
        folder.mkdir(exist_ok=True)
        for repeat in range(options.repeats):
            for fold, (train, test) in enumerate(divisions(self.samples, options.folds, repeat)):
                path = folder / f"{repeat}-{fold}.json"
                if not path.is_file():
                    self.listener.message(f"repeat {repeat + 1}, fold {fold + 1}")
                    done = run_fold(
                        self.samples.take(train),
                        self.samples.take(test),
                        self.gan,
                        self.network,
                        (repeat, fold),
                        seed=100 * (repeat * options.folds + fold),
                    )
                    write_whole(path, json.dumps(asdict(done), indent=1).encode())
                yield Fold(**json.loads(path.read_text(encoding="utf-8")))


def chosen(values: list[float]) -> float:
    """What most folds chose; of several the smallest."""
    counts = Counter(values)
    return min(counts, key=lambda value: (-counts[value], value))
