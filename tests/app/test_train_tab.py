"""Training in the window, from the settings to a model that enlarges."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from beyne.api import runs
from beyne.cli import app

MINUTE = 60_000  # milliseconds
NUMBERS = {"size_in": 8, "size_out": 32, "batch": 2, "length": 20_000, "rate": 2e-4, "interval": 8}


@pytest.fixture
def photos(shared, window) -> Path:
    """Pieces of four photographs below the root."""
    folder = window.root / "photos"
    folder.mkdir(exist_ok=True)
    for path in sorted(shared("data/sr_train").glob("CID22_*.jpg"))[:4]:
        Image.open(path).crop((200, 200, 264, 264)).save(folder / f"{path.stem}.png")
    return folder


def train_tab(page):
    """Turn to the tab and wait until the recipe's numbers stand there."""
    page.get_by_role("tab", name="Train", exact=True).click()
    filled = "Number(document.querySelector('#train-batch input').value) > 0"
    page.wait_for_function(filled, timeout=MINUTE)
    return page.locator("[role=tabpanel]:visible")


def fill(page, data: Path | str) -> None:
    page.get_by_role("combobox", name="Recipe", exact=True).click()
    page.get_by_role("option", name="srgan-ls", exact=True).click()
    page.get_by_text("SRGAN with least squares").wait_for()
    name_folder(page, data)
    for name, value in NUMBERS.items():
        page.locator(f"#train-{name} input").fill(f"{value}")


def name_folder(page, data: Path | str) -> None:
    field = page.locator("#train-data input")
    field.fill(str(data))
    field.press("Enter")


def checked(page):
    page.get_by_role("button", name="Check the pictures").click()
    said = page.locator(".status p.done, .status p.problem")
    said.first.wait_for(timeout=MINUTE)
    return said


def test_a_training_from_its_settings_to_a_picture(visit, window, photos, tmp_path) -> None:
    page = visit()
    train_tab(page)
    assert page.locator("#train-start").is_disabled()
    fill(page, photos)
    assert "Pictures to train on: 3, to validate: 1" in checked(page).last.inner_text()
    page.locator("#train-start:enabled").dblclick()
    page.get_by_text("Training.").wait_for(timeout=MINUTE)
    page.reload()
    panel = train_tab(page)
    panel.locator("#train-losses canvas, #train-losses svg").first.wait_for(timeout=3 * MINUTE)
    panel.get_by_text(re.compile("after [0-9]+ images")).first.wait_for(timeout=MINUTE)
    panel.get_by_role("button", name="Pause").click()
    panel.get_by_text("Paused;").wait_for(timeout=MINUTE)
    panel.locator("#train-scores canvas, #train-scores svg").first.wait_for()
    panel.get_by_role("button", name="Resume").click()
    panel.get_by_text("Training.").wait_for(timeout=MINUTE)
    panel.get_by_role("button", name="Stop").last.click()
    panel.get_by_text("Interrupted;").wait_for(timeout=MINUTE)

    run = runs.look(window.root / "beyne" / "runs" / "srgan-ls-1")
    assert [path.name for path in run.folder.parent.iterdir()] == ["srgan-ls-1"]
    assert run.call
    assert set(run.call.settings) >= {"train.epochs=20000", "train.batch=2", "data.size_out=32"}
    model, picture = str(run.model), str(photos / min(photos.iterdir()).name)
    line = ["upscale", picture, "-o", f"{tmp_path}/x4.png", "--model", model]
    assert not CliRunner().invoke(app, line).exit_code
    page.get_by_role("tab", name="Enlarge", exact=True).click()
    panel = page.locator("[role=tabpanel]:visible")
    panel.get_by_label("path").fill(picture)
    chosen = panel.get_by_role("combobox", name="Model")
    chosen.fill(model)
    chosen.press("Enter")
    panel.locator("button.primary").click()
    panel.locator(".status p.done").wait_for(timeout=MINUTE)
    with page.expect_download() as waiting:
        panel.get_by_role("link", name=Path(picture).name).click()
    assert waiting.value.path().read_bytes() == (tmp_path / "x4.png").read_bytes()


def test_what_can_not_be_trained_on_is_a_sentence(visit, window, photos) -> None:
    (window.root / "empty").mkdir()
    broken = window.root / "broken"
    broken.mkdir()
    for path in photos.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    (broken / "torn.png").write_bytes(path.read_bytes()[:300])
    page = visit()
    train_tab(page)
    fill(page, "nowhere")
    for data, sentence in (
        ("nowhere", "nowhere does not exist"),
        ("empty", "has no pictures"),
        ("broken", re.compile(r"Training can’t begin: .*torn\.png")),
    ):
        name_folder(page, data)
        page.get_by_role("button", name="Check the pictures").click()
        page.locator(".status p.problem", has_text=sentence).first.wait_for(timeout=MINUTE)
        assert page.locator("#train-start").is_disabled()
