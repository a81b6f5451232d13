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
from beyne.errors import UsageError
from beyne.images import Raster
from beyne.metrics.distribution import covered, density_coverage, kid, kid_by_picture


@pytest.fixture(autouse=True)
def _no_published_weights(monkeypatch, tmp_path_factory):
    monkeypatch.delenv("BEYNE_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


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
    with pytest.raises(UsageError, match="1 held-out pictures are too few to score generators by"):
        beyne.compare(["gan", "copy"], tmp_path / "few", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_jobs_are_not_mixed(model, data, tmp_path) -> None:
    for other in ("bicubic", "median"):
        with pytest.raises(UsageError, match=r"mine is to generate pictures, \w+ to"):
            beyne.compare([model, other], data, tmp_path / "out")
    with pytest.raises(UsageError, match="KID|kid"):
        beyne.compare([model, "copy"], data, tmp_path / "out", metric="psnr", seeds=1)
