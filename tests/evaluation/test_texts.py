"""Models that make pictures of texts, scored: judge, matcher, questions, verdict, files, words."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import picture
from texts import LANGUAGES, TEXTS, by_label, card_of, save_model, write_data
from typer.testing import CliRunner

import beyne
from beyne.cli import app
from beyne.data import Caption
from beyne.errors import UsageError
from beyne.evaluation.copies import trained_and_held_out
from beyne.evaluation.texts.examination import TextExamination
from beyne.evaluation.texts.illustrators import FILES
from beyne.evaluation.texts.judge import RIDGE, Judge, Reading, Ridge, Worth, read_apart, worth
from beyne.evaluation.texts.matcher import Matcher, candidates
from beyne.evaluation.texts.questions import ask, read_told
from beyne.evaluation.texts.scores import reason_of, said_of, text_scores

pytestmark = pytest.mark.usefixtures("no_published_weights")


@pytest.fixture(autouse=True)
def _quick(monkeypatch) -> None:
    monkeypatch.setattr("beyne.evaluation.generators.GENERATED", 12)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_data(tmp_path_factory.mktemp("texts") / "data")


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return save_model(tmp_path_factory.mktemp("model") / "mine.safetensors")


@pytest.fixture(scope="module")
def examination(data, tmp_path_factory) -> TextExamination:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("BEYNE_WEIGHTS", raising=False)
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
        patch.setattr("beyne.evaluation.generators.GENERATED", 12)
        told = read_told(data / "captions.csv")
        return TextExamination(card_of(), *trained_and_held_out(card_of(), data), told, {})


class Painted:
    """Answers with new pictures of the class that it hears; in some languages it hears none."""

    def __init__(self, deaf: tuple[str, ...] = ()) -> None:
        self.deaf = deaf

    def refusal(self, prompt: Caption) -> None:
        """Of nothing."""

    def paint(self, prompts, seeds) -> torch.Tensor:
        heard = ["rice" if p.lang in self.deaf else p.label for p in prompts]
        shown = [coloured(name, 1000 + seed) for name, seed in zip(heard, seeds, strict=True)]
        return torch.stack(shown)


def coloured(label: str, seed: int) -> torch.Tensor:
    """A red or a green picture, ``(3, 32, 32)``; as `texts.write_data` writes them."""
    pixels = torch.from_numpy(picture(32, 32, seed=seed)).permute(2, 0, 1) / 255
    tint = torch.tensor([1.0, 0.3, 0.3] if label == "rice" else [0.3, 1.0, 0.3])
    return pixels * tint[:, None, None]


@pytest.mark.parametrize("size", [4, 12])
def test_ridge_solves_the_weighted_normal_equations(size) -> None:
    """Against NumPy's least squares of the same system with rows for the penalty."""
    random = np.random.default_rng(0)
    x, y, weight = (random.normal(size=shape) for shape in ((9, size), (9, 2), 9))
    weight = 1 + np.abs(weight)
    weight /= weight.mean()
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    root = np.sqrt(weight)[:, None]
    rows = np.hstack([unit, np.ones((9, 1))]) * root
    penalty = np.hstack([np.eye(size) * RIDGE**0.5, np.zeros((size, 1))])
    whole = np.vstack([rows, penalty])
    expected = np.linalg.lstsq(whole, np.vstack([y * root, np.zeros((size, 2))]), rcond=None)[0]
    found = Ridge(*map(torch.from_numpy, (x, y, weight)))
    np.testing.assert_allclose(found(torch.from_numpy(x)), unit @ expected[:-1] + expected[-1])


