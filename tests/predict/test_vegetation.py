"""The vegetation index of a raster, before and after."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from rasters import TURNED, rasterio, save_raster, values
from scenes import save_scene

from beyne.images.resample import downscale

NAMES = {1: "NIR", 3: "red"}


def save_fields(path: Path, names: dict[int, str], roles: dict[int, str] | None = None) -> Path:
    """Infrared, something else and red as 16-bit reflectances, a corner without data."""
    waves = values(48, 40, 3, "uint16").astype(np.float64)
    samples = np.stack([4000 - waves[1] / 4, waves[2], 1400 + waves[0] / 8])
    samples[:, :9, :9] = 0
    form = {"driver": "GTiff", "dtype": "uint16", "nodata": 0, "count": 3, "crs": "EPSG:32633"}
    with rasterio.open(path, "w", height=48, width=40, transform=TURNED, **form) as made:
        made.colorinterp = [
            rasterio.enums.ColorInterp[(roles or {}).get(number, "undefined")]
            for number in (1, 2, 3)
        ]
        made.write(samples.round().astype(np.uint16))
        made.scales, made.offsets = (1e-4,) * 3, (-0.1,) * 3
        for number, name in names.items():
            made.set_band_description(number, name)
    return path


def index(samples: np.ndarray) -> np.ndarray:
    infrared, red = samples[0] * 1e-4 - 0.1, samples[2] * 1e-4 - 0.1
    return (infrared - red) / (infrared + red)


@pytest.mark.parametrize("tile", ["16", "auto"])
def test_it_is_told_and_kept(upscale, tmp_path, tile):
    save_fields(tmp_path / "a.tif", NAMES)
    words = ["--bands", "all", "--no-consistent", "--tile", tile]
    result = upscale("a.tif", "-o", "b.tif", "--json", *words)
    with rasterio.open("a.tif") as before, rasterio.open("b.tif") as after:
        given, made, tags = before.read().astype(float), after.read().astype(float), after.tags()
    shrunk = downscale(torch.from_numpy(made)[None], 4)[0].numpy()
    known = given[0] > 0
    alone = known.copy()  # where no data is further than A reaches
    alone[:11, :11] = False
    expected = {
        "BEFORE": index(given)[known].mean(),
        "AFTER": index(made)[made[0] > 0].mean(),
        "SHRUNK_DIFFERENCE": np.abs(index(shrunk) - index(given))[alone].mean(),
    }
    assert expected["SHRUNK_DIFFERENCE"] > 1e-3
    for name, value in expected.items():
        assert float(tags[f"BEYNE_NDVI_{name}"]) == pytest.approx(value, rel=1e-3), name
    said = json.loads(result.stdout)["done"][0]["warnings"]
    assert said[-1].startswith(f"NDVI of bands 3 and 1: mean {expected['BEFORE']:.4f} before and ")
    upscale("a.tif", "-o", "c.tif", "--bands", "all")
    with rasterio.open("c.tif") as after:
        assert float(after.tags()["BEYNE_NDVI_SHRUNK_DIFFERENCE"]) < 5e-4


@pytest.mark.parametrize(
    ("names", "roles", "told"),
    [
        ({}, {3: "red", 1: "nir"}, True),
        ({1: "B08", 3: "B04"}, {}, True),
        ({1: "nir", 2: "nir", 3: "red"}, {}, False),
        ({3: "red"}, {}, False),
    ],
)
def test_bands_are_known_by_colour_or_name(upscale, tmp_path, names, roles, told):
    save_fields(tmp_path / "a.tif", names, roles)
    said = upscale("a.tif", "-o", "b.tif", "--bands", "all").stderr
    assert ("NDVI of bands 3 and 1" in said) == told


def test_of_a_scene_and_only_where_both_are_made(upscale, tmp_path):
    scene = save_scene(tmp_path, empty=6)
    assert "NDVI of bands 1 and 2" in upscale(scene, "-o", "s.tif", "--bands", "B04,B08").stderr
    assert "NDVI" not in upscale(scene, "-o", "t.tif", "--bands", "B04,B03").stderr
    save_fields(tmp_path / "a.tif", NAMES)
    assert "NDVI" not in upscale("a.tif", "-o", "b.tif", "--bands", "2").stderr
    save_raster(tmp_path / "empty.tif", gaps="all")
    assert "NDVI" not in upscale("empty.tif", "-o", "e.tif").stderr
