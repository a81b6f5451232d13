"""The work of a comparison: freeze the split, train, score. What is done is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from beyne import training
from beyne.comparison.arms import Arm, common_scale, common_sources, find_arms
from beyne.comparison.budget import Budget
from beyne.comparison.illustrated import captions_of, study_of
from beyne.comparison.options import Listener, Options
from beyne.comparison.record import check_record, digest, identity, write_record
from beyne.comparison.result import Comparison
from beyne.data import (
    Pair,
    check_partners,
    content_of,
    find_all,
    fingerprint,
    make_split,
    read_split,
    write_split,
)
from beyne.data.pairs import GENERATING
from beyne.data.split import SplitName
from beyne.doctor import Diagnosis, examine
from beyne.errors import BeyneError, UsageError, foreseen
from beyne.evaluation import evaluate
from beyne.evaluation.enlargers import PLAIN, Enlarger, find_enlarger
from beyne.evaluation.generators import check_enough
from beyne.evaluation.measures import load_metrics
from beyne.evaluation.scores import Scores, read_scores, write_scores
from beyne.evaluation.statistics import scipy_stats
from beyne.evaluation.unseen import find_unseen, seen_by, trained_on
from beyne.files import write_whole
from beyne.metrics import COLUMNS
from beyne.predict.device import find_device
from beyne.predict.files import Failure


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
        self.sources_of_data = common_sources(self.arms, options.settings)
        self.everything = find_all(data, self.sources_of_data)
        self.scale = common_scale(self.arms, options.scale)
        scipy_stats()
        if self.trains:
            check_partners(self.everything)
            if options.bands:
                raise UsageError("--bands: a recipe trains on all bands", "compare models alone")
            training.require_extra()
        if options.metric and COLUMNS[options.metric].loaded:
            missing = load_metrics(find_device(options.device))[1].get(options.metric)
            if missing:
                raise UsageError(f"--metric {options.metric}: {missing}")
        if options.split:
            read_split(options.split)
        self.captions = captions_of(self.arms, data, options.settings)
        # Captions that lie elsewhere are not for the doctor, who looks at this folder.
        job = "generate" if self.captions and self.captions.parent != data else self.arms[0].job
        self.diagnosis: Diagnosis = examine(
            data, job, options.split, None, listener.watcher, self.sources_of_data
        )
        self.split = self._frozen()
        self.part, pairs = self._scored()
        self.named = f"{data.resolve().name}, {self.part}"
        known = self._of("train"), pairs, self.named, options.device
        self.generated = study_of(*known, self.captions, self.diagnosis.groups)
        self.pairs = list(self.generated.held_out)
        if self.generates:
            check_enough(self.pairs, self.part)
        budget = asdict(options.budget) if options.budget else None
        self._call = {
            "arms": {arm.name: identity(arm) for arm in self.arms},
            "data": fingerprint(self.everything),
            "split": dict(sorted(self.split.items())),
            "scale": self.scale,
            "bands": options.bands and str(options.bands),
            "seeds": options.seeds,
            "budget": budget,
            "captions": self.captions and digest(self.captions),
        }
        check_record(folder, self._call)

    def run(self) -> Comparison:
        """Train and score what is not done yet; one arm that fails leaves the others.

        Raises:
            BeyneError: Fewer than two arms could be scored.
            KeyboardInterrupt: It was stopped; the same comparison again goes on.
        """
        self._begin()
        tables: dict[str, tuple[Scores, ...]] = {}
        failed: list[Failure] = []
        # Baselines last: they take the size of what others paint, which may be trained first.
        for arm in sorted(self.arms, key=lambda arm: arm.source in PLAIN):
            try:
                tables[arm.name] = tuple(self._tables(arm))
            except Exception as error:
                if known := foreseen(error):
                    failed.append(Failure.of(arm.name, known))
                    continue
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
        return self._enlarger(self.source(arm))

    def run_folder(self, arm: Arm, seed: int) -> Path:
        """Of a trained arm."""
        return self.folder / "runs" / f"{arm.slug}-{seed}"

    @property
    def generates(self) -> bool:
        """Whether the arms are generators."""
        return self.arms[0].job in GENERATING

    @property
    def repeats(self) -> bool:
        """Whether any arm is scored once for each seed."""
        return self.trains or self.generates

    def source(self, arm: Arm, seed: int = 0) -> str | Path:
        """What applies an arm: of a recipe the run of a seed."""
        return self.run_folder(arm, seed) if arm.trained else arm.source

    def like(self, arm: Arm) -> str | Path:
        """The generator whose size and bands an arm has; that of another for a baseline."""
        others = (one for one in self.arms if one.source not in PLAIN)
        return self.source(next(others) if arm.source in PLAIN else arm)

    @property
    def trains(self) -> bool:
        """Whether any arm is a recipe."""
        return any(arm.trained for arm in self.arms)

    def _frozen(self) -> Mapping[str, SplitName]:
        """The split of all arms: that of the data or the doctor's, with pictures to validate on."""
        kept = self.folder / "split.csv"
        if kept.is_file():
            return read_split(kept)
        split, groups = self.diagnosis.split, self.diagnosis.groups
        if not split and self.trains:
            problem = next(
                (f.problem for f in self.diagnosis.findings if f.severity == "error"), ""
            )
            raise UsageError(f"{self.data} has no usable split; {problem}", "see beyne check")
        if self.repeats and "val" not in split.values():
            train = [file for file, part in split.items() if part == "train"]
            split = split | make_split(train, 0, {"val": 0.1}, groups)
        return split

    def _enlarger(self, source: str | Path) -> Enlarger:
        scale, device = self.scale, self.options.device
        return find_enlarger(source, scale, None, device, training=self._of("train"))

    def _of(self, part: str) -> list[Pair]:
        return [pair for pair in self.everything if self.split.get(pair.name) == part]

    def _scored(self) -> tuple[str, list[Pair]]:
        """Pictures that no arm was trained on."""
        runs = [arm.source for arm in self.arms if not arm.trained]
        if not self.repeats:
            return find_unseen(self.data, self.options.split, runs, self.sources_of_data)
        part = next((name for name in ("test", "val") if name in self.split.values()), None)
        if part is None:
            problem = f"{self.data} has no pictures to keep from training: all are of one group"
            raise UsageError(problem, "add pictures, or name groups in metadata.csv")
        where = self.data, self.options.split, self.sources_of_data
        seen = seen_by(runs, self.everything, *where)
        kept, trained = self._of(part), {content_of(pair) for pair in self._of("train")}
        left = [p for p in kept if p.name not in seen and content_of(p) not in trained]
        if not left:
            problem = f"every picture of split {part} was trained on by an arm"
            raise UsageError(problem, "give --split the split.csv of that arm's training")
        fewer = f" but {len(kept) - len(left)} that an arm was trained on"
        return f"split {part}" + (fewer if len(left) < len(kept) else ""), left

    def _begin(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_record(self.folder, self._call)
        write_split(self.folder / "split.csv", self.split, self.diagnosis.groups)
        self.listener.message(f"{len(self.pairs)} pictures to score ({self.part})")
        models = [arm.source for arm in self.arms if not (arm.trained or arm.source in PLAIN)]
        for words in self.generated.doubts(models) if self.generates else ():
            self.listener.message(words)

    def _tables(self, arm: Arm) -> Iterator[Scores]:
        """The arm's scores, one table for each seed."""
        seeded = arm.trained or self.generates
        for seed in range(self.options.seeds if seeded else 1):
            label = f"{arm.name}, seed {seed}" if seeded else arm.name
            path = self.folder / "scores" / f"{arm.slug}-{seed}.csv"
            if not path.is_file():
                if arm.trained:
                    self._train(arm, seed, label)
                self._score(arm, seed, label, path)
            yield read_scores(path)[0]

    def _train(self, arm: Arm, seed: int, label: str) -> None:
        run, split = self.run_folder(arm, seed), self.folder / "split.csv"
        settings = [f"train.seed={seed}"]
        if self.options.budget:
            settings.append(f"train.images={self._images(arm, self.options.budget)}")
        recipe = arm.recipe(settings)
        length = f"{recipe.train.images:,} images" if recipe.train.images else "whole epochs"
        shorter = "" if self.options.budget else "; --budget shortens it"
        self.listener.message(f"training {label}: {length}{shorter}")
        finished = training.train(
            recipe,
            self.data,
            run,
            split,
            message=self.listener.message,
            progress=self.listener.progress,
        )
        if not finished:
            raise KeyboardInterrupt
        if leaked := trained_on(run, self.pairs) & {pair.name for pair in self.pairs}:
            problem = f"the recipe trained on {min(leaked)}, which is to be scored"
            raise BeyneError(problem, "take its data.hr, data.val_hr … out")

    def _images(self, arm: Arm, budget: Budget) -> int:
        """Training images of each seed, measured once where the budget is in minutes."""
        path = self.folder / "runs" / f"{arm.slug}.images"
        if not path.is_file():
            split = self.folder / "split.csv"
            images = budget.images(arm.recipe(), self.data, self.run_folder(arm, 0), split)
            path.parent.mkdir(exist_ok=True)
            write_whole(path, str(images).encode())
        return int(path.read_text(encoding="utf-8"))

    def _score(self, arm: Arm, seed: int, label: str, path: Path) -> None:
        self.listener.message(f"scoring {label}")

        def progress(done: int, total: int) -> None:
            self.listener.progress(done, total, {})

        source = self.source(arm, seed)
        if self.generates:
            scores = self.generated.scores(source, self.like(arm), seed, progress)
        else:
            listener = evaluate.Listener(self.listener.message, progress)
            enlarger, bands = self._enlarger(source), self.options.bands
            scores = evaluate.score(
                enlarger, self.pairs, self.named, bands=bands, listener=listener
            )
        path.parent.mkdir(exist_ok=True)
        seeded = arm.trained or self.generates
        write_scores(path, replace(scores, model=arm.name, seed=seed if seeded else None))

    def _compared(self, tables: dict[str, tuple[Scores, ...]], failed: list[Failure]) -> Comparison:
        arms = tuple(arm for arm in self.arms if arm.name in tables)
        names = tuple(pair.name for pair in self.pairs)
        groups = self.diagnosis.groups
        found = Comparison(arms, names, self.part, tables, "", {}, tuple(failed), groups)
        found.metric = self._metric(found.metrics)
        others = ("kid", "class_accuracy") if self.captions else ()
        found.test(*dict.fromkeys([found.metric, *(n for n in others if n in found.metrics)]))
        every = [table for tables in found.tables.values() for table in tables]
        write_scores(self.folder / "scores.csv", *every)
        return found

    def _metric(self, measured: Sequence[str]) -> str:
        wanted = self.options.metric
        if wanted and wanted not in measured:
            known = ", ".join(name for name in measured if COLUMNS[name].better)
            raise UsageError(f"{wanted} could not be measured here", f"--metric one of {known}")
        return wanted or next(name for name in ("kid", "lpips", "psnr") if name in measured)
