"""``beyne evaluate``: scores of models and plain enlargement over folders, in words and files."""

from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest
import skimage.metrics
from pictures import picture, save_pictures
from PIL import Image
from tiny_networks import tiny_model
from typer.testing import CliRunner

import beyne
from beyne.bundle import save
from beyne.cli import app
from beyne.data import Pair, fingerprint
from beyne.errors import UsageError
from beyne.evaluation.enlargers import BASELINES
from beyne.evaluation.scores import read_scores
from beyne.zoo.community import import_model


@pytest.fixture(autouse=True)
def no_weights(monkeypatch, tmp_path):
    """LPIPS is left out, unless a test brings its weights."""
    monkeypatch.delenv("BEYNE_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return save_pictures(tmp_path / "data")


@pytest.fixture
def model(tmp_path):
    made = tiny_model("compact", name="mine")
    save(tmp_path / "mine.safetensors", made.card, made.network)
    return tmp_path / "mine.safetensors"


def run(*words, code=0):
    result = CliRunner().invoke(app, ["evaluate", *map(str, words)])
    assert result.exit_code == code, result.output
    return result


def test_scores_are_pillows_and_scikit_images(tmp_path):
    """Grey pictures of their own: no luma, and A on the way down and up."""
    save_pictures(tmp_path / "grey", channels=1)
    scores = beyne.evaluate("bicubic", tmp_path / "grey")
    assert scores.protocol.startswith("×4; all channels, crop 4, 8-bit rounded, black 0, white 1")
    assert scores.protocol.endswith("inputs made by bicubic")
    for row in scores.rows():
        original = Image.open(tmp_path / "grey" / row["file"])
        enlarged = original.resize((16, 16), Image.Resampling.BICUBIC).resize(
            (64, 64), Image.Resampling.BICUBIC
        )
        inner = [np.asarray(image)[4:-4, 4:-4] for image in (original, enlarged)]
        expected = skimage.metrics.peak_signal_noise_ratio(*inner, data_range=255)
        # Pillow rounds between the two axes.
        assert row["psnr"] == pytest.approx(expected, abs=0.02)
    assert scores.columns.keys() == {"mae", "psnr", "ssim", "lr_psnr", "fine_detail"}


def test_psnr_against_the_range_used_is_scikit_images(tmp_path):
    """Deep pictures that use a part of their bits, as CT does."""
    (tmp_path / "deep").mkdir()
    for number in range(2):
        pixels = picture(64, 64, 1, seed=number).astype(np.uint16) * 8 + 500
        beyne.save(beyne.Raster(pixels), tmp_path / f"deep/{number}.tif")
    white = beyne.evaluate("nearest", tmp_path / "deep")
    assert "PSNR's peak is white, the largest value of the stored bits" in white.protocol
    line = run("nearest", "--data", tmp_path / "deep", "--used-range", "--json")
    scores = json.loads(line.stdout)
    assert "PSNR's peak is the range that each original uses, not white" in scores["protocol"]
    for row, against_white in zip(scores["rows"], white.rows(), strict=True):
        original = beyne.read(tmp_path / "deep" / row["file"]).pixels[..., 0].astype(np.float32)
        small = Image.fromarray(original).resize((16, 16), Image.Resampling.BICUBIC)
        large = np.asarray(small).round().repeat(4, 0).repeat(4, 1)
        inner = [image[4:-4, 4:-4] for image in (original, large)]
        used = float(original.max() - original.min())
        expected = skimage.metrics.peak_signal_noise_ratio(*inner, data_range=used)
        assert row["psnr"] == pytest.approx(expected, abs=0.01)
        assert against_white["psnr"] > row["psnr"] + 20


def test_json_is_one_document(folder, model):
    result = run(model, "--data", folder, "--json")
    document = json.loads(result.stdout)
    assert document["model"] == "mine"
    assert document["n"] == len(document["rows"]) == 4
    assert document["protocol"].startswith("×4; Y, crop 4, 8-bit rounded")
    values = [row["psnr"] for row in document["rows"]]
    assert document["mean"]["psnr"] == pytest.approx(np.mean(values))
    low, high = document["interval"]["psnr"]
    assert low < document["mean"]["psnr"] < high
    assert "all pictures: 4" in result.stderr
    assert "left out: " in result.stderr  # LPIPS, and where its weights are to be had


def test_the_table_names_the_worst(folder):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(
        folder / "noise.png"
    )
    lines = run("nearest", "--data", folder).stdout.splitlines()
    assert lines[0] == "nearest on data, all pictures: 5 scored"
    assert next(line for line in lines if line.startswith("PSNR ↑")).endswith("noise.png")


def test_files_of_the_output(folder, model):
    words = (model, "--data", folder, "-o", "results")
    run(*words)
    (table,) = read_scores(folder.parent / "results" / "scores.csv")
    direct = beyne.evaluate(model, folder)
    assert table.names == direct.names
    assert np.array_equal(table.columns["psnr"], direct.columns["psnr"])
    before = (folder.parent / "results" / "worst.csv").read_bytes()
    assert "scores.csv exists" in run(*words, code=2).stderr
    (folder.parent / "results" / "scores.csv").unlink()
    assert "worst.png exists" in run(*words, code=2).stderr
    assert not (folder.parent / "results" / "scores.csv").exists()
    run(*words, "--overwrite")
    assert (folder.parent / "results" / "worst.csv").read_bytes() == before


def test_the_sheet_shows_where_they_are_worst(tmp_path):
    random = np.random.default_rng(0)
    for index in range(12):
        pixels = np.full((256, 320, 3), 90, np.uint8)
        pixels[40:104, 200:264] = random.integers(80, 90 + 10 * index, (64, 64, 3))
        beyne.save(beyne.Raster(pixels), tmp_path / "data" / f"{index:02}.png")
    beyne.evaluate("bicubic", tmp_path / "data", output=tmp_path / "out")
    with (tmp_path / "out" / "worst.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["file"] for row in rows] == [f"{index:02}.png" for index in range(11, 1, -1)]
    sheet = beyne.read(tmp_path / "out" / "worst.png").pixels
    assert sheet.shape == (10 * 196, 3 * 196, 3)
    top, left = int(rows[0]["top"]), int(rows[0]["left"])
    square, noise = (top, left, top + 192, left + 192), (40, 200, 104, 264)
    assert np.maximum(square, noise).tolist() == [40, 200, top + 192, left + 192]  # inside it
    original = beyne.read(tmp_path / "data" / "11.png").pixels
    assert np.array_equal(sheet[:192, 392:584], original[top : top + 192, left : left + 192])
    assert (sheet[:192, 192:196] == 255).all()


def write_split(path, **splits):
    rows = [f"{name}.png,,{split}" for name, split in splits.items()]
    path.write_text("\n".join(["file,group,split", *rows]) + "\n")
    return path


def test_unseen_pictures_are_taken(folder):
    def named(**options):
        scores = beyne.evaluate("nearest", folder, **options)
        return scores.data, scores.names

    everything = ("p0.png", "p1.png", "p2.png", "p3.png")
    assert named() == ("data, all pictures", everything)
    write_split(folder / "split.csv", p0="train", p1="val", p2="train", p3="train")
    assert named() == ("data, split val", ("p1.png",))
    write_split(folder / "split.csv", p0="train", p1="val", p2="test", p3="test")
    assert named() == ("data, split test", ("p2.png", "p3.png"))
    other = write_split(folder.parent / "other.csv", p0="test", p1="train", p2="train")
    assert named(split=other) == ("data, split test", ("p0.png",))
    write_split(folder / "split.csv", p0="train", p1="train", p2="train", p3="train")
    assert named() == ("data, all pictures", everything)
    with pytest.raises(UsageError, match="names none of the pictures"):
        named(split=write_split(folder.parent / "strange.csv", x="test"))


def test_folders_may_be_the_split(tmp_path):
    for part, count in (("train", 3), ("val", 2), ("test", 1)):
        save_pictures(tmp_path / part, count)
    assert beyne.evaluate("nearest", tmp_path).names == ("test/p0.png",)
    (tmp_path / "test" / "p0.png").unlink()
    assert beyne.evaluate("nearest", tmp_path).names == ("val/p0.png", "val/p1.png")
    save_pictures(tmp_path / "only" / "test" / "HR", 1)
    save_pictures(tmp_path / "only" / "test" / "LR", 1, side=16)
    scores = beyne.evaluate("nearest", tmp_path / "only")
    assert scores.names == ("test/HR/p0.png",)
    assert "inputs made" not in scores.protocol


def test_a_run_is_scored_on_what_it_has_not_seen(folder, model):
    kept = folder.parent / "run"
    kept.mkdir()
    with pytest.raises(UsageError, match=r"run has no best\.safetensors"):
        beyne.evaluate(kept, folder)
    model.rename(kept / "best.safetensors")
    write_split(kept / "split.csv", p0="train", p1="val", p2="train", p3="train")
    scores = beyne.evaluate(kept, folder)
    assert (scores.model, scores.names) == ("run", ("p1.png",))
    save_pictures(folder.parent / "new", 5)  # one that the run does not know
    scores = beyne.evaluate(kept, folder.parent / "new")
    assert scores.names == ("p1.png", "p4.png")
    assert scores.data == "new, all pictures but 3 that a run was trained on"
    shutil.rmtree(folder.parent / "new")
    save_pictures(folder.parent / "new", 1)
    with pytest.raises(UsageError, match="every picture"):
        beyne.evaluate(kept, folder.parent / "new")


def test_other_pictures_of_the_same_names_are_scored(folder, model, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    model.rename(run / "best.safetensors")
    write_split(run / "split.csv", p0="train", p1="train", p2="val", p3="val")
    named = [Pair(name, folder / name) for name in ("p0.png", "p1.png")]
    (run / "recipe.toml").write_text(f'[run]\nfingerprint = "{fingerprint(named)}"\n')
    assert beyne.evaluate(run, folder).names == ("p2.png", "p3.png")
    for index in range(4):
        Image.fromarray(picture(64, 64, seed=10 + index)).save(folder / f"p{index}.png")
    assert beyne.evaluate(run, folder).n == 4


def test_bad_pictures_among_good_ones(folder, model):
    (folder / "a.png").write_bytes(b"nothing")
    Image.fromarray(picture(64, 64, 4)).save(folder / "alpha.png")  # alpha is no band
    beyne.save(beyne.Raster(picture(64, 64, 5)), folder / "bands.tif")
    result = run(model, "--data", folder, "--json", code=1)
    document = json.loads(result.stdout)
    assert document["n"] == 5
    assert [one["input"] for one in document["failed"]] == ["a.png", "bands.tif"]
    assert "a.png: it is not a picture" in result.stderr
    assert "bands.tif: it has 5 bands, and mine takes 3" in result.stderr
    for path in folder.iterdir():
        path.write_bytes(b"nothing")
    result = run(model, "--data", folder, "-o", "results", code=1)
    assert "not one of 7 pictures could be scored; a.png: it is not a picture" in result.stderr
    assert not (folder.parent / "results").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["foto-x4", "--data", "data"], "did you mean 'photo-x4'?"),
        (["bicubi", "--data", "data"], "did you mean 'bicubic'?"),
        (["nothing.safetensors", "--data", "data"], "does not exist"),
        (["bicubic", "--data", "nowhere"], "nowhere is not a folder"),
        (["bicubic", "--data", "empty"], "has no pictures"),
        (["bicubic", "--data", "data", "--consistent"], "knows no consistency"),
        (["bicubic", "--data", "data", "--scale", "0"], "can't make ×0"),
        (["photo-x4", "--data", "data", "--scale", "8"], "can't make ×8"),
        (["photo-x4", "--data", "data", "--precision", "fp7"], "fp7"),
        (["bicubic", "--data", "data", "-o", "data/p0.png"], "is a file"),
        (["bicubic", "--data", "data", "--split", "none.csv"], "can't be read"),
    ],
)
def test_wrong_calls_do_nothing(folder, words, message):
    (folder.parent / "empty").mkdir()
    assert message in run(*words, code=2).stderr


