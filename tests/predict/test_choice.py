"""``--model auto``: which embedded model a file gets."""

from __future__ import annotations

import json

import pytest
from dicom_files import dataset, write
from pictures import save_pictures
from rasters import save_raster
from typer.testing import CliRunner

import beyne
from beyne.cli import app
from beyne.predict.choice import usual_model
from beyne.zoo import find


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A raster that lies on Earth, a picture, and DICOM files of several kinds."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    save_raster(tmp_path / "in/raster.tif", "uint8", size=(20, 24))
    save_pictures(tmp_path / "in", count=1, side=16)
    for modality, words in {"CT": {}, "DX": {}, "US": {"photometric": "RGB", "bits": 8}}.items():
        write(dataset(**words, Modality=modality), tmp_path / f"in/{modality}.dcm")
    return tmp_path / "in"


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("raster.tif", "satellite-x4"),
        ("p0.png", "photo-x4"),
        ("CT.dcm", "photo-x4"),
        ("DX.dcm", "xray-x4"),
        ("US.dcm", "photo-x4"),
        ("nothing.dcm", "photo-x4"),
    ],
)
def test_a_file_gets_the_model_of_its_kind(files, name, model):
    assert usual_model(files / name) == find(model)


def test_auto_is_chosen_file_by_file_and_told(files):
    line = ["upscale", "in/raster.tif", "in/p0.png", "in/DX.dcm", "-o", "out/"]
    result = CliRunner().invoke(app, [*line, "--json"])
    assert result.exit_code == 0, result.output
    named = "satellite-x4 (1), photo-x4 (1), xray-x4 (1)"
    assert json.loads(result.stdout)["model"] == named
    assert f"3 done; {named} on" in result.stderr
    report = beyne.upscale_files(["in/raster.tif"], "named.tif", model="photo-x4")
    assert report.model == "photo-x4"


def test_trust_is_told_of_the_model_that_made_the_file(files):
    line = ["upscale", "in/raster.tif", "in/p0.png", "in/DX.dcm", "-o", "out/", "--trust"]
    result = CliRunner().invoke(app, line)
    assert result.exit_code == 0, result.output
    assert "3 done; satellite-x4 (1), photo-x4 (1), xray-x4 (1) on" in result.stderr
    for name, kind in {"raster.tif": "satellite picture", "DX.dcm": "radiograph of 8 bits"}.items():
        line = next(line for line in result.stderr.splitlines() if f"out/{name}: trust" in line)
        assert f"if it is like a {kind};" in line
