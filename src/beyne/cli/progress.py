"""How a batch goes on, for people: a bar on a terminal's standard error, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from beyne.predict.batch import Done
from beyne.predict.files import Failure

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

# What is done sooner needs no bar, nor the time to load the library that draws it.
_PATIENCE = 1.5


class Progress:
    """Prints outputs to standard output and failures to standard error, and draws the bar.

    A `beyne.predict.batch.Listener`; leave it as a context manager to take the bar down.

    Args:
        quiet_output: Do not print the outputs' paths (with ``--json``, a document follows).
    """

    def __init__(self, quiet_output: bool = False) -> None:
        self._quiet_output = quiet_output
        self._wanted = sys.stderr.isatty()
        self._pictures = 0
        self._finished = 0.0
        self._megapixels = 0.0
        self._start = time.perf_counter()
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begin(self, pictures: int) -> None:
        """The batch starts; so does the clock."""
        self._pictures = pictures
        self._start = time.perf_counter()

    def advance(self, pictures: float, megapixels: float) -> None:
        """Part of a picture has been computed."""
        self._finished += pictures
        self._megapixels += megapixels
        elapsed = time.perf_counter() - self._start
        if self._bar is None and self._wanted and elapsed > _PATIENCE:
            self._draw()
        if self._bar is not None and self._task is not None:
            self._bar.update(
                self._task,
                total=self._pictures,
                completed=self._finished,
                count=f"{int(self._finished)}/{self._pictures}",
                rate=f"{self._megapixels / elapsed:.2f} MP/s",
            )

    def done(self, done: Done) -> None:
        """An output has been written."""
        for warning in done.warnings:
            self.say(f"{done.output}: {warning}")
        if done.trust is not None:
            self.say(f"{done.output}: {done.trust.sentence}")
        self.written(done.output)

    def written(self, output: str) -> None:
        """A file is there."""
        if self._quiet_output:
            return
        if self._bar is not None and sys.stdout.isatty():
            self.say(output)  # the same terminal: the bar makes room for the line
            return
        try:
            print(output, flush=True)
        except BrokenPipeError:
            # Who read the names, such as head, has gone; the pictures are wanted all the same.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def failed(self, failure: Failure) -> None:
        """An input came to nothing."""
        self._pictures -= 1
        self.say(str(failure))

    def say(self, line: str) -> None:
        """A line for people."""
        if self._bar is None:
            print(line, file=sys.stderr, flush=True)
        else:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _draw(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.fields[count]}"),
            BarColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            redirect_stdout=False,
            redirect_stderr=False,
            transient=True,
        )
        self._task = self._bar.add_task("", total=self._pictures, count="", rate="")
        self._bar.start()
