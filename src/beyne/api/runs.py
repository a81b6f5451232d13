"""Trainings as processes of their own, and how they stand, told from their folders."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from beyne.api import background
from beyne.api.background import State
from beyne.config import Config, read_toml
from beyne.errors import BeyneError, UsageError
from beyne.zoo import BEST, LAST

#: What a run's report calls the ways it ended.
_ENDED: Mapping[str, State] = {"finished": "finished", "early": "finished", "stopped": "paused"}
RECIPE, REPORT = "recipe.toml", "report.html"


class TrainCall(Config):
    """What a training is started with, as for `beyne.train`.

    Attributes:
        recipe: Name of a recipe, or path of a TOML file.
        data: Folder of pictures.
        settings: Texts such as ``"train.batch=8"``.
        split: A ``split.csv``, or none.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    """

    recipe: str
    data: Path
    settings: tuple[str, ...] = ()
    split: Path | None = None
    device: str = "auto"

    def words(self, run: Path) -> list[str]:
        """The command line after the verb."""
        words = [f"--data={self.data}", f"--output={run}"]
        words += [f"--set={setting}" for setting in self.settings]
        words += [f"--split={self.split}"] if self.split else []
        return [*words, "--", self.recipe]


@dataclass(frozen=True)
class Warned:
    """Something to heed in a run.

    Attributes:
        kind: ``discriminator`` (it wins, its accuracy on held-out images is ``value``) or
            ``collapse`` (generated pictures differ by a share ``value`` of what real ones do).
        value: See above, in [0, 1].
        images: Training images seen then.
    """

    kind: Literal["discriminator", "collapse"]
    value: float
    images: int


@dataclass(frozen=True)
class Run:
    """How a training stands.

    Attributes:
        folder: Of the run.
        state: See `beyne.api.background.State`.
        done: Training images seen.
        total: Of them in all; 0 before that is known.
        seconds_left: At the pace of late; None where that is not known.
        records: Lines of its ``stats.jsonl``.
        previews: Sheets, oldest first.
        messages: What it said last.
        problem: Why it failed or was interrupted, as far as it could say, as is ``remedy``.
        call: What it was started with; None if the command line started it.
    """

    folder: Path
    state: State
    done: int
    total: int
    seconds_left: float | None
    records: Sequence[Mapping[str, Any]]
    previews: Sequence[Path]
    messages: Sequence[str] = ()
    problem: str = ""
    remedy: str = ""
    call: TrainCall | None = None

    @property
    def model(self) -> Path | None:
        """Its best model so far, else its last, else none."""
        files = (self.folder / BEST, self.folder / LAST)
        return next((path for path in files if path.is_file()), None)

    @property
    def select(self) -> str:
        """The score by which its best model is chosen, ``psnr`` …."""
        return str(_recipe(self.folder).get("train", {}).get("select", "psnr"))

    @property
    def report(self) -> Path | None:
        """Its page, once there is one."""
        path = self.folder / REPORT
        return path if path.is_file() else None

    @property
    def warnings(self) -> list[Warned]:
        """What is amiss at the newest look."""
        return _warnings(self.folder, self.records)


def start(call: TrainCall, run: Path) -> None:
    """Begin a training, or go on with it; it outlives this process.

    Raises:
        UsageError: It is being trained already, or the folder is a file.
    """
    if run.exists() and not run.is_dir():
        raise UsageError(f"{run} is a file, and a run is a folder", "choose another name")
    background.launch(run, "train", call.words(run.absolute()), call, call.device)


def resume(run: Path) -> None:
    """Go on with a training that `start` began.

    Raises:
        UsageError: It is being trained already, or something else began it.
    """
    call = background.asked(run, TrainCall)
    if call is None:
        problem = f"{run} does not tell what it was started with"
        raise UsageError(problem, "give the command that began it once more")
    start(call, run)


def pause(run: Path) -> None:
    """Ask a training to save and end, which takes until its step is over; it can go on later."""
    background.stop(run)


def stop(run: Path) -> None:
    """End a training at once; it can go on from what it saved last."""
    background.stop(run, at_once=True)


def find(folder: Path) -> list[Path]:
    """Runs in a folder and the folders in it, the youngest first."""
    found = [path for depth in ("*", "*/*") for path in folder.glob(depth) if _is_run(path)]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def look(run: Path) -> Run:
    """How a training stands.

    Raises:
        UsageError: The folder holds none.
    """
    call, told = background.asked(run, TrainCall), background.status(run)
    if not _is_run(run):
        raise UsageError(f"{run} is not a run: it has no {RECIPE}", "give the folder of a run")
    from beyne.training.tracker import read_records

    records = read_records(run / "stats.jsonl")
    state = background.state(run) or _reported(run)
    problem, remedy = (told.problem, told.remedy) if told else ("", "")
    return Run(
        folder=run,
        state=state,
        done=max(records[-1]["images"] if records else 0, told.done if told else 0),
        total=_total(run) or (told.total if told else 0),
        seconds_left=told.seconds_left if told and state == "running" else None,
        records=records,
        previews=sorted((run / "previews").glob("*.png")),
        messages=told.messages if told else (),
        problem=problem or (background.complaint(run) if state == "interrupted" else ""),
        remedy=remedy,
        call=call,
    )


def _is_run(folder: Path) -> bool:
    return (folder / RECIPE).is_file() or background.asked(folder, TrainCall) is not None


def _reported(run: Path) -> State:
    """By the report of a run that has no status, since the command line began it."""
    try:
        sections = json.loads((run / "report.json").read_bytes())["sections"]
    except (OSError, ValueError):
        return "interrupted"
    return _ENDED[next(s["state"] for s in sections if s["kind"] == "outcome")]


def _recipe(run: Path) -> dict[str, Any]:
    """Its resolved recipe as plain values; empty before that is written."""
    try:
        return read_toml(run / RECIPE)
    except BeyneError:
        return {}


def _total(run: Path) -> int:
    return int(_recipe(run).get("train", {}).get("images", 0))


def _labels_count_from(recipe: Mapping[str, Any]) -> float:
    """Images from which a generator can be judged: where labels or texts count in full."""
    asked = "text" in recipe or recipe.get("data", {}).get("classes")
    return recipe["adversarial"]["transition"][1] * recipe["train"]["images"] if asked else 0.0


def _warnings(run: Path, records: Sequence[Mapping[str, Any]]) -> list[Warned]:
    from beyne.evaluation.diversity import Diversity

    found = []
    limit = _recipe(run).get("adversarial", {}).get("guard", {}).get("accuracy")
    looks = [record for record in records if "accuracy" in record]
    if limit and looks and looks[-1]["accuracy"] > limit:
        found.append(Warned("discriminator", looks[-1]["accuracy"], looks[-1]["images"]))
    begun = _labels_count_from(_recipe(run))
    looks = [record for record in records if "diversity" in record and record["images"] >= begun]
    if len(looks) > 1:  # see `beyne.training.review.Review.validate`
        last = looks[-1]
        ratio, error = last["diversity"], last["diversity_error"]
        if Diversity.of(ratio, error).collapsed:
            found.append(Warned("collapse", ratio, last["images"]))
    return found
