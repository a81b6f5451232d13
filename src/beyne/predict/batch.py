"""Many pictures through one model: reading, computing and writing at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from beyne.errors import BeyneError, ImageError
from beyne.images import Raster, default_pixel_limit, read, write
from beyne.images.geotiff import check_installed, is_georeferenced
from beyne.predict.files import FORMATS, Failure, Job
from beyne.predict.fitting import Bands, picked
from beyne.predict.overlap import one_ahead

if TYPE_CHECKING:
    from beyne.predict.predictor import Predictor

# While a result larger than this is being written, the next one is not begun.
_LARGE_BYTES = 256 << 20

_MOST_BITS = {".png": 16, ".jpg": 8, ".jpeg": 8, ".webp": 8}
_LOSSY = (".jpg", ".jpeg")


@dataclass(frozen=True)
class Options:
    """What is asked of every picture of a batch.

    Attributes:
        scale: Enlargement; 1 for a translation.
        bands: Bands to take.
        smooth: Standard deviation of a Gaussian over the result, in its pixels.
        consistent: Project the result onto the images that shrink back to the input.
        overwrite: Replace outputs that exist.
        resume: Pass over outputs that exist; files are written whole, so they are finished.
        pixel_limit: Most pixels an input may have; None: what this machine's memory carries.
        measure: Work out the consistency of every result.
        debug: Let errors nobody foresaw through, with their traceback.
        geotiff: Make GeoTIFF of georeferenced files, where the target is a TIFF.
        geotiff_consistent: What ``consistent`` is for these.
        cog: Make cloud-optimised GeoTIFF of every picture.
    """

    scale: int
    bands: Bands = None
    smooth: float = 0.0
    consistent: bool = False
    overwrite: bool = False
    resume: bool = False
    pixel_limit: int | None = None
    measure: bool = False
    debug: bool = False
    geotiff: bool = False
    geotiff_consistent: bool = False
    cog: bool = False


@dataclass(frozen=True)
class Done:
    """A finished picture.

    Attributes:
        input: The file it was made of.
        output: The file that was written.
        scale: Enlargement.
        seconds: Time for reading, computing and writing it.
        consistency_db: PSNR of the output, shrunk again, against the input; None: not measured.
        trust: Always None: not in this version.
        warnings: What the user should know about this output.
    """

    input: str
    output: str
    scale: int
    seconds: float
    consistency_db: float | None = None
    trust: str | None = None
    warnings: list[str] = field(default_factory=list)


@dataclass
class Report:
    """What became of a batch.

    Attributes:
        model: Name of the model.
        consistent: Whether results were projected onto their inputs.
        streamed_consistent: The same of GeoTIFF; None if there were none.
        device: Where it was computed; empty if nothing was.
        precision: What was computed in; empty if nothing was.
        done: Finished pictures, in order.
        failed: Inputs that came to nothing.
        skipped: Jobs whose output existed already, with ``resume``.
    """

    model: str
    consistent: bool = False
    streamed_consistent: bool | None = None
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


@dataclass(frozen=True)
class _Behind:
    """A result that the writer has taken on."""

    job: Job
    seconds: Future[float]
    consistency_db: float | None
    warnings: list[str]
    large: bool


class Batch:
    """Runs jobs in order, one computing while the next is read and the one before written.

    Args:
        options: What to do with every picture.
        listener: Is told how it goes on.
        load: Makes the predictor; called while the first pictures are being read.
        model: The model's name, for the report.
    """

    def __init__(
        self, options: Options, listener: Listener, load: Callable[[], Predictor], model: str
    ) -> None:
        self._options = options
        self._listener = listener
        self._load = load
        self._predictor: Predictor | None = None
        self._behind: _Behind | None = None
        self.report = Report(model, options.consistent)

    def run(self, jobs: Sequence[Job], failures: Sequence[Failure] = ()) -> Report:
        """Do all jobs; one that fails does not stop the others.

        Args:
            jobs: As `beyne.predict.files.plan` made them.
            failures: Inputs that came to nothing before.
        """
        done_before = {job for job in jobs if self._options.resume and job.target.exists()}
        self.report.skipped = [job for job in jobs if job in done_before]
        waiting = [job for job in jobs if job not in done_before]
        for failure in failures:
            self._fail(failure)
        self._listener.begin(len(waiting))
        with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
            for job, reading in one_ahead(reader, self._read, waiting):
                if self._predictor is None:
                    self._predictor = self._load()
                if self._behind is not None and self._behind.large:
                    self._settle()
                with self._recorded(job):
                    self._apply(job, reading.result(), self._predictor, writer)
            self._settle()
        if self._predictor is not None:
            self.report.device = str(self._predictor.device)
            self.report.precision = self._predictor.precision
        return self.report

    def _read(self, job: Job) -> tuple[Raster | None, float]:
        """The picture, None if it is to be streamed, and seconds; runs in the reader's thread."""
        start = time.perf_counter()
        if job.target.exists() and not self._options.overwrite:
            raise ImageError(f"{job.target} exists already", "--overwrite, or --resume to skip it")
        if self._is_streamed(job):
            return None, time.perf_counter() - start
        limit = self._options.pixel_limit or default_pixel_limit(self._options.scale)
        raster = picked(read(job.source, limit), self._options.bands)
        return raster, time.perf_counter() - start

    def _is_streamed(self, job: Job) -> bool:
        options = self._options
        if options.cog:
            check_installed()
            return True
        if not options.geotiff or job.target.suffix.lower() not in FORMATS["tiff"]:
            return False
        if not is_georeferenced(job.source):
            return False
        check_installed("; or --format png, which has no georeference")
        return True

    def _stream(self, job: Job, predictor: Predictor, seconds: float) -> None:
        """Compute one georeferenced raster from file to file."""
        from beyne.predict.streaming import Wishes, stream

        options, shares, start = self._options, [0.0], time.perf_counter()
        wishes = Wishes(
            options.scale,
            options.bands,
            options.smooth,
            options.geotiff_consistent,
            options.cog,
            options.pixel_limit,
        )

        def on_done(share: float, megapixels: float) -> None:
            self._listener.advance(share - shares[-1], megapixels * (share - shares[-1]))
            shares.append(share)

        self._settle()
        streamed = stream(predictor, job.source, job.target, wishes, on_done)
        seconds += time.perf_counter() - start
        self.report.streamed_consistent = options.geotiff_consistent
        self._tell(job, seconds, streamed.consistency_db, streamed.warnings)

    def _apply(
        self,
        job: Job,
        read: tuple[Raster | None, float],
        predictor: Predictor,
        writer: ThreadPoolExecutor,
    ) -> None:
        """Compute one picture and hand it to the writer."""
        raster, seconds = read
        if raster is None:
            self._stream(job, predictor, seconds)
            return
        start = time.perf_counter()
        options, area = self._options, raster.height * raster.width * self._options.scale**2 / 1e6
        shares = [0.0]

        def on_done(share: float) -> None:
            self._listener.advance(share - shares[-1], area * (share - shares[-1]))
            shares.append(share)

        result = predictor.apply(raster, options.scale, options.smooth, options.consistent, on_done)
        seconds += time.perf_counter() - start
        self._settle()
        written = writer.submit(_written, result, job, seconds)
        large = result.pixels.nbytes > _LARGE_BYTES
        warnings = _warnings(raster, result, job, options.consistent)
        self._behind = _Behind(job, written, None, warnings, large)
        if options.measure:
            from beyne.predict.consistency import consistency_db

            consistency = consistency_db(raster, result, predictor.card.operator)
            self._behind = replace(self._behind, consistency_db=consistency)

    def _settle(self) -> None:
        """Wait for the writer, and report what it wrote."""
        behind, self._behind = self._behind, None
        if behind is None:
            return
        seconds: float | None = None
        with self._recorded(behind.job):
            seconds = behind.seconds.result()
        if seconds is not None:
            self._tell(behind.job, seconds, behind.consistency_db, behind.warnings)

    def _tell(
        self, job: Job, seconds: float, consistency_db: float | None, warnings: list[str]
    ) -> None:
        done = Done(
            input=str(job.source),
            output=str(job.target),
            scale=self._options.scale,
            seconds=round(seconds, 3),
            consistency_db=consistency_db,
            warnings=warnings,
        )
        self.report.done.append(done)
        self._listener.done(done)

    @contextmanager
    def _recorded(self, job: Job) -> Iterator[None]:
        """Turn an error into one line of the report."""
        try:
            yield
        except BeyneError as error:
            self._fail(Failure.of(job.source, error))
        except Exception as error:
            if self._options.debug:
                raise
            problem = f"an error nobody foresaw ({type(error).__name__}: {error})"
            self._fail(Failure(str(job.source), problem, "--debug shows where; please report it"))

    def _fail(self, failure: Failure) -> None:
        self.report.failed.append(failure)
        self._listener.failed(failure)


def _written(result: Raster, job: Job, seconds: float) -> float:
    """Write a result; the seconds spent on it altogether. Runs in the writer's thread."""
    start = time.perf_counter()
    write(result, job.target)
    return seconds + time.perf_counter() - start


def _warnings(source: Raster, result: Raster, job: Job, consistent: bool) -> list[str]:
    warnings = []
    if consistent and job.target.suffix.lower() in _LOSSY:
        warnings.append("JPG is lossy: the file gives its input back less exactly than a PNG")
    if source.extras.get("georeferenced"):
        warnings.append("its georeference (transform, CRS, nodata) is not in the result")
    bits = _MOST_BITS.get(job.target.suffix.lower(), 32)
    if result.pixels.dtype.itemsize * 8 > bits:
        kind = job.target.suffix[1:].upper()
        warnings.append(f"{kind} holds {bits} bits a sample: values were rounded")
    return warnings
