"""Runs as processes of their own: they outlive who started them and are found by their folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

import psutil
import pytest
from tiny_networks import FIELDS
from training_runs import recipe_for, run

import beyne
from beyne.api import background, runs
from beyne.errors import UsageError
from beyne.files import LOCK, locked

SETTINGS = tuple(f"generator.{key}={value}" for key, value in FIELDS["span"].items())

LENGTH = ("train.images=200_000", "train.save_every=200", "train.preview_every=1000")


def wait_for(true: Callable[[], object], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.2)


@pytest.fixture
def call(workplace, monkeypatch) -> runs.TrainCall:
    """A training of a few seconds."""
    recipe_for(workplace, "span")
    recipe, data = str(workplace / "tiny.toml"), workplace / "data"
    return runs.TrainCall(recipe=recipe, data=data, settings=(*SETTINGS, *LENGTH))


@pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
def test_a_run_is_paused_resumed_and_killed(workplace, call) -> None:
    folder = workplace / "runs" / "mine"
    begin = "from beyne.api.runs import *; import sys, pathlib; "
    begin += "start(TrainCall.model_validate_json(sys.argv[1]), pathlib.Path(sys.argv[2]))"
    words = [sys.executable, "-c", begin, call.model_dump_json(), str(folder)]
    subprocess.run(words, check=True)  # who started it is gone, as a window that was closed
    with pytest.raises(UsageError, match="being worked in"):
        runs.start(call, folder)
    assert runs.look(folder).state == "running"
    wait_for((folder / "state" / "state.pt").is_file)
    with pytest.raises(UsageError, match="is at work in"):
        beyne.train(call.recipe, call.data, folder, call.settings)
    runs.pause(folder)
    wait_for(lambda: runs.look(folder).state != "running")
    paused = runs.look(folder)
    assert paused.state == "paused"
    assert 0 < paused.done < paused.total == 200_000
    assert paused.model
    assert "all saved" in paused.messages[-1]
    assert runs.find(workplace) == runs.find(workplace / "runs") == [folder]

    runs.resume(folder)
    wait_for(lambda: "going on" in " ".join(runs.look(folder).messages))
    wait_for(lambda: runs.look(folder).seconds_left)
    psutil.Process(background.launched(folder).process).kill()
    wait_for(lambda: runs.look(folder).state == "interrupted")
    assert runs.look(folder).seconds_left is None


def test_a_run_of_the_command_line_is_known(workplace) -> None:
    folder = run(workplace, "run")
    found = runs.look(folder)
    assert (found.state, found.done, found.total, found.call) == ("finished", 64, 64, None)
    assert [path.name for path in found.previews] == ["000000032.png", "000000064.png"]


def test_why_a_run_failed_is_told(workplace, call) -> None:
    folder = workplace / "run"
    runs.start(call.model_copy(update={"data": workplace / "nowhere"}), folder)
    wait_for(lambda: runs.look(folder).state != "running")
    told = runs.look(folder)
    assert (told.state, told.problem) == ("failed", f"{workplace / 'nowhere'} is not a folder")
    assert "--data" in told.remedy
    assert "Traceback" not in (folder / background.LOG).read_text()


def test_a_folder_is_kept_for_one(tmp_path) -> None:
    with locked(tmp_path):
        assert background.is_at_work(tmp_path)
        assert (tmp_path / LOCK).read_text() == str(os.getpid())
    assert not background.is_at_work(tmp_path)


def test_a_number_that_another_process_has_by_now_is_nobody(tmp_path) -> None:
    (tmp_path / LOCK).write_text(str(os.getpid()))
    long_ago = psutil.Process().create_time() - 3600
    os.utime(tmp_path / LOCK, (long_ago, long_ago))
    (tmp_path / background.LAUNCH).parent.mkdir()
    foreign = background.Launch(process=os.getpid(), since=time.time(), call={})
    (tmp_path / background.LAUNCH).write_text(foreign.model_dump_json())
    assert not background.is_at_work(tmp_path)
    background.stop(tmp_path)


def test_what_is_no_run_is_refused(tmp_path) -> None:
    (tmp_path / background.LAUNCH).parent.mkdir()
    (tmp_path / background.LAUNCH).write_text('{"process": 1, "since": 0, "call": {"data": 3}}')
    with pytest.raises(UsageError, match="is not a run"):
        runs.look(tmp_path)
    with pytest.raises(UsageError, match="does not tell what it was started with"):
        runs.resume(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        runs.start(runs.TrainCall(recipe="photo-x4", data=tmp_path), tmp_path / "file")


def test_warnings_are_those_of_the_newest_look(tmp_path) -> None:
    (tmp_path / "recipe.toml").write_text("[adversarial.guard]\naccuracy = 0.9\n")

    def warned(*records: dict[str, float]) -> list[tuple[str, float]]:
        numbered = [{"images": n} | record for n, record in enumerate(records)]
        lines = "".join(json.dumps(record) + "\n" for record in numbered)
        (tmp_path / "stats.jsonl").write_text(lines)
        return [(warning.kind, warning.value) for warning in runs.look(tmp_path).warnings]

    assert warned({"accuracy": 0.95}) == [("discriminator", 0.95)]
    assert warned({"accuracy": 0.95}, {"accuracy": 0.7}) == []
    collapsed = {"diversity": 0.2, "diversity_error": 0.05}
    assert warned(collapsed) == []  # of what is made first nothing can be said
    assert warned(collapsed, collapsed) == [("collapse", 0.2)]
    assert warned(collapsed, {"diversity": 0.9, "diversity_error": 0.05}) == []
    labelled = "[adversarial]\ntransition = [0.3, 0.6]\n[train]\nimages = 5\n"
    (tmp_path / "recipe.toml").write_text(labelled + "[data]\nclasses = ['a', 'b']\n")
    assert warned(*[collapsed] * 4) == []
    assert warned(*[collapsed] * 5) == [("collapse", 0.2)]
