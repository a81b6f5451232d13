"""Encoders of texts: one spelling for many, what is refused, what captions teach."""

from __future__ import annotations

import csv
import json
import os
import random
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from beyne.data import Caption, find_captions, read_captions
from beyne.errors import MissingExtraError, UsageError
from beyne.recipe import load_recipe
from beyne.text import ENCODERS, build
from beyne.text.skeleton import skeleton, words
from beyne.training import generated
from beyne.training.illustrated import Illustrated
from beyne.training.matching import matching, misspelt
from beyne.training.resolve import found_pairs, resolved

CEREALS = Path(__file__).parents[1] / "docs" / "experiments" / "cereals"


@pytest.mark.parametrize(
    "spellings",
    [
        "бидай bidai biday Bidaı",
        "кукуруза kukuruza KUKURUZA куккуруза",
        "жүгері jügerı zhugeri jügeri",
        "қауызды qauyzdy kauyzdy",
        "күріш kürış kurish",
        "пшениця pshenytsia",
        "сухая suhaya sukhaia",
        "зёрна zerna зерна",
        "құмай qūmai",
        "п'ять п’ять пять",
        "naïve naive",
    ],
)
def test_ways_to_write_a_word_have_one_skeleton(spellings) -> None:
    found = {skeleton(word) for text in spellings.split() for word in words(text)}
    assert len(found) == 1, found


def test_different_words_keep_different_skeletons() -> None:
    said = "рис пшеница кукуруза просо сорго rice wheat maize millet sorghum бидай күріш тары қурай"
    assert len({skeleton(word) for word in words(said)}) == len(said.split())


def subword(*texts: str):
    torch.manual_seed(0)
    encoder = build("subword", {"size": 8, "buckets": 512})
    torch.nn.init.normal_(encoder.embed.weight[1:])
    encoder.learn_pieces(texts)
    return encoder.eval()


def test_vectors_have_length_one_and_do_not_depend_on_company() -> None:
    encoder = subword("a ripe ear of wheat", "пісіп келе жатқан бидай масағы")
    alone, *_ = encoder.encode(["ripe wheat"])
    together = encoder.encode(["пісіп келе жатқан бидай масағы", "ripe wheat"])
    assert torch.equal(together[1], alone)
    assert torch.allclose(together.norm(dim=1), torch.ones(2))
    typed = encoder.encode(["ripe weat", "RIPE  WHEAT!", "ripe whe\u0301at"])
    assert torch.allclose(typed[1], alone, atol=1e-6)
    assert float(typed[0] @ alone) > 0.5


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the text is empty"),
        (" \t\n", "the text is empty"),
        ("🌾🌽", "the text '🌾🌽' has no words"),
        ("?!", "the text '\\?!' has no words"),
        ("wheat " * 2_000, "the text has 12,000 characters, 500 are the most"),
        ("سنبلة قمح ناضجة", "has next to nothing in common with the captions"),
        ("成熟的麦穗", "has next to nothing in common with the captions"),
    ],
)
def test_what_can_not_be_encoded_is_refused_in_a_sentence(text, problem) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        subword("a ripe ear of wheat", "зрелый колос").encode([text])
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_labels_are_a_control_without_words() -> None:
    encoder = build("label", {"labels": ["rice", "wheat"]})
    found = encoder.encode(["wheat", "a grain of Rice"])
    assert found.tolist() == [[0, 1], [1, 0]]
    with pytest.raises(UsageError, match=r"names no label.*known: rice, wheat"):
        encoder.encode(["рис"])


