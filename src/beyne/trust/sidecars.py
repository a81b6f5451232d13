"""The files beside a result: its map of trust, and a picture with the doubt painted in."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from beyne.errors import UsageError
from beyne.predict.beside import Assessment
from beyne.predict.files import Job
from beyne.predict.work import Options
from beyne.trust.assessor import Assessor
from beyne.trust.calibration import calibration_of, checked_trust
from beyne.trust.maps import Map, Names, begun

if TYPE_CHECKING:
    from beyne.predict.predictor import Predictor


class Sidecars:
    """Writes map and overlay beside every result; a `beyne.predict.beside.Beside`.

    Args:
        options: What is asked of every picture.
        load: Makes the predictor of a model's file, or finds the one it made before.
    """

    part = 0.9

    def __init__(self, options: Options, load: Callable[[Path], Predictor]) -> None:
        self._options, self._load = options, load
        self._assessors: dict[Predictor, Assessor] = {}
        self._begun: dict[Job, Map] = {}

    def check_targets(self, jobs: Sequence[Job]) -> None:
        """Refuse a batch in which a file beside a result would be an input or another's result.

        Raises:
            UsageError: One would.
        """
        taken = {os.path.realpath(path) for job in jobs for path in (job.source, job.target)}
        for job in jobs:
            for path in self.files(job.target):
                if os.path.realpath(path) in taken:
                    problem = f"{path} would be a picture and the trust in {job.target.name}"
                    raise UsageError(problem, "choose another -o, or rename it")

    def files(self, target: Path) -> list[Path]:
        """Map and overlay of a result."""
        names = Names.of(target)
        return [names.map, names.overlay]

    def open(self, job: Job) -> None:
        """Open the picture."""
        self._begun[job] = begun(job, self._options)

    def look(self, predictor: Predictor, job: Job, on_done: Callable[[float], None]) -> Assessment:
        """Assess a result that has been written, and write its two files."""
        if predictor not in self._assessors:
            partner = self._load(checked_trust(predictor.card))
            calibration = calibration_of(predictor.card)
            self._assessors[predictor] = Assessor(predictor, partner, calibration)
        names = Names.of(job.target)
        told = self._begun.pop(job).write(self._assessors[predictor], names, on_done)
        return Assessment(
            round(told.tally.mean, 4),
            round(told.tally.invented, 4),
            told.sentence,
            str(names.map),
            str(names.overlay),
        )
