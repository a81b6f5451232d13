"""Training: it learns, goes on exactly, stops well, and says what is wrong."""

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
from pictures import picture, save_pictures
from tiny_networks import ENLARGERS, FIELDS

import beyne
from beyne import bundle
from beyne.data import DEGRADATIONS, Decoded
from beyne.errors import BeyneError, MissingExtraError, UsageError
from beyne.images.projection import project
from beyne.images.resample import downscale
from beyne.recipe import load_recipe
from beyne.training import dry_run, train
from beyne.training.loop import Listener, Loop
from beyne.training.setup import prepare
from beyne.training.validation import validate

RECIPE = """
description = "test"
[generator]
kind = "KIND"
[data]
size_in = 8
size_out = 32
[train]
images = 64
batch = 4
warmup = 8
log_every = 8
save_every = 16
preview_every = 32
precision = "fp32"
"""

#: A discriminator and a guard that acts.
ADVERSARIAL = """
[discriminator]
kind = "vgg"
features = 4
hidden = 8
pooled = 2
[adversarial]
loss = "relativistic-average"
weight = 0.1
warmup = 16
head_start = 8
ramp = 8
r1 = 0.1
learning_rate = 2e-3
[adversarial.guard]
every = 8
accuracy = 0.51
crops = 8
remedies = ["rate", "r1"]
"""


@pytest.fixture
def workplace(tmp_path):
    save_pictures(tmp_path / "data")
    return tmp_path


def recipe_for(folder: Path, kind: str = "compact", *settings: str, more: str = ""):
    path = folder / "tiny.toml"
    path.write_text(RECIPE.replace("KIND", kind) + more)
    fields = [f"generator.{key}={json.dumps(value)}" for key, value in FIELDS[kind].items()]
    return load_recipe(str(path), [*fields, *settings])


def run(
    folder: Path, name: str, *settings: str, kind: str = "compact", message=None, more: str = ""
) -> Path:
    recipe = recipe_for(folder, kind, *settings, more=more)
    assert train(recipe, folder / "data", folder / name, message=message or (lambda text: None))
    return folder / name


@pytest.mark.parametrize("kind", ENLARGERS)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_overfits_four_pictures(workplace, kind, precision) -> None:
    folder = run(
        workplace,
        "run",
        "train.images=1200",
        "train.learning_rate=4e-3",
        "train.save_every=1200",
        "train.preview_every=1200",
        f"train.precision={precision}",
        "generator.features=16",
        kind=kind,
    )
    records = [json.loads(line) for line in (folder / "stats.jsonl").read_text().splitlines()]
    losses = [record["content"] for record in records if "content" in record]
    assert losses[-1] < 0.75 * losses[0]
    model = bundle.load(folder / "last.safetensors")
    assert model.card.provenance["images"] == 1200
    assert sum(1 for name in ("best.safetensors", "curves.png") if (folder / name).exists()) == 2


def test_run_folder_holds_what_the_contract_says(workplace) -> None:
    folder = run(workplace, "run")
    names = {path.name for path in folder.iterdir()}
    assert names >= {"recipe.toml", "split.csv", "stats.jsonl", "previews", "curves.png", "state"}
    assert names >= {"best.safetensors", "last.safetensors", "report.html", "report.json"}
    assert [p.name for p in sorted((folder / "previews").iterdir())] == [
        "000000032.png",
        "000000064.png",
    ]
    card = bundle.read_card(folder / "best.safetensors")
    assert card.scores[0]["psnr"] > 10
    assert card.provenance["data"]["pictures"] == 3


def sections(folder: Path) -> dict[str, dict]:
    report = json.loads((folder / "report.json").read_text())
    return {section["kind"]: section for section in report["sections"]}


def test_report_tells_how_the_run_ended_and_what_it_took(workplace) -> None:
    folder = run(workplace, "run", more=ADVERSARIAL)
    told = sections(folder)
    assert list(told) == [
        *("outcome", "scores", "curves", "sheets", "protocol", "costs", "recipes", "limits")
    ]
    card = bundle.read_card(folder / "best.safetensors")
    outcome = told["outcome"]
    assert (outcome["state"], outcome["images"], outcome["total"]) == ("finished", 64, 64)
    assert round(outcome["best"], 4) == card.scores[0]["psnr"]
    assert outcome["best_at"] == card.provenance["images"]
    (sheet,) = told["sheets"]["sheets"]
    assert (sheet["first_images"], sheet["last_images"]) == (32, 64)
    assert (folder / "report.html").read_text("utf-8").count("<img") == 2
    assert told["protocol"]["facts"]["split"] == "train 3, val 1, test 0"
    model, judge = told["costs"]["costs"]
    network = bundle.load(folder / "best.safetensors").network
    assert model["parameters"] == sum(p.numel() for p in network.parameters())
    assert judge["arm"] == "discriminator"
    charts = {chart["name"]: chart["duel"] for chart in told["curves"]["charts"]}
    assert charts["tiny"] is True
    assert charts["content"] is False
    run(workplace, "run", "train.images=80", more=ADVERSARIAL)
    longer = sections(folder)
    assert longer["outcome"]["images"] == 80
    assert longer["costs"]["costs"][0]["seconds"] > model["seconds"] > 0


