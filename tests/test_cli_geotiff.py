"""``beyne upscale`` over georeferenced rasters, from the outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from pictures import save_pictures
from rasters import rasterio, read_all, save_raster

import beyne


def test_consistent_is_the_default_of_geotiff_alone(upscale, tmp_path):
    (tmp_path / "in").mkdir()
    save_raster(tmp_path / "in/a.tif")
    save_pictures(tmp_path / "in", count=1, side=16)
    result = upscale("in", "-o", "out", "--json")
    assert "2 done; tiny on cpu in fp32, consistent on for 1" in result.stderr
    done = {Path(each["output"]).name: each for each in json.loads(result.stdout)["done"]}
    assert sorted(done) == ["a.tif", "p0.png"]
    assert done["a.tif"]["consistency_db"] > 80
    assert done["a.tif"]["warnings"] == []
    upscale("in/a.tif", "-o", "b.tif", "--no-consistent")
    with rasterio.open("b.tif") as made:
        assert made.tags()["BEYNE_CONSISTENT"] == "no"
    result = upscale("in/a.tif", "-o", "a.png")
    assert "is not in the result" in result.stderr


def test_cloud_optimised(upscale, tmp_path):
    save_raster(tmp_path / "a.tif", "uint16", 3, "corner", size=(160, 150))
    save_pictures(tmp_path, count=1, side=20)
    upscale("a.tif", "-o", "plain.tif")
    upscale("a.tif", "p0.png", "-o", "out", "--format", "cog")
    with rasterio.open("out/a.tif") as made, rasterio.open("plain.tif") as plain:
        assert made.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert made.overviews(1) == [2]
        assert made.tags()["BEYNE_MODEL"] == "tiny"
        np.testing.assert_array_equal(made.read(), plain.read())
        assert made.transform == plain.transform
    assert read_all(Path("out/p0.tif"))[0].shape == (3, 80, 80)
    assert sorted(path.name for path in Path("out").iterdir()) == ["a.tif", "p0.tif"]


def test_overviews_are_made_where_there_were_some(upscale, tmp_path):
    source = save_raster(tmp_path / "a.tif", size=(160, 150))
    with rasterio.open(source, "r+") as raster:
        raster.build_overviews([2])
    upscale("a.tif", "-o", "b.tif")
    with rasterio.open("b.tif") as made:
        assert made.overviews(1)[0] == 2


def test_jpeg_2000_becomes_geotiff(upscale, tmp_path):
    with rasterio.open(save_raster(tmp_path / "a.tif", "uint16", 1)) as one:
        form = {"driver": "JP2OpenJPEG", "dtype": "uint16", "count": 1, "height": 40, "width": 36}
        placed = {"crs": one.crs, "transform": one.transform, "quality": 100, "reversible": True}
        (tmp_path / "in").mkdir()
        with rasterio.open(tmp_path / "in/B04.jp2", "w", **form, **placed) as made:
            made.write(one.read())
    upscale("in", "-o", "out")
    with rasterio.open("out/B04.tif") as made:
        assert made.crs == "EPSG:32633"
        assert made.shape == (160, 144)


def test_bad_rasters_among_good_ones(upscale, tmp_path):
    (tmp_path / "in").mkdir()
    save_raster(tmp_path / "in/good.tif")
    save_raster(tmp_path / "in/empty.tif", gaps="all")
    save_raster(tmp_path / "in/complex.tif", dtype="float32", bands=1)
    with rasterio.open(tmp_path / "in/good.tif") as good:
        placed = {"crs": good.crs, "transform": good.transform, "height": 40, "width": 36}
    form = {"driver": "GTiff", "count": 1} | placed
    with rasterio.open(tmp_path / "in/complex.tif", "w", dtype="complex64", **form) as raster:
        raster.write(np.ones((1, 40, 36), np.complex64))
    with rasterio.open(tmp_path / "in/classes.tif", "w", dtype="uint8", **form) as raster:
        raster.write_colormap(1, {0: (0, 0, 0, 255), 1: (255, 0, 0, 255)})
        raster.write(np.ones((1, 40, 36), np.uint8))
    save_raster(tmp_path / "in/cut.tif", compress="deflate")
    whole = (tmp_path / "in/cut.tif").read_bytes()
    (tmp_path / "in/cut.tif").write_bytes(whole[: len(whole) // 2])
    result = upscale("in", "-o", "out", code=1)
    assert sorted(path.name for path in Path("out").iterdir()) == ["empty.tif", "good.tif"]
    lines = {line.split(":")[0]: line for line in result.stderr.splitlines() if ": " in line}
    assert "of type complex64, which is not read" in lines["in/complex.tif"]
    assert "gdal_translate -expand rgb" in lines["in/classes.tif"]
    assert "cut short" in lines["in/cut.tif"] or "damaged" in lines["in/cut.tif"]
    assert "it holds no data, and so does the result" in result.stderr
    with rasterio.open("out/empty.tif") as made:
        assert not made.read().any()


def test_a_tiff_without_a_place_stays_a_plain_one(upscale, tmp_path):
    tifffile.imwrite("a.tif", np.full((12, 10, 3), 9, np.uint8), photometric="rgb")
    assert "consistent off" in upscale("a.tif", "-o", "b.tif").stderr.splitlines()[-1]
    assert beyne.read("b.tif").pixels.shape == (48, 40, 3)


def test_a_place_is_not_anonymous(upscale, tmp_path):
    save_raster(tmp_path / "a.tif")
    said = upscale("a.tif", "-o", "b.tif", "--anonymize", code=1).stderr
    assert "a.tif: a GeoTIFF says where it lies" in said
    upscale("a.tif", "-o", "a.png", "--anonymize")


def test_without_rasterio_the_extra_is_named(upscale, monkeypatch, tmp_path):
    save_raster(tmp_path / "a.tif")
    for name in ("beyne.predict.streaming", "beyne.images.geotiff.source"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "rasterio", None)
    said = upscale("a.tif", "-o", "b.tif", code=1).stderr
    assert "a.tif: rasterio is not installed; pip install 'beyne[geo]'" in said


def test_resume_passes_over_what_is_there(upscale, tmp_path):
    (tmp_path / "in").mkdir()
    for name in "ab":
        save_raster(tmp_path / f"in/{name}.tif")
    upscale("in/a.tif", "-o", "out/")
    before = Path("out/a.tif").stat().st_mtime_ns
    assert "1 done, 1 there already" in upscale("in", "-o", "out/", "--resume").stderr
    assert Path("out/a.tif").stat().st_mtime_ns == before


@pytest.mark.skipif(os.name != "posix", reason="signals differ on Windows")
def test_a_killed_run_leaves_nothing_that_looks_finished(upscale, model_file, tmp_path):
    save_raster(tmp_path / "a.tif", "uint16", 1, size=(96, 96))
    words = ["a.tif", "-o", "out/b.tif", "--tile", "16"]
    command = [sys.executable, "-m", "beyne", "upscale", *words, "--model", str(model_file)]
    with subprocess.Popen(command, cwd=tmp_path) as process:
        while not list(tmp_path.glob("out/.b.tif.*.part")):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert not Path("out/b.tif").exists()
    assert "1 done" in upscale(*words, "--resume").stderr
    upscale("a.tif", "-o", "whole.tif", "--tile", "16")
    np.testing.assert_array_equal(read_all(Path("out/b.tif"))[0], read_all(Path("whole.tif"))[0])
