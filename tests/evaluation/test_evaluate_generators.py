"""A generator scored by held-out pictures: each score by its own function, splits, files, words."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import picture
from tiny_generators import tiny, tiny_model
from typer.testing import CliRunner

import beyne
from beyne.bundle import card_for, save
from beyne.cli import app
from beyne.data import Pair, Sources, find_pairs, fingerprint
from beyne.errors import UsageError
from beyne.evaluation.copies import labels_like, split_of, trained_and_held_out
from beyne.evaluation.generators import FILES, Examination
from beyne.images import Raster
from beyne.metrics.distribution import density_coverage, kid, precision_recall

pytestmark = pytest.mark.usefixtures("no_published_weights")

SIZE = {"height": 32, "width": 48}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """16 training pictures and 8 held-out ones of one kind, larger than the generator's."""
    folder = tmp_path_factory.mktemp("data")
    for number in range(24):
        part = "train" if number < 16 else "val"
        beyne.save(Raster(picture(64, 90, seed=number)), folder / part / f"{number:02d}.png")
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    made = tiny_model("fastgan", "mine", **SIZE)
    path = tmp_path_factory.mktemp("model") / "mine.safetensors"
    save(path, made.card, made.network)
    return path


def test_a_copycat_and_an_honest_sample_are_told_apart(data, monkeypatch) -> None:
    """Both have the same looks, so KID may even prefer the copies; only the check can tell."""
    monkeypatch.setattr("beyne.evaluation.generators.GENERATED", 16)
    card = card_for(tiny("fastgan", **SIZE), "x")
    examination = Examination(card, *trained_and_held_out(card, data))
    train = examination.check.training.pictures
    assert train.shape == (16, 3, 32, 48)
    copies = train.flip(3)
    scores = examination.scores("copycat", "data", copies)
    assert scores.memorisation.nearer == 16
    assert [row["nearest"] for row in scores.rows] == [f"train/{n:02d}.png" for n in range(16)]
    fresh = torch.stack(
        [torch.from_numpy(picture(32, 48, seed=n)).permute(2, 0, 1) / 255 for n in range(40, 56)]
    )
    honest = examination.scores("honest", "data", fresh)
    assert honest.memorisation.nearer <= 4
    assert 0.5 < honest.diversity.ratio < 2
    noise = examination.scores("noise", "data", torch.rand(16, 3, 32, 48))
    assert noise.kid.value > honest.kid.value
    seen = examination.features(fresh)
    assert honest.kid.value == pytest.approx(
        kid(seen[:8], examination.held_out, subset=8).value, rel=1e-4
    )
    expected = precision_recall(seen, examination.held_out)._asdict()
    expected |= density_coverage(seen, examination.held_out)._asdict()
    assert {name: honest.mean[name] for name in expected} == pytest.approx(expected)
    low, high = honest.interval["kid"]
    assert (low + high) / 2 == pytest.approx(honest.kid.value)
    assert low < high
    same = examination.scores("stuck", "data", fresh[:1].expand(16, -1, -1, -1))
    assert same.diversity.collapsed
    assert same.sentences[0].startswith("mode collapse: ")


