"""GeoTIFF in, GeoTIFF out: what rasterio reads of the result, and of the source."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from rasters import RGB, rasterio, read_all, save_raster, values
from tiny_networks import tiny_model

from beyne.bundle import load
from beyne.errors import ImageError
from beyne.images import Raster
from beyne.images.resample import downscale
from beyne.predict.files import Job
from beyne.predict.predictor import Predictor
from beyne.predict.streaming import Streaming
from beyne.predict.work import Options, Outcome
from beyne.zoo import find

ColorInterp = rasterio.enums.ColorInterp


def predictor(tile: int | str = 16, **fields) -> Predictor:
    return Predictor(tiny_model("compact", image_skip="bicubic", **fields), tile=tile)


def streamed(source: Path, target: Path, by: Predictor | None = None, **options) -> Outcome:
    work = Streaming(Job(source, target), Options(**{"scale": 4} | options))
    work.compute(by or predictor(), lambda share: None)
    return work.write()


def repeated(array: np.ndarray, scale: int = 4) -> np.ndarray:
    return array.repeat(scale, -2).repeat(scale, -1)


KINDS = [
    *itertools.product(("uint8", "uint16", "int16"), (1, 3), ("none", "corner"), ("nodata",)),
    *itertools.product(("uint16",), (1, 3), ("corner", "speckle"), ("mask", "alpha")),
    *itertools.product(("uint32", "float32", "float64"), (1,), ("none", "speckle"), ("nodata",)),
    *itertools.product(("float32", "float64"), (1, 3), ("speckle",), ("nan",)),
    *itertools.product(("uint8", "float32"), (3,), ("all",), ("nodata", "mask")),
    *itertools.product(("uint8",), (1, 3), ("corner",), ("mask", "alpha")),
]
COMPRESSIONS = ({}, {"compress": "deflate"}, {"compress": "lzw", "tiled": True, "blockxsize": 16})


@pytest.mark.parametrize(("number", "kind"), list(enumerate(KINDS)), ids=str)
def test_every_kind_of_raster(tmp_path, number, kind):
    dtype, bands, *_, mark = kind
    form = dict(COMPRESSIONS[number % 3])
    if form.get("tiled"):
        form["blockysize"] = 16
    source = save_raster(tmp_path / "a.tif", *kind[:3], mark, interleave="band", **form)
    streamed(source, tmp_path / "b.tif")
    given, given_valid = read_all(source)
    made, made_valid = read_all(tmp_path / "b.tif")
    with rasterio.open(source) as one, rasterio.open(tmp_path / "b.tif") as other:
        assert other.dtypes == one.dtypes
        assert other.crs == one.crs
        assert other.transform[:6] == pytest.approx((2.165, 1.5, 399_960, 1.25, -2.5975, 5_300_040))
        assert other.nodata == one.nodata or np.isnan(other.nodata)
        assert other.colorinterp == one.colorinterp
        assert other.mask_flag_enums == one.mask_flag_enums
        assert other.compression.name == form.get("compress", "deflate")
        assert (other.descriptions, other.units) == (one.descriptions, one.units)
        assert (other.scales, other.offsets) == (one.scales, one.offsets)
        assert one.tags().items() <= other.tags().items()
        assert other.tags(ns="SENSOR") == {"ORBIT": "12"}
        assert other.tags(1) == {"WAVELENGTH": "665"}
        told = other.tags()
    np.testing.assert_array_equal(made_valid, repeated(given_valid))
    known = given_valid & np.isfinite(given)
    np.testing.assert_array_equal(made[~repeated(known)], repeated(given)[~repeated(known)])
    _check_data(given, made, known, dtype, bands)
    assert told["BEYNE_CONSISTENT"] == "yes"
    assert int(told["BEYNE_WITHIN_HALF_STEP"]) >= 0.998 * int(told["BEYNE_COMPARED_VALUES"])
    assert list(tmp_path.glob(".*")) == []


def _check_data(given, made, known, dtype, bands):
    """Data shrinks to data, and no nodata value has got into what is near to it."""
    finite = np.nan_to_num(made.astype(np.float64))
    shrunk = downscale(torch.from_numpy(finite)[None], 4)[0].numpy()
    for band in range(bands):
        alone = known[band].copy()  # pixels whose surroundings are data, too
        for y, x in itertools.product(range(-2, 3), repeat=2):
            alone &= np.roll(np.pad(known[band], 2, constant_values=True), (y, x), (0, 1))[
                2:-2, 2:-2
            ]
        spread = np.ptp(given[band][known[band]].astype(np.float64)) if known[band].any() else 0
        step = 1 if np.dtype(dtype).kind != "f" else spread / 65535
        near = np.abs(shrunk[band] - given[band].astype(np.float64))[alone] <= 0.501 * step
        assert near.size == 0 or near.mean() >= 0.998
        if known[band].any():
            low, high = (f(given[band][known[band]].astype(np.float64)) for f in (np.min, np.max))
            data = made[band][repeated(known[band])].astype(np.float64)
            assert low - spread <= data.min() <= data.max() <= high + spread


@pytest.mark.parametrize("name", ["RGB.byte", "RGBA.uint16", "cogeo"])
def test_real_files(shared, tmp_path, name):
    source = shared(f"data/satellite/geotiff/rasterio_{name}.tif")
    small = tmp_path / "small.tif"
    with rasterio.open(source) as whole:
        window = rasterio.windows.Window(300, 150, 60, 50)
        form = whole.profile | {"width": 60, "height": 50, "tiled": False, "compress": "deflate"}
        for key in ("blockxsize", "blockysize", "photometric"):
            form.pop(key, None)
        with rasterio.open(small, "w", **form) as made:
            made.colorinterp = whole.colorinterp
            made.write(whole.read(window=window))
    outcome = streamed(small, tmp_path / "b.tif")
    (given, valid), (made, made_valid) = read_all(small), read_all(tmp_path / "b.tif")
    np.testing.assert_array_equal(made_valid, repeated(valid))
    with rasterio.open(small) as one, rasterio.open(tmp_path / "b.tif") as other:
        assert other.colorinterp == one.colorinterp
        assert other.bounds == pytest.approx(one.bounds)
        told = other.tags()
    share = int(told["BEYNE_WITHIN_HALF_STEP"]) / int(told["BEYNE_COMPARED_VALUES"])
    if name == "RGB.byte":  # aliased and saturated: no image within 1 to 255 shrinks to it
        assert 0.95 < share < 0.998
        assert "The others are too sharp for their range" in outcome.warnings[0]
    else:
        assert share >= 0.998
        assert outcome.warnings == []
    if name == "RGBA.uint16":  # blue, green, red, alpha; all of its data is 10000
        assert (made[:3][made_valid[:3]] == 10000).all()
        np.testing.assert_array_equal(made[3], repeated(given[3]))


def test_tiles_differ_in_nothing_from_the_whole(tmp_path):
    source = save_raster(tmp_path / "a.tif", "uint16", 1, "corner", size=(40, 200))
    for name, tile in {"tiles": 100, "whole": 1024}.items():
        streamed(source, tmp_path / f"{name}.tif", Predictor(load(find("photo-x4-gan")), tile=tile))
    tiles, whole = (read_all(tmp_path / f"{name}.tif")[0] for name in ("tiles", "whole"))
    assert np.abs(tiles.astype(int) - whole.astype(int)).max() == 0


def test_bytes_come_out_as_from_a_plain_picture(tmp_path):
    source = save_raster(tmp_path / "a.tif", "uint8", 3, size=(30, 34))
    streamed(source, tmp_path / "b.tif", consistent=False)
    plain = predictor().apply(Raster(values(30, 34, 3, "uint8").transpose(1, 2, 0)))
    made = read_all(tmp_path / "b.tif")[0].transpose(1, 2, 0)
    assert np.abs(made.astype(int) - plain.pixels.astype(int)).max() <= 1


def test_neighbouring_pieces_share_one_range(tmp_path):
    """A dark half and a bright one: each piece by its own range would change both."""
    source = save_raster(tmp_path / "a.tif", "uint16", 1, size=(48, 48))
    with rasterio.open(source, "r+") as raster:
        samples = raster.read()
        samples[..., 24:] += 9000
        raster.write(samples)
    streamed(source, tmp_path / "b.tif", consistent=False)
    made = read_all(tmp_path / "b.tif")[0]
    spread = np.ptp(samples.astype(float))
    shrunk = downscale(torch.from_numpy(made.astype(np.float64))[None], 4)[0].numpy()
    assert np.abs(shrunk - samples).mean() < 0.1 * spread


def test_bands_go_in_by_their_colour(tmp_path):
    colours = save_raster(tmp_path / "rgb.tif", "uint8", 3)
    mixed = tmp_path / "bgr.tif"
    with rasterio.open(colours) as one, rasterio.open(mixed, "w", **one.profile) as other:
        other.colorinterp = RGB[::-1]
        other.write(one.read()[::-1])
    for path in (colours, mixed):
        streamed(path, tmp_path / f"{path.stem}_x4.tif")
    made, turned = (read_all(tmp_path / f"{name}_x4.tif")[0] for name in ("rgb", "bgr"))
    np.testing.assert_array_equal(made, turned[::-1])


def test_bands_as_asked_for(tmp_path):
    source = save_raster(tmp_path / "a.tif", "uint16", 5, "corner")
    with pytest.raises(ImageError, match="5 bands of data.*; --bands 1,2,3 or --bands all"):
        streamed(source, tmp_path / "b.tif")
    with pytest.raises(ImageError, match="band 6 is not one of its bands of data"):
        streamed(source, tmp_path / "b.tif", bands=(6, 2, 1))
    streamed(source, tmp_path / "three.tif", bands=(4, 2, 1))
    with rasterio.open(tmp_path / "three.tif") as three:
        roles = (ColorInterp.undefined, ColorInterp.green, ColorInterp.red)
        assert three.colorinterp == roles
        assert three.descriptions == (None, None, "first band")
    streamed(source, tmp_path / "all.tif", bands="all")
    streamed(source, tmp_path / "second.tif", bands=(2,))
    every, second = (read_all(tmp_path / f"{name}.tif")[0] for name in ("all", "second"))
    assert every.shape == (5, 160, 144)
    np.testing.assert_array_equal(every[1], second[0])


def test_ground_control_points_and_polynomials(tmp_path):
    rpc = rasterio.rpc.RPC(
        height_off=50, height_scale=500, lat_off=48.2, lat_scale=0.1, long_off=16.3,
        long_scale=0.1, line_off=20, line_scale=20, samp_off=18, samp_scale=18,
        line_num_coeff=[0, 0, -1] + [0] * 17, line_den_coeff=[1] + [0] * 19,
        samp_num_coeff=[0, 1, 0] + [0] * 17, samp_den_coeff=[1] + [0] * 19,
    )  # fmt: skip
    source = save_raster(tmp_path / "a.tif", transform=None, crs=None)
    point = rasterio.control.GroundControlPoint
    corners = [(0, 0), (0, 36), (40, 0), (40, 36)]
    points = [point(r, c, 500_000 + 10 * c + r, 5_000_000 - 10 * r) for r, c in corners]
    with warnings.catch_warnings(action="ignore"), rasterio.open(source) as one:
        form, samples = one.profile, one.read()
    form.pop("transform")
    with rasterio.open(
        tmp_path / "points.tif", "w", gcps=points, **form | {"crs": "EPSG:32633"}
    ) as made:
        made.write(samples)
    with (
        warnings.catch_warnings(action="ignore"),
        rasterio.open(tmp_path / "rpc.tif", "w", rpcs=rpc, **form) as made,
    ):
        made.write(samples)
    for name in ("points", "rpc"):
        streamed(tmp_path / f"{name}.tif", tmp_path / f"{name}_x4.tif")
    with rasterio.open(tmp_path / "points_x4.tif") as made:
        found, crs = made.gcps
        assert crs == "EPSG:32633"
        assert [(p.row, p.col, p.x, p.y) for p in found] == [
            (4 * p.row, 4 * p.col, p.x, p.y) for p in points
        ]
    with warnings.catch_warnings(action="ignore"), rasterio.open(tmp_path / "rpc_x4.tif") as made:
        assert made.rpcs.line_num_coeff == rpc.line_num_coeff
        one = rasterio.transform.RPCTransformer(rpc)
        other = rasterio.transform.RPCTransformer(made.rpcs)
    place = np.array(one.xy([10], [7], offset="ul"))
    np.testing.assert_allclose(other.xy([40], [28], offset="ul"), place, atol=1e-9)
