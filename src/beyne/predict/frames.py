"""DICOM files, frame by frame: memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from beyne.bundle import ModelCard
from beyne.images import default_pixel_limit
from beyne.images.checks import from_os_error
from beyne.images.dicom import Source, open_source
from beyne.images.dicom_output import DicomOutput
from beyne.images.files import new_file, reading
from beyne.predict.files import Job
from beyne.predict.fitting import Bands, checked_consistent, picked
from beyne.predict.values import Values, sampled, sees_whole_range, values_of_pictures
from beyne.predict.work import Options, Outcome

if TYPE_CHECKING:
    from beyne.predict.predictor import Predictor


class Frames:
    """The work on a DICOM file that becomes DICOM, see `beyne.predict.work.Work`.

    Raises:
        ImageError: It holds no picture that is read, or is damaged.
    """

    def __init__(self, job: Job, options: Options) -> None:
        self._job, self._options = job, options
        with reading():
            limit = options.pixel_limit or default_pixel_limit(options.scale)
            self._source = open_source(job.source, limit)
        self.megapixels = self._source.pixels * options.scale**2 / 1e6
        self.large = False

    def compute(self, predictor: Predictor, on_done: Callable[[float], None]) -> None:
        """Apply the model to all frames, which wait in a file without a name."""
        options, frames = self._options, self._source.frames
        values = values_of_frames(predictor.card, self._source, options.bands)
        self._consistent = checked_consistent(
            predictor.card, options.scale, options.consistent, measured=True
        )
        folder = self._job.target.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with ExitStack() as unless_all_is_well:
                made = unless_all_is_well.enter_context(DicomOutput(folder, options.anonymize))
                for done, frame in enumerate(self._source.rasters()):
                    told = partial(tell, on_done, done, frames)
                    frame = picked(frame, options.bands)
                    made.add(
                        predictor.apply(
                            frame, options.scale, options.smooth, self._consistent, told, values
                        )
                    )
                unless_all_is_well.pop_all()
        except OSError as error:
            raise from_os_error(error, "write") from error
        self._made = made

    def write(self) -> Outcome:
        """Make a file of the frames."""
        with self._made as made, new_file(self._job.target) as file:
            made.save(file)
            return Outcome(self._consistent, made.consistency_db, made.remarks)


def values_of_frames(card: ModelCard, source: Source, bands: Bands) -> Values:
    """The one range of all frames of a file, by a grid over them."""
    frames = (picked(frame, bands) for frame in source.rasters())
    first = next(frames)
    if sees_whole_range(card, first.pixels.dtype):
        return values_of_pictures(card, first)
    sample = np.concatenate([sampled(frame, source.pixels) for frame in chain([first], frames)])
    return values_of_pictures(card, first, sample)


def tell(on_done: Callable[[float], None], done: int, frames: int, part: float) -> None:
    """Tell the finished part of a file, given that of the frame after those done."""
    on_done((done + part) / frames)
