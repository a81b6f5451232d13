"""The page: sound HTML that needs and allows nothing from outside."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from base64 import b64decode, b64encode
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from report_documents import full_document, shown

from beyne import reports
from beyne.errors import MissingExtraError, UsageError
from beyne.languages import LANGUAGES
from beyne.reports import background, render, write_report
from beyne.reports import document as d
from beyne.reports import sections as s
from beyne.reports.pictures import embedded

VOID = {"meta", "img"}
URI = "data:image/webp;base64,"


class Page(HTMLParser):
    """Elements with their attributes and text; fails on tags that do not close each other."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs) -> None:
        assert len(dict(attrs)) == len(attrs), f"{tag} names an attribute twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data.strip())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def originals(*names: str) -> dict[str, Image.Image]:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (len(names), 48, 64, 3), dtype=np.uint8)
    return {name: Image.fromarray(one) for name, one in zip(names, pixels, strict=True)}


@pytest.fixture(scope="module")
def document() -> d.Document:
    return full_document(originals("a.png", "b.png", "c.png"))


@pytest.fixture(scope="module", params=LANGUAGES)
def page(request, document) -> Page:
    return Page(render(document, request.param))


def test_ids_are_unique_and_all_links_lead_somewhere(page) -> None:
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert Counter(ids).most_common(1)[0][1] == 1
    for link in page.all("a"):
        assert link["href"].startswith("#")
        assert link["href"][1:] in ids
    for _, attributes in page.elements:
        assert set((attributes.get("aria-labelledby") or "").split()) <= set(ids)


def test_nothing_comes_from_outside(page, document) -> None:
    assert not re.search("https?:", render(document))
    assert not page.all("link")
    for _, attributes in page.elements:
        assert not {"onclick", "onload", "onerror", "style", "srcset"} & attributes.keys()
        assert (attributes.get("src") or URI).startswith(URI)


def test_the_policy_allows_its_own_style_and_script_alone(page) -> None:
    (policy,) = [m["content"] for m in page.all("meta") if "http-equiv" in m]
    assert policy.startswith("default-src 'none'; img-src data:; ")
    for tag in ("style", "script"):
        folder = Path(reports.__file__).parent / "templates"
        written = folder / f"page.{'css' if tag == 'style' else 'js'}"
        digest = hashlib.sha256(written.read_text("utf-8").encode()).digest()
        assert f"{tag}-src 'sha256-{b64encode(digest).decode()}'" in policy


def test_headings_are_in_order_and_pictures_described(page) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(a["alt"] for a in page.all("img"))
    assert all(a.get("scope") in ("col", "row") for a in page.all("th"))
    plots = [a for a in page.all("svg") if a.get("aria-hidden") != "true"]
    assert plots
    assert all(a["role"] == "img" for a in plots)


def test_contents_follow_the_sections(document) -> None:
    text = render(document)
    entries = re.findall(r'<li><a href="#([a-z]+)-\d+">', text)
    assert entries == [section.kind for section in document.sections]
    bare = replace(document, sections=[background.Limits(("sample",))])
    page = Page(render(bare))
    assert not page.all("img")
    assert not page.all("table")
    assert [a["href"] for a in page.all("a")] == ["#report", "#limits-1"]


HOSTILE = "<script>alert('x')</script>\"'&{{ 7*7 }}.png"


def test_hostile_names_stay_names(document) -> None:
    document = full_document(originals(HOSTILE))
    extra = (
        background.Findings((background.Finding(HOSTILE, "error", (HOSTILE,), HOSTILE, HOSTILE),)),
        background.Recipes({HOSTILE: "</pre></script>" + HOSTILE}),
        background.Limits((), (HOSTILE,)),
        s.Scores((d.METRICS["psnr"],), (s.Row(HOSTILE, (d.Estimate(1, 0, 2),)),) * 2),
        s.Sheets((s.Sheet(HOSTILE, shown(originals("x")["x"]), 1),)),
    )
    text = render(
        replace(document, title=HOSTILE, summary=HOSTILE, sections=[*document.sections, *extra])
    )
    page = Page(text)
    assert len(page.all("script")) == 1
    assert HOSTILE in page.texts["h1"]
    assert HOSTILE in page.texts["code"]
    assert any(HOSTILE in (image["alt"] or "") for image in page.all("img"))
    assert any(title.startswith(HOSTILE) for title in page.texts["title"][1:])


