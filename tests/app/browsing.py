"""What a visitor of the window does, and what is asked of every page."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import TimeoutError

from beyne.app.words import Words

#: Milliseconds that a browser waits for anything: on a busy machine a second's work takes a minute.
PATIENCE = 400_000


def tab(page, name: str, language: str = "en"):
    """Turn to a tab; its panel."""
    page.get_by_role("tab", name=Words(language)(f"{name}.tab"), exact=True).click()
    return page.locator("[role=tabpanel]:visible")


def start(panel):
    """Press Start and wait for the end; the status line."""
    panel.locator("button.primary").click()
    status = panel.locator(".status p.done, .status p.problem")
    status.first.wait_for()
    return status


def unfold(panel, heading: str) -> None:
    """Open an accordion. Its fields are drawn now, and take their first values once more after."""
    panel.get_by_text(heading).click()
    drawn = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 300)))"
    panel.page.evaluate(drawn)


def take(panel, field: str, option: str, sign) -> None:
    """Click on an option and wait for its sign. A page still drawing itself may close the list."""
    patience = PATIENCE / 30
    for _ in range(30):
        with suppress(TimeoutError):
            panel.get_by_role("combobox", name=field, exact=True).click()
            panel.get_by_role("option", name=option, exact=True).click(timeout=patience)
            sign.wait_for(timeout=patience)
            return
    raise AssertionError(f"{field} does not give {option}")


def choose(page, field: str, *words: str) -> None:
    """Type into a field with a list, and take each word."""
    box = page.locator(f"{field} input")
    for word in words:
        box.fill(word)
        box.press("Enter")
    box.press("Escape")


def upload(panel, *files: Path) -> None:
    """Give files to the field for pictures and wait until they are sent."""
    panel.locator("input[type=file]").set_input_files(files)
    for file in files:
        panel.locator(f".file [aria-label='{file.name}']").wait_for()


def downloaded(page, name: str) -> bytes:
    """What the link of that name leads to."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name).click()
    return waiting.value.path().read_bytes()


_STILL = """() => Promise.allSettled(document.getAnimations()
    .filter(one => one.effect.getComputedTiming().endTime < Infinity)
    .map(one => one.finished))"""


def check_with_axe(page) -> None:
    """No serious violation in what is visible."""
    page.evaluate(_STILL)  # what is fading in has no contrast yet
    found = Axe().run(page).response["violations"]
    serious = [
        (one["id"], [node["html"] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert not serious, serious
