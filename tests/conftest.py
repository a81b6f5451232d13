"""Fixtures that several test files use."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pictures import save_pictures
from tiny_networks import tiny_model
from typer.testing import CliRunner

from beyne.bundle import save
from beyne.cli import app

SHARED = Path(os.environ.get("BEYNE_SHARED", Path(__file__).parents[1] / "../shared")).resolve()


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """``shared("data/sr_test")``: a path in the shared test data; skips where it is missing."""

    def find(path: str) -> Path:
        found = SHARED / path
        if not found.exists():
            pytest.skip(f"shared test data is missing: {path}")
        return found

    return find


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder with pictures to train on in ``data``."""
    save_pictures(tmp_path / "data")
    return tmp_path


@pytest.fixture
def no_published_weights(monkeypatch: pytest.MonkeyPatch, tmp_path_factory) -> None:
    """What random convolutions see is enough, and quick."""
    monkeypatch.delenv("BEYNE_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that enlarges four times; files that need another one have their own."""
    model = tiny_model("compact", image_skip="bicubic")
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save(path, model.card, model.network)
    return path


@pytest.fixture
def upscale(model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable:
    """``upscale(*words, code=0)`` in an empty folder with ``model_file``.

    The result has stdout and stderr.
    """
    monkeypatch.chdir(tmp_path)

    def call(*words, code=0):
        line = ["upscale", *map(str, words), "--model", str(model_file)]
        result = CliRunner().invoke(app, line)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    return call


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file may grow over 20 000 bytes: what a full disk does, without one."""
    resource = pytest.importorskip("resource", reason="no limits on this system")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail when a test skipped that is not on the list named by BEYNE_ALLOWED_SKIPS."""
    listed = os.environ.get("BEYNE_ALLOWED_SKIPS")
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not listed or reporter is None:
        return
    lines = Path(listed).read_text(encoding="utf-8").splitlines()
    allowed = tuple(line.split("#")[0].strip() for line in lines if line.split("#")[0].strip())
    skipped = {report.nodeid for report in reporter.stats.get("skipped", [])}
    surprising = sorted(name for name in skipped if not (allowed and name.startswith(allowed)))
    if surprising:
        reporter.write_line("skipped, but not on the list: " + ", ".join(surprising), red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
