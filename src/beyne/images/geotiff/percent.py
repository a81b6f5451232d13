"""A GeoTIFF of percent that lies over another raster, written in windows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import rasterio
from rasterio.enums import Resampling
from rasterio.windows import Window

from beyne.files import part_of
from beyne.images.geotiff.source import told_plainly
from beyne.images.geotiff.target import check_complete, overview_factors, write_cog
from beyne.images.metadata import quietly
from beyne.images.raster import Pixels

#: Of the raster below, as they are.
_LAYOUT = ("blockxsize", "blockysize", "tiled", "compress", "interleave")


class PercentTarget:
    """The file in the making; a context manager, at whose end it is there whole or not at all.

    Bytes from 0 to 100 with a scale of 0.01, so that readers that know scales see parts of one.
    Place, size, tiles, compression and overviews are those of the raster below.

    Args:
        path: The file to make.
        below: The raster that it lies over; it has been written.
        names: Of the bands.
        cog: Make it cloud-optimised.
    """

    NODATA = 255

    def __init__(self, path: Path, below: Path, names: Sequence[str], cog: bool) -> None:
        self._path, self._below, self._names, self._cog = path, below, names, cog

    def __enter__(self) -> PercentTarget:
        with ExitStack() as unless_all_is_well:
            enter = unless_all_is_well.enter_context
            self._part = enter(part_of(self._path))
            self._plain = self._part
            if self._cog:
                self._plain = self._part.with_name(f"{self._part.name}.plain")
                unless_all_is_well.callback(self._plain.unlink, missing_ok=True)
            with told_plainly("read"), quietly():
                self._raster: Any = enter(rasterio.open(self._below))
            with told_plainly("write"), quietly():
                self._made: Any = enter(rasterio.open(self._plain, "w", **self._profile()))
                self._describe()
            self._close = unless_all_is_well.pop_all()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._close.__exit__(kind, error, trace)

    def result(self, bands: Sequence[int], top: int, left: int, shape: tuple[int, ...]) -> Pixels:
        """A window ``(bands, H, W)`` of the raster below."""
        with told_plainly("read"):
            window = Window(left, top, shape[1], shape[0])
            values: Pixels = self._raster.read(list(bands), window=window)
        return values

    def write(self, top: int, left: int, values: Pixels) -> None:
        """Write ``(bands, H, W)`` bytes."""
        window = Window(left, top, values.shape[2], values.shape[1])
        with told_plainly("write"):
            self._made.write(values, window=window)

    def finish(self, said: str) -> None:
        """Say what the map says, and add the overviews that the raster below has, too."""
        with told_plainly("write"):
            self._made.update_tags(BEYNE_TRUST=said)
            if self._raster.overviews(1) and not self._cog:
                self._made.build_overviews(overview_factors(self._made), Resampling.average)
            self._made.close()
        if self._cog:
            write_cog(self._plain, self._part)
        check_complete(self._part)

    def _profile(self) -> dict[str, Any]:
        raster = self._raster
        kept = {name: raster.profile[name] for name in _LAYOUT if name in raster.profile}
        size = {"width": raster.width, "height": raster.height, "count": len(self._names)}
        own = {"driver": "GTiff", "dtype": "uint8", "nodata": self.NODATA, "bigtiff": "IF_SAFER"}
        return {**kept, **size, **own, "photometric": "minisblack"}

    def _describe(self) -> None:
        raster, made = self._raster, self._made
        gcps, crs = raster.gcps
        if gcps:
            made.gcps = gcps, crs
        elif not raster.transform.is_identity:
            made.transform = raster.transform
        if raster.crs:
            made.crs = raster.crs
        if raster.rpcs:
            made.rpcs = raster.rpcs
        tags = raster.tags()
        made.update_tags(**{name: tags[name] for name in ("AREA_OR_POINT",) if name in tags})
        made.scales = (0.01,) * made.count
        for number, name in enumerate(self._names, 1):
            made.set_band_description(number, name)
