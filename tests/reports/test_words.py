"""The words of a report: all used, and put together to sentences."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from beyne import reports
from beyne.languages.words import catalogue
from beyne.metrics import TEXT_METRICS
from beyne.reports import background
from beyne.reports import document as d
from beyne.reports import sections as s
from beyne.reports.numbers import (
    count,
    interval,
    number,
    percent,
    probability,
    short,
    ticks,
    written_in,
)
from beyne.reports.words import Words

FOLDER = Path(reports.__file__).parent


def kinds(section: type[d.Section] = d.Section) -> set[str]:
    found = {sub.kind for sub in section.__subclasses__()}
    return found.union(*(kinds(sub) for sub in section.__subclasses__()))


def choices(owner: type, field: str) -> set[str]:
    return set(get_args(get_type_hints(owner)[field]))


#: What follows a table's name where the key is put together while the page is written.
COMPOSED = {
    "heading": kinds(),
    "sign": choices(s.Verdict, "outcome") | choices(s.Outcome, "state") | {"warning"},
    "verdict": choices(s.Verdict, "outcome"),
    "outcome": choices(s.Outcome, "state"),
    "memorisation": choices(s.Memorisation, "outcome") | {"sheet"},
    "augmentation": choices(s.Augmentation, "outcome"),
    "judge": set(get_args(get_args(get_type_hints(s.Judge)["arms"])[1])) | {"single", "sources"},
    "parts": {f"chance_{name}" for name in TEXT_METRICS} | {"nearest_caption", "real_r_precision"},
    "scores": choices(d.Column, "better"),
    "metric": set(d.METRICS),
    "severity": choices(background.Finding, "severity"),
    "fact": set(get_args(background.FactName)),
    "limit": set(get_args(background.LimitName)),
    "crops": choices(s.View, "role") - {"arm"} | {"left", "right"},
    "cost": {field.name for field in fields(background.Cost)} - {"arm"},
    "curves": {"discriminator", "adversarial"},
    "time": {"hours", "minutes", "seconds"},
}


def used() -> set[str]:
    files = [*FOLDER.glob("*.py"), *FOLDER.glob("templates/*.html")]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    keys = set(re.findall(r'(?:words|self)\(\s*"(\w+\.\w+)"', text))
    return keys | {f"{table}.{name}" for table, names in COMPOSED.items() for name in names}


def test_every_key_is_used_and_every_used_key_is_there() -> None:
    assert used() == catalogue(Words.folder, "en").keys()


def test_a_verdict_in_words() -> None:
    difference = d.Estimate(-0.012, -0.0164, -0.0068)
    lpips = d.Column("lpips", "LPIPS", "lower", digits=3)
    verdict = s.Verdict("B", "A", lpips, "better", difference, 0.83, 0.0002, 0.6)
    headline, details = Words("en").verdict(verdict)
    assert headline == "LPIPS: B is better than A."
    plain = re.sub(r"\s", " ", details)
    expected = (
        "Mean difference −0.012 [−0.016, −0.007], better in 83 % of the pictures, p < 0.001, "
    )
    assert plain == expected + "effect size 0.60."
    assert Words("kk").verdict(verdict)[0] == "LPIPS: B нәтижесі A нәтижесінен жақсырақ."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.42, "0.42 s"),
        (75.4, "1 min 15 s"),
        (8100, "2 h 15 min"),
        (59.7, "1 min 0 s"),
    ],
)
def test_durations(seconds, text) -> None:
    assert Words("en").duration(seconds) == text


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (number(28.414), "28.41"),
        (number(-0.001, 2), "0.00"),
        (number(0.0123, 3, sign=True), "+0.012"),
        (number(-5.0, 1), "−5.0"),
        (number(float("nan")), "–"),
        (number(float("inf")), "∞"),
        (count(1_250_000), "1\u202f250\u202f000"),
        (interval(d.Estimate(1.0)), ""),
        (interval(d.Estimate(1.0, 0.5, 1.5), 1), "[0.5,\u00a01.5]"),
        (percent(0.834), "83\u202f%"),
        (probability(0.0124), "p\u00a0=\u00a00.012"),
        (short(250_000), "250k"),
        (short(1_500_000), "1.5M"),
        (short(0.00001), "1e−5"),
        (short(0), "0"),
        (ticks([0.76, 0.78, 0.8]), ["0.76", "0.78", "0.80"]),
        (ticks([0, 500, 1000]), ["0", "500", "1k"]),
    ],
)
def test_numbers(written, text) -> None:
    assert written == text


def test_all_but_english_have_a_decimal_comma() -> None:
    with written_in("uk"):
        assert number(-28.414) == "−28,41"
        assert interval(d.Estimate(1.0, 0.5, 1.5), 1) == "[0,5;\u00a01,5]"
        assert probability(0.0124) == "p\u00a0=\u00a00,012"
        assert ticks([0.76, 0.78, 0.8]) == ["0,76", "0,78", "0,80"]
        assert short(1_500_000) == "1,5M"
    assert number(28.414) == "28.41"
