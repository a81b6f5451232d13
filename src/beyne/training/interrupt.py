"""Ctrl-C in training: the step ends, all is saved; a second one interrupts at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import TracebackType


class Interrupt:
    """While entered in the main thread, notes that Ctrl-C was pressed.

    Attributes:
        asked: Whether it was.
    """

    def __init__(self, message: Callable[[str], None]) -> None:
        """Args: ``message`` is told when it happens."""
        self.asked = False
        self._message = message
        self._listens = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Interrupt:
        if self._listens:
            self._previous = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._listens:
            signal.signal(signal.SIGINT, self._previous)

    def _note(self, number: int, frame: object) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, self._previous)
        self._message("stopping after this step …")
