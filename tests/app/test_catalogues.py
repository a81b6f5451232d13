"""The words of the window: all used, and in the language that the browser prefers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from beyne import app
from beyne.api.background import State
from beyne.api.comparisons import PLAIN
from beyne.api.runs import Warned
from beyne.app.panel import problem, sentence
from beyne.app.training_form import NUMBERS
from beyne.app.words import Words, preferred
from beyne.doctor.findings import Severity
from beyne.errors import BeyneError
from beyne.languages.words import catalogue

FOLDER = Path(app.__file__).parent
KEYS = catalogue(Words.folder, "en").keys()
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
    *(key for key in KEYS if key.startswith(("curve.", "score."))),
    *(f"{panel}.start" for panel in ("check", "import", "export")),
    *(f"slider.{name}" for name in ("before", "after", "line", "zoom")),
    *(f"results.{name}" for name in ("megabytes", "kilobytes")),
    *("job.failed", "check.impossible"),  # what stands before a problem
    *(f"time.{name}" for name in ("hours", "minutes", "seconds")),
}


def test_every_key_is_used_and_every_used_key_is_there() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.py"))
    used = set(re.findall(r'(?:words|self|Words\(code\))\(\s*["\'](\w+\.\w+)["\']', text))
    assert used | COMPOSED == KEYS


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


@pytest.mark.parametrize(
    ("seconds", "text"), [(7.4, "7 s"), (75, "1 min 15 s"), (8100, "2 h 15 min")]
)
def test_durations(seconds, text) -> None:
    assert Words("en").duration(seconds) == text


def test_a_problem_comes_in_the_language_of_the_page_and_what_does_not_is_marked() -> None:
    words = Words("ru")
    said = sentence(words, "<b> does not exist", "ask someone")
    assert said == '&lt;b&gt; не существует; <span lang="en">ask someone</span>'
    assert sentence(words, "модель не выбрана") == "модель не выбрана"
    known = problem(words, BeyneError("the file is empty"))
    assert known == '<p role="alert" class="problem"><b>Не получилось:</b> файл пуст.</p>'
    assert "непредвиденная ошибка" in problem(words, None)