def test_command_prints_scores_and_verdicts_and_writes_files(
    model, data, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("beyne.evaluation.generators.GENERATED", 8)
    words = ["evaluate", str(model), "--data", str(data), "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == f"mine on {data.name}: 8 held out of training"
    assert lines[1].startswith("8 generated against 8 held-out pictures; features of a small")
    assert [line.split()[0] for line in lines[4:10]] == [
        "KID", "precision", "recall", "density", "coverage", "diversity",
    ]  # fmt: skip
    assert "too few pictures to tell" in lines[-1]
    with (tmp_path / "out" / FILES[0]).open() as stream:
        rows = list(csv.DictReader(stream))
    assert sorted(int(row["seed"]) for row in rows) == list(range(8))
    assert [float(row["nearness"]) for row in rows] == sorted(float(r["nearness"]) for r in rows)
    assert beyne.read(tmp_path / "out" / FILES[1]).pixels.shape == (8 * 36, 2 * 52, 3)
    assert "nearest.csv exists" in CliRunner().invoke(app, words).stderr
    document = json.loads(CliRunner().invoke(app, [*words[:4], "--json"]).stdout)
    assert {"protocol", "n", "mean", "interval", "rows", "memorisation"} <= document.keys()
    assert document["n"] == len(document["rows"]) == 8
    found = beyne.memorisation(model, data, n=8)
    assert found.sentence == document["memorisation"]["sentence"]


def test_the_split_is_that_of_the_training(tmp_path) -> None:
    for number in range(20):
        beyne.save(Raster(picture(8, 8, seed=number)), tmp_path / f"{number}x.png")
    generator, taken = tiny("dcgan"), set()
    for seed in (0, 1, 2):
        parts = find_pairs(tmp_path, Sources(job="generate"), seed)
        made = {"recipe": {"train": {"seed": seed}}}
        train, held_out = trained_and_held_out(card_for(generator, "x", provenance=made), tmp_path)
        assert (train, held_out) == (parts["train"], parts["val"])
        taken.add(fingerprint(train))
    assert len(taken) == 3


def test_of_a_model_with_labels_only_those_classes_count(tmp_path) -> None:
    for name in ("ship", "plane", "other"):
        for part in ("train", "val"):
            beyne.save(Raster(picture(8, 8)), tmp_path / part / name / "0.png")
    words = {"conditioning": {"labels": ["ship", "plane"]}}
    card = card_for(tiny("dcgan", classes=2), "x", **words)
    train, held_out = trained_and_held_out(card, tmp_path)
    assert [pair.name for pair in train] == ["train/plane/0.png", "train/ship/0.png"]
    assert len(held_out) == 2
    strange = card.model_copy(update={"conditioning": {"labels": ["cat", "dog"]}})
    with pytest.raises(UsageError, match="no pictures to train on in folders cat, dog; say which"):
        trained_and_held_out(strange, tmp_path)


def test_the_split_of_a_run_goes_with_its_model(tmp_path) -> None:
    for name in ("split.csv", "run/split.csv", "run/best.safetensors", "away.safetensors"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for model in ("run", "run/best.safetensors", "run/last.safetensors"):
        assert split_of(tmp_path / model) == tmp_path / "run/split.csv"
        assert split_of(tmp_path / model, "other.csv") == Path("other.csv")
    assert split_of(tmp_path / "away.safetensors") is None


def test_labels_are_in_the_proportions_of_the_held_out_pictures(tmp_path) -> None:
    pairs = [Pair(f"{c}/{n}.png", Path(c)) for c, n in [("rice", n) for n in range(30)]]
    pairs += [Pair(f"{c}/0.png", Path(c)) for c in ("oat", "oat", "oats", "weed")]
    words = {"conditioning": {"labels": ["oat", "rice"]}}
    card = card_for(tiny("dcgan", classes=2), "x", **words)
    labels = labels_like(pairs, card, 64)
    assert {name: labels[:32].count(name) for name in card.labels} == {"oat": 2, "rice": 30}
    assert labels[32:] == labels[:32]
    assert "rice" in labels[:4]
    assert labels_like(pairs, card_for(tiny("dcgan"), "x"), 3) == [None] * 3
    assert set(labels_like(pairs[-1:], card, 8)) == {"oat", "rice"}  # they show none of these


def test_what_is_asked_in_vain(model, data, tmp_path) -> None:
    for asked in ({"scale": 2}, {"consistent": True}, {"settings": ["data.a=x"]}):
        with pytest.raises(UsageError, match="mean nothing to a generator; leave them out"):
            beyne.evaluate(model, data, **asked)
    beyne.save(Raster(np.zeros((8, 8, 3), np.uint8)), tmp_path / "one" / "0.png")
    with pytest.raises(UsageError, match="has no pictures held out of training; say which"):
        beyne.evaluate(model, tmp_path / "one")
    for name in ("train/01.png", "train/02.png", "val/16.png"):
        beyne.save(beyne.read(data / name), tmp_path / "few" / name)
    with pytest.raises(UsageError, match="1 held-out pictures are too few to score"):
        beyne.evaluate(model, tmp_path / "few")


def test_another_data_set_than_that_of_the_training_is_said(data, tmp_path) -> None:
    heard: list[str] = []
    made = tiny_model("dcgan", "mine", {"provenance": {"data": {"fingerprint": "0"}}}, **SIZE)
    save(tmp_path / "m.safetensors", made.card, made.network)
    beyne.evaluate(tmp_path / "m.safetensors", data, message=heard.append)
    assert heard[0] == f"{data.name}: 8 held out of training"
    assert heard[1].startswith("mine was trained on other pictures than these")
