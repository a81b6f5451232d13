"""``beyne check``: what training would see of a folder, in words and as a sheet."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from pictures import picture, save_pictures
from PIL import Image
from typer.testing import CliRunner

import beyne
from beyne.cli import app
from beyne.errors import ImageError, UsageError
from beyne.recipe import load_recipe
from beyne.training.setup import prepare

SMALL = ["data.size_in=8", "data.size_out=32"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return save_pictures(tmp_path / "data")


def run(*words, code=0):
    result = CliRunner().invoke(app, ["check", *map(str, words)])
    assert result.exit_code == code, result.output
    return result


def test_it_says_what_is_there(folder) -> None:
    Image.fromarray(picture(20, 300)).save(folder / "thin.png")
    Image.fromarray(picture(48, 96)).save(folder / "wide.png")
    (folder / "split.csv").write_text(
        "file,group,split\np0.png,,train\nwide.png,,train\nthin.png,,train\n"
        "p1.png,,val\np2.png,,test\n"
    )
    seen = beyne.check(folder, settings=SMALL)
    assert (seen.train, seen.val, seen.test, seen.too_small) == (3, 1, 1, 1)
    assert (seen.smallest, seen.largest) == ((64, 64), (96, 48))
    assert (seen.samples, seen.paired) == (("uint8",), False)
    text = run(folder, *(f"--set={setting}" for setting in SMALL)).stdout
    assert "3 train, 1 val, 1 test" in text
    assert "64×64 to 96×48" in text
    assert "1 smaller than a crop" in text
    assert not (folder.parent / "preview.png").exists()


@pytest.mark.parametrize("kind", ["bicubic", "real"])
def test_the_sheet_shows_the_first_crops_of_training(folder, kind) -> None:
    settings = [*SMALL, f"data.degradation.kind={kind}"]
    result = run(folder, "--preview", *(f"--set={setting}" for setting in settings))
    assert result.stdout.splitlines()[-1] == "preview.png"
    sheet = beyne.read("preview.png").pixels
    assert sheet.shape == (8 * 36, 4 * 36, 3)
    setup = prepare(load_recipe("photo-x4", settings), folder, folder.parent / "run")
    batch = setup.crops.batch(range(4))
    third = (batch["hr"][2].permute(1, 2, 0) * 255).round().numpy()
    assert np.array_equal(sheet[36:68, 36:68], third)  # second row, second column
    small = (batch["lr"][3].permute(1, 2, 0) * 255).round().numpy()
    assert np.array_equal(sheet[36:68:4, 72:104:4], small)


@pytest.mark.parametrize("channels", [1, 4])
def test_other_band_counts_have_a_sheet_too(folder, channels) -> None:
    bands = [f"generator.channels_{side}={channels}" for side in ("in", "out")]
    for index in range(3):
        pixels = picture(40, 40, channels, index)
        beyne.save(beyne.Raster(pixels), folder.parent / f"bands/b{index}.tif")
    beyne.check(folder.parent / "bands", settings=[*SMALL, *bands], preview="bands.png")
    assert beyne.read("bands.png").channels == 1


def test_an_existing_sheet_stays(folder) -> None:
    words = [folder, "--preview", "-o", "sheet.png", *(f"--set={s}" for s in SMALL)]
    run(*words)
    before = (folder.parent / "sheet.png").read_bytes()
    assert "sheet.png exists" in run(*words, code=2).stderr
    assert (folder.parent / "sheet.png").read_bytes() == before
    run(*words, "--overwrite", "--set=train.seed=1")
    assert (folder.parent / "sheet.png").read_bytes() != before


def test_mistakes_are_those_of_training(folder) -> None:
    with pytest.raises(UsageError, match=r"data\.size_in=16"):
        beyne.check(folder)
    with pytest.raises(
        UsageError, match=r"generator\.scale is 4, data\.size_out / data\.size_in is 1"
    ):
        beyne.check(folder, settings=["data.size_out=8", "data.size_in=8"])
    with pytest.raises(UsageError, match="does not end in .png"):
        beyne.check(folder, preview="sheet.jpg")
    (folder / "broken.png").write_bytes(b"nothing")
    with pytest.raises(ImageError, match=r"broken\.png: it is not a picture"):
        beyne.check(folder, settings=SMALL, preview="sheet.png")
    assert not (folder.parent / "sheet.png").exists()


def test_checking_needs_no_training_packages(folder) -> None:
    code = (
        "import sys, beyne; "
        f"beyne.check({str(folder)!r}, settings={json.dumps(SMALL)}); "
        "sys.exit(bool({'accelerate', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
