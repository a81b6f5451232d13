"""Training in the window, from the settings to a model that enlarges."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from browsing import PATIENCE, check_with_axe, choose, downloaded, start, tab, take, unfold
from conftest import served
from PIL import Image
from typer.testing import CliRunner

from beyne.api import runs
from beyne.app.server import Settings
from beyne.cli import app

NUMBERS = {"size_in": 8, "size_out": 32, "batch": 2, "length": 2, "rate": 2e-4, "interval": 2}


@pytest.fixture
def photos(shared, window) -> Path:
    """Pieces of four photographs below the root."""
    folder = window.root / "photos"
    folder.mkdir(exist_ok=True)
    for path in sorted(shared("data/sr_train").glob("CID22_*.jpg"))[:4]:
        Image.open(path).crop((200, 200, 264, 264)).save(folder / f"{path.stem}.png")
    return folder


@pytest.fixture
def sides(photos, window) -> dict[str, Path]:
    """The same as four folders: training and validation × high and low resolution."""
    folders = {name: window.root / "sides" / name for name in ("hr", "lr", "val_hr", "val_lr")}
    for number, path in enumerate(sorted(photos.iterdir())):
        image = Image.open(path)
        high, low = ("hr", "lr") if number else ("val_hr", "val_lr")
        for name, side in ((high, 64), (low, 16)):
            folders[name].mkdir(parents=True, exist_ok=True)
            image.resize((side, side), Image.Resampling.BICUBIC).save(folders[name] / path.name)
    return folders


def train_tab(page):
    """Turn to the tab and wait until the recipe's numbers stand there."""
    panel = tab(page, "train")
    panel.locator("#train-batch input").wait_for()
    return panel


def fill(panel, recipe: str, about: str, **numbers: float) -> None:
    take(panel, "Recipe", recipe, panel.get_by_text(about))
    for name, value in (NUMBERS | numbers).items():
        panel.locator(f"#train-{name} input").fill(f"{value}")


def checked(panel):
    panel.get_by_role("button", name="Check the pictures").click()
    said = panel.locator(".status p.done, .status p.problem")
    said.first.wait_for()
    return said


def drawn(panel, plot: str) -> None:
    panel.locator(f"#train-{plot} canvas, #train-{plot} svg").first.wait_for()


def test_a_training_is_paused_resumed_and_stopped(visit, window, photos) -> None:
    page = visit()
    panel = train_tab(page)
    assert page.locator("#train-start").is_disabled()
    fill(panel, "srgan-ls", "SRGAN with least squares", length=20_000, interval=8)
    choose(page, "#train-data", str(photos))
    assert "Pictures to train on: 3, to validate: 1" in checked(panel).last.inner_text()
    page.locator("#train-start:enabled").dblclick()
    page.get_by_text("Training.", exact=True).wait_for()
    page.reload()
    panel = train_tab(page)
    drawn(panel, "losses")
    panel.get_by_text(re.compile("after [0-9]+ images")).first.wait_for()
    drawn(panel, "scores")
    panel.get_by_role("button", name="Pause").click()
    panel.get_by_text("Paused;").wait_for()
    check_with_axe(page)
    panel.get_by_role("button", name="Resume").click()
    panel.get_by_text("Training.", exact=True).wait_for()
    panel.get_by_role("button", name="Stop").last.click()
    panel.get_by_text("Interrupted;").wait_for()
    run = runs.look(window.root / "beyne" / "runs" / "srgan-ls-1")
    assert [path.name for path in run.folder.parent.iterdir()] == ["srgan-ls-1"]
    assert run.call
    assert set(run.call.settings) >= {"train.epochs=20000", "train.batch=2", "data.size_out=32"}


def test_from_start_weights_and_folders_to_an_enlarged_picture(
    browser, window, sides, tmp_path
) -> None:
    """The server ends while it trains; the next one finds the run, to its end."""

    def opened(address: str):
        page = context.new_page()
        page.goto(f"{address}/en/")
        return page, train_tab(page)

    context = browser.new_context(viewport={"width": 1366, "height": 768})
    context.set_default_timeout(PATIENCE)
    with tempfile.TemporaryDirectory() as folder:
        with served(Settings(), window.root, Path(folder)) as address:
            page, panel = opened(address)
            fill(panel, "photo-x4", "Photographs ×4")
            panel.get_by_label("epochs").check()
            panel.get_by_label("in folders of their own").check()
            for name, path in sides.items():
                choose(page, f"#train-{name}", str(path))
            unfold(panel, "More settings")
            choose(page, "#train-start-from", "photo-x4")
            page.locator("#train-name input, #train-name textarea").fill("two epochs")
            assert "Pictures to train on: 3, to validate: 1" in checked(panel).last.inner_text()
            page.locator("#train-start:enabled").click()
            panel.get_by_text("Training.", exact=True).wait_for()
        with served(Settings(), window.root, Path(folder)) as address:
            page, panel = opened(address)
            panel.get_by_text("Finished.", exact=True).wait_for()
            drawn(panel, "losses")
            panel.get_by_text(re.compile("after [0-9]+ images")).first.wait_for()
            run = runs.look(window.root / "beyne" / "runs" / "two epochs")
            assert (run.done, run.total) == (6, 6)
            asked = {"train.epochs=2", "train.learning_rate=0.0002", 'train.start="photo-x4"'}
            assert set(run.call.settings) >= asked
            picture = sides["val_lr"] / min(sides["val_lr"].iterdir()).name
            line = ["upscale", str(picture), "-o", f"{tmp_path}/x4.png", "--model", str(run.model)]
            assert not CliRunner().invoke(app, line).exit_code
            panel = tab(page, "upscale")
            panel.get_by_label("path").fill(str(picture))
            model = panel.get_by_role("combobox", name="Model")
            model.fill(str(run.model))
            model.press("Enter")
            start(panel)
            panel.locator(".slider img.before").wait_for()
            assert downloaded(page, picture.name) == (tmp_path / "x4.png").read_bytes()
    context.close()


def test_what_can_not_be_trained_on_is_a_sentence(visit, window, photos) -> None:
    (window.root / "empty").mkdir()
    broken = window.root / "broken"
    broken.mkdir()
    for path in photos.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    (broken / "torn.png").write_bytes(path.read_bytes()[:300])
    page = visit()
    panel = train_tab(page)
    fill(panel, "srgan-ls", "SRGAN with least squares")
    for data, sentence in (
        ("nowhere", "nowhere does not exist"),
        ("empty", "has no pictures"),
        ("broken", re.compile(r"Training can’t begin: .*torn\.png")),
    ):
        choose(page, "#train-data", data)
        page.get_by_role("button", name="Check the pictures").click()
        page.locator(".status p.problem", has_text=sentence).first.wait_for()
        assert page.locator("#train-start").is_disabled()
