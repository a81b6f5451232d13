"""Many pictures through one model: reading, computing and writing at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from beyne.errors import ImageError, foreseen
from beyne.files import is_there
from beyne.predict.beside import Assessment, Beside
from beyne.predict.files import Failure, Job
from beyne.predict.kinds import begun
from beyne.predict.overlap import one_ahead
from beyne.predict.work import Options, Outcome, Work

if TYPE_CHECKING:
    from beyne.predict.predictor import Predictor


@dataclass(frozen=True)
class Done:
    """A finished picture.

    Attributes:
        input: The file it was made of.
        output: The file that was written.
        scale: Enlargement.
        seconds: Time for reading, computing and writing it.
        consistency_db: PSNR of the output, shrunk again, against the input; None: not measured.
        trust: How far it can be trusted; None: not asked for.
        warnings: What the user should know about this output.
    """

    input: str
    output: str
    scale: int
    seconds: float
    consistency_db: float | None = None
    trust: Assessment | None = None
    warnings: list[str] = field(default_factory=list)


@dataclass
class Report:
    """What became of a batch.

    Attributes:
        model: Name of the model.
        consistent: How many results were projected onto their inputs.
        device: Where it was computed; empty if nothing was.
        precision: What was computed in; empty if nothing was.
        done: Finished pictures, in order.
        failed: Inputs that came to nothing.
        skipped: Jobs whose output existed already, with ``resume``.
    """

    model: str
    consistent: int = 0
    device: str = ""
    precision: str = ""
    done: list[Done] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    skipped: list[Job] = field(default_factory=list)


class Listener(Protocol):
    """Is told how a batch goes on, always from the thread that started it."""

    def begin(self, pictures: int) -> None:
        """The batch starts."""

    def advance(self, pictures: float, megapixels: float) -> None:
        """So many pictures, as a fraction, and megapixels of results have been computed."""

    def done(self, done: Done) -> None:
        """An output has been written."""

    def failed(self, failure: Failure) -> None:
        """An input came to nothing."""


class Silent(Listener):
    """Keeps what it is told to itself."""

    def begin(self, pictures: int) -> None:
        pass

    def advance(self, pictures: float, megapixels: float) -> None:
        pass

    def done(self, done: Done) -> None:
        pass

    def failed(self, failure: Failure) -> None:
        pass


@dataclass(frozen=True)
class _Behind:
    """A result that the writer has taken on."""

    job: Job
    predictor: Predictor
    written: Future[tuple[Outcome, float]]
    large: bool
    megapixels: float


class Batch:
    """Runs jobs in order, one computing while the next is read and the one before written.

    Args:
        options: What to do with every picture.
        listener: Is told how it goes on.
        load: Gives a job's predictor, each time; called while pictures are being read.
        model: The model's name, for the report.
        beside: Looks at every result when it is written; None: nothing does.
    """

    def __init__(
        self,
        options: Options,
        listener: Listener,
        load: Callable[[Job], Predictor],
        model: str,
        beside: Beside | None = None,
    ) -> None:
        self._options = options
        self._listener = listener
        self._load = load
        self._beside = beside
        self._behind: _Behind | None = None
        self.report = Report(model)

    def run(self, jobs: Sequence[Job], failures: Sequence[Failure] = ()) -> Report:
        """Do all jobs; one that fails does not stop the others.

        Args:
            jobs: As `beyne.predict.files.plan` made them.
            failures: Inputs that came to nothing before.
        """
        resume = self._options.resume
        done_before = {job for job in jobs if resume and all(map(is_there, self._files(job)))}
        self.report.skipped = [job for job in jobs if job in done_before]
        waiting = [job for job in jobs if job not in done_before]
        for failure in failures:
            self._fail(failure)
        self._listener.begin(len(waiting))
        used: dict[Predictor, None] = {}
        with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
            for job, reading in one_ahead(reader, self._open, waiting):
                used[predictor := self._load(job)] = None
                if self._behind is not None and self._behind.large:
                    self._settle()
                with self._recorded(job):
                    self._apply(job, reading.result(), predictor, writer)
            self._settle()
        self.report.device = ", ".join(sorted({str(predictor.device) for predictor in used}))
        found = {name for predictor in used for name in predictor.precision.split("+")}
        self.report.precision = "+".join(sorted(found))
        return self.report

    def _open(self, job: Job) -> tuple[Work, float]:
        """The work on a file and the seconds its opening took; runs in the reader's thread."""
        start = time.perf_counter()
        there = [path for path in self._files(job) if is_there(path)]
        if there and not (self._options.overwrite or self._options.resume):
            raise ImageError(f"{there[0]} exists already", "--overwrite, or --resume to skip it")
        work = begun(job, self._options)
        if self._beside is not None:
            self._beside.open(job)
        return work, time.perf_counter() - start

    def _apply(
        self, job: Job, opened: tuple[Work, float], predictor: Predictor, writer: ThreadPoolExecutor
    ) -> None:
        """Compute one picture and hand it to the writer."""
        work, seconds = opened
        start = time.perf_counter()
        part = 1.0 if self._beside is None else 1 - self._beside.part
        work.compute(predictor, self._telling(work.megapixels, part))
        seconds += time.perf_counter() - start
        self._settle()
        written = writer.submit(_timed, work.write, seconds)
        self._behind = _Behind(job, predictor, written, work.large, work.megapixels)

    def _settle(self) -> None:
        """Wait for the writer, and report what it wrote."""
        behind, self._behind = self._behind, None
        if behind is None:
            return
        with self._recorded(behind.job):
            outcome, seconds = behind.written.result()
            trust, start = None, time.perf_counter()
            if self._beside is not None:
                told = self._telling(behind.megapixels, self._beside.part)
                trust = self._beside.look(behind.predictor, behind.job, told)
                seconds += time.perf_counter() - start
            done = Done(
                input=str(behind.job.source),
                output=str(behind.job.target),
                scale=self._options.scale,
                seconds=round(seconds, 3),
                consistency_db=outcome.consistency_db,
                trust=trust,
                warnings=outcome.warnings,
            )
            self.report.done.append(done)
            self.report.consistent += outcome.consistent
            self._listener.done(done)

    def _files(self, job: Job) -> list[Path]:
        """All that a job writes."""
        return [job.target, *(() if self._beside is None else self._beside.files(job.target))]

    def _telling(self, megapixels: float, part: float) -> Callable[[float], None]:
        """What tells the listener of a part of a picture, given the finished fraction of it."""
        told = [0.0]

        def on_done(share: float) -> None:
            step = (share - told[-1]) * part
            self._listener.advance(step, megapixels * step)
            told.append(share)

        return on_done

    @contextmanager
    def _recorded(self, job: Job) -> Iterator[None]:
        """Turn an error into one line of the report."""
        try:
            yield
        except Exception as error:
            if known := foreseen(error):
                self._fail(Failure.of(job.source, known))
                return
            if self._options.debug:
                raise
            problem = f"an error nobody foresaw ({type(error).__name__}: {error})"
            self._fail(Failure(str(job.source), problem, "--debug shows where; please report it"))

    def _fail(self, failure: Failure) -> None:
        self.report.failed.append(failure)
        self._listener.failed(failure)


def _timed(write: Callable[[], Outcome], seconds: float) -> tuple[Outcome, float]:
    """Write a result; the seconds spent on it altogether. Runs in the writer's thread."""
    start = time.perf_counter()
    return write(), seconds + time.perf_counter() - start
