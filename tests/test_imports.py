"""What is imported when, and the public names."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

import beyne

HEAVY = ("torch", "numpy", "PIL", "imagecodecs", "tifffile", "gradio", "ray", "accelerate", "rich")


def loaded_after(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after ``code``."""
    program = f"import sys\n{code}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


HELP = """
import beyne.cli
for words in ({words},):
    try:
        beyne.cli.app(words)
    except SystemExit as end:
        assert not end.code
"""


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        *([w, "--help"] for w in ("upscale", "train", "check", "evaluate", "augment", "app")),
    ],
)
def test_help_loads_nothing_heavy(words):
    assert loaded_after(HELP.format(words=words)).isdisjoint(HEAVY)


def test_import_beyne_loads_nothing_heavy():
    assert loaded_after("import beyne; dir(beyne); beyne.BeyneError").isdisjoint(HEAVY)


def test_a_wrong_call_is_refused_before_torch_is_loaded(tmp_path):
    code = f"""
import beyne.cli
try:
    beyne.cli.app(["upscale", "a.png", "b.png", "-o", {str(tmp_path)!r}, "--model", "nothing"])
except SystemExit as end:
    assert end.code == 2
"""
    assert "torch" not in loaded_after(code)


def test_the_window_is_drawn_without_torch(tmp_path):
    pytest.importorskip("gradio")
    code = f"""
from pathlib import Path
from starlette.testclient import TestClient
from beyne.app.server import Settings
from beyne.app.site import Site
folder = Path({str(tmp_path)!r})
assert "beyne" in TestClient(Site(Settings(), [folder], folder)).get("/en/").text
"""
    assert loaded_after(code).isdisjoint({"torch", "accelerate"})


def test_help_is_quick():
    best = min(_seconds([sys.executable, "-m", "beyne", "--help"]) for _ in range(3))
    bare = min(_seconds([sys.executable, "-c", "import typer.core, email"]) for _ in range(3))
    # A ratio, as the machine may be busy: the bar is 0.25 s on an idle one.
    assert best < 4 * bare


def _seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - start


def test_the_public_names():
    public = {"BeyneError", "LoadedModel", "Raster", "load", "read", "save", "upscale"}
    assert public <= set(beyne.__all__)
    for name in beyne.__all__:
        assert getattr(beyne, name) is not None
    assert set(beyne.__all__) <= set(dir(beyne))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        beyne.nothing  # noqa: B018
