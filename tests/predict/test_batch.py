"""Many pictures: order, failures, and errors nobody foresaw."""

from __future__ import annotations

from pathlib import Path

import pytest
from pictures import save_pictures
from tiny_networks import tiny_model

from beyne.images import Raster
from beyne.predict.batch import Batch, Done
from beyne.predict.files import Failure, plan
from beyne.predict.predictor import Predictor
from beyne.predict.work import Options


class Log:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.total = 0
        self.computed = 0.0
        self.megapixels = 0.0
        self.outputs: list[str] = []
        self.failures: list[str] = []

    def begin(self, pictures: int) -> None:
        self.total = pictures

    def advance(self, pictures: float, megapixels: float) -> None:
        self.computed += pictures
        self.megapixels += megapixels

    def done(self, done: Done) -> None:
        self.outputs.append(Path(done.output).name)

    def failed(self, failure: Failure) -> None:
        self.failures.append(str(failure))


class Stumbling(Predictor):
    """Meets something nobody foresaw at pictures of one height."""

    def apply(self, raster: Raster, *words, **options) -> Raster:
        if raster.height == 20:
            raise ZeroDivisionError("division by zero")
        return super().apply(raster, *words, **options)


@pytest.fixture
def jobs(tmp_path):
    for side in (16, 20, 24):
        save_pictures(tmp_path / f"in/{side}", count=2, side=side)
    return plan([str(tmp_path / "in")], str(tmp_path / "out"))[0]


def run(jobs, kind=Predictor, **options):
    log, model = Log(), kind(tiny_model("compact"), tile=16)
    batch = Batch(Options(4, **options), log, lambda job: model, "tiny")
    return batch.run(jobs), log


def test_all_is_done_in_order_and_told(jobs):
    report, log = run(jobs)
    assert log.total == 6
    assert log.computed == pytest.approx(6)
    assert log.megapixels == pytest.approx(2 * 16 * (16**2 + 20**2 + 24**2) / 1e6)
    assert [done.output for done in report.done] == [str(job.target) for job in jobs]
    assert all(job.target.exists() for job in jobs)


def test_an_error_nobody_foresaw_stops_only_its_picture(jobs):
    report, log = run(jobs, Stumbling)
    assert len(report.done) == 4
    assert len(log.failures) == 2
    assert "ZeroDivisionError: division by zero); --debug shows where" in log.failures[0]


def test_debug_lets_it_through(jobs):
    with pytest.raises(ZeroDivisionError):
        run(jobs, Stumbling, debug=True)


def test_a_folder_that_can_not_be_written_fails_each_picture(jobs, tmp_path):
    (tmp_path / "out").write_text("a file where the folder should be")
    report, log = run(jobs)
    assert report.done == []
    assert len(log.failures) == 6


def test_where_there_is_nothing_to_do_no_model_is_loaded(tmp_path):
    def load(job):
        raise AssertionError

    report = Batch(Options(4), Log(), load, "tiny").run([])
    assert (report.model, report.device, report.done) == ("tiny", "", [])
