"""A command as a process of its own: it outlives who started it, and is found through its folder.

In its folder, ``.process`` holds ``launch.json`` (what was asked, and of which process),
``status.json`` (how it goes on, written by the command itself) and ``log.txt`` (what it said).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from beyne.config import Config, ConfigType
from beyne.errors import MissingExtraError, UsageError
from beyne.files import LOCK, locked, write_whole

if TYPE_CHECKING:
    import psutil

#: ``paused`` was asked to stop, ``interrupted`` was not (killed, switched off); both can go on.
State = Literal["running", "finished", "paused", "failed", "interrupted"]

LAUNCH, STATUS, LOG = ".process/launch.json", ".process/status.json", ".process/log.txt"
_COMPLAINT = "beyne: "  # how the command line begins an error
_SLACK = 60.0  # seconds between a process's birth and the note of it, should a clock be set


class Status(Config):
    """How a command goes on.

    Attributes:
        state: ``running`` until it says how it ended; one that was killed never does.
        done: Training images seen, or pictures scored.
        total: Of them in all; 0 before that is known.
        rate: Of them a second, of late; 0 before that is known.
        messages: What it said last, newest last.
        problem: Why it failed, as is ``remedy`` what to do.
    """

    state: State = "running"
    done: int = 0
    total: int = 0
    rate: float = 0.0
    messages: tuple[str, ...] = ()
    problem: str = ""
    remedy: str = ""

    @property
    def seconds_left(self) -> float | None:
        """At the pace of late; None before that is known."""
        return (self.total - self.done) / self.rate if self.rate else None


class Launch(Config):
    """What was started: the number of the process, when (seconds since 1970), and what for."""

    process: int
    since: float
    call: dict[str, Any]


def launch(folder: Path, verb: str, words: list[str], call: Config, device: str = "auto") -> None:
    """Start ``beyne VERB WORDS`` as a process of its own.

    Args:
        folder: Of the command's output; made if it is not there.
        verb: A command that knows ``--status``.
        words: The rest of the command line.
        call: What was asked, to be read back by `asked`.
        device: Where it computes: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        UsageError: Another process is at work in the folder.
    """
    folder = folder.absolute()
    with locked(folder):
        if _launched_process(folder):
            raise UsageError(f"{folder} is being worked in", "wait for it, or stop it")
        (folder / LAUNCH).parent.mkdir(exist_ok=True)
        (folder / STATUS).unlink(missing_ok=True)
        line = [sys.executable, "-m", "beyne", verb, _status_of(folder), *words]
        with (folder / LOG).open("ab") as log:
            process = subprocess.Popen(
                line,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | _environment(device),
                **_detached(),
            )
        started = Launch(process=process.pid, since=time.time(), call=call.model_dump(mode="json"))
        write_whole(folder / LAUNCH, started.model_dump_json().encode())
    # Who never asks how its child ended keeps it in the table of processes.
    threading.Thread(target=process.wait, daemon=True).start()


def launched(folder: Path) -> Launch | None:
    """What `launch` noted in a folder; None where nothing was."""
    try:
        return Launch.model_validate_json((folder / LAUNCH).read_bytes())
    except (OSError, ValidationError):
        return None


def asked(folder: Path, kind: type[ConfigType]) -> ConfigType | None:
    """What `launch` was asked for in a folder; None where it was nothing of that kind."""
    started = launched(folder)
    try:
        return kind.model_validate(started.call) if started else None
    except ValidationError:
        return None


def is_at_work(folder: Path) -> bool:
    """Whether a process works in the folder, however it was started.

    Raises:
        MissingExtraError: psutil is not installed.
    """
    return bool(_launched_process(folder) or _keeper(folder))


def status(folder: Path) -> Status | None:
    """What a command that `launch` started wrote last; None before that, or of others."""
    try:
        return Status.model_validate_json((folder / STATUS).read_bytes())
    except (OSError, ValidationError):
        return None


def state(folder: Path) -> State | None:
    """How what `launch` started stands; None where it never wrote, or something else works."""
    if is_at_work(folder):
        return "running"
    told = status(folder)
    if told is None:
        return "interrupted" if launched(folder) else None
    return "interrupted" if told.state == "running" else told.state


def complaint(folder: Path) -> str:
    """The error with which a command's log ends; empty if it ends otherwise."""
    try:
        lines = (folder / LOG).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    last = lines[-1] if lines else ""
    return last.removeprefix(_COMPLAINT) if last.startswith(_COMPLAINT) else ""


def stop(folder: Path, at_once: bool = False) -> None:
    """Ask the process in a folder to save and end, as Ctrl-C does; it takes a step's time.

    Args:
        folder: In which it works.
        at_once: End it without saving; what it saved last stays. So it always is on Windows, which
            knows no such question between programs.
    """
    import psutil

    process = _launched_process(folder) or _keeper(folder)
    # A folder from elsewhere may name any number: nothing but a beyne command is stopped.
    if process and "beyne" in " ".join(process.cmdline()):
        at_once = at_once or os.name == "nt"
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate() if at_once else process.send_signal(signal.SIGINT)


def _launched_process(folder: Path) -> psutil.Process | None:
    """The process that `launch` started, if it is still there."""
    started = launched(folder)
    process = _process(started.process, started.since) if started else None
    return process if process and _status_of(folder) in process.cmdline() else None


def _keeper(folder: Path) -> psutil.Process | None:
    """The process that keeps the folder, see `beyne.files.locked`."""
    lock = folder / LOCK
    try:
        return _process(int(lock.read_text(encoding="utf-8")), lock.stat().st_mtime)
    except (OSError, ValueError):
        return None


def _process(number: int, noted: float) -> psutil.Process | None:
    """The process of that number, but not a younger one that has it by now.

    Args:
        number: Its number.
        noted: When that was noted, in seconds since 1970.
    """
    try:
        import psutil
    except ImportError:
        raise MissingExtraError("psutil", "train") from None
    try:
        process = psutil.Process(number)
        process.cmdline()  # refused of another user's
        young = process.create_time() > noted + _SLACK
        return None if young or process.status() == psutil.STATUS_ZOMBIE else process
    except (psutil.Error, ValueError):
        return None


def _status_of(folder: Path) -> str:
    """How a command is told where to keep its status."""
    return f"--status={folder.absolute() / STATUS}"


def _environment(device: str) -> dict[str, str]:
    """What keeps a command to a device; both torch and Accelerate choose by themselves else."""
    if device == "cpu":
        return {"CUDA_VISIBLE_DEVICES": "", "ACCELERATE_USE_CPU": "true"}
    kind, _, index = device.partition(":")
    return {"CUDA_VISIBLE_DEVICES": index} if kind == "cuda" and index else {}


def _detached() -> dict[str, Any]:
    """How to start a process that the end of this one, or Ctrl-C here, does not reach."""
    if sys.platform == "win32":
        apart = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        return {"creationflags": apart}
    return {"start_new_session": True}
