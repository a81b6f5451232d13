"""Work that outlives a click: a queue a kind, progress, Stop.

A job belongs to the server and not to the page that asked for it. So a page may be reloaded, opened
twice or closed while it runs.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

from beyne.errors import BeyneError, Stopped, foreseen

#: A worker in the queue's thread; what it returns is the job's result.
Work = Callable[["Job"], Any]
State = Literal["waiting", "running", "done", "failed", "stopped"]

#: Jobs that may wait or run, all visitors together.
_MOST_WAITING = 100
#: Finished jobs whose files are kept for downloading.
_MOST_KEPT = 50

log = logging.getLogger("beyne.app")


class Job:
    """One piece of work.

    Attributes:
        tab: The tab that started it.
        owner: The visitor who did, see `beyne.app.access.visitor`.
        folder: Its own folder for files; goes when the job is forgotten.
        state: How it stands.
        share: How much of it is done, 0 to 1.
        result: What its work returned.
        error: Why it failed; None of an error nobody foresaw.
    """

    def __init__(self, tab: str, owner: str, folder: Path, work: Work) -> None:
        self.id = secrets.token_hex(8)
        self.tab = tab
        self.owner = owner
        self.folder = folder / self.id
        self.state: State = "waiting"
        self.share = 0.0
        self.result: Any = None
        self.error: BeyneError | None = None
        self._work = work
        self._stop = False
        self._began = 0.0

    @property
    def finished(self) -> bool:
        """Whether it will change no more."""
        return self.state in ("done", "failed", "stopped")

    @property
    def seconds_left(self) -> float | None:
        """What is left, as fast as it went so far; None: too early to tell."""
        if self.state != "running" or self.share < 0.01:
            return None
        return (time.monotonic() - self._began) * (1 / self.share - 1)

    def advance(self, share: float) -> None:
        """Told by the work how much of all is done, 0 to 1.

        Raises:
            Stopped: The user wants no more of it.
        """
        self.share = min(share, 1.0)
        if self._stop:
            raise Stopped

    def stop(self) -> None:
        """End it at its next step, or before it begins."""
        self._stop = True

    def run(self) -> None:
        """Do the work; nothing is raised."""
        self._began = time.monotonic()
        try:
            self.state = "running"
            self.advance(0.0)
            self.folder.mkdir(parents=True)
            self.result = self._work(self)
            self.share, self.state = 1.0, "done"
        except Stopped:
            self.state = "stopped"
        except Exception as error:
            self.error, self.state = foreseen(error), "failed"
            if self.error is None:
                log.exception("an error nobody foresaw")


class Jobs:
    """All jobs of the server.

    Args:
        folder: For the files that jobs make.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._queues: dict[str, ThreadPoolExecutor] = {}
        self._jobs: list[Job] = []

    def start(self, tab: str, owner: str, work: Work, queue: str = "pictures") -> Job:
        """Put a job at the end of a queue; a queue does one job at a time.

        Raises:
            BeyneError: Too many are waiting.
        """
        self._forget()
        if sum(not job.finished for job in self._jobs) >= _MOST_WAITING:
            raise BeyneError(f"{_MOST_WAITING} jobs are waiting", "try again later")
        job = Job(tab, owner, self.folder, work)
        self._jobs.append(job)
        self._queues.setdefault(queue, ThreadPoolExecutor(1, queue)).submit(job.run)
        return job

    def latest(self, tab: str, owner: str) -> Job | None:
        """The visitor's newest job of a tab."""
        found = (job for job in reversed(self._jobs) if (job.tab, job.owner) == (tab, owner))
        return next(found, None)

    def find(self, number: str, owner: str) -> Job | None:
        """The visitor's job of that `Job.id`."""
        found = (job for job in self._jobs if (job.id, job.owner) == (number, owner))
        return next(found, None)

    def before(self, job: Job) -> int:
        """How many unfinished jobs were started before it."""
        return sum(not other.finished for other in self._jobs[: self._jobs.index(job)])

    def stop(self, tab: str, owner: str) -> None:
        """Stop all jobs of a visitor in a tab."""
        for job in self._jobs:
            if (job.tab, job.owner) == (tab, owner):
                job.stop()

    def close(self) -> None:
        """Stop everything and wait for it."""
        for job in self._jobs:
            job.stop()
        for queue in self._queues.values():
            queue.shutdown()

    def _forget(self) -> None:
        """Finished jobs beyond the newest, and their files."""
        finished = [job for job in self._jobs if job.finished]
        for job in finished[:-_MOST_KEPT]:
            shutil.rmtree(job.folder, ignore_errors=True)
            self._jobs.remove(job)
