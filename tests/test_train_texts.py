"""Training from captions: the run, its model file, going on exactly, and prompts."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import save_pictures
from PIL import Image
from typer.testing import CliRunner

import beyne
from beyne import bundle
from beyne.cli import app
from beyne.data import Wholes
from beyne.errors import UsageError
from beyne.predict.sampler import Sampler
from beyne.recipe import load_recipe
from beyne.training import train
from beyne.training.illustrated import Captioned
from beyne.training.loop import Listener, Loop
from beyne.training.setup import prepare

SMALL = [
    *("data.size_out=32", "generator.latent=8", "discriminator.features=4"),
    *("train.images=24", "train.batch=4", "train.save_every=12", "train.log_every=8"),
    *("train.precision=fp32", "train.warmup=0"),
]
TINY = {
    "text-dcgan": ["generator.features=4", "discriminator.layers=3"],
    "text-gan": [
        *("generator.widths=[16, 8]", "discriminator.weights=random"),
        "discriminator.layers=['Conv1', 'block_1_expand']",
    ],
}
TEXTS = {
    "rice": {"en": "a grain of rice", "kk": "күріш дәні", "ru": "зерно риса"},
    "wheat": {"en": "a ripe ear of wheat", "kk": "бидай масағы", "ru": "колос пшеницы"},
}


def recipe_for(name: str = "text-gan", *settings: str):
    return load_recipe(name, [*SMALL, *TINY[name], *settings])


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("texts") / "data"
    lines = ["file,text,lang,label"]
    for number, (label, texts) in enumerate(TEXTS.items()):
        save_pictures(folder / label, 8 + number, side=40)
        for path in sorted((folder / label).iterdir())[1:]:  # the first has no caption
            lines += [f"{label}/{path.name},{text},{lang},{label}" for lang, text in texts.items()]
    (folder / "captions.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _quick(monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BEYNE_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("beyne.training.matching._STEPS", 20)


@pytest.fixture(scope="module")
def model(data, tmp_path_factory) -> Path:
    run = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("beyne.training.matching._STEPS", 20)
        patch.delenv("BEYNE_WEIGHTS", raising=False)
        heard: list[str] = []
        assert train(recipe_for(), data, run, message=heard.append)
    assert any("training pictures without captions in" in text for text in heard)
    return run / "best.safetensors"


def generate(*words, code=0):
    result = CliRunner().invoke(app, ["generate", *map(str, words)])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def test_the_model_file_carries_its_encoder(model, data) -> None:
    card = bundle.read_card(model)
    assert (card.job, card.text) == (
        "illustrate",
        {
            **{"kind": "subword", "size": 64, "buckets": 16_384, "attributes": 0.5},
            "labels": ["rice", "wheat"],
        },
    )
    assert card.generator["text"] == 66
    assert card.provenance["data"].keys() >= {"captions", "fingerprint"}
    loaded = bundle.load(model)
    fresh = prepare(recipe_for(), data, Path("other")).encoder
    texts = ["бидай масағы", "a grain of rice"]
    assert torch.equal(loaded.encoder.encode(texts), fresh.encode(texts))
    sheet = np.asarray(Image.open(model.parent / "previews" / "000000024.png"))
    assert sheet.shape == (2 * 34 + 4, 8 * 34, 3)  # a row a label


def test_plain_recipe_and_label_control_train_too(data) -> None:
    setup = prepare(recipe_for("text-dcgan", "text.kind=label"), data, Path("run"))
    assert setup.words["conditioning"]["text"]["labels"] == ["rice", "wheat"]
    assert setup.state.nets["generator"].config.text == 2
    Loop(setup, Path("run")).probe(20, steps=1)
    assert setup.state.sums.keys() >= {"adversarial", "discriminator", "mismatch"}


def test_interrupted_run_ends_as_if_never_stopped(data, model) -> None:
    def loop(run: str, heard=None) -> Loop:
        return Loop(prepare(recipe_for(), data, Path(run)), Path(run), heard)

    def stop(seen: int, total: int, values: dict[str, float]) -> None:
        if seen == 16:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        loop("killed", Listener(progress=stop)).fit()
    assert loop("killed").fit()
    for file in ("best.safetensors", "last.safetensors", "stats.jsonl"):
        assert (model.parent / file).read_bytes() == (Path("killed") / file).read_bytes(), file


def test_start_from_a_run_and_from_a_model(data, model) -> None:
    for start in (model.parent, model):
        setup = prepare(recipe_for("text-gan", f"train.start={start}"), data, Path("none"))
        assert f"of {start}" in setup.notes[-1]
    rows = (data / "captions.csv").read_text(encoding="utf-8").replace("a grain of", "grains of")
    Path("other.csv").write_text(rows, encoding="utf-8")
    other = recipe_for("text-gan", f"train.start={model}", "data.captions=other.csv")
    assert "what texts mean is learned anew" in prepare(other, data, Path("none")).notes[-1]
    without = recipe_for("text-gan", f"train.start={model}", "text.kind=label")
    with pytest.raises(UsageError, match="another network than the recipe's: text 66 for 2;"):
        prepare(without, data, Path("none"))


def test_batches_have_right_and_wrong_texts_fixed_by_the_number() -> None:
    pixels = [np.full((8, 8, 3), value, np.uint8) for value in (0, 100, 200)]
    vectors = [torch.eye(4)[[number]] for number in range(3)]
    batches = Captioned(Wholes(pixels, range(3), 3, "upright"), vectors, ["a", "a", "b"], 0.25, 0.5)
    whole, part = batches.batch(range(400)), batches.batch(range(100, 110))
    for key in ("image", "label", "wrong"):
        assert torch.equal(whole[key][100:110], part[key])
    shown = (whole["image"][:, 0, 0, 0] * 255 / 100).round().long()
    is_a, dropped = shown < 2, ~whole["label"].any(1)
    assert 0.15 < dropped.float().mean() < 0.35
    assert not whole["label"][is_a][:, 2].any()  # mixed within the class only
    assert ((whole["label"][is_a] > 0).sum(1) == 2).any()
    assert (whole["wrong"][is_a].argmax(1) == 2).all()
    assert (whole["wrong"][~is_a].argmax(1) < 2).all()


def test_prompts_become_folders_rows_and_a_manifest(model) -> None:
    words = ["--text", "колос пшеницы", "--text", "rice", "-n", 2, "--seed", 5, "--grid", "--json"]
    document = json.loads(generate("--model", model, *words, "-o", "out").stdout)
    assert [(done["seed"], done["text"]) for done in document["done"]] == [
        *((5, "колос пшеницы"), (6, "колос пшеницы"), (5, "rice"), (6, "rice"))
    ]
    assert [(read["text"], read["label"]) for read in document["texts"]] == [
        *(("колос пшеницы", "wheat"), ("rice", "rice"))
    ]
    assert Path("out/колос-пшеницы/000005.png").is_file()
    assert beyne.read("out/grid.png").pixels.shape == (2 * 36, 2 * 36, 3)
    with Path("out/manifest.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[2] | {"file": "rice/000005.png", "text": "rice", "seed": "5"} == rows[2]
    (again,) = beyne.generate(model, 1, seed=5, text="rice")
    assert np.array_equal(again.pixels, beyne.read("out/rice/000005.png").pixels)


def test_what_a_text_was_read_as_is_said_and_doubted(model) -> None:
    heard = generate(
        "--model", model, "--text", "wheat", "--text", "a ripe car", "-n", 1, "-o", "x"
    )
    assert "'wheat': read as wheat (" in heard.stderr
    assert "'a ripe car': read as wheat (" in heard.stderr
    assert "%), but no word of it says so clearly" in heard.stderr


def test_captions_without_labels_are_not_read(data) -> None:
    table = Path("plain.csv")
    rows = (data / "captions.csv").read_text(encoding="utf-8").splitlines()
    rows = [row.rpartition(",")[0].replace("wheat/", "rice/") for row in rows]
    table.write_text("\n".join(rows), encoding="utf-8")
    setup = prepare(recipe_for("text-gan", f"data.captions={table}"), data, Path("run"))
    assert setup.encoder.reader is None
    assert setup.encoder.encode(["rice"]).shape == (1, 64)


def test_a_file_in_the_way_of_a_texts_folder_is_told_before_the_work(model) -> None:
    Path("out").mkdir()
    Path("out/rice").write_text("in the way")
    words = ["--text", "колос пшеницы", "--text", "rice", "-n", 1, "-o", "out"]
    assert "-o out/rice can't be made" in generate("--model", model, *words, code=2).stderr
    assert not list(Path("out").rglob("*.png"))


def test_variations_lie_between_two_pictures(model) -> None:
    generate("--model", model, "--text", "rice", "-n", 1, "--seed", 5, "-o", "first")
    words = ["-n", 3, "--seed", 20, "--vary", "first/000005.png", "--strength", 0.2]
    document = json.loads(generate("--model", model, *words, "-o", "near", "--json").stdout)
    assert {done["text"] for done in document["done"]} == {"rice"}
    sampler = Sampler(bundle.load(model))
    first, other = (sampler.image(seed, text="rice") for seed in (5, 20))
    assert torch.equal(sampler.image(20, None, "rice", 5, 0.0), first)
    assert torch.equal(sampler.image(20, None, "rice", 5, 1.0), other)
    near = sampler.image(20, None, "rice", 5, 0.2)
    assert 0 < (near - first).abs().mean() < (other - first).abs().mean()
    wrong = generate("--model", model, "--vary", "near/000020.png", "-o", "x", code=2).stderr
    assert "it is itself a variation, of seed 5; --vary 5 --strength 0.3" in wrong


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--text", ""], "the text is empty"),
        (["--text", "🌾"], "has no words"),
        (["--text", "wheat " * 2000], "the text has 12,000 characters"),
        (["--text", "سنبلة قمح"], "next to nothing in common with the captions"),
        (["--text", "rice", "--strength", 2], "--strength 2: not a number from 0 to 1"),
        (["--text", "rice", "--vary", "none.png"], "neither a seed nor a picture"),
        (["--label", "rice"], "knows no labels"),
    ],
)
def test_wrong_calls_write_nothing(model, words, message) -> None:
    result = generate("--model", model, *words, "-o", "out", code=2)
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not Path("out").exists()


def test_a_caption_without_words_is_refused(data, tmp_path) -> None:
    rows = (data / "captions.csv").read_text(encoding="utf-8").splitlines()
    file, _, rest = rows[1].split(",", 2)
    table = tmp_path / "captions.csv"
    table.write_text("\n".join([rows[0], f"{file},🌾,{rest}", *rows[2:]]), encoding="utf-8")
    with pytest.raises(UsageError, match="'🌾' has no words"):
        prepare(recipe_for("text-gan", f"data.captions={table}"), data, Path("run"))


def test_captions_that_fit_nothing_are_named(data, tmp_path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("file,text\nother.png,wheat\n")
    with pytest.raises(UsageError, match=r"table.csv names none of the training pictures"):
        prepare(recipe_for("text-gan", f"data.captions={table}"), data, Path("run"))
    with pytest.raises(UsageError, match="has no captions.csv or captions.jsonl"):
        prepare(recipe_for(), data / "rice", Path("run"))
    with pytest.raises(UsageError, match="the table text goes with job"):
        load_recipe("gan-small", ["text={kind='subword'}"])
