"""Small georeferenced rasters of every kind, written by rasterio."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from pictures import picture

rasterio = pytest.importorskip("rasterio", reason="the extra geo is not installed")

from rasterio.enums import ColorInterp  # noqa: E402
from rasterio.transform import Affine  # noqa: E402

#: A corner in UTM zone 33, pixels of 10 by 12 metres, turned by 30 degrees.
TURNED = Affine(8.66, 6.0, 399_960.0, 5.0, -10.39, 5_300_040.0)
RGB = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
NODATA = {"uint8": 0, "uint16": 0, "int16": -9999, "uint32": 7, "float32": -9999, "float64": -1e30}


def values(height: int, width: int, bands: int, dtype: str, seed: int = 0) -> np.ndarray:
    """``(bands, height, width)``: a picture at a tenth or so of the range of ``dtype``."""
    waves = picture(height, width, bands, seed).transpose(2, 0, 1).astype(np.float64)
    if dtype == "uint8":
        return waves.clip(1, 255).astype(dtype)
    if np.dtype(dtype).kind == "f":
        return (waves / 800 - 0.05).astype(dtype)
    return (waves * 23 + 100).astype(dtype)


def gaps_of(kind: str, height: int, width: int) -> np.ndarray:
    """``(height, width)``, true where there is no data."""
    empty = np.zeros((height, width), bool)
    if kind == "corner":
        y, x = np.mgrid[0:height, 0:width]
        empty |= y + x < height // 2
    elif kind == "speckle":
        empty |= np.random.default_rng(1).random((height, width)) < 0.1
    elif kind == "all":
        empty |= True
    return empty


def save_raster(
    path: Path,
    dtype: str = "uint16",
    bands: int = 3,
    gaps: str = "none",
    mark: str = "nodata",
    size: tuple[int, int] = (40, 36),
    **options,
) -> Path:
    """Write a GeoTIFF with everything that must survive.

    Args:
        path: The file.
        dtype: Of the samples.
        bands: Of data; three or more are red, green, blue and the rest undefined.
        gaps: See `gaps_of`.
        mark: What marks them: ``nodata``, ``mask``, ``alpha`` or ``nan``.
        size: Rows and columns.
        options: For ``rasterio.open``.
    """
    samples, empty = values(*size, bands, dtype), gaps_of(gaps, *size)
    roles = [*RGB, *[ColorInterp.undefined] * bands][:bands] if bands >= 3 else None
    nodata = NODATA[dtype] if mark == "nodata" and gaps != "none" else None
    if mark == "alpha":
        top = np.iinfo(dtype).max if np.dtype(dtype).kind != "f" else 1
        samples = np.concatenate([samples, np.where(empty, 0, top)[None].astype(dtype)])
        roles = [*(roles or [ColorInterp.gray] * bands), ColorInterp.alpha]
    else:
        samples[:, empty] = (
            np.nan if mark == "nan" else (NODATA[dtype] if nodata is not None else 3)
        )
    form = {"transform": TURNED, "crs": "EPSG:32633", "photometric": "minisblack"} | options
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        warnings.catch_warnings(action="ignore"),
        rasterio.open(
            path,
            "w",
            driver="GTiff",
            height=size[0],
            width=size[1],
            count=len(samples),
            dtype=dtype,
            nodata=nodata,
            **form,
        ) as made,
    ):
        if roles:
            made.colorinterp = roles
        made.update_tags(ACQUIRED="2026-05-01", AREA_OR_POINT="Area")
        made.update_tags(ns="SENSOR", ORBIT="12")
        made.update_tags(1, WAVELENGTH="665", STATISTICS_MAXIMUM="9")
        made.set_band_description(1, "first band")
        made.set_band_unit(1, "reflectance")
        made.scales, made.offsets = (1e-4,) * len(samples), (-0.1,) * len(samples)
        made.write(samples)
        if mark == "mask":
            made.write_mask(~empty)
    return path


def read_all(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Samples and masks, both ``(bands, H, W)``, as rasterio has them."""
    with warnings.catch_warnings(action="ignore"), rasterio.open(path) as raster:
        return raster.read(), raster.read_masks() > 0