@pytest.mark.skipif(bool(find_spec("sentence_transformers")), reason="it is installed")
def test_the_sentence_encoder_names_its_extra(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(MissingExtraError, match=r"pip install 'beyne\[text\]'"):
        build("sentence", {}).encode(["wheat"])


@pytest.mark.parametrize("kind", ENCODERS)
def test_kinds_tell_their_width(kind) -> None:
    fields = {"labels": ["a", "b", "c"]} if kind == "label" else {"size": 5}
    config = ENCODERS.configured(kind, fields)
    assert config.width == (3 if kind == "label" else 5)


def test_captions_are_read_from_csv_and_json_lines(tmp_path) -> None:
    row = {"file": "a\\1.png", "text": "и\u0306  колос", "lang": "uk", "label": "wheat"}
    table = tmp_path / "captions.csv"
    table.write_text("\ufefffile,text,lang,label\n" + ",".join(row.values()) + "\n1.png,,en,\n")
    lines = tmp_path / "other.jsonl"
    lines.write_text(json.dumps(row) + "\n\n")
    expected = [Caption("a/1.png", "й колос", "uk", "wheat")]
    assert read_captions(table) == read_captions(lines) == expected
    assert find_captions(tmp_path) == table
    assert find_captions(tmp_path, Path("other.jsonl")) == lines
    for content, problem in (
        (b"file,words\na,b\n", "has no column text"),
        (b"file,text\n", "has no texts"),
        (b"\xff\xfe", "can't be read"),
    ):
        table.write_bytes(content)
        with pytest.raises(UsageError, match=problem):
            read_captions(table)
    lines.write_text("[1]\n")
    with pytest.raises(UsageError, match="no object"):
        read_captions(lines)
    with pytest.raises(UsageError, match=r"none.csv does not exist; --set data.captions"):
        find_captions(tmp_path, Path("none.csv"))


def test_matching_is_least_where_texts_meet_their_pictures() -> None:
    seen, picture = torch.eye(4), torch.arange(4)
    right = matching(seen, seen, picture, picture)
    assert right < matching(seen.roll(1, 0), seen, picture, picture)
    assert right < 0.01
    # Two pictures of one class: the other one is not as wrong as one of another class.
    label = torch.tensor([0, 0, 1, 1])
    within, across = seen[[1, 0, 3, 2]], seen[[2, 3, 0, 1]]
    assert matching(within, seen, picture, label) < matching(across, seen, picture, label)


def test_misspelt_texts_keep_their_words() -> None:
    chance = random.Random(0)
    versions = {misspelt("спелая кукуруза в поле", chance) for _ in range(200)}
    assert len(versions) > 20
    assert {len(version.split()) for version in versions} == {4}


def test_cereals_teach_four_languages_and_survive_typing_errors() -> None:
    """The bars: ≥ 90 % of held-out prompts in each language, ≥ 80 % of misspelt ones."""
    shared = Path(os.environ.get("BEYNE_SHARED", "../shared")) / "data" / "cereals"
    if not shared.is_dir():
        pytest.skip("the shared data is not here")
    recipe = load_recipe("text-gan", [])
    parts = found_pairs(recipe, shared, None)
    job = Illustrated(CEREALS / "captions.csv")
    recipe = resolved(job.fitted(recipe, parts["train"]), len(parts["train"]))
    images = generated.wholes(recipe, parts["train"]).all()
    encoder = job._encoder(recipe, parts["train"], images)
    captions = [caption for pair in parts["train"] for caption in job.captions[pair.name]]
    vectors, labels = encoder.encode([c.text for c in captions]), [c.label for c in captions]
    names = sorted(set(labels))
    centres = torch.stack(
        [vectors[torch.tensor([label == name for label in labels])].mean(0) for name in names]
    )

    def accuracy(file: str, **which: str) -> float:
        with (CEREALS / file).open(encoding="utf-8") as stream:
            rows = [row for row in csv.DictReader(stream) if which.items() <= row.items()]
        best = (encoder.encode([row["text"] for row in rows]) @ centres.T).argmax(1).tolist()
        right = [names[found] == row["label"] for found, row in zip(best, rows, strict=True)]
        return sum(right) / len(right)

    for lang in ("kk", "ru", "uk", "en"):
        assert accuracy("held-out-prompts.csv", lang=lang) >= 0.9, lang
        assert accuracy("misspelt-prompts.csv", lang=lang) >= 0.8, lang
