"""The catalogues: complete, in the letters of their languages, and every sentence in them."""

from __future__ import annotations

import ast
import re
import string
import time
from pathlib import Path

import pytest
from sentences import HOLE, ROOT, sentences

from beyne.config import read_toml
from beyne.errors import UsageError, did_you_mean
from beyne.languages import LANGUAGES, Words, translated
from beyne.languages.sentences import read, templates

FOLDERS = [ROOT / "app/catalogues", ROOT / "reports/catalogues", ROOT / "languages/catalogues"]
OTHERS = [language for language in LANGUAGES if language != "en"]

#: A remedy that is nothing but what to type.
COMMAND = re.compile(r'(beyne|pip) [^,;]+|-\S+|(-\S+ ("[^"]+"|\S+) ?)+')


def catalogue(folder: Path, language: str) -> dict[tuple[str, str], str]:
    tables = read_toml(folder / f"{language}.toml")
    return {(table, key): said for table in tables for key, said in tables[table].items()}


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_every_language_says_everything(folder, language) -> None:
    said = catalogue(folder, language)
    if (folder / "en.toml").is_file():
        english = catalogue(folder, "en")
    else:  # sentences are their own keys
        english = {(table, key): key for table, key in catalogue(folder, "kk")}
    assert list(said) == list(english)
    for key, text in said.items():
        assert text == text.strip() != "", key
        assert placeholders(text) == placeholders(english[key]), key
        assert text.endswith(".") == english[key].endswith("."), key


CYRILLIC = set("абвгдежзийклмнопрстуфхцчшщьюя")
LETTERS = {
    "ru": CYRILLIC | set("ёъыэ"),
    "uk": CYRILLIC - set("ёъыэ") | set("ґєії’"),
    "kk": CYRILLIC | set("ёъыэәғқңөұүһі"),
}


@pytest.mark.parametrize("language", LETTERS)
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_words_are_spelt_in_the_letters_of_their_language(folder, language) -> None:
    english = catalogue(folder, "en") if (folder / "en.toml").is_file() else {}
    for key, said in catalogue(folder, language).items():
        names = english.get(key, key[1]).lower()
        for word in re.findall(r"[^\W\d_]+(?:’[^\W\d_]+)*", re.sub(r"\{\w+\}", "", said)):
            assert word.lower() in names or set(word.lower()) <= LETTERS[language], (key, word)


@pytest.fixture(scope="module")
def found() -> dict[str, str]:
    return sentences()


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_of_the_source_has_a_translation(language, found) -> None:
    """What is kept may be names and numbers, not two words in a row."""
    for text, where in found.items():
        if re.search("[a-z]", text) and not COMMAND.fullmatch(text):
            understood = read(text, language)
            kept = [part for part in understood.kept if re.search("[A-Za-z]+ [A-Za-z]+", part)]
            assert understood.letters, f"{where}: {text.replace(HOLE, '{…}')!r} says nothing"
            assert not kept, f"{where}: of {text.replace(HOLE, '{…}')!r} this is kept: {kept}"


def test_every_translation_has_a_sentence_in_the_source(found) -> None:
    literals = set(found)
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (getattr(part, "value", HOLE) for part in node.values)
                literals.add("".join(part if isinstance(part, str) else HOLE for part in parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals.add(node.value)
    for template in templates("kk"):
        near = [text for text in literals if template.landmark in text]
        assert any(template.pattern.search(text) for text in near), template.english


@pytest.mark.parametrize(
    ("english", "russian"),
    [
        ("the file is empty", "файл пуст"),
        ("/фото a: b.png: the file is cut short", "/фото a: b.png: файл оборван"),
        (did_you_mean("widht", ["width", "height"]), "возможно, «width»?"),
        ("no pictures in sight; check the path", "no pictures in sight; проверьте путь"),
        (
            "--consistent: m makes 3 bands of 1 band, which can't give them back",
            "согласие с оригиналом невозможно: у m на входе каналов: 1, на выходе каналов: 3",
        ),
        (
            "captions.csv, line 3, 4, …: Latin and Cyrillic letters in one word, such as 'xа'",
            "captions.csv, строка 3, 4, …: латинские и кириллические буквы в одном слове, "
            "например «xа»",
        ),
        (
            "trust 0.87: 87 % of the picture is expected to be within 8 levels of 255 of the "
            "truth, if it is like a photograph; 3 % is mostly invented: around the lower left "
            "(x 0–64, y 8–96), around the top (x 96–128, y 0–32)",
            "доверие 0.87: ожидается, что 87 % изображения отличаются от истины не больше чем "
            "на 8 уровней из 255, если это фотография; 3 % скорее выдумано, где именно: "
            "внизу слева (x 0–64, y 8–96), вверху (x 96–128, y 0–32)",
        ),
    ],
)
def test_sentences_are_read_with_what_they_hold(english, russian) -> None:
    assert translated(english, "ru") == russian
    assert translated(english, "en") == english


def test_a_thousand_problems_are_translated_in_a_second(found) -> None:
    translated("", "kk")  # compiles the templates
    start = time.process_time()
    for number, text in zip(range(1000), [*found, *found], strict=False):
        translated(text.replace(HOLE, f"/home/me/field work/{number}.png"), "kk")
    assert time.process_time() - start < 1


def test_a_text_of_many_clauses_is_read_as_fast() -> None:
    start = time.process_time()
    assert translated("a: b; " * 40 + "the file is empty", "ru").endswith("b; файл пуст")
    assert time.process_time() - start < 1


def test_another_language_is_refused() -> None:
    with pytest.raises(UsageError, match="does not speak 'de'; known: en, kk, ru, uk"):
        Words("de")