def test_report_that_is_missing_is_made_when_a_finished_run_is_started_again(workplace) -> None:
    folder = run(workplace, "run")
    before = (folder / "report.json").read_bytes()
    (folder / "report.html").unlink()
    run(workplace, "run")
    assert (folder / "report.html").is_file()
    assert (folder / "report.json").read_bytes() == before


def test_jinja2_is_missed_before_training(workplace, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match="jinja2 is not installed"):
        run(workplace, "run")
    assert not (workplace / "run").exists()


def test_finished_run_says_so_and_more_images_go_on(workplace) -> None:
    folder = run(workplace, "run")
    heard: list[str] = []
    run(workplace, "run", message=heard.append)
    assert "is finished (64 images)" in heard[-1]
    run(workplace, "run", "train.images=96")
    assert bundle.read_card(folder / "last.safetensors").provenance["images"] == 96


def test_changed_keys_are_named(workplace) -> None:
    run(workplace, "run")
    with pytest.raises(UsageError, match=r"train.batch \(was 4\), train.seed \(was 0\)"):
        run(workplace, "run", "train.batch=8", "train.seed=1")
    save_pictures(workplace / "data", 5)
    (workplace / "run" / "split.csv").unlink()
    with pytest.raises(UsageError, match="run.fingerprint"):
        run(workplace, "run")


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


def assert_same_run(one: Path, other: Path) -> None:
    for name in ("best.safetensors", "last.safetensors", "stats.jsonl", "previews/000000512.png"):
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


def test_micro_batches_add_up_to_the_batch(workplace) -> None:
    whole, parts = run(workplace, "whole"), run(workplace, "parts", "train.micro_batch=2")
    first, second = (
        bundle.load(p / "last.safetensors").network.state_dict() for p in (whole, parts)
    )
    for name, tensor in first.items():
        assert torch.allclose(tensor, second[name], atol=1e-4), name


def test_start_from_a_run_and_from_a_model(workplace) -> None:
    folder = run(workplace, "first", kind="span")
    heard: list[str] = []
    for start_from in (folder, folder / "last.safetensors"):
        recipe = recipe_for(workplace, "span", f"train.start={json.dumps(str(start_from))}")
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
    other = recipe_for(
        workplace, "compact", f"train.start={json.dumps(str(folder / 'last.safetensors'))}"
    )
    with pytest.raises(UsageError, match="another network .*kind span for compact"):
        prepare(other, workplace / "data", workplace / "none")


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


def test_verb_can_be_called_twice_and_an_output_file_is_refused(workplace) -> None:
    recipe_for(workplace, "compact")
    settings = [f"generator.{key}={value}" for key, value in FIELDS["compact"].items()]
    call = (str(workplace / "tiny.toml"), workplace / "data", workplace / "run", settings)
    assert beyne.train(*call)
    assert beyne.train(*call)
    (workplace / "file").write_text("no folder")
    with pytest.raises(UsageError, match="is a file, and a run is a folder"):
        beyne.train(call[0], call[1], workplace / "file")


def test_another_split_than_the_run_was_started_with_is_refused(workplace) -> None:
    run(workplace, "run")
    other = workplace / "other.csv"
    other.write_text("file,group,split\np0.png,a,val\np1.png,b,train\n")
    with pytest.raises(UsageError, match="was started with another split"):
        prepare(recipe_for(workplace), workplace / "data", workplace / "run", other)


def test_early_stop_counts_validations_without_gain(workplace) -> None:
    heard: list[str] = []
    folder = run(
        workplace,
        "run",
        "train.patience=2",
        "train.learning_rate=1e-12",
        "train.images=1000",
        message=heard.append,
    )
    assert any("stopped early" in text for text in heard)
    assert bundle.read_card(folder / "last.safetensors").provenance["images"] < 200
    assert (folder / "curves.png").is_file()
    assert sections(folder)["outcome"]["state"] == "early"
    settings = ("train.patience=2", "train.learning_rate=1e-12", "train.images=1100")
    run(workplace, "run", *settings, message=heard.append)
    assert any("going on at" in text for text in heard)


