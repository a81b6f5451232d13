"""``beyne upscale`` over Sentinel-2 scenes, from the outside."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from rasterio.enums import Resampling
from rasters import rasterio, read_all
from scenes import save_scene


def band_file(scene: Path, name: str) -> Path:
    return min(scene.rglob(f"*_{name}*.jp2"))


@pytest.mark.parametrize("level", ["2A", "1C"])
def test_named_bands_become_one_file(level, upscale, tmp_path):
    scene = save_scene(tmp_path, level=level)
    upscale(scene, "-o", "made.tif", "--bands", "B08,b04")
    with rasterio.open("made.tif") as made:
        assert made.descriptions == ("B08", "B04")
        assert made.nodatavals == (0, 0)
        assert made.crs == "EPSG:32633"
        assert made.transform[:6] == (2.5, 0, 399_960, 0, -2.5, 5_300_040)
        assert made.tags()["PRODUCT"] == "S2.SAFE"
        assert made.tags()["BEYNE_CONSISTENT"] == "yes"
        samples = made.read()
    for band, name in zip(samples, ("B08", "B04"), strict=True):
        upscale(band_file(scene, name), "-o", f"{name}.tif")
        np.testing.assert_array_equal(band, read_all(Path(f"{name}.tif"))[0][0])


def test_red_green_and_blue_go_in_together(upscale, tmp_path):
    scene = save_scene(tmp_path)
    colours = ["B04", "B03", "B02"]
    stack = np.concatenate([read_all(band_file(scene, name))[0] for name in colours])
    form = {"driver": "GTiff", "dtype": "uint16", "count": 3, "height": 24, "width": 24}
    with rasterio.open(band_file(scene, "B04")) as one:
        placed = {"crs": one.crs, "transform": one.transform, "nodata": 0}
    with rasterio.open("stack.tif", "w", photometric="rgb", **form, **placed) as made:
        made.write(stack)
    upscale("stack.tif", "-o", "expected.tif")
    upscale(scene, "-o", "made.tif", "--bands", ",".join(colours))
    np.testing.assert_array_equal(read_all(Path("made.tif"))[0], read_all(Path("expected.tif"))[0])


def test_bands_of_different_pixels_are_resampled_only_when_asked(upscale, tmp_path):
    scene = save_scene(tmp_path, empty=8)
    said = upscale(scene, "-o", "made.tif", "--bands", "B11,B08", code=1).stderr
    assert "B08 has pixels of 10 m, and B11 of 20 m; run them apart, or add --resample" in said
    assert not Path("made.tif").exists()
    said = upscale(scene, "-o", "made.tif", "--bands", "B11,B08", "--resample").stderr
    assert "B11 was resampled from 20 m to 10 m first" in said
    with rasterio.open("made.tif") as made:
        assert made.shape == (96, 96)
        assert made.tags(1)["RESAMPLED_FROM"] == "20 m"
        assert "RESAMPLED_FROM" not in made.tags(2)
    samples, valid = read_all(Path("made.tif"))
    assert valid[:, 32:].all()
    assert not valid[1, :32].any()
    assert not valid[0, :28].any()  # half a coarse pixel is made of its neighbours
    # What was not seen above must not darken the first row.
    first = read_all(band_file(scene, "B11"))[0][0, 4]
    assert samples[0, 32:40].mean() == pytest.approx(first.mean(), rel=0.02)


def test_resampling_is_bicubic(upscale, tmp_path):
    scene = save_scene(tmp_path)
    with (
        rasterio.open(band_file(scene, "B11")) as twenty,
        rasterio.open(band_file(scene, "B08")) as ten,
    ):
        finer = twenty.read(out_shape=(1, 24, 24), resampling=Resampling.cubic)
        form = {"dtype": "uint16", "count": 1, "height": 24, "width": 24, "nodata": 0}
        with rasterio.open("finer.tif", "w", crs=ten.crs, transform=ten.transform, **form) as made:
            made.write(finer)
    upscale("finer.tif", "-o", "expected.tif")
    upscale(scene, "-o", "made.tif", "--bands", "B08,B11", "--resample")
    expected = read_all(Path("expected.tif"))[0]
    np.testing.assert_array_equal(read_all(Path("made.tif"))[0][1:], expected)


def test_a_scene_is_one_input_among_others(upscale, tmp_path):
    save_scene(tmp_path / "in")
    shutil.copy(band_file(tmp_path / "in/S2.SAFE", "B03"), tmp_path / "in/B03.jp2")
    result = upscale("in/*.SAFE", "-o", "out/", "--bands", "B08")
    assert result.stdout.split() == [str(Path("out/S2.tif"))]
    said = upscale("in", "-o", "all/", "--bands", "B08", code=1).stderr
    assert "in/B03.jp2: its bands have no names, and B08 is asked for" in said
    assert [path.name for path in Path("all").iterdir()] == ["S2.tif"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a.tif"], "it holds 5 bands of different kinds; name some, such as --bands B04,B03"),
        (["a.tif", "--bands", "4,3,2"], "it has no band 4; it has B02, B03, B04, B08, B11"),
        (["a.tif", "--bands", "B8A"], "it has no band B8A"),
        (["a.tif", "--bands", "all"], "B02 has pixels of 10 m, and B11 of 20 m"),
        (["a.png", "--bands", "B08"], "a Sentinel-2 scene can only be enlarged, to .tif"),
    ],
)
def test_what_is_asked_of_a_scene_in_vain(words, said, upscale, tmp_path):
    scene = save_scene(tmp_path)
    assert said in upscale(scene, "-o", *words, code=1).stderr
    assert not Path(words[0]).exists()


def test_scenes_that_are_not_whole(upscale, tmp_path):
    (tmp_path / "empty.SAFE/GRANULE").mkdir(parents=True)
    said = upscale("empty.SAFE", "-o", "a.tif", "--bands", "B08", code=1).stderr
    assert "it holds no GRANULE/*/IMG_DATA/*.jp2" in said
    scene = save_scene(tmp_path)
    path = band_file(scene, "B08")
    path.write_bytes(path.read_bytes()[:200])
    said = upscale(scene, "-o", "a.tif", "--bands", "B08", code=1).stderr
    assert "S2.SAFE: " in said
    assert not Path("a.tif").exists()
    shutil.copytree(next(scene.glob("GRANULE/*")), scene / "GRANULE/L2A_T33UVP_A1")
    said = upscale(scene, "-o", "a.tif", "--bands", "B04", code=1).stderr
    assert "it holds 2 tiles" in said
