"""A document as one HTML file that needs nothing beside itself."""

from __future__ import annotations

import hashlib
import itertools
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from beyne.errors import MissingExtraError
from beyne.files import write_whole
from beyne.languages import translated
from beyne.reports import numbers, plots
from beyne.reports.background import Cost, Costs
from beyne.reports.document import Document, Estimate, pictures
from beyne.reports.pictures import BUDGET, embedded
from beyne.reports.sections import Crops, Curves, Scores, View
from beyne.reports.words import Words

_TEMPLATES = Path(__file__).with_name("templates")
#: Beside the words that say the same, so that no colour has to.
_SIGNS = {"better": "▲", "worse": "▼", "same": "=", "finished": "✓", "early": "✓", "stopped": "■"}
_SIGNS |= {"warning": "!", "error": "✕", "info": "i"}


def write_report(document: Document, folder: Path, language: str = "en") -> Path:
    """Write ``report.html`` and, for programs, ``report.json`` into an existing folder.

    Returns:
        The path of the page.

    Raises:
        UsageError: The language is none of `beyne.languages.LANGUAGES`, or the disk refuses.
        MissingExtraError: jinja2 is not installed.
    """
    page = folder / "report.html"
    write_whole(page, render(document, language).encode())
    plain = json.dumps(document.plain(), ensure_ascii=False, indent=1, allow_nan=False)
    write_whole(folder / "report.json", plain.encode())
    return page


def render(document: Document, language: str = "en", budget: int = BUDGET) -> str:
    """The page.

    Args:
        document: What it shows.
        language: Of headings and fixed sentences, one of `beyne.languages.LANGUAGES`.
        budget: Bytes that its pictures may take.

    Raises:
        UsageError: The language is another one.
        MissingExtraError: jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError:
        raise MissingExtraError("jinja2", "train") from None

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= _known_to_templates(Words(language))
    shown = list(pictures(document))
    uris, quality = embedded(shown, budget)
    style, script = (
        _TEMPLATES.joinpath(name).read_text("utf-8") for name in ("page.css", "page.js")
    )
    environment.globals |= {
        "source": lambda picture: uris[id(picture)],
        "quality": quality if shown else None,
        "policy": _policy(style, script),
        "style": style,
        "script": script,
    }
    with numbers.written_in(language):
        return environment.get_template("page.html").render(document=document)


def _policy(style: str, script: str) -> str:
    """Content-Security-Policy: nothing but the page's own style, script and pictures."""
    hashes = (
        b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)
    )
    own_style, own_script = hashes
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{own_style}'; "
        f"script-src 'sha256-{own_script}'; base-uri 'none'; form-action 'none'"
    )


def _known_to_templates(words: Words) -> dict[str, Any]:
    def label_of(view: View) -> str:
        return view.arm if view.role == "arm" else words(f"crops.{view.role}")

    def sides_of(section: Crops) -> tuple[list[str], str, str]:
        """All labels, and those first chosen for the slider: the first and the last arm's."""
        views = {label_of(v): v.role for s in section.specimens for v in s.views}
        arms = [label for label, role in views.items() if role == "arm"]
        labels = list(views)
        return labels, labels[0], (arms or labels)[-1]

    def columns_of(section: Costs) -> tuple[list[str], list[str]]:
        """Fields that any arm has, and their titles."""
        names = [field.name for field in fields(Cost) if field.name != "arm"]
        known = [n for n in names if any(getattr(c, n) is not None for c in section.costs)]
        return known, [words(f"cost.{name}") for name in known]

    return {
        "words": words,
        "signs": _SIGNS,
        "width": plots.WIDTH,
        "unique": itertools.count().__next__,
        "label_of": label_of,
        "sides_of": sides_of,
        "columns_of": columns_of,
        **{function.__name__: function for function in (best_of, has_intervals, series_of)},
        "translated": translated,
        **{f.__name__: f for f in (numbers.number, numbers.interval, numbers.count)},
        "percent": numbers.percent,
        **{f.__name__: f for f in (plots.intervals, plots.panel, plots.scatter)},
    }


_FAULTS: dict[str, Callable[[Estimate], float]] = {
    "higher": lambda value: -value.mean,
    "lower": lambda value: value.mean,
    "one": lambda value: abs(value.mean - 1),
}


def best_of(section: Scores) -> list[Estimate | None]:
    """The best mean of every column; None where there is nothing to choose from."""
    best: list[Estimate | None] = []
    for index, metric in enumerate(section.metrics):
        known = [value for row in section.rows if (value := row.values[index])]
        best.append(min(known, key=_FAULTS[metric.better]) if len(known) > 1 else None)
    return best


def has_intervals(section: Scores) -> bool:
    """Whether any value has one."""
    return any(value and value.low is not None for row in section.rows for value in row.values)


def series_of(section: Curves) -> dict[str, int]:
    """Arm → number of its colour and dashes, the same in every chart."""
    names = [line.name for chart in section.charts if not chart.duel for line in chart.lines]
    return {name: index for index, name in enumerate(dict.fromkeys(names))}
