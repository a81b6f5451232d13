"""What a program could send in the browser's place: refused in a sentence, and nothing stays."""

from __future__ import annotations

import gc
import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from badfiles import write_bad_files
from pictures import save_pictures
from typer.testing import CliRunner

from beyne.cli import app

httpx = pytest.importorskip("httpx")
# Gradio leaves open what a full disk refused: closing it fails once more, whenever it is collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def visitor(window):
    with httpx.Client(base_url=f"{window.address}/en/", timeout=120) as client:
        client.get("")
        yield client


def upload(client, *paths: Path):
    files = [("files", (path.name, path.read_bytes())) for path in paths]
    return client.post("gradio_api/upload", files=files)


def press_start(client, *values) -> str:
    """Press Start in the first tab, with these values of its fields; the status line."""
    dependencies = client.get("config").json()["dependencies"]
    number = next(d["id"] for d in dependencies if len(d["inputs"]) == len(values))
    session = secrets.token_hex(5)
    body = {"data": values, "fn_index": number, "session_hash": session, "event_data": None}
    client.post("gradio_api/queue/join", json=body).raise_for_status()
    with client.stream("GET", "gradio_api/queue/data", params={"session_hash": session}) as lines:
        for line in lines.iter_lines():
            told = json.loads(line.removeprefix("data: ")) if line else {}
            if told.get("msg") == "process_completed":
                return str(told["output"])
    raise AssertionError("no answer")


def fields(files=None, path="", model="photo-x4"):
    sent = [{"path": name, "meta": {"_type": "gradio.FileData"}} for name in files or ()]
    return sent or None, path, model, False, 0, "auto", False, 0, "", False


def test_what_is_no_picture_is_not_kept(visitor, window, tmp_path) -> None:
    before = window.kept()
    (tmp_path / "a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "b.png").write_text("<html><script>alert(1)</script></html>")
    picture = save_pictures(tmp_path, count=1, side=16) / "p0.png"
    (tmp_path / "c.html").write_bytes(picture.read_bytes())
    for name in ("a.svg", "b.png", "c.html"):
        answer = upload(visitor, picture, tmp_path / name)
        assert (answer.status_code, name in answer.text) == (415, True)
        assert "not a picture, so nothing was kept" in answer.text
    assert window.kept() == before


def test_what_the_disk_can_not_hold_is_not_kept(visitor, window, small_disk) -> None:
    before = window.kept()
    files = [("files", ("noise.png", b"\x89PNG\r\n\x1a\n" + bytes(50_000)))]
    answer = visitor.post("gradio_api/upload", files=files)
    assert answer.status_code == 507
    assert answer.text == "the disk is full; open it by its path instead."
    assert window.kept() == before
    gc.collect()


def test_what_is_too_large_is_not_kept(visitor, window, tmp_path) -> None:
    before = window.kept()
    (tmp_path / "large.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1_050_000))
    answer = upload(visitor, tmp_path / "large.png")
    assert answer.status_code == 413
    assert answer.text == "a file is larger than 1 MB; open it by its path instead."
    (tmp_path / "large.png").write_bytes(bytes(21_000_000))
    answer = upload(visitor, tmp_path / "large.png")
    assert answer.status_code == 413
    assert answer.text.startswith("more than 20 MB are sent at once")
    assert window.kept() == before


def test_a_foreign_page_can_do_nothing(visitor, window, tmp_path) -> None:
    before = window.kept()
    picture = save_pictures(tmp_path, count=1, side=16) / "p0.png"
    visitor.headers["origin"] = "http://evil.example"
    answer = upload(visitor, picture)
    assert (answer.status_code, answer.text) == (403, "Another page may not use this one.")
    assert visitor.post("gradio_api/queue/join", json={}).status_code == 403
    assert window.kept() == before


@pytest.mark.parametrize(
    "path",
    [
        "gradio_api/file=/etc/passwd",
        "gradio_api/file=../../../../etc/passwd",
        "../results/none/..%2f..%2f..%2fetc%2fpasswd",
        "../shown/none/0-0.jpg",
        "gradio_api/proxy=http://example.com/",
        "monitoring",
    ],
)
def test_no_other_file_is_served(visitor, path) -> None:
    assert visitor.get(path).status_code >= 400


@pytest.mark.parametrize("name", ["/etc/passwd", "../../etc/passwd"])
def test_no_path_in_the_place_of_an_upload_is_read(visitor, window, name) -> None:
    before = window.kept()
    assert "was not uploaded by a user" in press_start(visitor, *fields(files=[name]))
    assert window.kept() == before


def test_paths_outside_the_roots_are_refused(visitor, window) -> None:
    before = window.kept()
    for values in (fields(path="/etc"), fields(path="pictures", model="/etc/passwd")):
        assert "lies outside the folders that may be opened here" in press_start(visitor, *values)
    assert "there is no picture" in press_start(visitor, *fields())
    assert window.kept() == before


def test_bad_pictures_are_sentences(visitor, window) -> None:
    bad = write_bad_files(window.root / "bad")
    told = press_start(visitor, *fields(path="bad"))
    for path, words in bad.items():
        if path.is_file() and path.suffix in (".png", ".jpg", ".tif", ".webp"):
            assert path.name in told, words
    assert "are over the limit of 40000 pixels" in told
    assert "Traceback" not in told
    assert not [path for path in window.kept() if "results" in path.parts]


def test_twenty_at_once_are_what_the_command_line_makes(window, tmp_path) -> None:
    save_pictures(tmp_path / "in", count=20, side=16)
    line = ["upscale", str(tmp_path / "in"), "-o", f"{tmp_path / 'out'}/"]
    assert CliRunner().invoke(app, line).exit_code == 0

    def one(number: int) -> bool:
        with httpx.Client(base_url=f"{window.address}/en/", timeout=120) as client:
            client.get("")
            stored = upload(client, tmp_path / "in" / f"p{number}.png").json()
            told = press_start(client, *fields(files=stored))
            address = told.partition('href="/results/')[2].partition('"')[0]
            made = client.get(f"{window.address}/results/{address}").content
            with httpx.Client(base_url=window.address) as stranger:
                assert stranger.get(f"/results/{address}").status_code == 404
        return made == (tmp_path / "out" / f"p{number}.png").read_bytes()

    with ThreadPoolExecutor(20) as visitors:
        assert list(visitors.map(one, range(20))) == [True] * 20