def test_a_judge_is_worth_what_it_reads_of_strange_sources() -> None:
    """Twins give each other away, unless they are left out together."""
    random = torch.Generator().manual_seed(0)
    seen = torch.randn(20, 40, generator=random).repeat_interleave(2, 0)
    labels = [("a", "b")[n // 2 % 2] for n in range(40)]
    sources = [str(n // 2) for n in range(40)]
    found = worth(seen, labels, sources)
    assert (found.single, found.good) == (Reading(40, 40), False)
    assert found.sources.pictures == 40
    assert found.sources.share < 0.8
    alone = read_apart(seen, labels, sources)
    without = [n for n in range(40) if n not in (6, 7)]
    judge = Judge(seen[without], [labels[n] for n in without])
    assert alone[6:8] == judge.read(seen[6:8])
    assert f"{found.sources.right} of 40" in found.sentence
    # a class with one picture can't be read without it
    assert worth(seen[:5], ["a", "a", "b", "b", "c"], list("vwxyz")).single.pictures == 4
    assert worth(seen[:2], ["a", "b"], ["v", "w"]) == Worth(None, None)


def test_accuracy_counts_only_beside_both_verdicts() -> None:
    good, weak = Worth(Reading(9, 10), None), Worth(Reading(10, 10), Reading(8, 10))
    assert reason_of(good, "no copying shown") == "counts"
    assert reason_of(good, "copies") == "copies"
    assert reason_of(good, "too few pictures to tell") == "few"
    assert reason_of(weak, "no copying shown") == "weak"
    assert reason_of(weak, "copies") == "copies"
    assert "does not count: training pictures are copied" in said_of("copies")


def test_a_text_is_found_among_others_of_its_language() -> None:
    said = ["ripe wheat", "green wheat", "a grain of rice", "wet maize", "dry field"]
    told = [[Caption("", text, "en"), Caption("", f"жол {n}", "kk")] for n, text in enumerate(said)]
    assert {c.lang for c in candidates(told[0][0], told, 0)} == {"en"}
    chosen = [candidates(texts[0], told, n) for n, texts in enumerate(told)]
    assert [len(one) for one in chosen] == [5] * 5
    assert [one[0].text for one in chosen] == said
    seen = torch.eye(5)
    matcher = Matcher(seen, told, list("vwxyz"))
    assert matcher.found(seen, chosen).tolist() == [1] * 5
    assert matcher.found(seen.roll(1, 0), chosen).tolist() == [0] * 5
    assert matcher.found_apart(range(5), chosen).sum() < 5
    many = [[Caption("", f"text {n}", "en")] for n in range(300)]
    assert len(candidates(many[7][0], many, 7)) == 100
    twice = [[Caption("", "the same", "en")]] * 3
    assert len(candidates(twice[0][0], twice, 0)) == 1


def test_each_picture_is_asked_for_in_all_its_languages_with_every_wording() -> None:
    told = [[Caption(str(n), f"{lang} {k}", lang) for lang in "ab" for k in range(3)] for n in "01"]
    told[1] = told[1][:3]
    questions = ask(told, 1, 100)
    assert len(questions) == 6
    assert [len(q.prompts) for q in questions if q.picture == 1] == [1, 1, 1]
    asked = {prompt.text for q in questions if q.picture == 0 for prompt in q.prompts}
    assert asked == {"a 0", "a 1", "a 2", "b 0", "b 1", "b 2"}
    assert len(ask(told, 64, 1000)) == 64
    assert len(ask(told, 64, 20)) == 10


def test_who_listens_and_who_does_not_are_told_apart(examination) -> None:
    assert examination.worth.good

    def scores(painter):
        answers = examination.answers(painter)
        assert torch.equal(answers.images[answers.single], examination.singles(painter))
        pictures = examination.pictures_scores("x", "data", answers)
        return text_scores(examination, answers, pictures, None)

    good = scores(Painted())
    assert (good.mean["class_accuracy"], good.mean["agreement"]) == (1, 1)
    low, high = good.interval["class_accuracy"]
    assert (low, high) == pytest.approx((0.025 ** (1 / 12), 1))
    assert good.chance["class_accuracy"] == pytest.approx(0.5)
    assert good.chance["agreement"] == pytest.approx(0.5)
    deaf = scores(Painted(deaf=LANGUAGES))
    assert deaf.mean["class_accuracy"] == deaf.chance["class_accuracy"] == pytest.approx(0.5)
    assert deaf.mean["agreement"] == 1
    half = scores(Painted(deaf=("kk",)))
    assert half.mean["class_accuracy"] == pytest.approx(0.75)
    assert half.mean["agreement"] == pytest.approx(0.5)
    assert {name: one.value for name, one in half.languages.items()} == {"en": 1, "kk": 0.5}
    low, high = half.interval["agreement"]
    assert 0 <= low < 0.5 < high <= 1
    assert good.classes.keys() == {"rice", "wheat"}
    assert good.classes["wheat"].value < deaf.classes["wheat"].value
    rows = [row for row in half.rows if row["lang"] == "kk"]
    assert {row["read"] for row in rows} == {"rice"}
    json.dumps(half.as_json(), allow_nan=False)


def test_command_prints_scores_and_writes_table_sheets_and_page(model, data, tmp_path) -> None:
    out = tmp_path / "out"
    words = ["evaluate", str(model), "--data", str(data), "-o", str(out), "--lang", "uk"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    text = result.stdout
    assert text.startswith("mine on data: 12 held out of training\n12 questions about 12 held-out")
    for line in ("class accuracy ↑", "agreement ↑", "R-precision ↑", "KID ↓", "class accuracy kk"):
        assert line in text
    assert "class accuracy does not count: too few pictures to tell copies" in text
    with (out / FILES[0]).open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 24
    assert {row["text"] for row in rows} <= {t for said in TEXTS.values() for t in said.values()}
    assert {path.name for path in out.iterdir()} == set(FILES)
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "точність класів не рахується" in page
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    kinds = [section["kind"] for section in report["sections"]]
    assert kinds[:5] == ["judge", "memorisation", "scores", "parts", "answers"]
    assert "answers.csv exists" in CliRunner().invoke(app, words).stderr
    document = json.loads(CliRunner().invoke(app, [*words[:4], "--json"]).stdout)
    assert {"protocol", "n", "mean", "interval", "rows", "judge", "counts"} <= document.keys()
    assert document["n"] == len(document["rows"]) == 24


def test_a_model_of_labels_and_captions_of_one_class_or_language(data, tmp_path) -> None:
    told = beyne.evaluate(by_label(tmp_path / "labels.safetensors"), data)
    assert told.languages == {}
    assert "agreement" not in told.mean
    assert told.nearest_caption is None
    assert "the model is told labels alone" in told.notes[0]
    model = save_model(tmp_path / "mine.safetensors")
    lines = (data / "captions.csv").read_text(encoding="utf-8").splitlines()
    table = tmp_path / "one.csv"
    english = [line.replace(",rice", ",wheat") for line in lines[1:] if ",en," in line]
    table.write_text("\n".join([lines[0], *english]), encoding="utf-8")
    one = beyne.evaluate(model, data, settings=[f"data.captions={table}"])
    assert (one.worth, one.reason) == (None, None)
    assert "class_accuracy" not in one.mean
    assert [note.split(":")[0] for note in one.notes] == [
        "the captions name fewer than two classes", "the captions are of one language",
    ]  # fmt: skip
    assert "r_precision" in one.mean
    table.write_text("\n".join([lines[0], *english]).replace(",en,", ",,"), encoding="utf-8")
    silent = beyne.evaluate(model, data, settings=[f"data.captions={table}"])
    assert silent.notes[-1].startswith("the captions name no language")


def test_captions_that_the_encoder_never_met_are_left_out(data, tmp_path) -> None:
    model = save_model(tmp_path / "english.safetensors", languages=("en",))
    scores = beyne.evaluate(model, data)
    assert {row["lang"] for row in scores.rows} == {"en"}
    assert any("prompts are left out" in note for note in scores.notes)
    strange = save_model(tmp_path / "strange.safetensors", languages=())
    with pytest.raises(UsageError, match="next to nothing in common with the captions learned"):
        beyne.evaluate(strange, data)


def test_what_is_asked_in_vain(model, data, tmp_path) -> None:
    with pytest.raises(UsageError, match="has no captions.csv or captions.jsonl"):
        beyne.evaluate(model, data / "train")
    table = tmp_path / "table.csv"
    table.write_text("file,text\ntrain/rice/00.png,rice\n")
    with pytest.raises(UsageError, match="none of the 12 held-out pictures has a caption"):
        beyne.evaluate(model, data, settings=[f"data.captions={table}"])
    with pytest.raises(UsageError, match="only data.captions means something here"):
        beyne.evaluate(model, data, settings=["data.a=x"])
    with pytest.raises(UsageError, match="mean nothing to a generator"):
        beyne.evaluate(model, data, scale=2)
    with pytest.raises(UsageError, match="does not speak 'de'"):
        beyne.evaluate(model, data, language="de")
    few = ["file,text,lang,label"]
    few += [f"{part}/rice/{n}.png,rice,en,rice" for part, n in (("train", "00"), ("train", "01"))]
    table.write_text("\n".join([*few, "val/rice/16.png,rice,en,rice"]))
    with pytest.raises(UsageError, match="1 held-out pictures are too few to score"):
        beyne.evaluate(model, data, settings=[f"data.captions={table}"])


def test_a_caption_without_words_is_left_out_and_what_is_not_scored_has_no_chance(
    data, model, tmp_path
):
    lines = (data / "captions.csv").read_text(encoding="utf-8").splitlines()
    english = [line for line in lines if ",kk," not in line]
    file, _, rest = english[-1].split(",", 2)
    table = tmp_path / "captions.csv"
    table.write_text("\n".join([*english[:-1], f"{file},🌾,{rest}"]), encoding="utf-8")
    scores = beyne.evaluate(model, data, settings=[f"data.captions={table}"])
    assert any(note.startswith("1 of 12 prompts are left out") for note in scores.notes)
    assert set(scores.chance) == {"class_accuracy", "r_precision"}
