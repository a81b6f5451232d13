"""A model applied to a georeferenced raster of any size, in memory that does not grow with it.

Pieces are read, computed and written at the same time. Values go into the model by one range for
the whole raster, never by the piece, and what lies outside of it goes around the model; so no
piece is brighter than its neighbour. No data is filled from its surroundings before and put back
after. The projection works in the raster's own values: in float64, or float32 where their steps
are coarse.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from beyne.bundle import ModelCard
from beyne.errors import ImageError
from beyne.files import part_of
from beyne.images.checks import from_os_error
from beyne.images.files import reading
from beyne.images.geotiff import is_scene
from beyne.images.geotiff.source import Source, gdal
from beyne.images.geotiff.target import Target, check_complete, write_cog
from beyne.images.projection import EXACT_REACH
from beyne.images.raster import Pixels, Treatment
from beyne.images.residual import Residual
from beyne.predict.band_groups import Group, band_groups, written_bands
from beyne.predict.files import Job
from beyne.predict.fitting import checked_consistent, counted
from beyne.predict.native import FILLED, Enlarger, repeated
from beyne.predict.overlap import one_ahead
from beyne.predict.pieces import Piece, pieces, side_of
from beyne.predict.values import Values, values_of
from beyne.predict.vegetation import Vegetation
from beyne.predict.work import Options, Outcome

if TYPE_CHECKING:
    from beyne.predict.predictor import Predictor

Mask = NDArray[np.bool_]


class Streaming:
    """The work on a raster that becomes GeoTIFF, see `beyne.predict.work.Work`.

    Raises:
        ImageError: It can't be read, or shall be anonymous, which a place on Earth is not.
    """

    def __init__(self, job: Job, options: Options) -> None:
        if options.anonymize:
            problem = "a GeoTIFF says where it lies, which --anonymize is to leave out"
            raise ImageError(problem, "leave that out, or use --format png")
        self._job = job
        with gdal(), reading():
            self._source, self._options, self._warnings = opened(job.source, options)
        described = self._source.described
        self.megapixels = described.height * described.width * options.scale**2 / 1e6
        self.large = False

    def compute(self, predictor: Predictor, on_done: Callable[[float], None]) -> None:
        """Apply the model piece by piece; the file is whole at the end, or not there."""
        if predictor.card.side is not None:
            problem = f"{predictor.card.name} sees whole pictures, and this is computed in pieces"
            raise ImageError(problem, "--format png, which has no georeference")
        target = self._job.target
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with gdal(), self._source, part_of(target) as part:
                work = _Pieces(predictor, self._source, self._options)
                work.write_cog(part, on_done) if self._options.cog else work.write(part, on_done)
                check_complete(part)
        except OSError as error:
            if not error.errno:
                raise
            raise from_os_error(error, "write") from error
        outcome = work.outcome()
        self._outcome = replace(outcome, warnings=[*self._warnings, *outcome.warnings])

    def write(self) -> Outcome:
        """Nothing is left to write."""
        return self._outcome


def opened(path: Path, options: Options) -> tuple[Source, Options, list[str]]:
    """A raster, what is asked of it, and what the user should know.

    Of a scene it holds only the bands that are to be enlarged: together, or else each alone.
    """
    if not is_scene(path):
        return Source(path, options.pixel_limit), options, []
    from beyne.images.geotiff.scene import scene

    names = map(str, options.bands) if isinstance(options.bands, tuple) else options.bands
    made = scene(path, names, options.resample)
    source = Source(path, options.pixel_limit, made.description)
    return source, replace(options, bands="all"), made.resampled


def values_of_group(source: Source, group: Group, card: ModelCard) -> Values:
    """The range that is black to white in bands that go into the model together."""
    raster = source.described
    nodata = raster.nodata[group[0] - 1]
    return values_of(source.sample(group), raster.dtype, raster.limits, nodata, card)


class _Pieces:
    """One raster on its way through the model."""

    def __init__(self, predictor: Predictor, source: Source, options: Options) -> None:
        self._predictor, self._source, self._options = predictor, source, options
        self._raster = raster = source.described
        bands = counted(options.bands)
        self._groups = band_groups(raster, predictor.card, bands)
        self._written = written_bands(raster, self._groups, bands)
        self._values = {g: values_of_group(source, g, predictor.card) for g in self._groups}
        if raster.alpha:
            self._values[(raster.alpha,)] = self._values_of_alpha(raster.alpha)
        card, scale, smooth = predictor.card, options.scale, options.smooth
        self._consistent = checked_consistent(card, scale, options.consistent, measured=True)
        self._treatment = Treatment(
            card.name, card.job, scale, card.operator, self._consistent, smooth
        )
        self._enlarger = Enlarger(predictor, scale, smooth, self._consistent)
        self._residual = Residual()
        self._has_data = False
        self._vegetation: Vegetation | None = None
        if raster.vegetation and set(raster.vegetation) <= set(self._written):
            self._vegetation = Vegetation(raster, card.operator)

    def write(self, path: Path, on_done: Callable[[float], None]) -> None:
        """Make the whole file: read ahead, compute, and write behind."""
        scale, raster = self._options.scale, self._raster
        tiling = self._predictor.tiling_of_pieces(scale, self._options.smooth)
        side = side_of(tiling)
        halo = tiling.halo + EXACT_REACH * self._consistent + FILLED * raster.has_gaps
        waiting = pieces(raster.height, raster.width, side, halo, tiling.alignment)
        behind: Future[None] | None = None
        with (
            Target(path, self._source, self._written, scale, side * scale) as target,
            ThreadPoolExecutor(1) as reader,
            ThreadPoolExecutor(1) as writer,
        ):
            for count, (piece, reading) in enumerate(one_ahead(reader, self._read, waiting), 1):
                made, mask = self._enlarged(piece, *reading.result())
                if behind is not None:
                    behind.result()
                behind = writer.submit(_write, target, piece, scale, made, mask)
                on_done(count / len(waiting))
            if behind is not None:
                behind.result()
            target.finish(self._treatment, self._residual, self._vegetation_means)

    def write_cog(self, path: Path, on_done: Callable[[float], None]) -> None:
        """The same as a cloud-optimised file, which can only be made of a finished one."""
        plain = path.with_name(f"{path.name}.plain")
        try:
            self.write(plain, on_done)
            write_cog(plain, path)
        finally:
            plain.unlink(missing_ok=True)

    def outcome(self) -> Outcome:
        """What is to be told of the finished file."""
        residual, warnings = self._residual, []
        if not self._has_data:
            warnings = ["it holds no data, and so does the result"]
        elif self._consistent:
            warnings = residual.shortfall
        if self._vegetation is not None:
            warnings += self._vegetation.sentences
        return Outcome(self._consistent, residual.decibels, warnings)

    @property
    def _vegetation_means(self) -> dict[str, float]:
        means = {} if self._vegetation is None else self._vegetation.means
        return {f"NDVI_{name}": mean for name, mean in means.items()}

    def _values_of_alpha(self, alpha: int) -> Values:
        """Alpha may well use a part of its type only, such as 0 to 255 of 16 bits."""
        top = float(self._source.sample((alpha,)).max(initial=1))
        return Values(0.0, top, self._raster.dtype, (0.0, top))

    def _read(self, piece: Piece) -> tuple[Pixels, Mask]:
        with gdal():
            return self._source.read(self._written, piece.seen_rows, piece.seen_columns)

    def _enlarged(self, piece: Piece, samples: Pixels, valid: Mask) -> tuple[Pixels, Mask]:
        """What is kept of a piece, ``(bands, H·s, W·s)``, and which of it is data.

        Where there is no data the result repeats what the file holds there, as do its nodata
        value, its mask and its alpha.
        """
        scale, core = self._options.scale, (slice(None), *piece.core())
        made, kept = repeated(samples[core], scale), repeated(valid[core], scale)
        seen: dict[int, Pixels] = {}
        for group, values in self._values.items():
            places = [self._written.index(number) for number in group]
            if valid[core][places].any():
                self._has_data = True
                if group == (self._raster.alpha,):
                    result = self._enlarger.alpha(samples[places], valid[places], values)
                else:
                    result = self._bands(samples[places], valid[places], values, piece)
                    seen |= zip(group, result, strict=True)
                inside = result[(slice(None), *piece.core(scale))]
                made[places] = np.where(kept[places], inside, made[places])
        if self._vegetation is not None and set(self._vegetation.bands) <= seen.keys():
            places = [self._written.index(number) for number in self._vegetation.bands]
            bands = np.stack([seen[number] for number in self._vegetation.bands])
            self._vegetation.add(samples[places], bands, valid[places], piece)
        return made, np.asarray(kept.any(axis=0))

    def _bands(self, samples: Pixels, valid: Mask, values: Values, piece: Piece) -> Pixels:
        """A group enlarged, ``(C, H·s, W·s)`` of all that is seen, and compared with its source."""
        made = self._enlarger.bands(samples, valid, values)
        if self._options.scale > 1:
            operator = self._treatment.operator
            self._residual.add(made, samples, values.levels, operator, piece.core(), valid)
        return made


def _write(target: Target, piece: Piece, scale: int, made: Pixels, mask: Mask) -> None:
    top, left = piece.rows[0] * scale, piece.columns[0] * scale
    with gdal():
        target.write(top, left, made, mask if target.has_mask else None)