def test_loss_that_is_no_number_names_its_term_and_keeps_the_state(workplace) -> None:
    recipe = recipe_for(workplace, "compact", "train.images=1000")
    loop = Loop(prepare(recipe, workplace / "data", workplace / "run"), workplace / "run")

    def spoil(seen: int, total: int, values: dict[str, float]) -> None:
        if seen == 40:
            next(loop.state.nets["generator"].parameters()).data.fill_(float("nan"))

    loop.listener = Listener(progress=spoil)
    with pytest.raises(BeyneError, match="loss term 'content' became nan at 40 images"):
        loop.fit()
    state = torch.load(workplace / "run" / "state" / "state.pt", weights_only=True)
    assert state["counters"]["images"] == 32
    assert all(torch.isfinite(tensor).all() for tensor in state["nets"]["generator"].values())


def test_dry_run_writes_nothing_and_estimates(workplace) -> None:
    recipe, estimate = dry_run(recipe_for(workplace), workplace / "data", workplace / "run")
    assert not (workplace / "run").exists()
    assert recipe.generator["channels_in"] == 3
    assert estimate.hours > 0
    assert estimate.memory_gib > 0.1
    assert "minutes on cpu" in estimate.text


CLEAN = ["data.size_out=8", "generator.scale=1"]
REAL = "data.degradation.kind=real"


def test_scale_1_cleans_and_keeps_the_size(workplace) -> None:
    folder = run(workplace, "run", *CLEAN, REAL, "generator.image_skip=bicubic", kind="span")
    card = bundle.read_card(folder / "best.safetensors")
    assert card.scale == 1
    image = workplace / "data" / "p0.png"
    assert beyne.upscale(image, folder / "best.safetensors").pixels.shape == (64, 64, 3)


@pytest.mark.parametrize("settings", [CLEAN, []])
def test_consistency_is_not_scored_where_it_says_nothing(workplace, settings) -> None:
    folder = run(workplace, "run", *settings, REAL)
    assert set(bundle.read_card(folder / "best.safetensors").scores[0]) >= {"psnr", "ssim"}
    assert "lr_psnr" not in (folder / "stats.jsonl").read_text()
    faithful = run(workplace, "faithful")
    assert "lr_psnr" in bundle.read_card(faithful / "best.safetensors").scores[0]


def test_an_input_rightly_left_as_it_was_scores_no_infinity() -> None:
    pixels = picture(32, 32)
    clean = Decoded("clean", pixels, pixels)
    scores = validate(torch.nn.Identity(), [clean], torch.device("cpu"), None)
    assert scores == {"psnr": 60.0, "ssim": pytest.approx(1)}


def test_scale_1_needs_inputs_that_differ_from_the_originals(workplace) -> None:
    with pytest.raises(UsageError, match=r"the original itself; --set data.degradation.kind=real"):
        prepare(recipe_for(workplace, "compact", *CLEAN), workplace / "data", workplace / "run")
    save_pictures(workplace / "pairs" / "hr", 3)
    save_pictures(workplace / "pairs" / "lr", 3)
    setup = prepare(
        recipe_for(workplace, "compact", *CLEAN), workplace / "pairs", workplace / "run"
    )
    assert setup.examiner.pictures[0].lr.shape == setup.examiner.pictures[0].hr.shape


def test_pairs_are_not_degraded_but_may_validate(workplace) -> None:
    save_pictures(workplace / "data" / "hr", 3)
    save_pictures(workplace / "data" / "lr", 3, side=16)
    with pytest.raises(UsageError, match=r"have inputs of their own; take out data.degradation"):
        prepare(recipe_for(workplace, "compact", REAL), workplace / "data", workplace / "run")
    folders = ["data.hr=hr", "data.val_hr=hr", "data.val_lr=lr"]
    recipe = recipe_for(workplace, "compact", REAL, *folders)
    setup = prepare(recipe, workplace / "data", workplace / "run")
    given = beyne.read(workplace / "data" / "lr" / "p0.png").pixels
    assert (setup.examiner.pictures[0].lr == given).all()


def test_damaged_state_is_named(workplace) -> None:
    folder = run(workplace, "run")
    (folder / "state" / "state.pt").write_bytes(b"nothing")
    with pytest.raises(UsageError, match="state.pt is damaged"):
        run(workplace, "run", "train.images=96")