@pytest.mark.parametrize(
    ("pixels", "text"),
    [
        (picture(64, 64), "Y, crop 4, 8-bit rounded"),
        (picture(64, 64).astype(np.uint16) * 257, "Y, crop 4, 16-bit rounded"),
        (picture(64, 64).astype(np.float32) / 255, "Y, crop 4, not rounded"),
        (picture(64, 64, 5), "all channels, crop 4, 8-bit rounded"),
        (picture(32, 48, 1), "all channels, crop 0, 8-bit rounded"),
    ],
)
@pytest.mark.parametrize("baseline", BASELINES)
def test_the_data_decide_the_protocol(tmp_path, pixels, text, baseline):
    (tmp_path / "data").mkdir()
    beyne.save(beyne.Raster(pixels), tmp_path / "data" / "a.tif")
    scores = beyne.evaluate(baseline, tmp_path / "data")
    assert f"; {text}," in scores.protocol
    assert 10 < scores.mean["psnr"] < 40
    assert ("spectral_angle" in scores.columns) == (pixels.shape[2] == 5)


def test_grey_among_colours_is_compared_as_they_are(tmp_path):
    save_pictures(tmp_path / "data", 1)
    Image.fromarray(picture(64, 64, 1, seed=7).squeeze()).save(tmp_path / "data" / "grey.png")
    save_pictures(tmp_path / "rgb", 1)
    Image.open(tmp_path / "data" / "grey.png").convert("RGB").save(tmp_path / "rgb" / "grey.png")
    mixed, colour = (beyne.evaluate("bicubic", tmp_path / name) for name in ("data", "rgb"))
    assert mixed.protocol == colour.protocol
    assert mixed.columns["psnr"] == pytest.approx(colour.columns["psnr"], abs=1e-6)


