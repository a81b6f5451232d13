"""What is asked of every file of a batch, and what one file's way through a model consists of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from beyne.predict.fitting import Bands

if TYPE_CHECKING:
    from beyne.predict.predictor import Predictor


@dataclass(frozen=True)
class Options:
    """What is asked of every picture of a batch.

    Attributes:
        scale: Enlargement; 1 for a translation.
        bands: Bands to take.
        smooth: Standard deviation of a Gaussian over the result, in its pixels.
        consistent: Project the result onto the images that shrink back to the input; None: as
            the model's card says, and always where the values are measurements.
        anonymize: Leave out of the file who or what was pictured, where and when.
        resample: Bring bands of a Sentinel-2 scene to the pixels of the finest one first.
        upscaling: The job is to enlarge: only then GeoTIFF and NIfTI stay what they are.
        cog: Make cloud-optimised GeoTIFF of every picture.
        overwrite: Replace outputs that exist.
        resume: Pass over outputs that exist; files are written whole, so they are finished.
        pixel_limit: Most pixels an input may have; None: what this machine's memory carries, and
            any number of a GeoTIFF.
        measure: Work out the consistency of every result.
        debug: Let errors nobody foresaw through, with their traceback.
    """

    scale: int
    bands: Bands = None
    smooth: float = 0.0
    consistent: bool | None = None
    anonymize: bool = False
    resample: bool = False
    upscaling: bool = False
    cog: bool = False
    overwrite: bool = False
    resume: bool = False
    pixel_limit: int | None = None
    measure: bool = False
    debug: bool = False


@dataclass(frozen=True)
class Outcome:
    """What is to be told of a file that has been written.

    Attributes:
        consistent: Whether it was projected onto its input.
        consistency_db: PSNR of the output, shrunk again, against the input; None: not measured.
        warnings: What the user should know about it.
    """

    consistent: bool
    consistency_db: float | None = None
    warnings: list[str] = field(default_factory=list)


class Work(Protocol):
    """One file on its way through a model: made by opening it, while another is computed.

    Attributes:
        megapixels: Of the result, all its frames together.
        large: Whether it holds so large a result that the next one is begun when it is written.
    """

    megapixels: float
    large: bool

    def compute(self, predictor: Predictor, on_done: Callable[[float], None]) -> None:
        """Apply the model; ``on_done`` is told the finished fraction from time to time."""

    def write(self) -> Outcome:
        """Write what is not written yet, while another is computed."""
