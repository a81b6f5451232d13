"""Comparing generators: KID picture by picture, baselines, and the copycat that KID prefers."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import torch
from pictures import picture
from tiny_generators import tiny_model

import beyne
from beyne.bundle import save
from beyne.comparison.options import Listener
from beyne.data import Sources, find_pairs, fingerprint
from beyne.errors import UsageError
from beyne.images import Raster
from beyne.metrics.distribution import covered, density_coverage, kid, kid_by_picture
from beyne.predict.sampler import Sampler

pytestmark = pytest.mark.usefixtures("no_published_weights")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for number in range(30):
        part = "train" if number < 20 else "test"
        beyne.save(Raster(picture(32, 32, seed=number)), folder / part / f"{number:02d}.png")
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    made = tiny_model("fastgan", "mine", height=32, width=32)
    path = tmp_path_factory.mktemp("model") / "mine.safetensors"
    save(path, made.card, made.network)
    return str(path)


def test_the_parts_of_pictures_have_kid_and_coverage_as_their_means() -> None:
    random = torch.Generator().manual_seed(0)
    x, y = (torch.randn(number, 16, generator=random) + shift for number, shift in ((9, 0), (9, 1)))
    assert float(kid_by_picture(x, y).mean()) == pytest.approx(kid(x, y).value)
    assert float(covered(x, y).double().mean()) == density_coverage(x, y).coverage


@pytest.mark.filterwarnings("ignore")
def test_models_and_baselines(model, data, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("beyne.evaluation.generators.GENERATED", 16)
    arms = ["mean", model, "copy"]
    found = beyne.compare(arms, data, tmp_path / "out", seeds=2)
    assert [arm.name for arm in found.arms] == ["mean", "mine", "copy"]
    assert (found.metric, found.part, found.best) == ("kid", "split test", "copy")
    assert found.values("mine", "kid").shape == (2, 10)
    outcomes = {(v.first, v.second): v.outcome for v in found.verdicts}
    assert outcomes[("mine", "copy")] == "better"
    with (tmp_path / "out" / "scores.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 3 * 2 * 10
    assert {row["seed"] for row in rows} == {"0", "1"}
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    text = json.dumps(report, ensure_ascii=False)
    assert "copy: copies: 16 of 16 generated pictures are nearer" in text
    assert "mine: " in text
    assert np.isfinite(found.values("mean", "kid")).all()
    again = beyne.compare(arms, data, tmp_path / "out", seeds=2)
    assert np.array_equal(again.values("mine", "kid"), found.values("mine", "kid"))


def test_too_few_held_out_pictures_are_refused_before_training(data, tmp_path) -> None:
    for name in ("train/01.png", "train/02.png", "train/03.png", "test/21.png"):
        beyne.save(beyne.read(data / name), tmp_path / "few" / name)
    with pytest.raises(UsageError, match="1 held-out pictures .split test. are too few"):
        beyne.compare(["gan", "copy"], tmp_path / "few", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_labels_are_asked_of_those_that_know_them(model, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("beyne.evaluation.generators.GENERATED", 8)
    for number in range(24):
        name = f"{('train', 'test')[number % 2]}/{('oat', 'rice')[number > 5]}/{number}.png"
        beyne.save(Raster(picture(32, 32, seed=number)), tmp_path / "data" / name)
    words = {"conditioning": {"labels": ["oat", "rice"]}}
    made = tiny_model("fastgan", "sorted", words, height=32, width=32, classes=2)
    save(tmp_path / "sorted.safetensors", made.card, made.network)
    asked: list[str | None] = []
    image = Sampler.image
    monkeypatch.setattr(
        Sampler, "image", lambda own, *place: asked.append(place[1]) or image(own, *place)
    )
    arms = [str(tmp_path / "sorted.safetensors"), model]
    beyne.compare(arms, tmp_path / "data", tmp_path / "out", seeds=1)
    assert (asked.count("oat"), asked.count("rice")) == (2 * 3, 2 * 9)  # for scores, and for copies
    assert asked.count(None) == 2 * 12


def test_a_model_away_from_its_run_is_known_by_its_card(data, tmp_path, monkeypatch) -> None:
    """It was trained by another division of the pictures, and states their fingerprint."""
    monkeypatch.setattr("beyne.evaluation.generators.GENERATED", 8)
    heard: list[str] = []
    for path in data.glob("*/*.png"):
        beyne.save(beyne.read(path), tmp_path / "data" / path.name)
    pairs = find_pairs(tmp_path / "data", Sources(job="generate"), 5)["train"]

    def model(name: str, fingerprint: str) -> str:
        made = {"data": {"fingerprint": fingerprint, "pictures": len(pairs)}}
        made |= {"recipe": {"train": {"seed": 5}}}
        own = tiny_model("fastgan", name, {"provenance": made}, height=32, width=32)
        save(tmp_path / f"{name}.safetensors", own.card, own.network)
        return str(tmp_path / f"{name}.safetensors")

    rows = [f"{number:02d}.png,,{('train', 'test')[number % 2]}" for number in range(30)]
    split = tmp_path / "split.csv"
    split.write_text("\n".join(["file,group,split", *rows]) + "\n")
    places, known = (tmp_path / "data", tmp_path / "out"), model("known", fingerprint(pairs))
    with pytest.raises(UsageError, match="split test but .* that an arm was trained on"):
        beyne.compare([known, "copy"], *places, split=split)
    arms, listener = [model("strange", "0"), "copy"], Listener(heard.append)
    beyne.compare(arms, *places, split=split, seeds=1, listener=listener)
    assert "strange was trained on other pictures than these: copies of those go unseen" in heard


def test_jobs_are_not_mixed(model, data, tmp_path) -> None:
    for other in ("bicubic", "median"):
        with pytest.raises(UsageError, match=r"mine is to generate pictures, \w+ to"):
            beyne.compare([model, other], data, tmp_path / "out")
    with pytest.raises(UsageError, match="KID|kid"):
        beyne.compare([model, "copy"], data, tmp_path / "out", metric="psnr", seeds=1)
