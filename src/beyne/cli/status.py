"""How a long command goes on, in a file for the program that started it."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

import typer

from beyne.api.background import Status
from beyne.errors import foreseen
from beyne.files import write_whole

_EVERY = 1.0  # seconds between two writings
_LATELY = 60.0  # seconds that the rate is taken over
_KEPT = 20  # messages


class StatusFile:
    """Keeps a `Status` in a file up to date."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.status = Status()
        self._messages: deque[str] = deque(maxlen=_KEPT)
        self._seen: deque[tuple[float, int]] = deque()
        self._written = 0.0
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as shells start what goes behind
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self._write()

    def message(self, text: str) -> None:
        """Something was said."""
        self._messages.append(text)
        self._write()

    def show(self, done: int, total: int) -> None:
        """So much of so much is done."""
        now = time.monotonic()
        if self._seen and done < self._seen[-1][1]:  # the next part of the work
            self._seen.clear()
        while self._seen and now - self._seen[0][0] > _LATELY:
            self._seen.popleft()
        self._seen.append((now, done))
        since, first = self._seen[0]
        rate = (done - first) / (now - since) if now > since else 0.0
        self.status = Status(done=done, total=total, rate=rate)
        if now - self._written > _EVERY:
            self._write()

    def end(self, error: BaseException | None) -> None:
        """The command is done, by itself or by an error."""
        if error is None:
            changes: Mapping[str, str] = {"state": "finished"}
        elif isinstance(error, (KeyboardInterrupt, typer.Exit)):
            changes = {"state": "paused"}
        elif known := foreseen(error):
            changes = {"state": "failed", "problem": known.problem, "remedy": known.remedy}
        else:
            unforeseen = f"an error nobody foresaw ({type(error).__name__}: {error})"
            changes = {"state": "failed", "problem": unforeseen}
        self.status = self.status.model_copy(update=changes)
        self._write()

    def _write(self) -> None:
        self._written = time.monotonic()
        self.status = self.status.model_copy(update={"messages": tuple(self._messages)})
        write_whole(self.path, self.status.model_dump_json().encode())
