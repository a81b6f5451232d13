"""What is looked at between the steps of a run, and what that leaves in its folder."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from beyne.evaluation.stopping import exhausted
from beyne.generators import Generator
from beyne.metrics.distribution import Estimate
from beyne.networks import ImageNetwork
from beyne.reports import write_report
from beyne.reports.document import METRICS
from beyne.tasks.adversarial import Moment
from beyne.training import guard
from beyne.training.products import save_model
from beyne.training.report import run_report
from beyne.training.schedule import learning_rate
from beyne.training.setup import Setup
from beyne.training.tracker import Tracker
from beyne.zoo import BEST


@dataclass
class Review:
    """Guard, validation, previews and report of a run.

    Attributes:
        setup: Of the run.
        run: Its folder.
        device: Where the networks are.
        precision: What they compute in.
        tell: Hears what happens.
        agreed: Gives every process the main one's values, so that all decide alike.
        autocast: Computes as training does.
        main: Whether this process writes.
        tracker: Where it records; None until training begins, and in other processes.
        values: The newest, by name.
    """

    setup: Setup
    run: Path
    device: torch.device
    precision: str
    tell: Callable[[str], None]
    agreed: Callable[[dict[str, float]], dict[str, float]]
    autocast: Callable[[], AbstractContextManager[Any]]
    main: bool
    tracker: Tracker | None = None
    values: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.setup.examiner.to(self.device)

    def record(self, values: dict[str, float], **further: float) -> None:
        """Remember values as the newest; ``further`` ones are only written down."""
        self.values |= values
        if self.tracker:
            self.tracker.record(self.setup.state.images, values | further)

    def guard(self) -> None:
        """Look at the discriminator's accuracy, and act on it."""
        setup, state, recipe = self.setup, self.setup.state, self.setup.recipe
        adversarial = setup.task.adversarial
        # Before its verdict counts, the discriminator may well be ahead.
        if not (adversarial and adversarial.config.guard and adversarial.weight(state.images)):
            return
        held_out = {name: tensor.to(self.device) for name, tensor in setup.held_out.items()}
        moment = Moment(state.images, state.balance)
        seen = setup.task.exhibits(state.nets["generator"].eval(), held_out, moment)
        state.nets["generator"].train()
        batch = recipe.train.micro_batch or recipe.train.batch
        measured = guard.accuracy(adversarial.loss, state.nets["discriminator"], seen, batch)
        values = self.agreed({"accuracy": measured})
        state.balance = guard.rebalanced(
            state.balance, adversarial.config.guard, values["accuracy"], self.tell
        )
        rate = learning_rate(recipe, state.images, state.balance, "discriminator")
        self.record(values, discriminator_rate=rate)

    def used(self) -> ImageNetwork | Generator:
        """The averaged generator in the form it is used in."""
        average = self.setup.state.average
        assert isinstance(average, (ImageNetwork, Generator))
        return average.for_use().eval()

    def scores(self) -> dict[str, float]:
        """Scores of the averaged generator on the validation pictures."""
        with self.autocast():
            return self.setup.examiner.scores(self.used())

    def validate(self) -> None:
        """Score the averaged generator, keep it if it is the best, stop if nothing is gained."""
        state, train, scores = self.setup.state, self.setup.recipe.train, self.agreed(self.scores())
        self.record(scores)
        if not self.setup.task.settled(state.images):
            return
        # What was made first has yet to take shape: it is all alike in healthy runs, too.
        if state.looks and (alarm := self.setup.examiner.alarm(scores)):
            self.tell(alarm)
        score = scores[train.select]
        fault = -score if METRICS[train.select].better == "higher" else score
        if all(fault < before for before, _ in state.looks):
            self.save_model(BEST, scores)
        state.looks.append((fault, scores.get(f"{train.select}_error", 0.0)))
        looks = [Estimate(*look) for look in state.looks]
        if train.patience and exhausted(looks, train.patience):
            assert train.images is not None
            state.stopped_of = train.images
            self.tell(f"no gain in {train.patience} validations: stopped early")

    def preview(self) -> None:
        """Draw a sheet and the curves."""
        if self.tracker:
            sheets = self.setup.examiner.sheets(self.used())
            self.tracker.preview(self.setup.state.images, sheets)
            self.tracker.curves()

    def save_model(self, name: str, scores: dict[str, float]) -> None:
        """Write the averaged generator into the run's folder."""
        if self.main:
            save_model(self.run / name, self.setup, self.used(), scores)

    def report(self, ended: bool) -> None:
        """Write the report; of a run that has ended, with the examiner's conclusion."""
        if self.tracker:
            said, found = self.setup.examiner.conclusion(self.run) if ended else ((), ())
            for sentence in said:
                self.tell(sentence)
            made_in = f"{self.precision}, {self.device}"
            document = run_report(self.setup, self.tracker, self.used(), made_in, found)
            write_report(document, self.run)
