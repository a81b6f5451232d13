"""The work of a comparison: freeze the split, train, score. What is done is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from beyne import training
from beyne.comparison.arms import Arm, common_scale, find_arms
from beyne.comparison.budget import Budget
from beyne.data import Pair, Sources, find_all, find_unseen, fingerprint, write_split
from beyne.doctor import Diagnosis, Watcher, examine
from beyne.errors import BeyneError, UsageError
from beyne.evaluation import evaluate
from beyne.evaluation.enlargers import (
    PLAIN,
    Enlarger,
    find_enlarger,
    model_file,
    sources_of,
)
from beyne.evaluation.scores import Scores, read_scores, write_scores
from beyne.evaluation.statistics import Values, Verdict, verdicts
from beyne.files import write_whole
from beyne.metrics import METRICS
from beyne.predict.files import Failure

_CALL = "comparison.json"


@dataclass
class Listener:
    """Where a comparison reports to; the defaults keep silent."""

    message: Callable[[str], None] = lambda text: None
    #: done, in all, newest values: training images of a run, or pictures scored
    progress: Callable[[int, int, dict[str, float]], None] = lambda done, total, values: None
    watcher: Watcher | None = None  # of the data check


@dataclass(frozen=True)
class Options:
    """How to compare.

    Attributes:
        seeds: Trainings of each recipe.
        budget: Length of each; None: as the recipes say.
        split: A ``split.csv`` to obey instead of the data folder's.
        scale: Enlargement; None: the smallest that the arms make.
        metric: That decides; None: LPIPS if it could be measured, or else PSNR.
        device: As for `beyne.load`.
        settings: Over every recipe; of a translation also where its sides are.
        debug: Let errors nobody foresaw through.
    """

    seeds: int = 3
    budget: Budget | None = None
    split: Path | None = None
    scale: int | None = None
    metric: str | None = None
    device: str = "auto"
    settings: tuple[str, ...] = ()
    debug: bool = False

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise UsageError(f"--seeds {self.seeds}: at least one", "--seeds 3")
        if self.metric is not None and self.metric not in METRICS:
            raise UsageError(f"there is no metric '{self.metric}'", f"one of {', '.join(METRICS)}")


@dataclass
class Comparison:
    """What a comparison found.

    Attributes:
        arms: Those that were scored.
        names: Pictures, in the order of all columns.
        part: Split they are of, or ``all``.
        tables: Arm → its scores, one table for each seed.
        metric: That the verdicts are about.
        verdicts: Every pair of arms, p corrected for their number.
        failed: Arms and pictures that came to nothing.
        seconds: Arm → seconds that the enlargement of a picture took, where it was measured.
    """

    arms: tuple[Arm, ...]
    names: tuple[str, ...]
    part: str
    tables: dict[str, tuple[Scores, ...]]
    metric: str
    verdicts: tuple[Verdict, ...]
    failed: tuple[Failure, ...]
    seconds: dict[str, float] = field(default_factory=dict)

    def values(self, arm: str, metric: str) -> Values:
        """Scores of an arm, ``(seeds, pictures)``."""
        return np.stack([table.values(metric, self.names) for table in self.tables[arm]])

    @property
    def metrics(self) -> tuple[str, ...]:
        """Those that every arm has, in the order of `METRICS`."""
        columns = [table.columns.keys() for tables in self.tables.values() for table in tables]
        return tuple(name for name in METRICS if all(name in column for column in columns))

    @property
    def best(self) -> str:
        """The arm with the best mean of the metric that decides."""
        means = {a.name: float(np.nanmean(self.values(a.name, self.metric))) for a in self.arms}
        choose = min if METRICS[self.metric].better == "lower" else max
        return choose(means, key=means.__getitem__)


class Study:
    """One comparison in its folder.

    Args:
        sources: What is compared, see `beyne.comparison.arms`.
        data: Folder of originals, or with ``hr/`` and ``lr*/``.
        folder: Of the comparison; made if it is not there.
        options: How.
        listener: Is told how it goes on.

    Raises:
        UsageError: The call is wrong; nothing was written.
    """

    def __init__(
        self,
        sources: Sequence[str],
        data: Path,
        folder: Path,
        options: Options,
        listener: Listener,
    ) -> None:
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file", "give a folder with -o")
        self.sources, self.data, self.folder = tuple(sources), data, folder
        self.options, self.listener = options, listener
        self.arms = find_arms(sources, options.settings)
        self.sources_of_data = _sources(self.arms, options.settings)
        self.scale = common_scale(self.arms, options.scale)
        if any(arm.trained for arm in self.arms):
            training.require_extra()
        self.diagnosis: Diagnosis = examine(
            data, self.arms[0].job, options.split, None, listener.watcher, self.sources_of_data
        )
        self.part, self.pairs = self._scored()
        self._check_call()

    def run(self) -> Comparison:
        """Train and score what is not done yet; one arm that fails leaves the others.

        Raises:
            BeyneError: Fewer than two arms could be scored.
            KeyboardInterrupt: It was stopped; the same comparison again goes on.
        """
        self._begin()
        tables: dict[str, tuple[Scores, ...]] = {}
        failed: list[Failure] = []
        for arm in self.arms:
            try:
                tables[arm.name] = tuple(self._tables(arm))
            except BeyneError as error:
                failed.append(Failure.of(arm.name, error))
            except Exception as error:
                if self.options.debug:
                    raise
                problem = f"an error nobody foresaw ({type(error).__name__}: {error})"
                failed.append(Failure(arm.name, problem, "the same with --debug shows more"))
        failed += dict.fromkeys(f for t in tables.values() for table in t for f in table.failed)
        for failure in failed:
            self.listener.message(str(failure))
        if len(tables) < 2:
            problem = f"{len(tables)} of {len(self.arms)} arms could be scored, and two are needed"
            raise BeyneError(problem, str(failed[0]) if failed else "")
        return self._compared(tables, failed)

    def enlarger(self, arm: Arm) -> Enlarger:
        """What applies an arm: of a recipe its first seed's best model."""
        source = self.run_folder(arm, 0) if arm.trained else arm.source
        return self._enlarger(source)

    def run_folder(self, arm: Arm, seed: int) -> Path:
        """Of a trained arm."""
        return self.folder / "runs" / f"{_slug(arm.name)}-{seed}"

    def _enlarger(self, source: str | Path) -> Enlarger:
        scale, device = self.scale, self.options.device
        return find_enlarger(source, scale, None, device, training=self._of("train"))

    def _of(self, part: str) -> list[Pair]:
        split = self.diagnosis.split
        pairs = find_all(self.data, self.sources_of_data)
        return [pair for pair in pairs if split.get(pair.name) == part]

    def _scored(self) -> tuple[str, list[Pair]]:
        """Pictures that no arm was trained on."""
        if not any(arm.trained for arm in self.arms):
            runs = [Path(arm.source) / "split.csv" for arm in self.arms]
            kept = next((path for path in runs if path.is_file()), None)
            return find_unseen(self.data, self.options.split, kept, self.sources_of_data)
        chosen = [name for name in ("test", "val") if name in self.diagnosis.split.values()]
        if not chosen:
            problem = f"{self.data} has no pictures to keep from training: all are of one group"
            raise UsageError(problem, "add pictures, or name groups in metadata.csv")
        return chosen[0], self._of(chosen[0])

    def _call(self) -> dict[str, Any]:
        """What must be the same when the comparison goes on."""
        budget = self.options.budget
        return {
            "arms": {arm.name: _identity(arm) for arm in self.arms},
            "data": fingerprint(self.pairs),
            "scale": self.scale,
            "seeds": self.options.seeds,
            "budget": asdict(budget) if budget else None,
        }

    def _check_call(self) -> None:
        path = self.folder / _CALL
        if not path.is_file():
            if self.folder.is_dir() and any(self.folder.iterdir()):
                problem = f"{self.folder} is not empty and holds no comparison"
                raise UsageError(problem, "use another -o")
            return
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise UsageError(f"{path} is damaged", "use another -o") from None
        changed = [name for name, value in self._call().items() if before.get(name) != value]
        if changed:
            problem = f"{self.folder} holds another comparison: {', '.join(changed)} differ"
            raise UsageError(problem, "use another -o")

    def _begin(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self.folder / _CALL, json.dumps(self._call(), indent=1).encode())
        write_split(self.folder / "split.csv", self.diagnosis.split, self.diagnosis.groups)
        self.listener.message(f"{len(self.pairs)} pictures to score ({self.part})")

    def _tables(self, arm: Arm) -> Iterator[Scores]:
        """The arm's scores, one table for each seed."""
        for seed in range(self.options.seeds if arm.trained else 1):
            label = f"{arm.name}, seed {seed}" if arm.trained else arm.name
            path = self.folder / "scores" / f"{_slug(arm.name)}-{seed}.csv"
            if not path.is_file():
                if arm.trained:
                    self._train(arm, seed, label)
                source = self.run_folder(arm, seed) if arm.trained else arm.source
                self._score(arm, source, seed, label, path)
            yield read_scores(path)[0]

    def _train(self, arm: Arm, seed: int, label: str) -> None:
        run, split = self.run_folder(arm, seed), self.folder / "split.csv"
        settings = [f"train.seed={seed}"]
        if self.options.budget:
            settings.append(f"train.images={self._images(arm, self.options.budget)}")
        self.listener.message(f"training {label}")
        finished = training.train(
            arm.recipe(settings),
            self.data,
            run,
            split,
            message=self.listener.message,
            progress=self.listener.progress,
        )
        if not finished:
            raise KeyboardInterrupt

    def _images(self, arm: Arm, budget: Budget) -> int:
        """Training images of each seed, measured once where the budget is in minutes."""
        path = self.folder / "runs" / f"{_slug(arm.name)}.images"
        if not path.is_file():
            split = self.folder / "split.csv"
            images = budget.images(arm.recipe(), self.data, self.run_folder(arm, 0), split)
            path.parent.mkdir(exist_ok=True)
            write_whole(path, str(images).encode())
        return int(path.read_text(encoding="utf-8"))

    def _score(self, arm: Arm, source: str | Path, seed: int, label: str, path: Path) -> None:
        self.listener.message(f"scoring {label}")
        enlarger = self._enlarger(source)
        listener = evaluate.Listener(
            self.listener.message, lambda done, total: self.listener.progress(done, total, {})
        )
        named = f"{self.data.resolve().name}, {self.part}"
        scores = evaluate.score(enlarger, self.pairs, named, listener=listener)
        path.parent.mkdir(exist_ok=True)
        kept = replace(scores, model=arm.name, seed=seed if arm.trained else None)
        write_scores(path, kept)

    def _compared(self, tables: dict[str, tuple[Scores, ...]], failed: list[Failure]) -> Comparison:
        arms = tuple(arm for arm in self.arms if arm.name in tables)
        names = tuple(pair.name for pair in self.pairs)
        found = Comparison(arms, names, self.part, tables, "", (), tuple(failed))
        found.metric = self._metric(found.metrics)
        columns = {arm.name: found.values(arm.name, found.metric) for arm in arms}
        metric = METRICS[found.metric]
        assert metric.better is not None
        found.verdicts = tuple(verdicts(columns, metric.better, metric.unit or metric.title))
        every = [table for tables in found.tables.values() for table in tables]
        write_scores(self.folder / "scores.csv", *every)
        return found

    def _metric(self, measured: Sequence[str]) -> str:
        wanted = self.options.metric
        if wanted and (wanted not in measured or METRICS[wanted].better is None):
            known = ", ".join(name for name in measured if METRICS[name].better)
            raise UsageError(f"--metric {wanted} can't decide here", f"one of {known}")
        return wanted or ("lpips" if "lpips" in measured else "psnr")


def _sources(arms: Sequence[Arm], settings: Sequence[str]) -> Sources:
    """Where the pictures are: as the first recipe says, else as the first model."""
    trained = [arm for arm in arms if arm.trained]
    if trained:
        return trained[0].recipe().sources
    models = [arm for arm in arms if arm.source not in PLAIN]
    return sources_of((models or arms)[0].source, settings)


def _identity(arm: Arm) -> str:
    """What the arm is, as text that changes with it."""
    if arm.trained:
        return json.dumps(arm.recipe().plain(), sort_keys=True)
    if arm.source in PLAIN:
        return arm.source
    return hashlib.sha256(model_file(arm.source).read_bytes()).hexdigest()


def _slug(name: str) -> str:
    return name.replace(" ", "-")
