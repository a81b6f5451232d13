"""Trust in the frames of an enlarged DICOM file, one at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from beyne.images import Raster, default_pixel_limit, write
from beyne.images.checks import from_os_error
from beyne.images.dicom import open_source
from beyne.images.dicom_percent import DicomPercent
from beyne.images.files import new_file, reading
from beyne.predict.files import Job
from beyne.predict.fitting import picked
from beyne.predict.frames import tell, values_of_frames
from beyne.predict.work import Options
from beyne.trust.assessor import Assessor
from beyne.trust.maps import Names, percent
from beyne.trust.native import grey_of, meaning_of
from beyne.trust.overlay import LeastTrusted
from beyne.trust.summary import Tally, Told, Trust


class DicomMap:
    """The map of a DICOM file, a secondary capture of whole percent, 0 where there is padding."""

    def __init__(self, job: Job, options: Options) -> None:
        self._target, self._options = job.target, options
        with reading():
            limit = options.pixel_limit or default_pixel_limit(options.scale)
            self._source = open_source(job.source, limit)

    def write(self, assessor: Assessor, names: Names, on_done: Callable[[float], None]) -> Told:
        """Write map and overlay, see `beyne.trust.maps.Map`."""
        options, source = self._options, self._source
        result = open_source(self._target, sys.maxsize)
        tally = Tally(int(result.dataset.Rows), int(result.dataset.Columns))
        values = values_of_frames(assessor.card, source, options.bands)
        meaning = meaning_of(assessor.calibration, [values], georeferenced=False)
        least = LeastTrusted()
        try:
            with DicomPercent(self._target, names.map.parent) as made:
                pairs = zip(source.rasters(), result.rasters(), strict=True)
                for done, (frame, enlarged) in enumerate(pairs):
                    told = partial(tell, on_done, done, source.frames)
                    frame = picked(frame, options.bands)
                    trust = assessor.assess(frame, options.consistent, told, values)
                    tally.add(trust.map, known=trust.known)
                    shown = trust.map if trust.known is None else trust.map * trust.known
                    made.add(percent(shown))
                    certain = Trust(trust.map, meaning)
                    least.add(grey_of(enlarged, values, frame.levels), certain)
                found = Told(tally, meaning, least.number)
                with new_file(names.map) as file:
                    made.save(file, "trust in %", found.sentence)
        except OSError as error:
            raise from_os_error(error, "write") from error
        write(Raster(least.pixels), names.overlay)
        return found