def test_baselines_enlarge_as_pillow_does():
    pixels = picture(17, 23)
    for name, kind in (("nearest", "NEAREST"), ("bicubic", "BICUBIC"), ("lanczos", "LANCZOS")):
        expected = Image.fromarray(pixels).resize((69, 51), Image.Resampling[kind])
        found = BASELINES[name](beyne.Raster(pixels), 3).pixels
        # Pillow rounds between the two axes.
        assert np.abs(found.astype(int) - np.asarray(expected)).max() <= (
            0 if name == "nearest" else 1
        )


def test_scores_hold_for_every_scale_and_with_consistency(folder, model):
    assert beyne.evaluate("lanczos", folder, scale=3).protocol.startswith("×3; Y, crop 3")
    assert beyne.evaluate(model, folder, scale=2).protocol.startswith("×2; Y, crop 2")
    plain, kept = (beyne.evaluate(model, folder, consistent=wish) for wish in (False, True))
    assert kept.mean["lr_psnr"] > plain.mean["lr_psnr"] + 10
    save_pictures(folder.parent / "pairs" / "hr")
    save_pictures(folder.parent / "pairs" / "lr")
    same = beyne.evaluate("bicubic", folder.parent / "pairs", scale=1)
    assert same.mean["psnr"] == 60  # the input is the original: no infinity
    assert "lr_psnr" not in same.columns


