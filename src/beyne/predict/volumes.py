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
from beyne.images.projection import EXACT_REACH
from beyne.images.raster import Pixels, Treatment
from beyne.predict.files import Job
from beyne.predict.fitting import checked_consistent
from beyne.predict.native import FILLED, Enlarger, Values, repeated, values_of
from beyne.predict.pieces import Piece, pieces, side_of
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
        values = values_of(self._sample, volume.dtype, volume.limits, None)
        tiling = predictor.tiling_of_pieces(scale, smooth)
        gaps = FILLED * (volume.dtype.kind == "f")
        halo = tiling.halo + EXACT_REACH * consistent + gaps
        cut = pieces(volume.height, volume.width, side_of(tiling), halo, tiling.alignment)
        folder = self._job.target.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with ExitStack() as unless_all_is_well:
                made = unless_all_is_well.enter_context(
                    VolumeOutput(volume, folder, options.anonymize)
                )
                for done, samples in enumerate(volume.slices(), 1):
                    made.add(self._enlarged(samples, values, cut))
                    on_done(done / volume.count)
                unless_all_is_well.pop_all()
        except OSError as error:
            raise from_os_error(error, "write") from error
        self._made = made

    def write(self) -> Outcome:
        """Make a file of the slices."""
        target, residual = self._job.target, self._enlarger.residual
        with self._made as made, new_file(target) as file:
            made.save(file, target.suffix.lower() == ".gz", self._treatment, residual)
        consistent = self._treatment.consistent
        return Outcome(consistent, residual.decibels, residual.shortfall if consistent else [])

    def _enlarged(self, samples: Pixels, values: Values, cut: list[Piece]) -> Pixels:
        """A slice ``(1, H·scale, W·scale)``; what is not finite is repeated."""
        scale = self._options.scale
        made, valid = repeated(samples, scale), np.isfinite(samples)
        for piece in cut:
            rows, columns = slice(*piece.rows), slice(*piece.columns)
            if valid[:, rows, columns].any():
                seen = (slice(None), slice(*piece.seen_rows), slice(*piece.seen_columns))
                result = self._enlarger.bands(samples[seen], valid[seen], values, piece)
                result = result[(slice(None), *piece.core(scale))]
                kept = repeated(valid[:, rows, columns], scale)
                place = made[
                    :,
                    piece.rows[0] * scale : piece.rows[1] * scale,
                    piece.columns[0] * scale : piece.columns[1] * scale,
                ]
                np.copyto(place, result, where=kept)
        return made
