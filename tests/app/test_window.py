"""The window in headless Chromium."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from browsing import check_with_axe, downloaded, start, tab, take, unfold, upload
from pictures import save_pictures
from PIL import Image
from typer.testing import CliRunner

from beyne.app.words import LANGUAGES, Words
from beyne.bundle import load
from beyne.cli import app
from beyne.languages.words import catalogue
from beyne.predict.sampler import Sampler
from beyne.zoo import find


@pytest.fixture
def photo(shared, tmp_path) -> Path:
    """A piece of a photograph."""
    source = Image.open(shared("data/sr_test/Kodak24/HR/kodim23.png"))
    source.crop((300, 100, 364, 148)).save(tmp_path / "parrot.png")
    return tmp_path / "parrot.png"


@pytest.fixture(scope="module")
def sampler() -> Sampler:
    """Of the embedded model that is asked with sentences."""
    return Sampler(load(find("auto", "generate")), "cpu")


def test_a_dropped_picture_becomes_what_the_command_line_makes(visit, photo, tmp_path) -> None:
    assert (
        not CliRunner().invoke(app, ["upscale", str(photo), "-o", f"{tmp_path}/x4.png"]).exit_code
    )
    page = visit("ru")
    panel = tab(page, "upscale", "ru")
    upload(panel, photo)
    check_with_axe(page)
    said = start(panel).inner_text()
    assert "Увеличено изображений: 1 (×4, модель photo-x4)." in said
    assert "совпадают с оригиналами" in said
    assert downloaded(page, "parrot.png") == (tmp_path / "x4.png").read_bytes()
    slider = page.locator(".slider")
    sizes = "list => list.map(image => [image.naturalWidth, image.naturalHeight])"
    assert slider.locator("img").evaluate_all(sizes) == [[256, 192]] * 2
    slider.locator("input.at").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert slider.evaluate("figure => figure.style.getPropertyValue('--at')") == "51"
    page.reload()
    page.locator(".slider").wait_for()
    assert page.locator(".status p.done").first.inner_text() == said


def test_pictures_are_added_one_by_one_and_dropped_anywhere(visit, window) -> None:
    page = visit("kk")
    panel = tab(page, "upscale", "kk")
    upload(panel, window.root / "pictures" / "p0.png")
    with page.expect_file_chooser() as chooser:
        panel.get_by_role("button", name="Сурет қосу").click()
    chooser.value.set_files(window.root / "pictures" / "p1.png")
    names = panel.locator(".file .filename")
    names.nth(1).wait_for()
    dropped = """async panel => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([await (await fetch("/favicon.ico")).blob()], "icon.png"));
        const drop = {dataTransfer: transfer, bubbles: true, cancelable: true};
        panel.dispatchEvent(new DragEvent("drop", drop));
    }"""
    panel.evaluate(dropped)
    page.get_by_text("сурет емес, сондықтан ештеңе сақталмады: icon.png").wait_for()
    assert [name.get_attribute("aria-label") for name in names.all()] == ["p0.png", "p1.png"]
    check_with_axe(page)


def test_an_ensemble_is_what_the_command_line_makes(visit, photo, tmp_path) -> None:
    line = ["upscale", str(photo), "--ensemble", "-o", f"{tmp_path}/x4.png"]
    assert not CliRunner().invoke(app, line).exit_code
    page = visit("kk")
    panel = tab(page, "upscale", "kk")
    upload(panel, photo)
    unfold(panel, "Басқа баптаулар")
    panel.get_by_label("Дәлдік үшін бұру және айнадағыдай аудару").check()
    assert "photo-x4 (ensemble) моделі" in start(panel).inner_text()
    assert downloaded(page, "parrot.png") == (tmp_path / "x4.png").read_bytes()


def test_trust_is_told_shown_and_what_the_command_line_writes(visit, window, tmp_path) -> None:
    picture = str(window.root / "pictures" / "p0.png")
    line = ["upscale", picture, "--trust", "-o", f"{tmp_path}/"]
    assert not CliRunner().invoke(app, line).exit_code
    page = visit("uk")
    panel = tab(page, "upscale", "uk")
    panel.get_by_label("Або шлях").fill(picture)
    panel.get_by_label("Показати, де результату можна вірити").check()
    start(panel)
    panel.get_by_text("радше вигадані").click()
    assert panel.get_by_text("не більш ніж на 8 рівнів із 255").is_visible()
    overlay = panel.locator(".slider img.overlay")
    assert overlay.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [96, 96]
    assert not overlay.is_visible()
    panel.get_by_label("Показати, де можна вірити").check()
    assert overlay.is_visible()
    check_with_axe(page)
    page.get_by_text("Файли окремо").click()
    for name in ("p0.png", "p0.trust.png", "p0.overlay.png"):
        assert downloaded(page, name) == (tmp_path / name).read_bytes()
    unfold(panel, "Інші налаштування")
    panel.get_by_label("Згладити зернистість").first.fill("1")
    panel.locator("button.primary").click()
    said = panel.locator(".status p.problem")
    said.wait_for()
    assert "довіру виміряно лише для цих моделей" in said.inner_text()
    assert "photo-x4-gan, satellite-x4, xray-x4; виберіть одну з них" in said.inner_text()


def test_a_folder_by_its_path_comes_as_a_zip_and_survives_a_reload(visit, window) -> None:
    page = visit()
    panel = tab(page, "upscale")
    panel.get_by_label("path").fill(str(window.root / "pictures"))
    panel.locator("button.primary").dblclick()
    page.reload()
    page.locator(".status p.done").wait_for()
    assert "×4 with the model photo-x4: 2." in page.locator(".status p.done").inner_text()
    assert downloaded(page, "All files (2) as one zip").startswith(b"PK")
    first = page.locator(".slider img").first.get_attribute("src")
    other = page.locator(f".slider img:not([src='{first}'])").first
    take(page, "Picture shown", "p1.png", other)


def test_a_job_is_stopped(visit, window) -> None:
    save_pictures(window.root / "many", count=60, side=96)
    page = visit()
    panel = tab(page, "upscale")
    panel.get_by_label("path").fill("many")
    panel.locator("button.primary").click()
    panel.locator("button.stop:enabled").click()
    panel.get_by_text("Stopped.").wait_for()
    assert panel.locator("button.primary").is_enabled()


def test_a_wrong_path_and_a_wrong_file_are_sentences(visit, window) -> None:
    (window.root / "torn.png").write_bytes((window.root / "pictures/p0.png").read_bytes()[:300])
    panel = tab(visit("kk"), "translate", "kk")
    path = panel.locator("input[type=text], textarea").first
    path.fill("../..")
    assert "осы жерде ашуға болатын бумалардан тыс орналасқан" in start(panel).inner_text()
    path.fill("torn.png")
    panel.locator("button.primary").click()
    said = "torn.png: файлдың соңы жоқ; қайта көшіріңіз немесе қайта жүктеп алыңыз."
    panel.locator(".status p.problem", has_text=said).wait_for()


def test_a_picture_is_translated(visit) -> None:
    page = visit()
    panel = tab(page, "translate")
    panel.get_by_label("path").fill("pictures/p0.png")
    assert "translated with the model tiny: 1." in start(panel).inner_text()
    check_with_axe(page)


def test_pictures_are_generated_and_varied(visit, tmp_path, window) -> None:
    line = ["generate", "--model", str(window.root / "oats.safetensors"), "-n", "2", "--seed", "5"]
    assert not CliRunner().invoke(app, [*line, "-o", str(tmp_path)]).exit_code
    page = visit()
    panel = tab(page, "generate")
    panel.get_by_label("How many pictures").first.fill("2")
    unfold(panel, "More settings")
    panel.get_by_label("Seed of the first").fill("5")
    panel.get_by_label("A walk from").check()
    assert "2, seeds 5 to 6." in start(panel).inner_text()
    page.get_by_text("The files one by one").click()
    assert downloaded(page, "000006.png") == (tmp_path / "000006.png").read_bytes()
    assert panel.get_by_role("link", name="walk.gif").is_visible()
    panel.get_by_role("img", name="A walk from").wait_for()
    panel.locator("button.thumbnail-item").nth(1).click()
    panel.get_by_text("the picture with seed 6").wait_for()
    panel.get_by_role("button", name="Begin with its seed").click()
    page.wait_for_function("[...document.querySelectorAll('input')].some(i => i.value === '6')")
    panel.get_by_role("button", name="More like it").click()
    panel.get_by_text("2, seeds 6 to 7.").wait_for()
    panel.get_by_text("Variations of the picture with seed 6").wait_for()
    assert panel.get_by_text("7, oats").first.is_visible()  # the label of what is varied
    check_with_axe(page)


def test_a_sentence_becomes_large_pictures(visit, tmp_path) -> None:
    text = Words("kk")("illustrate.example")
    line = ["generate", "--text", text, "-n", "2", "--upscale", "photo-x4"]
    assert not CliRunner().invoke(app, [*line, "-o", str(tmp_path)]).exit_code
    page = visit("kk")
    panel = tab(page, "illustrate", "kk")
    panel.get_by_role("button", name=text).click()
    panel.get_by_label("Неше сурет керек").first.fill("2")
    panel.get_by_label("Суреттерді photo-x4 моделімен").check()
    assert "саны: 2 (crops-demo моделі, бастапқы сандары 0–1)" in start(panel).inner_text()
    assert panel.get_by_text("wheat деп оқылды").is_visible()
    panel.locator("button.thumbnail-item img").nth(1).wait_for()
    check_with_axe(page)
    page.get_by_text("Файлдарды жеке-жеке").click()
    assert page.get_by_role("link", name="grid.png").is_visible()
    assert downloaded(page, "000001.png") == (tmp_path / "000001.png").read_bytes()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("example", "label"), [("example", "wheat"), ("example_more", "maize")])
def test_the_embedded_model_understands_the_examples(sampler, language, example, label) -> None:
    reading = sampler.read(Words(language)(f"illustrate.{example}"))
    assert (reading.label, reading.doubtful) == (label, False)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_string_and_axe_is_content(visit, language) -> None:
    page = visit(language, color_scheme="dark" if language in ("kk", "en") else "light")
    assert page.locator("html").get_attribute("lang") == language
    tables = {key.split(".")[0] for key in catalogue(Words.folder, "en")}
    for name in ("upscale", "generate", "illustrate"):
        panel = tab(page, name, language)
        assert Words(language)(f"{name}.about") in panel.inner_text()
        said = page.locator("body").inner_text()
        assert not re.search(rf"\b({'|'.join(tables)})\.[a-z]", said)
        assert "Drop File Here" not in said or language == "en"
        if name == "generate":
            continue
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        box = panel.locator("button.primary").bounding_box()
        assert box["y"] + box["height"] <= 800
        page.set_viewport_size({"width": 1366, "height": 768})
        check_with_axe(page)


def test_the_keyboard_reaches_start(visit) -> None:
    page = visit()
    seen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.innerText"))
    assert "Enlarge" in seen[6:]
