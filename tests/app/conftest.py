"""A window at work, and a browser to look at it."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from browsing import PATIENCE
from pictures import save_pictures
from tiny_generators import tiny_model as tiny_generator
from tiny_networks import tiny_model

from beyne.app.server import Settings, quiet
from beyne.bundle import save

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


@dataclass(frozen=True)
class Window:
    """A server in a thread: uploads up to 1 MB, pictures up to 40 000 pixels."""

    address: str
    root: Path
    folder: Path

    def kept(self) -> set[Path]:
        """Files with anything in them that the server stores, such as uploads and results."""
        return {path for path in self.folder.rglob("*") if path.is_file() and path.stat().st_size}


@contextmanager
def served(settings: Settings, root: Path, folder: Path) -> Iterator[str]:
    import uvicorn

    from beyne.app.site import guarded_site

    with guarded_site(settings, [root], folder) as site:
        config = uvicorn.Config(
            site, port=0, log_level="warning", ws="none", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def window(tmp_path_factory) -> Iterator[Window]:
    pytest.importorskip("gradio")
    root = tmp_path_factory.mktemp("root").resolve()
    save_pictures(root / "pictures", count=2, side=24)
    labels = {"conditioning": {"labels": ["oats", "rice"]}}
    generator = tiny_generator("fastgan", words=labels, classes=2, height=32, width=32)
    save(root / "oats.safetensors", generator.card, generator.network)
    translator = tiny_model("unet", channels_in=3, channels_out=3)
    card = translator.card.model_copy(update={"job": "translate"})
    save(root / "translator.safetensors", card, translator.network)
    with tempfile.TemporaryDirectory() as folder:
        quiet(Path(folder))
        settings = Settings(upload_limit=1, pixel_limit=40_000)
        with served(settings, root, Path(folder)) as address:
            yield Window(address, root, Path(folder))


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no Chromium found; apt install chromium")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def visit(browser, window) -> Iterator[Callable]:
    """``visit("kk")`` opens the page in a language; at the end nothing outside was asked for."""
    contexts, asked = [], []

    def opened(language: str = "en", **settings):
        context = browser.new_context(viewport={"width": 1366, "height": 768}, **settings)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{window.address}/{language}/")
        page.locator("button.primary:visible").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert all(url.startswith((window.address, "data:", "blob:")) for url in asked)
