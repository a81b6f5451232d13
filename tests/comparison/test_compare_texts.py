"""Comparing models that make pictures of texts: one set of questions, KID and class accuracy."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from texts import save_model, write_data

import beyne
from beyne.errors import UsageError
from beyne.evaluation.statistics import holm, verdict

pytestmark = pytest.mark.usefixtures("no_published_weights")

TINY = [
    *("data.size_out=32", "generator.latent=8", "generator.features=4", "train.batch=4"),
    *("discriminator.features=4", "discriminator.layers=3", "train.precision=fp32"),
    *("train.save_every=12", "train.log_every=8", "train.warmup=0"),
]


@pytest.fixture(autouse=True)
def _quick(monkeypatch) -> None:
    monkeypatch.setattr("beyne.evaluation.generators.GENERATED", 12)
    monkeypatch.setattr("beyne.training.matching._STEPS", 5)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_data(tmp_path_factory.mktemp("texts") / "data")


def test_a_recipe_a_model_and_baselines(data, tmp_path) -> None:
    model = str(save_model(tmp_path / "mine.safetensors"))
    arms = ["text-dcgan", model, "copy"]
    call = {"seeds": 1, "budget": "images=8", "settings": TINY}
    found = beyne.compare(arms, data, tmp_path / "out", **call)
    assert [arm.name for arm in found.arms] == ["text-dcgan", "mine", "copy"]
    assert (found.metric, list(found.tests)) == ("kid", ["kid", "class_accuracy"])
    assert found.values("copy", "class_accuracy").mean() == 1  # captions here are the class
    assert found.values("mine", "agreement").shape == (1, 12)
    every = [verdict_alone(found, one, name) for name, them in found.tests.items() for one in them]
    assert [one.p for one in found.verdicts] == pytest.approx(holm([one.p for one in every]))
    with (tmp_path / "out" / "scores.csv").open() as stream:
        columns = csv.DictReader(stream).fieldnames
    assert {"kid", "class_accuracy", "agreement", "r_precision"} <= set(columns)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    sections = {section["kind"]: section for section in report["sections"]}
    assert set(sections["judge"]["arms"]) == {"text-dcgan", "mine", "copy"}
    assert sections["judge"]["single"] == [28, 28]
    assert len(sections["verdicts"]["verdicts"]) == 6
    table = data / "captions.csv"
    other = tmp_path / "other.csv"
    other.write_text(table.read_text(encoding="utf-8").replace("ripe", "green"), encoding="utf-8")
    call["settings"] = [*TINY, f"data.captions={other}"]
    with pytest.raises(UsageError, match="holds another comparison: .*captions differ"):
        beyne.compare(arms, data, tmp_path / "out", **call)


def verdict_alone(found, one, metric: str):
    values = [found.values(name, metric) for name in (one.first, one.second)]
    return verdict(one.first, one.second, *values, one.better, one.unit, groups=found.grouped)


def test_what_is_compared_in_vain(data, tmp_path) -> None:
    model = str(save_model(tmp_path / "mine.safetensors"))
    with pytest.raises(UsageError, match=r"mine is to illustrate pictures, gan to generate them"):
        beyne.compare([model, "gan"], data, tmp_path / "out")
    with pytest.raises(UsageError, match="has no captions.csv"):
        beyne.compare([model, "copy"], data / "train", tmp_path / "out")
    assert not (tmp_path / "out").exists()
