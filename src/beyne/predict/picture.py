"""A picture that is in memory as a whole, and so is what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from beyne.errors import ImageError
from beyne.images import Raster, default_pixel_limit, read, write
from beyne.predict.files import FORMATS, Job, suffix_of
from beyne.predict.fitting import checked_consistent, fitted, picked
from beyne.predict.work import Options, Outcome

if TYPE_CHECKING:
    from beyne.predict.predictor import Predictor

# While a result larger than this is being written, the next one is not begun.
_LARGE_BYTES = 256 << 20

_MOST_BITS = {".png": 16, ".jpg": 8, ".jpeg": 8, ".webp": 8}
_LOSSY = (".jpg", ".jpeg")


class Picture:
    """The work on a picture, see `beyne.predict.work.Work`.

    Raises:
        ImageError: It can't be read, or is to become DICOM, which it was not.
    """

    def __init__(self, job: Job, options: Options) -> None:
        self._job, self._options = job, options
        limit = options.pixel_limit or default_pixel_limit(options.scale)
        raster = _one_picture(read(job.source, limit, several=True), job)
        raster = picked(raster, options.bands)
        self._raster = replace(raster, exif=None) if options.anonymize else raster
        self.megapixels = raster.height * raster.width * options.scale**2 / 1e6
        self.large = False

    def compute(self, predictor: Predictor, on_done: Callable[[float], None]) -> None:
        """Apply the model to the whole of it."""
        raster, options = fitted(self._raster, predictor.card), self._options
        consistent = checked_consistent(
            predictor.card, options.scale, options.consistent, raster.measured
        )
        result = predictor.apply(raster, options.scale, options.smooth, consistent, on_done)
        self._result = result
        self._outcome = Outcome(consistent, warnings=self._warnings(result, consistent))
        if options.measure:
            from beyne.predict.consistency import consistency_db

            measured = consistency_db(raster, result, predictor.card)
            self._outcome = replace(self._outcome, consistency_db=measured)
        self.large = result.pixels.nbytes > _LARGE_BYTES

    def write(self) -> Outcome:
        """Write it in the target's format."""
        write(self._result, self._job.target)
        return self._outcome

    def _warnings(self, result: Raster, consistent: bool) -> list[str]:
        warnings, suffix = [], self._job.target.suffix.lower()
        if consistent and suffix in _LOSSY:
            warnings.append("JPG is lossy: the file gives its input back less exactly than a PNG")
        if self._raster.extras.get("georeferenced"):
            warnings.append("its georeference (transform, CRS, nodata) is not in the result")
        if self._raster.format == "dicom":
            warnings.append(
                "window, rescale and geometry are left behind: grey is the stored value"
            )
        bits = _MOST_BITS.get(suffix, 32)
        if result.pixels.dtype.itemsize * 8 > bits:
            kind = suffix[1:].upper()
            warnings.append(f"{kind} holds {bits} bits a sample: values were rounded")
        return warnings


def _one_picture(raster: Raster, job: Job) -> Raster:
    """Refuse what could not be written, before anything is computed."""
    suffix = suffix_of(job.target)
    for name in ("DICOM", "NIfTI"):
        if suffix in FORMATS[name.lower()]:
            problem = f"what was read from {raster.format} can't be written as {name}"
            raise ImageError(problem, "use --format png or tiff")
    frames = raster.extras["dicom"].source.frames if raster.format == "dicom" else 1
    if frames > 1:
        problem = f"it holds {frames} frames, and {suffix} files hold one"
        raise ImageError(problem, "leave out --format, so that it becomes DICOM")
    return raster
