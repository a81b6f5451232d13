"""A GeoTIFF that is made of another raster, written in windows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import rasterio
import tifffile
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp, Resampling
from rasterio.rpc import RPC
from rasterio.shutil import copy
from rasterio.transform import Affine
from rasterio.windows import Window

from beyne.errors import DISK_FULL, ImageError
from beyne.images.geotiff.source import Mask, Source, has_mask, told_plainly
from beyne.images.metadata import quietly
from beyne.images.raster import Pixels, Treatment
from beyne.images.residual import Residual

#: Compressions that are kept; all others lose something, or are none, and become deflate.
_LOSSLESS = ("deflate", "lzw", "zstd", "packbits", "lzma")
_PREDICTED = ("deflate", "lzw", "zstd")
#: Sides of the file's tiles, which must divide the side of what is written at once.
_LARGEST_BLOCK, _SMALLEST_BLOCK = 512, 128
#: Metadata of GDAL's own making, of other drivers, or kept in another way.
_NOT_COPIED = ("IMAGE_STRUCTURE", "DERIVED_SUBDATASETS", "SUBDATASETS", "RPC", "COLOR_PROFILE")
_RESOLUTIONS = ("TIFFTAG_XRESOLUTION", "TIFFTAG_YRESOLUTION")
_OWN = "BEYNE_"


class Target:
    """An enlarged raster in the making; a context manager, for one thread at a time.

    Transform, ground control points and rational polynomials are those of ``source`` at the new
    size; CRS, nodata, mask, colour interpretation, names, units and tags are its own.

    Args:
        path: The file to make.
        source: What is enlarged.
        bands: Its bands, by number, that are written, in this order.
        scale: Enlargement.
        step: Side in pixels of the pieces that are written.
    """

    def __init__(
        self, path: Path, source: Source, bands: Sequence[int], scale: int, step: int
    ) -> None:
        self._path = path
        self._source: Any = source.dataset
        self._bands, self._scale = list(bands), scale
        self.has_mask = has_mask(self._source)
        options = _options(source, step) | _photometric(self._source, bands)
        with told_plainly("write"), quietly():
            self._dataset = rasterio.open(
                path,
                "w",
                driver="GTiff",
                width=source.described.width * scale,
                height=source.described.height * scale,
                count=len(bands),
                dtype=source.described.dtype,
                nodata=self._source.nodatavals[bands[0] - 1],
                **options,
            )
            try:
                self._describe()
            except BaseException:
                self._dataset.close()
                raise

    def __enter__(self) -> Target:
        return self

    def __exit__(self, *error: object) -> None:
        with told_plainly("write"):
            self._dataset.close()

    def write(self, top: int, left: int, values: Pixels, mask: Mask | None) -> None:
        """Write ``(bands, H, W)`` samples, and the mask ``(H, W)`` where `has_mask`."""
        window = Window(left, top, values.shape[2], values.shape[1])
        with told_plainly("write"):
            self._dataset.write(values, window=window)
            if mask is not None:
                self._dataset.write_mask(mask, window=window)

    def finish(
        self, treatment: Treatment, residual: Residual, measured: Mapping[str, float]
    ) -> None:
        """Say under ``BEYNE_…`` what was done, and add the overviews that the source had, too.

        Args:
            treatment: What was done.
            residual: How far it shrinks back to the source.
            measured: Names and values of what else was found.
        """
        tags = _done_tags(treatment, residual)
        tags |= {name: f"{value:.6g}" for name, value in measured.items()}
        with told_plainly("write"):
            self._dataset.update_tags(**{_OWN + name: value for name, value in tags.items()})
            factors = self._source.overviews(1)
            if factors:
                self._dataset.build_overviews(overview_factors(self._dataset), Resampling.average)

    def _describe(self) -> None:
        """Everything but the samples; before the first of them, as it goes into the tags."""
        source, made, scale = self._source, self._dataset, self._scale
        gcps, crs = source.gcps
        if gcps:
            made.gcps = [_enlarged_point(point, scale) for point in gcps], crs
        elif not source.transform.is_identity:
            made.transform = enlarged_transform(source.transform, scale)
        if source.crs:
            made.crs = source.crs
        if source.rpcs:
            made.rpcs = enlarged_rpc(source.rpcs, scale)
        made.colorinterp = [source.colorinterp[band - 1] for band in self._bands]
        made.update_tags(**_tags(source, scale))
        for namespace in _copied_namespaces(source):
            made.update_tags(ns=namespace, **source.tags(ns=namespace))
        for number, band in enumerate(self._bands, 1):
            tags = source.tags(band)
            kept = {k: v for k, v in tags.items() if not k.startswith("STATISTICS_")}
            made.update_tags(number, **kept)
            if source.descriptions[band - 1]:
                made.set_band_description(number, source.descriptions[band - 1])
            if source.units[band - 1]:
                made.set_band_unit(number, source.units[band - 1])
        made.scales = [source.scales[band - 1] for band in self._bands]
        made.offsets = [source.offsets[band - 1] for band in self._bands]


def enlarged_transform(transform: Affine, scale: int) -> Affine:
    """The transform of a raster ``scale`` times as fine with the same corner, turned or not."""
    a, b, c, d, e, f = transform[:6]
    return Affine(a / scale, b / scale, c, d / scale, e / scale, f)


def enlarged_rpc(rpc: RPC, scale: int) -> RPC:
    """Rational polynomials for a raster ``scale`` times as fine.

    They count from the middle of the first pixel, as the specification has it (RPC00B).
    """
    values = rpc.to_dict()
    for axis in ("line", "samp"):
        values[f"{axis}_off"] = (values[f"{axis}_off"] + 0.5) * scale - 0.5
        values[f"{axis}_scale"] = values[f"{axis}_scale"] * scale
    return RPC(**values)


def write_cog(source: Path, path: Path) -> None:
    """Write a GeoTIFF anew as a cloud-optimised one, losslessly, with overviews."""
    options = {
        "driver": "COG",
        "compress": "deflate",
        "predictor": "yes",
        "overview_resampling": "average",
        "bigtiff": "if_safer",
    }
    with told_plainly("write"), quietly():
        copy(source, path, strict=True, copy_src_overviews=False, **options)


def check_complete(path: Path) -> None:
    """Raise an `ImageError` if a TIFF lacks some of its samples; GDAL may be silent on a full disk.

    Tiles that were never written would be there as empty ones.
    """
    end = path.stat().st_size
    with tifffile.TiffFile(path) as tif:
        for page in tif.pages:
            segments = zip(page.dataoffsets, page.databytecounts, strict=True)
            if any(not count or start + count > end for start, count in segments):
                raise ImageError(*DISK_FULL)


def _options(source: Source, step: int) -> dict[str, Any]:
    """How the file is to be laid out."""
    dataset, dtype = source.dataset, source.described.dtype
    compression = str(dataset.profile.get("compress", "none")).lower()
    compression = compression if compression in _LOSSLESS else "deflate"
    block = math.gcd(step, _LARGEST_BLOCK)
    options: dict[str, Any] = {
        "tiled": True,
        "blockxsize": block if block >= _SMALLEST_BLOCK else _SMALLEST_BLOCK,
        "blockysize": block if block >= _SMALLEST_BLOCK else _SMALLEST_BLOCK,
        "interleave": dataset.profile.get("interleave", "pixel"),
        "compress": compression,
        "bigtiff": "IF_SAFER",
    }
    structure = dataset.tags(1, ns="IMAGE_STRUCTURE")
    if "NBITS" in structure:
        options["nbits"] = structure["NBITS"]
    elif compression in _PREDICTED:
        options["predictor"] = 3 if dtype.kind == "f" else 2
    profile = dataset.tags(ns="COLOR_PROFILE").get("SOURCE_ICC_PROFILE")
    return options | ({"source_icc_profile": profile} if profile else {})


def _photometric(dataset: Any, bands: Sequence[int]) -> dict[str, str]:
    """RGB where the first three are; alpha is marked by the colour interpretation."""
    roles = tuple(dataset.colorinterp[band - 1] for band in bands[:3])
    coloured = roles == (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    return {"photometric": "rgb" if coloured else "minisblack"}


def _enlarged_point(point: Any, scale: int) -> GroundControlPoint:
    return GroundControlPoint(
        row=point.row * scale,
        col=point.col * scale,
        x=point.x,
        y=point.y,
        z=point.z,
        id=point.id,
        info=point.info,
    )


def _tags(dataset: Any, scale: int) -> dict[str, str]:
    tags = dict(dataset.tags())
    if tags.get("TIFFTAG_RESOLUTIONUNIT", "1")[:1] != "1":
        for name in _RESOLUTIONS:
            if name in tags:
                tags[name] = f"{float(tags[name]) * scale:g}"
    return {name: text for name, text in tags.items() if not name.startswith(_OWN)}


def _done_tags(treatment: Treatment, residual: Residual) -> dict[str, str]:
    tags = {
        "VERSION": version("beyne"),
        "MODEL": treatment.model,
        "SCALE": str(treatment.scale),
        "SMOOTH": f"{treatment.smooth:g}",
        "CONSISTENT": "yes" if treatment.consistent else "no",
        "OPERATOR": treatment.operator,
    }
    if treatment.scale > 1:
        tags["COMPARED_VALUES"] = str(residual.compared)
        tags["WITHIN_HALF_STEP"] = str(residual.within)
        tags["LARGEST_RESIDUAL_STEPS"] = f"{residual.largest:.4g}"
    return tags


def _copied_namespaces(dataset: Any) -> list[str]:
    names = dataset.tag_namespaces()
    return [name for name in names if name not in _NOT_COPIED and ":" not in name]


def overview_factors(dataset: Any) -> list[int]:
    """Powers of two down to one tile of the file."""
    longest, block = max(dataset.shape), dataset.block_shapes[0][0]
    return [2**power for power in range(1, max(1, math.ceil(math.log2(longest / block))) + 1)]
