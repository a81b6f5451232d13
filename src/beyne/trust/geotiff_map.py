"""Trust in an enlarged georeferenced raster, in memory that does not grow with it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from beyne.images import Raster, write
from beyne.images.checks import from_os_error
from beyne.images.files import reading
from beyne.images.geotiff.percent import PercentTarget
from beyne.images.geotiff.source import Source, gdal
from beyne.images.raster import Pixels
from beyne.predict.band_groups import Group, band_groups, written_bands
from beyne.predict.files import Job
from beyne.predict.fitting import checked_consistent, counted
from beyne.predict.native import FILLED, repeated
from beyne.predict.pieces import Piece, pieces
from beyne.predict.streaming import opened, values_of_group
from beyne.predict.tiling import ALIGNMENT
from beyne.predict.work import Options
from beyne.trust.assessor import CORE, Assessor
from beyne.trust.calibration import FloatMap
from beyne.trust.maps import Names, percent
from beyne.trust.native import WHITE, meaning_of, model_raster
from beyne.trust.overlay import Overlay
from beyne.trust.summary import Tally, Told

Mask = NDArray[np.bool_]


class GeotiffMap:
    """The map of a GeoTIFF, a band for each time that the model was applied; see `Map`."""

    def __init__(self, job: Job, options: Options) -> None:
        self._target = job.target
        with gdal(), reading():
            self._source, self._options, _ = opened(job.source, options)

    def write(self, assessor: Assessor, names: Names, on_done: Callable[[float], None]) -> Told:
        """Write map and overlay, see `beyne.trust.maps.Map`."""
        try:
            with gdal(), self._source as source:
                work = _Pieces(assessor, source, self._options)
                with PercentTarget(names.map, self._target, work.names, self._options.cog) as made:
                    work.run(made, on_done)
                    made.finish(work.tally.sentence(work.meaning))
        except OSError as error:
            if not error.errno:
                raise
            raise from_os_error(error, "write") from error
        write(Raster(work.overlay.pixels), names.overlay)
        return Told(work.tally, work.meaning)


class _Pieces:
    """One raster and its trust, piece by piece."""

    def __init__(self, assessor: Assessor, source: Source, options: Options) -> None:
        self._assessor, self._source = assessor, source
        raster, card, bands = source.described, assessor.card, counted(options.bands)
        groups = band_groups(raster, card, bands)
        self._written = written_bands(raster, groups, bands)
        self._consistent = checked_consistent(card, card.scale, options.consistent, measured=True)
        self._values = {group: values_of_group(source, group, card) for group in groups}
        size = raster.height * card.scale, raster.width * card.scale
        self.tally, self.overlay = Tally(*size), Overlay(*size)
        self.meaning = meaning_of(assessor.calibration, [*self._values.values()], True)
        self.names = [f"trust in bands {', '.join(map(str, group))}" for group in groups]

    def run(self, made: PercentTarget, on_done: Callable[[float], None]) -> None:
        """Assess and write every piece."""
        raster, scale = self._source.described, self._assessor.card.scale
        halo = self._assessor.halo + FILLED * raster.has_gaps
        waiting = pieces(raster.height, raster.width, CORE, halo, ALIGNMENT)
        for count, piece in enumerate(waiting, 1):
            top, left = piece.rows[0] * scale, piece.columns[0] * scale
            found = [self._assessed(group, piece) for group in self._values]
            made.write(top, left, np.stack([_marked(*each) for each in found]))
            if any(known.any() for _, known in found):
                for trust, known in found:
                    self.tally.add(trust, top, left, known)
                self._paint(made, found, top, left)
            on_done(count / len(waiting))

    def _assessed(self, group: Group, piece: Piece) -> tuple[FloatMap, Mask]:
        """Trust in a piece of some bands, 1 where there is no data, and where there is."""
        values, scale = self._values[group], self._assessor.card.scale
        samples, valid = self._source.read(group, piece.seen_rows, piece.seen_columns)
        known = repeated(valid.min(axis=0)[piece.core()], scale)
        if not known.any():
            return np.ones(known.shape, np.float32), known
        raster = model_raster(samples, valid, values)
        trust = self._assessor.probability(raster, self.meaning.kind, self._consistent)
        return np.where(known, trust[piece.core(scale)], np.float32(1)), known

    def _paint(
        self, made: PercentTarget, found: list[tuple[FloatMap, Mask]], top: int, left: int
    ) -> None:
        """The first group's bands in grey, and the least trust in any group."""
        (group, values), trust = next(iter(self._values.items())), found[0][0]
        for other, _ in found[1:]:
            trust = np.minimum(trust, other)
        numbers = [self._written.index(number) + 1 for number in group]
        stored = made.result(numbers, top, left, trust.shape).astype(np.float32).mean(0)
        grey = (stored - values.black) / values.width * WHITE
        self.overlay.add(np.nan_to_num(grey), trust, top, left)


def _marked(trust: FloatMap, known: Mask) -> Pixels:
    return np.where(known, percent(trust), np.uint8(PercentTarget.NODATA))
