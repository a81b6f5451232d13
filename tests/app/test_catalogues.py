"""The catalogues: complete, used, and written in the letters of their languages."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from beyne import app
from beyne.api.background import State
from beyne.api.comparisons import PLAIN
from beyne.api.runs import Warned
from beyne.app.training_form import NUMBERS
from beyne.app.words import LANGUAGES, Words, catalogue, preferred
from beyne.doctor.findings import Severity
from beyne.errors import UsageError

FOLDER = Path(app.__file__).parent
TABS = ("upscale", "translate", "generate", "illustrate", "train", "compare", "models")
#: Keys that are put together while the page is built.
COMPOSED = {
    *(f"{tab}.{key}" for tab in TABS for key in ("tab", "about")),
    *(f"{tab}.{key}" for tab in TABS[:4] for key in ("start", "done")),
    *(f"upscale.consistent_{name}" for name in ("auto", "on", "off")),
    *(f"train.{name}" for name in ("hr", "lr", "val_hr", "val_lr", "a", "b")),
    *(f"train.{name}{end}" for name in NUMBERS if name != "unit" for end in ("", "_info")),
    *(f"{tab}.{state}" for tab in ("train", "compare") for state in get_args(State)),
    *(f"train.warn_{kind}" for kind in get_args(get_type_hints(Warned)["kind"])),
    *(f"check.{severity}" for severity in get_args(Severity)),
    *(f"compare.{name}" for name in PLAIN),
    *(key for key in catalogue("en") if key.startswith(("curve.", "score."))),
    *(f"{panel}.start" for panel in ("check", "import", "export")),
    *(f"slider.{name}" for name in ("before", "after", "line", "zoom")),
    *(f"results.{name}" for name in ("megabytes", "kilobytes")),
}


def test_every_key_is_used_and_every_used_key_is_there() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.py"))
    used = set(re.findall(r'(?:words|self|Words\(code\))\(\s*["\'](\w+\.\w+)["\']', text))
    assert used | COMPOSED == catalogue("en").keys()


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything(language) -> None:
    english, said = catalogue("en"), catalogue(language)
    assert list(said) == list(english)
    for key, text in said.items():
        assert text == text.strip() != "", key
        assert placeholders(text) == placeholders(english[key]), key
        assert text.endswith(".") == english[key].endswith("."), key


LATIN, CYRILLIC = set(string.ascii_letters), set("абвгдежзийклмнопрстуфхцчшщьюя")
LETTERS = {
    "ru": CYRILLIC | set("ёъыэ"),
    "uk": CYRILLIC - set("ёъыэ") | set("ґєії’"),
    "kk": CYRILLIC | set("ёъыэәғқңөұүһі"),
}
NAMES = {"beyne", "PNG", "JPEG", "WebP", "BMP", "GIF", "TIFF", "DICOM", "NIfTI", "zip"}
NAMES |= {"PSNR", "SSIM", "MS", "LPIPS", "KID", "ONNX", "pth", "safetensors", "check", *PLAIN}
NAMES |= {"ESRGAN", "Real", "SRResNet", "compact", "SPAN"}


@pytest.mark.parametrize("language", LETTERS)
def test_words_are_spelt_in_the_letters_of_their_language(language) -> None:
    for key, said in catalogue(language).items():
        text = re.sub(r"\{\w+\}", "", said)
        for word in re.findall(r"[^\W\d_]+(?:’[^\W\d_]+)*", text):
            assert word in NAMES or set(word.lower()) <= LETTERS[language], (key, word)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("kk-KZ,ru;q=0.9,en;q=0.8", "kk"),
        ("de,en;q=0.5,uk;q=0.7", "uk"),
        ("de", "en"),
        ("", "en"),
        ("ru;q=x, *", "en"),
    ],
)
def test_the_browser_chooses_the_language(accepted, language) -> None:
    assert preferred(accepted) == language


def test_another_language_is_refused() -> None:
    with pytest.raises(UsageError, match="does not speak 'de'"):
        Words("de")


@pytest.mark.parametrize(
    ("seconds", "text"), [(7.4, "7 s"), (75, "1 min 15 s"), (8100, "2 h 15 min")]
)
def test_durations(seconds, text) -> None:
    assert Words("en").duration(seconds) == text
