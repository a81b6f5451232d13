"""``beyne compare``: arms of every kind, one split, resuming, failures, and what it writes."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pictures import save_pictures
from tiny_networks import FIELDS, tiny_model
from typer.testing import CliRunner

import beyne
from beyne.bundle import save
from beyne.cli import app
from beyne.comparison.arms import common_scale, find_arms
from beyne.comparison.budget import Budget
from beyne.comparison.options import Listener
from beyne.data.split import read_split
from beyne.errors import BeyneError, UsageError
from beyne.evaluation.scores import read_scores
from beyne.evaluation.statistics import verdict, verdicts
from beyne.recipe import load_recipe

RECIPE = """
description = "test"
[generator]
kind = "compact"
FIELDS
[data]
size_in = 8
size_out = 32
[train]
images = 16
batch = 4
warmup = 4
log_every = 8
save_every = 16
preview_every = 8
precision = "fp32"
"""


@pytest.fixture(autouse=True)
def no_weights(monkeypatch, tmp_path):
    """PSNR decides: the weights of LPIPS are elsewhere."""
    monkeypatch.delenv("BEYNE_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return save_pictures(tmp_path / "data", count=10, side=48)


@pytest.fixture
def recipe(tmp_path) -> str:
    fields = "\n".join(f"{name} = {value}" for name, value in FIELDS["compact"].items())
    (tmp_path / "mine.toml").write_text(RECIPE.replace("FIELDS", fields))
    return str(tmp_path / "mine.toml")


@pytest.fixture
def model(tmp_path) -> str:
    made = tiny_model("compact", name="given")
    save(tmp_path / "given.safetensors", made.card, made.network)
    return str(tmp_path / "given.safetensors")


def heard(messages: list[str]) -> Listener:
    return Listener(message=messages.append)


def test_recipe_model_and_baseline(data, recipe, model, tmp_path) -> None:
    found = beyne.compare([recipe, model, "bicubic"], data, "out", seeds=2)
    out = tmp_path / "out"
    assert [arm.name for arm in found.arms] == ["mine", "given", "bicubic"]
    assert [len(found.tables[arm.name]) for arm in found.arms] == [2, 1, 1]
    assert len(found.verdicts) == 3
    assert found.metric == "psnr"

    split = read_split(out / "split.csv")
    assert sorted(split) == sorted(path.name for path in data.iterdir())
    scored = [file for file, part in split.items() if part == "test"]
    assert found.part == "split test"
    assert list(found.names) == sorted(scored)
    for seed in (0, 1):
        run = out / "runs" / f"mine-{seed}"
        assert read_split(run / "split.csv") == split
        assert f"seed = {seed}" in (run / "recipe.toml").read_text()

    tables = read_scores(out / "scores.csv")
    assert [(table.model, table.seed) for table in tables] == [
        ("mine", 0),
        ("mine", 1),
        ("given", None),
        ("bicubic", None),
    ]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert found.verdicts[0].second in page
    kinds = [
        section["kind"] for section in json.loads((out / "report.json").read_text())["sections"]
    ]
    assert kinds[0] == "verdicts"
    assert {"scores", "crops", "worst", "curves", "sheets", "findings", "limits"} <= set(kinds)


def test_columns_and_verdict_are_those_of_the_tables(data, model) -> None:
    found = beyne.compare(["nearest", model], data, "out", metric="ssim")
    with Path("out/scores.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    column = {name: [float(r["ssim"]) for r in rows if r["model"] == name] for name in found.tables}
    expected = verdict("nearest", "given", column["nearest"], column["given"], "higher", "SSIM")
    assert found.verdicts[0].gain == pytest.approx(expected.gain)
    assert found.verdicts[0].p == pytest.approx(expected.p)
    assert found.part == "all pictures"
    assert np.allclose(found.values("nearest", "ssim")[0], column["nearest"])
    assert found.best == max(column, key=lambda name: np.mean(column[name]))


def test_the_same_call_again_does_nothing_anew(data, recipe) -> None:
    beyne.compare([recipe, "bicubic"], data, "out", seeds=1)
    before = {path: path.stat().st_mtime_ns for path in Path("out").rglob("*.csv")}
    model = Path("out/runs/mine-0/best.safetensors").read_bytes()
    messages: list[str] = []
    beyne.compare([recipe, "bicubic"], data, "out", seeds=1, listener=heard(messages))
    assert not [text for text in messages if text.startswith(("training", "scoring"))]
    assert Path("out/runs/mine-0/best.safetensors").read_bytes() == model
    kept = [path for path in before if path.parent.name == "scores"]
    assert kept
    assert all(path.stat().st_mtime_ns == before[path] for path in kept)


def test_what_is_missing_is_made_again(data, recipe) -> None:
    first = beyne.compare([recipe, "bicubic"], data, "out", seeds=2)
    shutil.rmtree("out/runs/mine-1")
    Path("out/scores/mine-1.csv").unlink()
    again = beyne.compare([recipe, "bicubic"], data, "out", seeds=2)
    assert np.array_equal(first.values("mine", "psnr"), again.values("mine", "psnr"))


def test_another_comparison_is_refused(data, model, tmp_path) -> None:
    beyne.compare(["bicubic", model], data, "out")
    with pytest.raises(UsageError, match="another comparison: arms"):
        beyne.compare(["bicubic", "nearest"], data, "out")
    with pytest.raises(UsageError, match="data"):
        beyne.compare(["bicubic", model], save_pictures(tmp_path / "more", count=3), "out")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        beyne.compare(["bicubic", model], data, "full")


def test_an_arm_that_fails_leaves_the_others(data, recipe, tmp_path) -> None:
    wild = tmp_path / "wild.toml"
    wild.write_text(Path(recipe).read_text() + "learning_rate = 1e30\nclip = 0\n")
    words = ["compare", str(wild), recipe, "bicubic", "--data", str(data), "-o", "out"]
    result = CliRunner().invoke(app, [*words, "--seeds", "1"])
    assert result.exit_code == 1, result.output
    assert "wild" in result.output
    assert Path("out/report.html").is_file()
    report = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    limits = next(section for section in report["sections"] if section["kind"] == "limits")
    assert "wild" in limits["others"][0]


def test_nothing_to_compare_is_an_error(data, recipe, tmp_path) -> None:
    wild = tmp_path / "wild.toml"
    wild.write_text(Path(recipe).read_text() + "learning_rate = 1e30\nclip = 0\n")
    with pytest.raises(BeyneError, match="1 of 2 arms"):
        beyne.compare([str(wild), "bicubic"], data, "out", seeds=1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["bicubic"], "two arms"),
        (["bicubic", "photo-x5"], "photo-x4"),
        (["bicubic", "nearest", "--seeds", "0"], "--seeds 0"),
        (["bicubic", "nearest", "--metric", "psn"], "psn"),
        (["bicubic", "nearest", "--metric", "lpips"], "beyne weights fetch"),
        (["bicubic", "nearest", "--device", "gpuu"], "gpuu"),
        (["bicubic", "nearest", "--lang", "de"], "'de'"),
        (["bicubic", "photo-x4", "--scale", "8"], "×8"),
        (["bicubic", "nearest", "--budget", "images=0.4"], "not understood"),
        (["bicubic", "nearest", "--metric", "fine_detail"], "can't decide"),
        (["bicubic", "nearest", "--budget", "hours=3"], "images=20000"),
        (["bicubic", "nearest", "--budget", "images=-1"], "not understood"),
        (["bicubic", "none.toml"], "none.toml"),
    ],
)
def test_wrong_calls_say_what_to_type(words, message, data) -> None:
    result = CliRunner().invoke(app, ["compare", *words, "--data", str(data), "-o", "out"])
    assert result.exit_code == 2, result.output
    assert message in result.output
    assert not Path("out").exists()


def write_split(path: Path, **parts: str) -> Path:
    rows = (f"{name}.png,,{part}\n" for name, part in parts.items())
    path.write_text("file,group,split\n" + "".join(rows))
    return path


def trained(recipe: str, data: Path, run: str, split: Path) -> str:
    assert beyne.train(recipe, data, run, split=split)
    return run


def test_no_arm_is_scored_on_what_it_was_trained_on(data, recipe, tmp_path) -> None:
    everything = {f"p{index}": "val" for index in range(10)}
    first = write_split(tmp_path / "1.csv", **everything | {"p0": "train", "p1": "train"})
    second = write_split(tmp_path / "2.csv", **everything | {"p1": "train", "p2": "train"})
    runs = [trained(recipe, data, "one", first), trained(recipe, data, "two", second)]
    found = beyne.compare([*runs, "bicubic"], data, "out")
    assert set(found.names) == {f"p{index}.png" for index in range(3, 10)}

    third = write_split(tmp_path / "3.csv", **everything | {"p7": "test", "p0": "train"})
    all_but = {name: "train" for name in everything if name != "p0"} | {"p0": "val"}
    run = trained(recipe, data, "three", write_split(tmp_path / "4.csv", **all_but))
    with pytest.raises(UsageError, match="trained on every picture of split test"):
        beyne.compare([recipe, run], data, "other", seeds=1, split=third)


def test_given_split_is_obeyed_over_folders(data, recipe, tmp_path) -> None:
    for index in range(10):
        part = "train" if index < 8 else "val"
        (data / part).mkdir(exist_ok=True)
        (data / f"p{index}.png").rename(data / part / f"p{index}.png")
    rows = [
        f"{'train' if i < 8 else 'val'}/p{i}.png,,{'train' if i else 'test'}" for i in range(10)
    ]
    split = tmp_path / "split.csv"
    split.write_text("\n".join(["file,group,split", *rows]) + "\n")
    found = beyne.compare([recipe, "bicubic"], data, "out", seeds=1, split=split)
    assert found.names == ("train/p0.png",)
    seen = read_split(Path("out/runs/mine-0/split.csv"))
    assert seen["train/p0.png"] == "test"
    # The split has no pictures to validate on, so some are taken from train.
    assert sum(part == "val" for part in seen.values()) == 1
    assert seen == read_split(Path("out/split.csv"))


def test_other_training_pictures_are_another_comparison(data, recipe, tmp_path) -> None:
    beyne.compare([recipe, "bicubic"], data, "out", seeds=1)
    train = [f for f, part in read_split(Path("out/split.csv")).items() if part == "train"]
    shutil.copy(data / train[0], data / train[1])
    with pytest.raises(UsageError, match="another comparison: data"):
        beyne.compare([recipe, "bicubic"], data, "out", seeds=1)


def test_one_picture_has_no_interval(data, model) -> None:
    for path in sorted(data.iterdir())[1:]:
        path.unlink()
    found = beyne.compare(["bicubic", model], data, "out")
    assert "1 image can't show any" in found.verdicts[0].sentence
    page = Path("out/report.html").read_text(encoding="utf-8")
    assert "NaN" not in page.upper().replace("NANO", "")
    report = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    scores = next(section for section in report["sections"] if section["kind"] == "scores")
    assert scores["rows"][0]["values"][0]["low"] is None


def test_means_are_of_pictures_that_every_arm_could_do(data, recipe) -> None:
    found = beyne.compare(["bicubic", "nearest"], data, "out")
    table = found.tables["bicubic"][0]
    easy = replace(
        table, names=table.names[:4], columns={k: v[:4] for k, v in table.columns.items()}
    )
    partly = replace(found, tables=found.tables | {"bicubic": (easy,)})
    assert partly.common("nearest", "psnr").shape == (1, 4)
    assert np.array_equal(
        partly.common("nearest", "psnr")[0], found.values("nearest", "psnr")[0, :4]
    )


def test_arms_that_share_no_picture_have_no_verdict() -> None:
    columns = {"a": [1.0, np.nan], "b": [np.nan, 2.0], "c": [1.0, 3.0]}
    made = verdicts(columns, "higher")
    assert [(one.first, one.second) for one in made] == [("a", "c"), ("b", "c")]


def test_names_of_arms(recipe, model) -> None:
    arms = find_arms(["photo-x4", "recipe:photo-x4", model, recipe, "compact", "bicubic"])
    assert len({arm.slug for arm in arms}) == 6
    assert [arm.name for arm in arms] == [
        "photo-x4",
        "photo-x4 2",
        "given",
        "mine",
        "compact",
        "bicubic",
    ]
    assert [arm.trained for arm in arms] == [False, True, False, True, True, False]
    assert common_scale(arms) == 4


def test_a_recipe_of_another_scale_is_refused(recipe, tmp_path) -> None:
    other = tmp_path / "two.toml"
    other.write_text(Path(recipe).read_text().replace("size_out = 32", "size_out = 16"))
    with pytest.raises(UsageError, match="one scale"):
        common_scale(find_arms([recipe, str(other)]))


def test_budget(data, recipe, tmp_path) -> None:
    assert Budget.of("images=200").amount == 200
    loaded, run = load_recipe(recipe, []), tmp_path / "run"
    split = tmp_path / "split.csv"
    split.write_text(
        "file,group,split\n" + "".join(f"p{i}.png,,{'train' if i else 'val'}\n" for i in range(10))
    )
    assert Budget("images", 12.0).images(loaded, data, run, split) == 12
    few = Budget("minutes", 0.01).images(loaded, data, run, split)
    assert few >= loaded.train.batch
    assert not run.exists()
    found = beyne.compare([recipe, "bicubic"], data, "out", seeds=1, budget="images=8")
    assert found.tables["mine"][0].n
    assert "images = 8" in Path("out/runs/mine-0/recipe.toml").read_text()
