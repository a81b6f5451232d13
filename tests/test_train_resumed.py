"""Training goes on exactly where it stopped, in one process or two, and from other runs."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from pictures import save_pictures
from tiny_networks import ENLARGERS, FIELDS, tiny
from training_runs import ADVERSARIAL, recipe_for, run, sections

import beyne
from beyne import bundle
from beyne.data import DEGRADATIONS
from beyne.errors import UsageError
from beyne.images.projection import project
from beyne.images.resample import downscale
from beyne.recipe import load_recipe
from beyne.training.setup import prepare
from beyne.training.start import as_grey

COMMAND = "import sys; from beyne.cli import main; main()"


def start(folder: Path, name: str, *settings: str, **environment: str) -> subprocess.Popen[bytes]:
    fields = [f"--set=generator.{key}={value}" for key, value in FIELDS["span"].items()]
    call = [sys.executable, "-c", COMMAND, "train", str(folder / "tiny.toml")]
    call += ["--data", str(folder / "data"), "-o", str(folder / name), *fields]
    call += [f"--set={setting}" for setting in settings]
    if "RANK" not in environment and name != "one":
        call += ["--set=train.precision=bf16"]
    whole = os.environ | environment
    return subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=whole)


def lengthen(recipe: Path, images: int) -> None:
    recipe.write_text(recipe.read_text().replace("images = 64", f"images = {images}"))


def wait_for(path: Path, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < until, f"{path} did not appear"
        time.sleep(0.02)


def assert_same_run(one: Path, other: Path, preview: str = "000000512.png") -> None:
    for name in ("best.safetensors", "last.safetensors", "stats.jsonl", f"previews/{preview}"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    first, second = (torch.load(p / "state" / "state.pt", weights_only=True) for p in (one, other))
    assert first["nets"].keys() == second["nets"].keys()
    for net, tensors in first["nets"].items():
        for name, tensor in tensors.items():
            assert torch.equal(tensor, second["nets"][net][name]), f"{net} {name}"


@pytest.mark.parametrize(
    ("settings", "more"),
    [
        *(((f"data.degradation.kind={kind}",), "") for kind in DEGRADATIONS),
        (("discriminator.norm=batch",), ADVERSARIAL),
        (("discriminator.norm=spectral",), ADVERSARIAL),
    ],
    ids=[*DEGRADATIONS, "batch-norm", "spectral-norm"],
)
def test_killed_run_ends_as_if_never_stopped(workplace, settings, more) -> None:
    recipe_for(workplace, "span", more=more)
    lengthen(workplace / "tiny.toml", 512)
    whole = start(workplace, "whole", *settings)
    assert whole.wait() == 0, whole.communicate()[1].decode()
    assert whole.communicate()[0].decode().strip().endswith("best.safetensors")
    for _ in range(2):
        killed = start(workplace, "killed", *settings)
        wait_for(workplace / "killed" / "state" / "state.pt")
        time.sleep(random.uniform(0, 0.4))
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        assert killed.returncode == -signal.SIGKILL, "it ended before it was killed"
    last = start(workplace, "killed", *settings)
    assert last.wait() == 0, last.communicate()[1].decode()
    last.communicate()
    assert_same_run(workplace / "whole", workplace / "killed")


SHORT = [
    *("train.images=120", "train.preview_every=120", "train.batch=4"),
    *("data.size_out=32", "train.precision=fp32"),
]
FAMILIES = {
    "gan": ["generator.features=4", "generator.latent=8", "discriminator.features=4"],
    "pix2pix": [
        *("data.size_in=32", "data.layout=same", "generator.levels=3", "generator.features=8"),
        *("discriminator.features=4", "discriminator.layers=1"),
    ],
}


@pytest.mark.parametrize("name", FAMILIES)
def test_killed_run_of_a_preset_ends_as_if_never_stopped(
    name, workplace, monkeypatch, no_published_weights
) -> None:
    """As often saved as the preset says, and with its guard."""
    monkeypatch.setattr("beyne.training.samples.GENERATED", 8)
    data, settings = save_pictures(workplace / "data", 8), [*SHORT, *FAMILIES[name]]
    assert beyne.train(name, data, workplace / "whole", settings)
    call = [sys.executable, "-c", COMMAND, "train", name, "--data", str(data)]
    call += ["-o", str(workplace / "killed"), *(f"--set={setting}" for setting in settings)]
    killed = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(workplace / "killed" / "state" / "state.pt")
    time.sleep(random.uniform(0, 0.2))
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL, "it ended before it was killed"
    assert beyne.train(name, data, workplace / "killed", settings)
    assert_same_run(workplace / "whole", workplace / "killed", "000000120.png")
    lines = (workplace / "killed" / "stats.jsonl").read_text().splitlines()
    select = load_recipe(name).train.select
    assert sum(select in json.loads(line) for line in lines) == 10


@pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
def test_ctrl_c_saves_and_says_how_to_go_on(workplace) -> None:
    recipe_for(workplace, "span")
    lengthen(workplace / "tiny.toml", 100_000)
    process = start(workplace, "run")
    wait_for(workplace / "run" / "state" / "state.pt")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on from here" in errors.decode()
    assert "Traceback" not in errors.decode()
    assert sections(workplace / "run")["outcome"]["state"] == "stopped"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_two_processes_train_as_one(workplace) -> None:
    recipe_for(workplace, "span")
    path = workplace / "tiny.toml"
    path.write_text(path.read_text().replace("bf16", "fp32"))
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    meeting |= {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "ACCELERATE_USE_CPU": "true"}
    ranks = [
        start(workplace, "two", RANK=str(rank), LOCAL_RANK=str(rank), **meeting) for rank in (0, 1)
    ]
    alone = start(workplace, "one")
    for process in (*ranks, alone):
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    one, two = (
        bundle.load(workplace / name / "last.safetensors").network.state_dict()
        for name in ("one", "two")
    )
    for name, tensor in one.items():
        assert torch.allclose(tensor, two[name], atol=2e-3), name


def test_start_from_a_run_and_from_a_model(workplace) -> None:
    folder = run(workplace, "first", kind="span")
    heard: list[str] = []
    for start_from in (folder, folder / "last.safetensors"):
        recipe = recipe_for(workplace, "span", f"train.start={json.dumps(str(start_from))}")
        assert recipe.told()["train"]["start"] == start_from.name
        setup = prepare(recipe, workplace / "data", workplace / "none")
        heard += setup.notes
        used = setup.state.average.for_use()
        expected = bundle.load(folder / "last.safetensors").network
        image = torch.rand(1, 3, 8, 8)
        with torch.inference_mode():
            assert torch.allclose(used(image), expected(image), atol=1e-5)
        assert setup.state.images == 0
    assert "with their optimisers" in heard[0]
    assert "optimisers start fresh" in heard[1]
    assert setup.parent["licence"] == "not stated"
    other = recipe_for(
        workplace, "compact", f"train.start={json.dumps(str(folder / 'last.safetensors'))}"
    )
    with pytest.raises(UsageError, match="another network .*kind span for compact"):
        prepare(other, workplace / "data", workplace / "none")


@pytest.mark.parametrize("kind", ENLARGERS)
def test_a_network_for_grey_starts_as_one_for_colours_takes_grey(kind) -> None:
    colour, grey = tiny(kind).for_use(), tiny(kind, channels_in=1, channels_out=1).for_use()
    grey.load_state_dict(as_grey(colour.state_dict(), grey.state_dict()))
    image = torch.rand(1, 1, 8, 9)
    with torch.inference_mode():
        expected = colour(image.expand(-1, 3, -1, -1)).mean(1, keepdim=True)
        assert torch.allclose(grey(image), expected, atol=1e-5)


def test_training_on_grey_starts_from_a_model_for_colours(workplace) -> None:
    start = run(workplace, "first", kind="span") / "last.safetensors"
    grey = ("generator.channels_in=1", "generator.channels_out=1")
    recipe = recipe_for(workplace, "span", f"train.start={json.dumps(str(start))}", *grey)
    used = prepare(recipe, workplace / "data", workplace / "none").state.average.for_use()
    image = torch.rand(1, 1, 8, 8)
    with torch.inference_mode():
        expected = bundle.load(start).network(image.expand(-1, 3, -1, -1)).mean(1, keepdim=True)
        assert torch.allclose(used(image), expected, atol=1e-5)


def test_training_through_the_projection_starts_from_a_model_without(workplace) -> None:
    start = run(workplace, "first", kind="span") / "last.safetensors"
    settings = (f"train.start={json.dumps(str(start))}", "generator.projection=bicubic")
    recipe = recipe_for(workplace, "span", *settings)
    begun = prepare(recipe, workplace / "data", workplace / "none").state.average
    image = torch.rand(1, 3, 8, 8)
    with torch.inference_mode():
        before = bundle.load(start).network(image)
        assert torch.allclose(begun(image), project(before, image), atol=1e-5)
    model = bundle.load(run(workplace, "second", *settings, kind="span") / "last.safetensors")
    assert model.card.projected
    assert model.card.consistent
    with torch.inference_mode():
        assert torch.allclose(downscale(model.network(image), 4), image, atol=1e-5)
    with pytest.raises(UsageError, match="projection is bicubic, data.operator is bicubic-matlab"):
        run(workplace, "third", *settings, "data.operator=bicubic-matlab", kind="span")


def test_a_run_older_than_a_field_of_its_network_goes_on(workplace) -> None:
    recipe = run(workplace, "run") / "recipe.toml"
    text = recipe.read_text()
    assert 'projection = "none"\n' in text
    recipe.write_text(text.replace('projection = "none"\n', ""))
    run(workplace, "run", "train.images=80")


def test_a_run_older_than_its_recipe_s_licence_goes_on(workplace) -> None:
    run(workplace, "run", "licence=CC0", "credit=trained on pictures of ours")
    folder = run(workplace, "run", "licence=MIT", "train.images=80")
    card = bundle.read_card(folder / "last.safetensors")
    assert (card.licence, card.credit) == ("MIT", "")


def test_run_goes_on_though_what_it_started_from_is_gone(workplace) -> None:
    start_from = f"train.start={json.dumps(str(run(workplace, 'first', kind='span')))}"
    folder = run(workplace, "second", start_from, kind="span")
    before = bundle.read_card(folder / "last.safetensors").provenance["start"]
    shutil.rmtree(workplace / "first")
    run(workplace, "second", start_from, "train.images=96", kind="span")
    assert bundle.read_card(folder / "last.safetensors").provenance["start"] == before
    assert before["images"] == 64


def test_recipe_overrules_the_optimiser_of_the_run_it_starts_from(workplace) -> None:
    start_from = f"train.start={json.dumps(str(run(workplace, 'first')))}"
    recipe = recipe_for(workplace, "compact", start_from, "train.weight_decay=0.25")
    setup = prepare(recipe, workplace / "data", workplace / "none")
    assert setup.state.optimizers["generator"].param_groups[0]["weight_decay"] == 0.25


def test_damaged_state_is_named(workplace) -> None:
    folder = run(workplace, "run")
    (folder / "state" / "state.pt").write_bytes(b"x" * 100)  # what torch has a page to say of
    with pytest.raises(UsageError, match=r"state\.pt is damaged; delete [^\n]*state$"):
        run(workplace, "run", "train.images=96")
