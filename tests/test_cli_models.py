"""The commands ``models``, ``blend`` and ``info``."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
import torch
import typer
from tiny_generators import tiny_model as tiny_generator
from tiny_networks import tiny, tiny_model
from typer.testing import CliRunner

from beyne.bundle import load, read_card, save
from beyne.cli.blend import blend
from beyne.cli.info import info
from beyne.cli.models import models
from beyne.errors import UsageError

app = typer.Typer()
app.add_typer(models)
app.command()(blend)
app.command()(info)


def run(*words):
    """Run a command that must succeed; returns the result with ``stdout`` and ``stderr``."""
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def model_file(tmp_path):
    model = tiny_model("compact", name="mine")
    path = tmp_path / "mine.safetensors"
    words = {"licence": "CC0", "scores": [{"data": "Set5", "psnr_y": 31.6}]}
    save(path, model.card.model_copy(update=words), model.network)
    return path


def test_list(model_file):
    (model_file.parent / "broken.safetensors").write_bytes(b"?")
    result = run("models", "list", model_file.parent)
    assert "mine" in result.stdout
    assert "×4" in result.stdout
    assert "CC0" in result.stdout
    assert "broken" not in result.stdout
    assert "broken.safetensors is not a safetensors file" in result.stderr
    entries = json.loads(run("models", "list", model_file.parent, "--json").stdout)
    assert "mine" in [entry["card"]["name"] for entry in entries]


def test_list_shows_names_as_they_are_and_goes_on_after_any_damage(model_file):
    folder = model_file.parent
    for name in ("[red]", "[i]x"):
        run("blend", model_file, model_file, "--alpha", "0.5", "-o", folder / f"{name}.safetensors")
    deep, data = b'{"a":' + b"[" * 99_995, model_file.read_bytes()
    (folder / "deep.safetensors").write_bytes(len(deep).to_bytes(8, "little") + deep + data)
    (folder / "far.safetensors").write_bytes(data.replace(b'"shape":[', b'"shape":["', 1))
    job = data.replace(b'\\"job\\": \\"upscale\\"', b'\\"job\\":\\"generate\\"')
    (folder / "odd.safetensors").write_bytes(job)
    result = run("models", "list", folder)
    assert {"mine", "[red]", "[i]x"} <= {line.split()[0] for line in result.stdout.splitlines()}
    for name in ("deep", "far", "odd"):
        assert f"{name}.safetensors" in result.stderr


def test_show(model_file):
    text = run("models", "show", model_file).stdout
    assert "upscale ×4, 3 channels in, 3 channels out, any size" in text
    assert "data Set5, psnr_y 31.6" in text
    document = json.loads(run("models", "show", model_file, "--json").stdout)
    assert document["card"] == read_card(model_file).model_dump(mode="json")
    assert document["parameters"] == sum(p.numel() for p in load(model_file).network.parameters())


def test_show_and_list_a_generator(tmp_path):
    words = {"bits": 16, "conditioning": {"labels": ["ship", "plane"]}}
    model = tiny_generator("dcgan", words=words, height=32, width=64, classes=2)
    save(tmp_path / "x.safetensors", model.card, model.network)
    text = run("models", "show", tmp_path / "x.safetensors").stdout
    assert "generate 64×32, 3 channels of 16 bit, from 8 random numbers" in text
    assert re.search(r"labels +ship, plane\n", text)
    assert "shrinking" not in text
    assert re.search(r"tiny +generate +64×32", run("models", "list", tmp_path).stdout)


def test_import_prints_the_path(tmp_path):
    torch.save(tiny("rrdb").state_dict(), tmp_path / "theirs.pth")
    target = tmp_path / "ours.safetensors"
    result = run("models", "import", tmp_path / "theirs.pth", "-o", target, "--licence", "MIT")
    assert result.stdout == f"{target}\n"
    assert load(target).card.licence == "MIT"


def test_export_prints_the_path(model_file, tmp_path):
    pytest.importorskip("onnxruntime")
    target = tmp_path / "mine.onnx"
    result = run("models", "export", model_file, "-o", target)
    assert result.stdout == f"{target}\n"
    assert "greatest difference from PyTorch at 20×24 and 51×37" in result.stderr
    assert target.exists()


def test_blend_prints_the_path(model_file, tmp_path):
    target = tmp_path / "mixed.safetensors"
    result = run("blend", model_file, model_file, "--alpha", "0.8", "-o", target)
    assert result.stdout == f"{target}\n"
    assert load(target).card.name == "mixed"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["models", "show", "no-such-model"], "there is no model"),
        (["models", "import", "none.pth"], "does not exist"),
        (["models", "export", "{model}", "-o", "{model}"], "exists"),
        (["models", "export", "{model}", "-o", "none/x.onnx"], "folder none does not exist"),
        (["blend", "{model}", "{model}", "--alpha", "2", "-o", "x.safetensors"], "outside 0 to 1"),
        (["blend", "{model}", "{model}", "-o", "{model}"], "exists"),
    ],
)
def test_mistakes_are_told_in_a_sentence(words, message, model_file):
    words = [word.format(model=model_file) for word in words]
    with pytest.raises(UsageError, match=message):
        CliRunner().invoke(app, words, catch_exceptions=False)


def test_info():
    values = json.loads(run("info", "--json").stdout)
    assert values["torch"] == torch.__version__
    assert values["extras"]["onnx"] is True
    assert values["processor"]["cores"] >= 1
    text = run("info").stdout
    assert values["beyne"] in text
    assert "BEYNE_WEIGHTS" in text or values["folders"]["weights"]


@pytest.mark.parametrize("words", ["show", "list"])
def test_looking_at_models_loads_no_torch(words, model_file):
    place = model_file if words == "show" else model_file.parent
    code = (
        "import sys; from beyne.cli.models import models; "
        f"models(['{words}', {str(place)!r}], standalone_mode=False); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