def test_the_best_mean_is_marked_by_the_direction_of_its_metric() -> None:
    metrics = tuple(d.METRICS[key] for key in ("psnr", "lpips"))
    rows = (
        s.Row("low", (d.Estimate(20.0), d.Estimate(0.1))),
        s.Row("high", (d.Estimate(30.0), d.Estimate(0.3))),
        s.Row("gap", (None, d.Estimate(0.2))),
    )
    text = render(d.Document("t", "", "2026-01-01", [s.Scores(metrics, rows)]))
    best = re.findall(r'<td class="best"><span class="mean">([\d.]+)<', text)
    assert best == ["0.1000", "30.00"]
    assert "–</td>" in text


def test_pictures_keep_to_the_budget_and_small_ones_are_exact() -> None:
    random = np.random.default_rng(0)
    large = [d.Picture(random.integers(0, 256, (256, 256, 3), dtype=np.uint8)) for _ in range(3)]
    small = d.Picture(random.integers(0, 256, (16, 16, 1), dtype=np.uint8))
    free, best = embedded([*large, small])
    assert best == 90
    sizes = sum(len(free[id(picture)]) for picture in large)
    tight, quality = embedded([*large, *large, small], int(1.4 * sizes))
    assert quality < 90
    assert 2 * sum(len(tight[id(picture)]) for picture in large) < 1.4 * sizes
    data = b64decode(tight[id(small)].partition(",")[2])
    assert (np.asarray(Image.open(BytesIO(data)).convert("L")) == small.pixels[:, :, 0]).all()


def test_files_are_the_page_and_its_plain_values(document, tmp_path) -> None:
    assert write_report(document, tmp_path, "uk") == tmp_path / "report.html"
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "report.json"}
    assert '<html lang="uk">' in (tmp_path / "report.html").read_text("utf-8")
    plain = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert [s["kind"] for s in plain["sections"]] == [s.kind for s in document.sections]
    scores = plain["sections"][1]
    assert scores["rows"][0] == {
        "arm": "bicubic",
        "values": [
            {"mean": 26.0, "low": 25.4, "high": 26.6},
            {"mean": 0.75, "low": 0.74, "high": 0.76},
            {"mean": 0.35, "low": 0.33, "high": 0.37},
        ],
    }
    view = plain["sections"][2]["specimens"][0]["views"][1]
    assert view == {"role": "arm", "arm": "bicubic", "score": 25.0}
    assert len((tmp_path / "report.json").read_bytes()) < 1_000_000


def test_infinite_scores_are_shown_and_are_null_in_json(tmp_path) -> None:
    row = s.Row("same", (d.Estimate(float("inf"), 1.0, float("inf")),))
    document = d.Document("t", "", "2026-01-01", [s.Scores((d.METRICS["psnr"],), (row,))])
    assert "∞" in write_report(document, tmp_path).read_text("utf-8")
    plain = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert plain["sections"][0]["rows"][0]["values"][0] == {"mean": None, "low": 1.0, "high": None}


def test_an_unknown_language_writes_nothing(document, tmp_path) -> None:
    with pytest.raises(UsageError, match="known: en, kk, ru, uk"):
        write_report(document, tmp_path, "de")
    assert not list(tmp_path.iterdir())


def test_jinja2_is_asked_for_by_name(document, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(
        MissingExtraError, match=r"jinja2 is not installed; pip install 'beyne\[train\]'"
    ):
        render(document)


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb``, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_colours_are_readable_on_their_ground(mode) -> None:
    style = Path(reports.__file__).with_name("templates") / "page.css"
    blocks = re.findall(r":root \{(.*?)\}", style.read_text("utf-8"), re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", blocks[mode == "dark"]))
    grounds = [colours.pop(name) for name in ("paper", "wash")]
    del colours["rule"]
    assert len(colours) == 12
    for (name, colour), ground in product(colours.items(), grounds):
        dark, light = sorted((luminance(colour), luminance(ground)))
        wanted = 3 if name.startswith("series") else 4.5  # lines, and writing
        assert (light + 0.05) / (dark + 0.05) >= wanted, (name, ground)
