"""The page in headless Chromium: it runs clean, fits a phone, and works by keyboard and touch."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from report_documents import full_document

from beyne.reports import write_report

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium found; apt install chromium")

AT = "document.querySelector('.slider').style.getPropertyValue('--at')"


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    ramp = np.linspace(0, 255, 128, dtype=np.uint8)
    pixels = np.stack([np.tile(ramp, (96, 1)), np.tile(ramp[::-1], (96, 1))] * 2, axis=2)[:, :, :3]
    names = ("a.png", "a-very-long-name-without-any-space-that-a-phone-can-not-show-whole.png")
    document = full_document(dict.fromkeys(names, Image.fromarray(pixels)))
    return write_report(document, tmp_path_factory.mktemp("report"), "kk").as_uri()


@pytest.fixture
def visit(browser, address):
    """Opens the page; at the end, fails if anything was complained of or asked for outside."""
    complaints: list[str] = []
    asked: list[str] = []
    contexts = []

    def opened(width: int = 1280, **settings) -> playwright.Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
    assert all(url == address or url.startswith("data:image/webp;base64,") for url in asked)


@pytest.mark.parametrize("width", [360, 820, 1280])
def test_nothing_sticks_out_sideways(visit, width) -> None:
    page = visit(width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("document.querySelector('.scores table').offsetWidth") > 0


def test_the_slider_moves_by_keyboard(visit) -> None:
    page = visit()
    slider = page.locator(".slider input").first
    slider.focus()
    before = page.locator(".slider .left").first.evaluate("e => getComputedStyle(e).clipPath")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.evaluate(AT) == "53%"
    page.keyboard.press("Home")
    assert page.evaluate(AT) == "0%"
    after = page.locator(".slider .left").first.evaluate("e => getComputedStyle(e).clipPath")
    assert before != after
    outline = page.locator(".slider").first.evaluate("e => getComputedStyle(e).outlineStyle")
    assert outline == "solid"
    assert slider.get_attribute("aria-label").startswith("a.png: ")


def test_the_slider_follows_finger_and_mouse(visit) -> None:
    page = visit(360, has_touch=True)
    box = page.locator(".slider").first
    box.scroll_into_view_if_needed()
    place = box.bounding_box()
    across, down = place["x"] + 0.25 * place["width"], place["y"] + 0.5 * place["height"]
    page.touchscreen.tap(across, down)
    assert 22 <= float(page.evaluate(AT).rstrip("%")) <= 28
    page.mouse.move(across, down)
    page.mouse.down()
    page.mouse.move(place["x"] + 0.9 * place["width"], down, steps=4)
    page.mouse.up()
    assert 87 <= float(page.evaluate(AT).rstrip("%")) <= 93


def test_the_variants_of_the_slider_can_be_chosen(visit) -> None:
    page = visit()
    source = "document.querySelector('.slider img.left').src"
    before = page.evaluate(source)
    page.locator("select[data-side=left]").first.select_option("lanczos")
    wanted = page.evaluate("document.querySelector('[data-view=lanczos]').src")
    assert before != page.evaluate(source) == wanted
    assert page.locator(".slider .tag.left").first.inner_text() == "lanczos"


def test_the_first_tab_skips_to_the_report(visit) -> None:
    page = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#report"
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "report"


def mean_grey(page: playwright.Page) -> float:
    return float(np.asarray(Image.open(BytesIO(page.screenshot())).convert("L")).mean())


def test_dark_mode_is_dark_and_light_is_light(visit) -> None:
    assert mean_grey(visit(color_scheme="light")) > 200
    assert mean_grey(visit(color_scheme="dark")) < 60


def test_paper_shows_some_pictures_and_no_controls(visit) -> None:
    page = visit(color_scheme="dark")
    page.emulate_media(media="print")
    assert mean_grey(page) > 200
    for unwanted in (".slider", ".controls", "nav"):
        assert not page.locator(unwanted).first.is_visible()
    for section in page.locator("section:has(.specimen)").all():
        specimens = section.locator(".specimen").all()
        shown = [specimen.is_visible() for specimen in specimens]
        assert shown == [number < 2 for number in range(len(specimens))]
        assert section.locator(".on-paper").is_visible() == (len(specimens) > 2)
    assert page.pdf().startswith(b"%PDF")
    assert page.locator("details").first.get_attribute("open") is None


def test_without_scripts_the_pictures_are_there(visit) -> None:
    page = visit(java_script_enabled=False)
    assert page.locator(".strip img").first.is_visible()
    assert not page.locator(".controls").first.is_visible()
