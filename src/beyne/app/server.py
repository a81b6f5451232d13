"""Builds the page in each language and serves it."""

from __future__ import annotations

import gc
import os
import signal
import socket
import tempfile
import threading
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from beyne.app.access import LOOPBACK, UPLOAD_LIMIT, resolved_roots
from beyne.app.words import LANGUAGES
from beyne.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    import uvicorn


@dataclass(frozen=True)
class Settings:
    """How the window is served.

    Attributes:
        host: Address to listen on; other than `LOOPBACK` demands ``users``.
        port: 0: any free one.
        roots: Folders whose files may be opened; none: the home folder.
        language: Of the first page; None: the browser's.
        users: Name → hash of the password.
        upload_limit: Megabytes a file sent by the browser may have.
        pixel_limit: Most pixels of a picture; None: what memory carries.
        browser: Open the page in the user's browser.
        window: Show the page in a window of its own instead, and end with it.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    roots: Sequence[Path] = ()
    language: str | None = None
    users: Mapping[str, str] = field(default_factory=dict)
    upload_limit: int = UPLOAD_LIMIT
    pixel_limit: int | None = None
    browser: bool = True
    window: bool = False


def serve(settings: Settings) -> None:
    """Serve the window until Ctrl-C.

    Raises:
        UsageError: The settings contradict each other, the port is taken, or no window opens.
        MissingExtraError: Gradio is not installed, or what ``window`` needs.
    """
    if settings.host not in LOOPBACK and not settings.users:
        problem = (
            f"--host {settings.host} lets other machines in, and nobody has to say who they are"
        )
        raise UsageError(problem, "add --auth FILE; beyne app --hash makes a line for it")
    roots = resolved_roots(settings.roots)
    if settings.language not in (None, *LANGUAGES):
        raise UsageError(f"--lang {settings.language} is unknown", "one of " + ", ".join(LANGUAGES))
    with tempfile.TemporaryDirectory(prefix="beyne-app-", ignore_cleanup_errors=True) as folder:
        quiet(Path(folder))
        with _listening(settings) as listener:
            _run(settings, roots, Path(folder), listener)


def quiet(folder: Path) -> None:
    """Nothing is asked of or told to other machines; for Gradio, before it is imported."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(folder / "sent")
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen()  # with SO_REUSEADDR only this fails on a port that is taken
    except OSError as error:
        listener.close()
        problem = f"{settings.host}, port {settings.port} can't be used ({error.strerror})"
        raise UsageError(problem, f"--port {settings.port + 1}") from None
    return listener


def _run(settings: Settings, roots: list[Path], folder: Path, listener: socket.socket) -> None:
    if settings.window and find_spec("webview") is None:
        raise MissingExtraError("pywebview", "window")
    try:
        import uvicorn

        with _quick_import():
            from beyne.app.site import guarded_site
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "gradio", "app") from None
    name = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{name}:{listener.getsockname()[1]}/"
    print(address, flush=True)
    if settings.browser and not settings.window:
        threading.Timer(0.1, webbrowser.open, [address]).start()
    with guarded_site(settings, roots, folder) as guarded:
        # Pages that are open never hang up by themselves.
        config = uvicorn.Config(
            guarded, log_level="warning", ws="none", timeout_graceful_shutdown=1
        )
        # Ended by a signal in whichever way, the server clears up after itself.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        server = uvicorn.Server(config)
        with suppress(KeyboardInterrupt):
            if settings.window:
                _in_window(server, listener, address)
            else:
                server.run(sockets=[listener])


def _in_window(server: uvicorn.Server, listener: socket.socket, address: str) -> None:
    """Serve as long as a window shows the page."""
    import webview

    webview.settings["ALLOW_DOWNLOADS"] = True
    serving = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    serving.start()
    try:
        window = webview.create_window("beyne", address, width=1366, height=900)
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, lambda *_: window.destroy())
        webview.start()
    except webview.errors.WebViewException as error:
        problem = f"no window can be opened ({error})"
        raise UsageError(problem, "leave --window out: the browser shows the same") from None
    finally:
        server.should_exit = True
        serving.join()


@contextmanager
def _quick_import() -> Iterator[None]:
    """Import Gradio in half the time.

    At each import it writes stubs for editors, except of classes without a source file; and what an
    import makes stays, so that searching it for garbage is in vain.
    """
    gc.disable()
    try:
        with patch("inspect.getfile", side_effect=OSError):
            yield
    finally:
        gc.freeze()
        gc.enable()
