"""Trust in the slices of an enlarged NIfTI volume, one at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

import numpy as np

from beyne.images import Raster, default_pixel_limit, write
from beyne.images.checks import from_os_error
from beyne.images.files import new_file, reading
from beyne.images.nifti import PercentVolume, Volume
from beyne.images.raster import Pixels
from beyne.predict.files import Job
from beyne.predict.fitting import checked_consistent
from beyne.predict.frames import tell
from beyne.predict.native import repeated
from beyne.predict.values import values_of
from beyne.predict.work import Options
from beyne.trust.assessor import Assessor
from beyne.trust.maps import Names, percent
from beyne.trust.native import WHITE, meaning_of, model_raster
from beyne.trust.overlay import LeastTrusted
from beyne.trust.summary import Tally, Told, Trust


class NiftiMap:
    """The map of a NIfTI volume, of whole percent, 0 where there is no data; see `Map`."""

    def __init__(self, job: Job, options: Options) -> None:
        self._target, self._consistent = job.target, options.consistent
        with reading():
            limit = options.pixel_limit or default_pixel_limit(options.scale)
            self._volume = Volume(job.source, limit)
            self._sample = self._volume.sample()

    def write(self, assessor: Assessor, names: Names, on_done: Callable[[float], None]) -> Told:
        """Write map and overlay, see `beyne.trust.maps.Map`."""
        volume, card = self._volume, assessor.card
        result = Volume(self._target, sys.maxsize)
        values = values_of(self._sample, volume.dtype, volume.limits, None, card)
        meaning = meaning_of(assessor.calibration, [values], georeferenced=False)
        consistent = checked_consistent(card, card.scale, self._consistent, measured=True)
        tally = Tally(result.height, result.width)
        least = LeastTrusted()

        def raster(samples: Pixels) -> Raster:
            return model_raster(samples, np.isfinite(samples), values)

        try:
            with PercentVolume(self._target, names.map.parent) as made:
                pairs = zip(volume.slices(), result.slices(), strict=True)
                for done, (given, enlarged) in enumerate(pairs):
                    told = partial(tell, on_done, done, volume.count)
                    found = assessor.map_of(raster(given), meaning.kind, consistent, told)
                    known = repeated(np.isfinite(given), card.scale)[0]
                    tally.add(found, known=known)
                    made.add(percent(found * known))
                    certain = Trust(np.where(known, found, np.float32(1)), meaning)
                    shown = raster(enlarged)
                    least.add(shown.pixels[..., 0] * (WHITE / shown.white), certain)
                said = Told(tally, meaning, least.number)
                with new_file(names.map) as file:
                    made.save(file, names.map.suffix.lower() == ".gz", said.sentence)
        except OSError as error:
            raise from_os_error(error, "write") from error
        write(Raster(least.pixels), names.overlay)
        return said