def test_lpips_is_measured_where_its_weights_are(folder, shared, monkeypatch):
    monkeypatch.setenv("BEYNE_WEIGHTS", str(shared("weights")))
    near, cubic = (beyne.evaluate(name, folder) for name in ("nearest", "bicubic"))
    assert "LPIPS" in cubic.protocol
    assert 0 < cubic.mean["lpips"] < near.mean["lpips"] < 1


@pytest.mark.parametrize(
    ("weights", "dataset", "expected"),
    [("sr_x4_SPAN_ntire2026_baseline", "Set5", 31.75), ("bicubic", "Set14", 26.09)],
)
def test_the_published_protocol_gives_published_scores(
    weights, dataset, expected, shared, tmp_path
):
    model = weights
    if weights != "bicubic":
        source = shared(f"weights/{weights}.safetensors")
        model = import_model(source, tmp_path / "span.safetensors")
    scores = beyne.evaluate(model, shared(f"data/sr_test/{dataset}"))
    assert round(scores.mean["psnr"], 2) == expected
    assert scores.protocol.startswith("×4; Y, crop 4, 8-bit rounded")


def test_an_original_without_partner_is_one_that_failed(tmp_path):
    save_pictures(tmp_path / "pairs" / "hr")
    save_pictures(tmp_path / "pairs" / "lr", side=16)
    (tmp_path / "pairs" / "lr" / "p2.png").unlink()
    result = run("bicubic", "--data", tmp_path / "pairs", "--json", code=1)
    document = json.loads(result.stdout)
    assert [row["file"] for row in document["rows"]] == ["hr/p0.png", "hr/p1.png", "hr/p3.png"]
    assert [one["input"] for one in document["failed"]] == ["hr/p2.png"]
    assert "hr/p2.png: it has no partner" in result.stderr


def test_bands_are_those_of_pictures_that_hold_no_others(tmp_path, model):
    for name, bands in (("many", [0, 1, 2, 3, 4]), ("few", [4, 1, 2])):
        (tmp_path / name).mkdir()
        for index in range(2):
            pixels = np.ascontiguousarray(picture(64, 64, 5, seed=index)[..., bands])
            beyne.save(beyne.Raster(pixels), tmp_path / name / f"{index}.tif")
    document = json.loads(
        run(model, "--data", tmp_path / "many", "--bands", "5,2,3", "--json").stdout
    )
    assert document["mean"]["psnr"] == beyne.evaluate(model, tmp_path / "few").mean["psnr"]
    assert document["protocol"].endswith("inputs made by bicubic; bands 5, 2, 3")
    found = beyne.compare(
        ["bicubic", str(model)], tmp_path / "many", tmp_path / "out", bands=(5, 2, 3)
    )
    assert found.tables["mine"][0].mean["psnr"] == document["mean"]["psnr"]
    assert "--bands 5,2,3" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "no band 6" in run(model, "--data", tmp_path / "many", "--bands", "6", code=1).stderr


def test_a_folder_of_dicom_files_is_told_what_is_read(tmp_path):
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "IM0001").write_bytes(bytes(128) + b"DICM" + bytes(20))
    for words in (["evaluate", "bicubic", "--data"], ["check"]):
        result = CliRunner().invoke(app, [*words, str(tmp_path / "scans")])
        assert result.exit_code == 2
        assert "holds DICOM files without a suffix: name them .dcm" in result.output


def test_a_copy_of_a_photo_that_is_both_sides_is_grey(folder):
    scores = beyne.evaluate("copy", folder, settings=["data.layout=same"])
    for name, mae in zip(scores.names, scores.columns["mae"], strict=True):
        photo = np.asarray(Image.open(folder / name), float)
        grey = photo.mean(axis=2, keepdims=True)
        assert mae == pytest.approx(np.abs(grey - photo).mean(), abs=0.3)
        assert mae > 3
