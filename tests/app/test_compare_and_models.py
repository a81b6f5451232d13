"""Comparisons and models in the window."""

from __future__ import annotations

import re
from pathlib import Path

import onnx
import pytest
import torch
from browsing import check_with_axe, choose, downloaded, tab, unfold
from pictures import save_pictures
from tiny_networks import tiny_model

from beyne.app.words import LANGUAGES, Words
from beyne.bundle import load, read_card, save
from beyne.languages.words import catalogue


@pytest.fixture
def no_weights(monkeypatch, tmp_path) -> None:
    """Published weights are not asked for."""
    monkeypatch.delenv("BEYNE_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_a_comparison_ends_in_its_report(visit, window, no_weights) -> None:
    save_pictures(window.root / "sharp", count=3, side=32)
    page = visit("kk")
    panel = tab(page, "compare", "kk")
    choose(page, "#compare-arms", "nearest", "bicubic")
    choose(page, "#compare-data", "sharp")
    unfold(panel, Words("kk")("train.more"))
    panel.get_by_label(Words("kk")("compare.budget")).first.wait_for()
    panel.locator("button.primary").dblclick()
    report = page.frame_locator("iframe.report")
    report.locator("h1").wait_for()
    assert "bicubic" in report.locator("body").inner_text()
    assert report.locator("html").get_attribute("lang") == "kk"
    page.reload()
    tab(page, "compare", "kk").locator("iframe.report").wait_for()
    check_with_axe(page)
    assert [path.name for path in (window.root / "beyne" / "comparisons").iterdir()] == ["sharp-1"]

    address = page.locator("iframe.report").get_attribute("src")
    answer = page.request.get(f"{window.address}{address}")
    assert answer.headers["content-security-policy"].startswith("sandbox allow-scripts ")
    outside = address.replace("report.html", "report.json"), "/report/etc/passwd"
    for path in (*outside, "/report/%2e%2e/%2e%2e/etc/report.html"):
        assert page.request.get(f"{window.address}{path}").status == 404


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        ((), "choose two or more"),
        (("--split=/etc/passwd", "bicubic"), "does not exist"),
        (("../../x.safetensors", "bicubic"), "lies outside the folders"),
    ],
)
def test_what_can_not_be_compared_is_a_sentence(visit, arms, said) -> None:
    page = visit()
    panel = tab(page, "compare")
    choose(page, "#compare-data", "pictures")
    choose(page, "#compare-arms", *arms)
    panel.locator("button.primary").click()
    panel.locator(".problem", has_text=said).wait_for()


def test_weights_of_others_are_brought_in_and_written_as_onnx(visit, window) -> None:
    torch.save(tiny_model("compact").network.state_dict(), window.root / "theirs.pth")
    page = visit()
    panel = tab(page, "models")
    choose(page, "#import-file", "theirs.pth")
    panel.get_by_label("Licence").fill("CC0")
    panel.get_by_role("button", name="Bring in").click()
    panel.get_by_text("The model theirs is here").wait_for()
    made = window.root / "beyne" / "models" / "theirs.safetensors"
    assert read_card(made).licence == "CC0"
    panel.locator(".cards li", has_text="licence: CC0").wait_for()
    model = load(made)  # whoever made a file may have named its model like a path
    away = window.root / "away"
    save(made, model.card.model_copy(update={"name": str(away / "theirs")}), model.network)
    chosen = panel.get_by_role("combobox", name="Model")
    chosen.fill(str(made))
    chosen.press("Enter")
    panel.get_by_role("button", name="Write ONNX").click()
    written = onnx.load_from_string(downloaded(page, "theirs.onnx"))
    assert written.graph.output[0].name == "result"
    assert not away.exists()
    choose(page, "#import-file", "pictures/p0.png")
    panel.get_by_role("button", name="Bring in").click()
    panel.locator(".problem").wait_for()
    assert list(Path(made).parent.iterdir()) == [made]


@pytest.mark.parametrize("language", LANGUAGES)
def test_these_tabs_show_no_raw_key_and_axe_is_content(visit, language) -> None:
    page = visit(language, color_scheme="dark" if language in ("kk", "en") else "light")
    tables = {key.split(".")[0] for key in catalogue(Words.folder, "en")}
    for name in ("train", "compare", "models"):
        panel = tab(page, name, language)
        assert Words(language)(f"{name}.about") in panel.inner_text()
        assert not re.search(rf"\b({'|'.join(tables)})\.[a-z]", page.locator("body").inner_text())
        if language in ("kk", "ru"):
            check_with_axe(page)
