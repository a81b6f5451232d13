"""Photograph every tab of the window in every language, with results, for somebody to look at.

    python bench/screenshots.py OUT [--root DIR] [--languages kk ru] [--readme]

Light at 1366 × 768; the first language in the dark and 390 wide, too. ``--readme`` renews
``docs/pictures/app-*.png`` instead. The folder ``--root`` keeps what the tabs show: trainings and a
comparison, made once, within minutes, from pictures that may be shown. Wants Chromium.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from beyne.api import comparisons
from beyne.app.tabs import TABS
from beyne.app.words import LANGUAGES, Words

SHARED = Path(os.environ.get("BEYNE_SHARED", "../shared")) / "data"
PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
PHOTO, PATIENCE = "parrots.png", 600_000  # milliseconds
SMALL = [
    *("train.images=24", "train.batch=2"),
    *(f"train.{what}_every={images}" for what, images in (("log", 2), ("save", 8), ("preview", 8))),
]
TRAININGS = (
    ("pix2pix-small", "pairs", "data.size_in=64", "data.size_out=64"),
    ("gan-small", "photos", "data.size_out=64"),
    ("photo-x4", "photos", "train.start=photo-x4", "data.size_in=16", "data.size_out=64"),
)


def beyne(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "beyne", *map(str, arguments)], check=True)


def prepare(root: Path) -> None:
    """Pictures, a training for each of three jobs, a comparison."""
    for folder in ("photos", "pairs/a", "pairs/b"):
        (root / folder).mkdir(parents=True)
    with Image.open(SHARED / "sr_test/Kodak24/HR/kodim23.png") as photo:
        photo.resize((192, 128), Image.Resampling.BICUBIC).save(root / PHOTO)
    for path in sorted((SHARED / "sr_train").glob("CID22_*.jpg"))[:12]:
        image = Image.open(path).resize((128, 128), Image.Resampling.LANCZOS)
        image.save(root / "photos" / f"{path.stem}.png")
        image.save(root / "pairs" / "b" / f"{path.stem}.png")
        image.convert("L").convert("RGB").save(root / "pairs" / "a" / f"{path.stem}.png")
    for recipe, data, *settings in TRAININGS:
        run = root / "beyne" / "runs" / f"{recipe}-1"
        sets = [word for setting in (*SMALL, *settings) for word in ("--set", setting)]
        beyne("train", recipe, "--data", root / data, "-o", run, *sets)
    call = comparisons.CompareCall(arms=("bicubic", "photo-x4"), data=root / "photos")
    comparisons.start(call, root / "beyne" / "comparisons" / "photos-1")


@contextmanager
def window(root: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "beyne", "app", "--root", root, "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def turn(page: Page, label: str) -> None:
    """To a tab, which on a narrow page is an entry of a menu."""
    tab = page.get_by_role("tab", name=label, exact=True)
    if not tab.is_visible():
        page.locator(".overflow-menu > button").click()
        tab = page.locator(".overflow-dropdown button", has_text=label)
    tab.click()


def work(page: Page, name: str, words: Words, photo: Path) -> None:
    """Turn to a tab and have it do something."""
    turn(page, words(f"{name}.tab"))
    panel = page.locator("[role=tabpanel]:visible")
    if name in ("upscale", "translate"):
        panel.locator("input[type=file]").set_input_files(photo)
        panel.locator(f"[aria-label='{photo.name}']").wait_for()
    if name == "upscale":
        panel.get_by_label(words("upscale.trust")).check()
    if name == "illustrate":
        panel.get_by_role("button", name=words("illustrate.example"), exact=True).click()
    if name in ("upscale", "translate", "generate", "illustrate"):
        panel.locator("button.primary").click()
        panel.locator(".status p.done").first.wait_for()
    if name == "train":
        panel.locator("#train-batch input").wait_for()
        panel.locator("#train-losses canvas, #train-losses svg").first.wait_for()
    if name == "compare":
        page.frame_locator("iframe.report").locator("h1").wait_for()
    page.wait_for_timeout(1500)  # pictures and curves fade in


def photograph(
    browser: Browser, address: str, photo: Path, language: str, width: int, dark: bool
) -> Iterator[tuple[str, Page]]:
    """Names of tabs, and a page that shows the tab at work."""
    scheme = "dark" if dark else "light"
    context = browser.new_context(
        viewport={"width": width, "height": 768}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    for name in TABS:
        page.goto(f"{address}{language}/")
        page.locator("button.primary:visible").wait_for()
        work(page, name, Words(language), photo)
        yield name, page
    context.close()


def renew(browser: Browser, address: str, photo: Path) -> None:
    """The README's pictures: the first tab, 1000 wide, 255 colours."""
    for file, language, dark in (("app-upscale", "en", False), ("app-upscale-kk", "kk", True)):
        _, page = next(photograph(browser, address, photo, language, 1366, dark))
        page.screenshot(path=PICTURES / f"{file}.png", full_page=True)
        with Image.open(PICTURES / f"{file}.png") as image:
            size = (1000, round(1000 * image.height / image.width))
            shown = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        colours = shown.quantize(255, kmeans=1)  # what Pillow quantizes at once it does not dither
        shown.quantize(palette=colours).save(PICTURES / f"{file}.png", optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, nargs="?", default=Path("screenshots"))
    parser.add_argument("--root", type=Path, default=Path("screenshots/root"))
    parser.add_argument("--languages", nargs="+", default=list(LANGUAGES))
    parser.add_argument("--readme", action="store_true")
    asked = parser.parse_args()
    photo = asked.root.resolve() / PHOTO
    if not photo.exists():
        prepare(photo.parent)
    asked.out.mkdir(parents=True, exist_ok=True)
    with window(photo.parent) as address, sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        if asked.readme:
            renew(browser, address, photo)
            return
        first = asked.languages[0]
        views = [(first, 390, False), (first, 1366, True)]
        views += [(language, 1366, False) for language in asked.languages]
        for language, width, dark in views:
            for name, page in photograph(browser, address, photo, language, width, dark):
                file = asked.out / f"{language}-{width}{'-dark' * dark}-{name}.png"
                page.screenshot(path=file, full_page=True)
                print(file, flush=True)


if __name__ == "__main__":
    main()
