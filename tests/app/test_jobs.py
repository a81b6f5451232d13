"""Jobs: in order, stopped, failed, forgotten."""

from __future__ import annotations

import errno
import threading

import pytest

from beyne.app import jobs as module
from beyne.app.jobs import Job, Jobs
from beyne.errors import BeyneError


@pytest.fixture
def jobs(tmp_path):
    made = Jobs(tmp_path)
    yield made
    made.close()


def settled(job: Job) -> Job:
    while not job.finished:
        threading.Event().wait(0.005)
    return job


def test_a_queue_does_one_job_at_a_time_in_order(jobs) -> None:
    at_work, most, order = 0, 0, []

    def work(job: Job) -> int:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        order.append(job.id)
        threading.Event().wait(0.005)
        at_work -= 1
        return len(order)

    started = [jobs.start("upscale", f"visitor {n % 3}", work) for n in range(20)]
    assert jobs.before(started[-1]) > 0
    assert [settled(job).result for job in started] == list(range(1, 21))
    assert most == 1
    assert order == [job.id for job in started]
    assert jobs.latest("upscale", "visitor 1") is started[-1]
    assert jobs.latest("generate", "visitor 1") is None
    assert jobs.find(started[0].id, "visitor 0") is started[0]
    assert jobs.find(started[0].id, "visitor 1") is None


def test_a_job_is_stopped_at_work_and_before(jobs) -> None:
    begun = threading.Event()

    def endless(job: Job) -> None:
        while True:
            begun.set()
            job.advance(0.5)

    first, second = (jobs.start("upscale", "a", endless) for _ in range(2))
    other = jobs.start("upscale", "b", lambda job: "done")
    begun.wait()
    assert first.state == "running"
    assert first.seconds_left is not None
    jobs.stop("upscale", "a")
    assert [settled(job).state for job in (first, second, other)] == ["stopped", "stopped", "done"]
    assert not second.folder.exists()


def test_errors_are_kept_and_others_are_logged(jobs, caplog) -> None:
    def fails(job: Job) -> None:
        raise BeyneError("it is a tree", "bring a bush")

    def breaks(job: Job) -> None:
        raise ZeroDivisionError("nobody foresaw")

    def fills(job: Job) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    works = fails, breaks, fills
    failed, broken, full = (settled(jobs.start("upscale", "a", work)) for work in works)
    assert (failed.state, str(failed.error)) == ("failed", "it is a tree; bring a bush")
    assert (broken.state, broken.error) == ("failed", None)
    assert str(full.error).startswith("the disk is full; free space")
    assert "nobody foresaw" in caplog.text


def test_too_many_are_refused_and_old_files_go(jobs, monkeypatch) -> None:
    monkeypatch.setattr(module, "_MOST_KEPT", 2)
    done = [settled(jobs.start("upscale", "a", lambda job: None)) for _ in range(4)]
    assert [job.folder.exists() for job in done] == [False, True, True, True]
    monkeypatch.setattr(module, "_MOST_WAITING", 0)
    with pytest.raises(BeyneError, match="are waiting; try again later"):
        jobs.start("upscale", "a", lambda job: None)
