"""``beyne upscale`` from the outside: streams, exit codes, files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tifffile
from badfiles import write_bad_files
from pictures import picture, save_pictures
from PIL import Image
from tiny_networks import tiny_model
from typer.testing import CliRunner

import beyne
from beyne.bundle import save
from beyne.cli import app

BEYNE = [sys.executable, "-m", "beyne"]


def test_one_picture(upscale, tmp_path):
    save_pictures(tmp_path, count=1, side=20)
    result = upscale("p0.png", "-o", "large.png")
    assert result.stdout == "large.png\n"
    assert "1 done; tiny on cpu in fp32, consistent off" in result.stderr
    assert beyne.read("large.png").pixels.shape == (80, 80, 3)


def test_json_is_one_document_and_measures(upscale, tmp_path):
    save_pictures(tmp_path / "in", count=2, side=20)
    result = upscale("in", "-o", "out", "--json", "--no-consistent")
    document = json.loads(result.stdout)
    assert list(document) == ["model", "device", "precision", "done", "failed"]
    assert (document["model"], document["device"], document["failed"]) == ("tiny", "cpu", [])
    first = document["done"][0]
    names = ["input", "output", "scale", "seconds", "consistency_db", "trust", "warnings"]
    assert list(first) == names
    assert first["input"] == str(Path("in/p0.png"))
    assert first["output"] == str(Path("out/p0.png"))
    assert first["scale"] == 4
    assert first["seconds"] > 0
    assert first["consistency_db"] > 10
    assert (first["trust"], first["warnings"]) == (None, [])


def test_consistent_is_printed_and_measured(upscale, tmp_path):
    save_pictures(tmp_path, count=1, side=40)
    scores = {}
    for word in ("--consistent", "--no-consistent"):
        result = upscale("p0.png", "-o", "a.png", word, "--json", "--overwrite", "--smooth", "1")
        assert f"consistent {'on' if word == '--consistent' else 'off'}" in result.stderr
        scores[word] = json.loads(result.stdout)["done"][0]["consistency_db"]
    assert scores["--consistent"] > 65 > scores["--no-consistent"]
    result = upscale("p0.png", "-o", "a.jpg", "--consistent", "--json")
    assert "JPG is lossy" in json.loads(result.stdout)["done"][0]["warnings"][0]


def test_a_model_that_contains_the_projection_is_always_consistent(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_pictures(tmp_path, count=1, side=16)
    model = tiny_model("compact", projection="bicubic")
    save(tmp_path / "m.safetensors", model.card, model.network)
    line = ["upscale", "p0.png", "-o", "a.png", "--model", "m.safetensors"]
    result = CliRunner().invoke(app, [*line, "--no-consistent"])
    assert result.exit_code == 2
    assert "always gives its input back; leave out --no-consistent" in result.stderr
    result = CliRunner().invoke(app, line)
    assert "consistent on" in result.stderr


def test_bad_files_among_good_ones(upscale, tmp_path):
    save_pictures(tmp_path / "in", count=3, side=16)
    written = write_bad_files(tmp_path / "in")
    expected = {str(Path("in", p.name)): words for p, words in written.items() if p.is_file()}
    assert len(expected) >= 30
    result = upscale("in", "missing.png", "-o", "out", code=1)
    assert result.stdout.splitlines() == [str(Path(f"out/p{n}.png")) for n in range(3)]
    lines = result.stderr.splitlines()
    for path, words in expected.items():
        about = [line for line in lines if line.startswith(f"{path}: ")]
        assert len(about) == 1, path
        assert words in about[0]
        assert "; " in about[0]
    assert any(line.startswith("missing.png: the file does not exist; ") for line in lines)
    assert sorted(path.name for path in Path("out").iterdir()) == ["p0.png", "p1.png", "p2.png"]


def test_existing_outputs(upscale, tmp_path):
    save_pictures(tmp_path / "in", count=2, side=16)
    upscale("in", "-o", "out")
    (tmp_path / "out/p1.png").write_bytes(b"old")
    result = upscale("in", "-o", "out", code=1)
    assert result.stdout == ""
    assert "p1.png exists already; --overwrite, or --resume to skip it" in result.stderr
    (tmp_path / "out/p0.png").unlink()
    result = upscale("in", "-o", "out", "--resume")
    assert result.stdout == f"{Path('out/p0.png')}\n"
    assert "1 done, 1 there already" in result.stderr
    assert (tmp_path / "out/p1.png").read_bytes() == b"old"
    upscale("in", "-o", "out", "--overwrite")
    assert beyne.read("out/p1.png").height == 64


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--consistent", "--scale", "1"], "--consistent: at ×1"),
        (["--trust"], "--trust"),
        (["--format", "gif"], "no format 'gif'"),
        (["--scale", "8"], "can't make ×8; it makes ×4, ×3, ×2, ×1"),
        (["--smooth", "-1"], "--smooth"),
        (["--bands", "red"], "--bands"),
        (["--precision", "fp16"], "fp16"),
        (["--precision", "int8"], "no precision 'int8'"),
        (["--device", "tpu"], "no device 'tpu'"),
        (["--tile", "3"], "--tile"),
        (["--resume", "--overwrite"], "use one"),
        (["--pixel-limit", "0"], "--pixel-limit"),
        (["--colour"], "No such option"),
    ],
)
def test_wrong_calls_do_nothing(upscale, tmp_path, words, message):
    save_pictures(tmp_path, count=1, side=16)
    result = upscale("p0.png", "-o", "out/", *words, code=2)
    assert message in result.stderr
    assert result.stdout == ""
    assert not Path("out").exists()


def test_a_wrong_model_is_a_wrong_call(upscale, tmp_path):
    save_pictures(tmp_path, count=1, side=16)
    result = upscale("p0.png", "-o", "a.png", "--model", "fhoto-x4", code=0)
    # The last --model on the line counts, so the one above was overruled by the fixture's.
    assert result.stdout == "a.png\n"
    result = CliRunner().invoke(app, ["upscale", "p0.png", "-o", "b.png", "--model", "fhoto-x4"])
    assert result.exit_code == 2
    assert "there is no model 'fhoto-x4'" in result.stderr


def test_options_reach_the_picture(upscale, tmp_path):
    bands = np.random.default_rng(0).integers(0, 65536, (12, 10, 5)).astype(np.uint16)
    tifffile.imwrite("five.tif", bands, photometric="minisblack", planarconfig="contig")
    result = upscale("five.tif", "-o", "x.tif", code=1)
    assert "five.tif: it has 5 bands, and tiny takes 3; --bands 1,2,3" in result.stderr
    upscale("five.tif", "-o", "out/", "--bands", "3,2,1", "--scale", "2", "--smooth", "0.5")
    made = beyne.read("out/five.tif").pixels
    assert made.shape == (24, 20, 3)
    assert made.dtype == np.uint16
    upscale("five.tif", "-o", "out/", "--bands", "1", "--format", "png", "--tile", "16")
    assert beyne.read("out/five.png").pixels.shape == (48, 40, 1)


def test_the_pixel_limit_is_named_and_obeyed(upscale, tmp_path):
    save_pictures(tmp_path, count=1, side=20)
    result = upscale("p0.png", "-o", "a.png", "--pixel-limit", "399", code=1)
    assert "--pixel-limit 400" in result.stderr
    upscale("p0.png", "-o", "a.png", "--pixel-limit", "400")


def test_samples_that_the_format_rounds_are_a_warning(upscale, tmp_path):
    Image.fromarray(picture(9, 9)[..., 0].astype(np.uint16) * 257).save("deep.png")
    result = upscale("deep.png", "-o", "flat.jpg", "--json")
    assert json.loads(result.stdout)["done"][0]["warnings"] == [
        "JPG holds 8 bits a sample: values were rounded"
    ]


def test_no_words_show_help():
    result = CliRunner().invoke(app, [])
    assert "upscale" in result.output


def test_version():
    result = CliRunner().invoke(app, ["--version"])
    assert result.stdout == f"beyne {beyne.__version__}\n"


@pytest.mark.skipif(os.name != "posix", reason="signals differ on Windows")
def test_ctrl_c_leaves_nothing_half_written(model_file, tmp_path):
    save_pictures(tmp_path / "in", count=40, side=500)
    command = [*BEYNE, "upscale", "in", "-o", "out", "--model", str(model_file)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # ignored under nohup, else
    with subprocess.Popen(command, cwd=tmp_path, preexec_fn=heard, **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline()  # the first output is there
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == "beyne: interrupted\n"
    outputs = sorted((tmp_path / "out").iterdir())
    assert 0 < len(outputs) < 40
    for path in outputs:
        assert path.suffix == ".png"
        assert beyne.read(path).height == 2000


def test_a_closed_pipe_is_no_traceback(model_file, tmp_path):
    save_pictures(tmp_path / "in", count=3, side=16)
    line = f"'{sys.executable}' -m beyne upscale in -o out --model '{model_file}' | true"
    done = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert done.stderr.startswith("3 done; ")
    assert len(done.stderr.splitlines()) == 1
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_grey_saved_as_colour_goes_into_a_model_of_one_band(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = tiny_model("compact", channels_in=1, channels_out=1)
    save(tmp_path / "grey.safetensors", model.card, model.network)
    beyne.save(beyne.Raster(np.repeat(picture(20, 20, 1), 3, axis=2)), "a.png")
    words = ["upscale", "a.png", "--model", "grey.safetensors", "-o", "b.png", "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["done"][0]["consistency_db"] > 5
    assert beyne.read("b.png").channels == 1
