"""``beyne check``: its findings, the proposed split, and the sheet of what training would see."""

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
from beyne.data import read_split
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


def test_findings_files_and_remedies_are_printed(folder) -> None:
    said = "split   2 train, 1 val, 1 test, proposed: --write-split FILE keeps it\n"
    assert said in run(folder).stdout
    (folder / "empty.png").write_bytes(b"")
    result = run(folder, code=1)
    assert "unreadable: the file is empty; copy or download it again" in result.stdout
    assert "          empty.png" in result.stdout
    assert not result.stderr
    assert not (folder.parent / "preview.png").exists()


def test_json_is_one_document(folder) -> None:
    (folder / "p9.png").write_bytes((folder / "p0.png").read_bytes())
    document = json.loads(run(folder, "--json", code=1).stdout)
    assert document["ok"] is False
    assert set(document["split"]) == {f"p{index}.png" for index in (0, 1, 2, 3, 9)}
    assert document["split"]["p0.png"] == document["split"]["p9.png"]
    found = [one for one in document["findings"] if one["severity"] != "info"]
    assert [one["kind"] for one in found] == ["duplicate"]
    assert found[0]["files"] == ["p0.png", "p9.png"]
    assert set(found[0]) == {"kind", "severity", "files", "problem", "remedy"}
    assert set(document) == {"ok", "findings", "split"}


def test_the_proposed_split_is_written_on_request_and_obeyed(folder) -> None:
    file = folder.parent / "split.csv"
    run(folder, "--write-split", file)
    diagnosis = beyne.check(folder)
    assert read_split(file) == diagnosis.split
    assert set(diagnosis.split.values()) == {"train", "val", "test"}
    assert "exists" in run(folder, "--write-split", file, code=2).stderr
    assert beyne.check(folder, split=file).split == diagnosis.split
    run(folder, "--split", file)


def test_groups_by_column_by_pattern_and_by_name(folder) -> None:
    rows = ["file,group,split", *(f"p{n}.png,,{'train' if n else 'val'}" for n in range(4))]
    (folder / "split.csv").write_text("\n".join(rows))
    assert beyne.check(folder).ok
    (folder / "metadata.csv").write_text(
        "file,Patient\n" + "".join(f"p{n}.png,X\n" for n in (0, 1))
    )
    cut = [one for one in beyne.check(folder).findings if one.kind == "group-cut"]
    assert [one.files for one in cut] == [("p0.png", "p1.png")]
    assert "the group X (column Patient of metadata.csv)" in cut[0].problem
    named = beyne.check(folder, group="^(p)")
    assert [one.files for one in named.findings if one.kind == "group-cut"] == [
        ("p0.png", "p1.png", "p2.png", "p3.png")
    ]
    with pytest.raises(UsageError, match="matches no file"):
        beyne.check(folder, group="scene")
    with pytest.raises(UsageError, match="is no pattern"):
        beyne.check(folder, group="(")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "is not a folder"),
        (["data", "--task", "upscal"], "did you mean 'upscale'"),
        (["data", "--split", "none.csv"], "can't be read"),
        (["empty"], "has no pictures"),
    ],
)
def test_a_wrong_call_ends_in_two(folder, words, message) -> None:
    (folder.parent / "empty").mkdir()
    assert message in run(*words, code=2).stderr


def test_the_preview_says_what_training_would_see(folder) -> None:
    Image.fromarray(picture(20, 300)).save(folder / "thin.png")
    Image.fromarray(picture(48, 96)).save(folder / "wide.png")
    (folder / "split.csv").write_text(
        "file,group,split\np0.png,,train\nwide.png,,train\nthin.png,,train\n"
        "p1.png,,val\np2.png,,test\n"
    )
    seen = beyne.preview(folder, "sheet.png", settings=SMALL)
    assert (seen.train, seen.val, seen.test, seen.too_small) == (3, 1, 1, 1)
    assert (seen.smallest, seen.largest) == ((64, 64), (96, 48))
    assert (seen.samples, seen.paired) == (("uint8",), False)
    words = [folder, "--preview", *(f"--set={setting}" for setting in SMALL)]
    text = run(*words, code=1).stdout  # p3 is in no split, thin is too small
    assert "split   3 train, 1 val, 1 test\n" in text
    assert "training   takes 3 train, 1 val, 1 test as things are" in text
    assert "size       64×64 to 96×48" in text
    assert "1 smaller than a crop" in text


