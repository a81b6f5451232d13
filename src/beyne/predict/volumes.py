"""NIfTI volumes, slice by slice: memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np

from beyne.errors import ImageError
from beyne.images import default_pixel_limit
from beyne.images.checks import from_os_error
from beyne.images.files import new_file, reading
from beyne.images.nifti import Volume, VolumeOutput
from beyne.images.raster import Pixels, Treatment
from beyne.images.residual import Residual
from beyne.predict.files import Job
from beyne.predict.fitting import checked_consistent
from beyne.predict.native import Enlarger, repeated
from beyne.predict.values import Values, values_of
from beyne.predict.work import Options, Outcome

if TYPE_CHECKING:
    from beyne.predict.predictor import Predictor


class Slices:
    """The work on a NIfTI volume, see `beyne.predict.work.Work`.

    Raises:
        ImageError: It can't be read.
    """

    def __init__(self, job: Job, options: Options) -> None:
        if options.bands not in (None, "all"):
            raise ImageError("a volume has slices and no bands", "leave out --bands")
        self._job, self._options = job, options
        with reading():
            limit = options.pixel_limit or default_pixel_limit(options.scale)
            self._volume = volume = Volume(job.source, limit)
            self._sample = volume.sample()
        pixels = volume.height * volume.width * volume.count
        self.megapixels = pixels * options.scale**2 / 1e6
        self.large = False

    def compute(self, predictor: Predictor, on_done: Callable[[float], None]) -> None:
        """Apply the model to all slices, which wait in a file without a name."""
        card, options, volume = predictor.card, self._options, self._volume
        if card.channels_in not in (1, 3) or card.side is not None:
            raise ImageError(f"{card.name} does not take slices of grey", "use another --model")
        scale, smooth = options.scale, options.smooth
        consistent = checked_consistent(card, scale, options.consistent, measured=True)
        self._treatment = Treatment(card.name, card.job, scale, card.operator, consistent, smooth)
        self._enlarger = Enlarger(predictor, scale, smooth, consistent)
        values = values_of(self._sample, volume.dtype, volume.limits, None, card)
        self._residual = Residual()
        folder = self._job.target.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with ExitStack() as unless_all_is_well:
                made = unless_all_is_well.enter_context(
                    VolumeOutput(volume, folder, options.anonymize)
                )
                for done, samples in enumerate(volume.slices(), 1):
                    made.add(self._enlarged(samples, values))
                    on_done(done / volume.count)
                unless_all_is_well.pop_all()
        except OSError as error:
            raise from_os_error(error, "write") from error
        self._made = made

    def write(self) -> Outcome:
        """Make a file of the slices."""
        target, residual = self._job.target, self._residual
        with self._made as made, new_file(target) as file:
            made.save(file, target.suffix.lower() == ".gz", self._treatment, residual)
        consistent = self._treatment.consistent
        return Outcome(consistent, residual.decibels, residual.shortfall if consistent else [])

    def _enlarged(self, samples: Pixels, values: Values) -> Pixels:
        """A slice ``(1, H·scale, W·scale)``; what is not finite is repeated."""
        scale, valid = self._options.scale, np.isfinite(samples)
        made = repeated(samples, scale)
        if valid.any():
            result = self._enlarger.whole(samples.transpose(1, 2, 0), values).transpose(2, 0, 1)
            if scale > 1:  # before what is not finite comes back: A would spread it
                operator = self._treatment.operator
                self._residual.add_whole(result, samples, values.levels, operator, valid)
            np.copyto(made, result, where=repeated(valid, scale))
        return made
