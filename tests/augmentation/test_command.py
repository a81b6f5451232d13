"""``beyne augment`` with a finished model and with a recipe: folder, report, pictures, mistakes."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from PIL import Image
from tiny_generators import tiny_model
from typer.testing import CliRunner

import beyne
from beyne.augmentation.gan import TrainedGan
from beyne.augmentation.samples import read_samples
from beyne.bundle import load, save
from beyne.cli import app
from beyne.comparison.options import Listener
from beyne.data import Sources, find_all, read_split
from beyne.errors import UsageError
from beyne.files import locked
from beyne.images import read
from beyne.predict.sampler import Sampler

QUICK = {"folds": 2, "repeats": 1, "side": 8, "steps": 3}


@pytest.fixture(autouse=True)
def no_weights(monkeypatch, tmp_path):
    """Near-copies are told by the features that are always here."""
    monkeypatch.setenv("BEYNE_WEIGHTS", str(tmp_path))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two classes of bars, a picture each of nine sources, and one to leave alone."""
    folder, random = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for label in ("flat", "steep"):
        (folder / label).mkdir()
        for number in range(10):
            bars = np.sin(np.arange(24) * random.uniform(0.7, 1.2) + random.uniform(0, 6))
            grey = 128 + 80 * np.broadcast_to(bars, (24, 24)) + random.normal(0, 10, (24, 24))
            pixels = grey.clip(0, 255).astype(np.uint8)
            image = Image.fromarray(pixels if label == "steep" else pixels.T)
            image.save(folder / label / f"p{number}.png")
    rows = [
        f"{c}/p{n}.png,{c}{n},{'test' if n == 9 else 'train'}"
        for c in ("flat", "steep")
        for n in range(10)
    ]
    (folder / "split.csv").write_text("\n".join(["file,group,split", *rows]))
    return folder


def model(folder, labels=("flat", "steep"), **fields):
    words = {"conditioning": {"labels": list(labels)}} if labels else None
    made = tiny_model(
        "fastgan", "mine", words, classes=len(labels), height=16, width=16, channels=1, **fields
    )
    save(folder / "mine.safetensors", made.card, made.network)
    return folder / "mine.safetensors"


def test_a_model_is_studied_and_the_same_call_goes_on(data, tmp_path) -> None:
    source, study = str(model(tmp_path)), tmp_path / "study"
    found = beyne.augment(source, data, study, **QUICK)
    assert found.benefit.outcome == "no gain shown"
    assert found.sentence.endswith("; no pictures were written, --anyway writes them")
    folds = {path: path.stat().st_mtime_ns for path in (study / "folds").iterdir()}
    assert len(folds) == 2
    tested = [name for path in folds for name in json.loads(path.read_text())["names"]]
    assert sorted(tested) == sorted(f"{c}/p{n}.png" for c in ("flat", "steep") for n in range(9))
    report = json.loads((study / "report.json").read_text())
    assert report["sections"][0]["kind"] == "augmentation"
    assert report["sections"][0]["seen"]
    assert not (study / "images").exists()

    again = beyne.augment(source, data, study, **QUICK, anyway=True, language="kk")
    assert again.benefit.sentence == found.benefit.sentence
    assert folds == {path: path.stat().st_mtime_ns for path in (study / "folds").iterdir()}
    page = (study / "report.html").read_text()
    assert "Бұл генератор мұнда оқытылмаған." in page
    rows = list(csv.DictReader((study / "images" / "manifest.csv").read_text().splitlines()))
    share = report["sections"][0]["share"]
    assert again.kept + again.copies == len(rows) == 2 * round(share * 9)
    kept = [row for row in rows if row["kept"] == "yes"]
    assert len(kept) == again.kept == len(list((study / "images").glob("*/*.png")))
    sampler = Sampler(load(tmp_path / "mine.safetensors"))
    for row in kept[:2]:
        made = sampler.raster(sampler.image(int(row["seed"]), row["label"]))
        assert np.array_equal(read(study / "images" / row["file"]).pixels, made.pixels)
        assert (data / row["nearest"]).is_file()

    with pytest.raises(UsageError, match="holds another augmentation: steps differ"):
        beyne.augment(source, data, study, **QUICK | {"steps": 4})
    with locked(study), pytest.raises(UsageError, match="is at work in"):
        beyne.augment(source, data, study, **QUICK)


def test_a_recipe_is_trained_on_the_given_pictures_alone(data, tmp_path) -> None:
    pairs = find_all(data, Sources(job="generate"))
    samples = read_samples(pairs, {pair.name: pair.name for pair in pairs}, 16)
    assert samples.images.shape == (20, 1, 16, 16)
    settings = ["train.images=4", "train.batch=4", "train.save_every=4", "data.size_out=16"]
    settings += ["generator.widths=[4,4,4]"]
    gan = TrainedGan("gan-small", settings, data, tmp_path / "runs", "cpu", Listener())
    assert not gan.seen
    numbers = np.arange(20)
    train, held_out = samples.take(numbers[::2]), samples.take(numbers[1::2])
    painted = gan(train, held_out, {"flat": 3, "steep": 2}, seed=7)
    assert {label: tuple(images.shape) for label, images in painted.items()} == {
        "flat": (3, 1, 16, 16),
        "steep": (2, 1, 16, 16),
    }
    split = read_split(tmp_path / "runs" / "7" / "split.csv")
    assert {name for name, part in split.items() if part == "train"} == set(train.names)
    assert set(split) == set(samples.names)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["photo-x4"], "recipe photo-x4 is to upscale pictures, not to generate them"),
        (["nothing"], "there is no model 'nothing'"),
        (["gan-small", "--folds", "12"], "9 sources, and 12 folds need 12; --folds 9"),
        (["gan-small", "--folds", "1"], "--folds 1: at least 2"),
        (["gan-small", "--repeats", "0"], "--repeats 0: at least one"),
        (["gan-small", "--side", "20"], "--side 20: not a multiple of 8"),
        (["gan-small", "--lang", "de"], "beyne does not speak 'de'"),
        (["gan-small", "--group", "nowhere"], "nowhere"),
        (["MODEL", "--set", "train.images=4"], "is no recipe; leave it out"),
        (["UNLABELLED"], "knows no label 'flat'"),
    ],
)
def test_mistakes_are_one_line(data, words, message, tmp_path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    files = {"MODEL": model(tmp_path / "one"), "UNLABELLED": model(tmp_path / "other", ())}
    words = [str(files.get(word, word)) for word in words]
    call = ["augment", *words, "--data", str(data), "-o", str(tmp_path / "study")]
    result = CliRunner().invoke(app, call)
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) <= 2
    assert "Traceback" not in result.output


def test_one_class_is_refused(data, tmp_path) -> None:
    with pytest.raises(UsageError, match="one class only"):
        beyne.augment("gan-small", data / "flat", tmp_path / "study")