def test_pictures_that_are_resampled_are_said_to_be(folder) -> None:
    words = [folder, "--task=generate", "--preview", "--set=data.size_out=32"]
    assert "size       resampled to 32×32" in run(*words).stdout


@pytest.mark.parametrize("kind", ["bicubic", "real"])
def test_the_sheet_shows_the_first_crops_of_training(folder, kind) -> None:
    settings = [*SMALL, f"data.degradation.kind={kind}"]
    result = run(folder, "--preview", *(f"--set={setting}" for setting in settings))
    assert result.stdout.splitlines()[-1] == "preview.png"
    sheet = beyne.read("preview.png").pixels
    assert sheet.shape == (8 * 36, 4 * 36, 3)
    setup = prepare(load_recipe("photo-x4", settings), folder, folder.parent / "run")
    batch = setup.batches.batch(range(4))
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
    beyne.preview(folder.parent / "bands", "bands.png", settings=[*SMALL, *bands])
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
        beyne.preview(folder, "sheet.png")
    with pytest.raises(
        UsageError, match=r"generator\.scale is 4, data\.size_out / data\.size_in is 1"
    ):
        beyne.preview(folder, "sheet.png", settings=["data.size_out=8", "data.size_in=8"])
    with pytest.raises(UsageError, match="does not end in .png"):
        beyne.preview(folder, "sheet.jpg")
    (folder / "broken.png").write_bytes(b"nothing")
    with pytest.raises(ImageError, match=r"broken\.png: it is not a picture"):
        beyne.preview(folder, "sheet.png", settings=SMALL)
    assert not (folder.parent / "sheet.png").exists()


def test_checking_needs_no_training_packages(folder) -> None:
    code = (
        f"import sys, beyne; beyne.check({str(folder)!r}); "
        f"beyne.preview({str(folder)!r}, 'p.png', settings={SMALL!r}); "
        "sys.exit(bool({'accelerate', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_folders_named_one_by_one_are_looked_at_as_training_does(tmp_path) -> None:
    """Two training pairs, a validation pair, and a picture elsewhere that does not count."""
    for name, seeds in (("sharp", (0, 1)), ("sharp val", (2,)), ("other", (3,))):
        for seed in seeds:
            original = Image.fromarray(picture(64, 64, seed=seed))
            small = original.resize((16, 16), Image.Resampling.BICUBIC)
            for folder, image in ((name, original), (f"{name} small", small)):
                (tmp_path / folder).mkdir(exist_ok=True)
                image.save(tmp_path / folder / f"{seed}.png")
    sides = ['data.hr="sharp"', 'data.lr="sharp small"']
    sides += ['data.val_hr="sharp val"', 'data.val_lr="sharp val small"']
    found = beyne.check(tmp_path, settings=sides)
    said = {finding.kind: finding.problem for finding in found.findings}
    assert said["layout"] == ("taken for upscale, as its folders are named: 6 pictures in 3 pairs")
    split = {"sharp/0.png": "train", "sharp/1.png": "train", "sharp val/2.png": "val"}
    assert found.split == split
    recipe = load_recipe("photo-x4", [*SMALL, *sides])
    assert prepare(recipe, tmp_path, tmp_path / "run").split == split
    (tmp_path / "sharp val" / "2.png").write_bytes((tmp_path / "sharp" / "0.png").read_bytes())
    assert "leak" in {finding.kind for finding in beyne.check(tmp_path, settings=sides).findings}
    with pytest.raises(UsageError, match="nowhere is not a folder"):
        beyne.check(tmp_path, settings=["data.hr=nowhere"])
