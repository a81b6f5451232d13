"""Training: it learns, stops well, tells what it did, and says what is wrong."""

from __future__ import annotations

import json
import sys

import pytest
import torch
from pictures import save_pictures
from tiny_networks import ENLARGERS, FIELDS
from training_runs import ADVERSARIAL, recipe_for, run, sections

import beyne
from beyne import bundle
from beyne.errors import BeyneError, MissingExtraError, UsageError
from beyne.training import dry_run
from beyne.training.loop import Listener, Loop
from beyne.training.setup import prepare


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


def test_scores_of_a_training_picture_are_not_called_validation(workplace) -> None:
    for picture in sorted((workplace / "data").iterdir())[1:]:
        picture.unlink()
    told: list[str] = []
    card = bundle.read_card(run(workplace, "run", message=told.append) / "best.safetensors")
    assert card.scores[0]["data"] == "pictures it was trained on: none were held out"
    assert any("no picture is left to validate with" in line for line in told)


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


def test_intervals_that_are_left_open_go_by_the_new_length(workplace) -> None:
    fields = [f"generator.{key}={value}" for key, value in FIELDS["compact"].items()]
    own = [*fields, "data.size_in=8", "data.size_out=32", "train.batch=4"]
    own.append("train.preview_every=160")

    def trained(*settings: str) -> list[int]:
        assert beyne.train("compact", workplace / "data", workplace / "run", [*own, *settings])
        lines = (workplace / "run" / "stats.jsonl").read_text().splitlines()
        return [r["images"] for r in map(json.loads, lines) if "psnr" in r]

    short = list(range(8, 81, 8))
    assert trained("train.images=80") == short
    assert trained("train.images=160") == [*short, *range(96, 161, 16)]
    assert "save_every" not in (workplace / "run" / "recipe.toml").read_text()
    with pytest.raises(UsageError, match=r"train.save_every \(was not set\)"):
        trained("train.images=160", "train.save_every=8")


def test_changed_keys_are_named(workplace) -> None:
    run(workplace, "run")
    with pytest.raises(UsageError, match=r"train.batch \(was 4\), train.seed \(was 0\)"):
        run(workplace, "run", "train.batch=8", "train.seed=1")
    save_pictures(workplace / "data", 5)
    (workplace / "run" / "split.csv").unlink()
    with pytest.raises(UsageError, match="run.fingerprint"):
        run(workplace, "run")


def test_micro_batches_add_up_to_the_batch(workplace) -> None:
    whole, parts = run(workplace, "whole"), run(workplace, "parts", "train.micro_batch=2")
    first, second = (
        bundle.load(p / "last.safetensors").network.state_dict() for p in (whole, parts)
    )
    for name, tensor in first.items():
        assert torch.allclose(tensor, second[name], atol=1e-4), name


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


def test_weights_that_are_no_numbers_are_neither_judged_nor_kept(workplace) -> None:
    recipe = recipe_for(workplace, "compact")
    loop = Loop(prepare(recipe, workplace / "data", workplace / "run"), workplace / "run")

    def spoil(*step: object) -> None:
        if loop.state.images == 28:  # the step to 32, where the run is saved
            next(loop.state.nets["generator"].parameters()).data.fill_(float("nan"))

    loop.state.optimizers["generator"].optimizer.register_step_post_hook(spoil)
    with pytest.raises(BeyneError, match="weights became infinite or no number at 32") as caught:
        loop.fit()
    remedy = caught.value.remedy
    assert "begin a new run from it, -o NEW --set train.start=" in remedy
    assert remedy.endswith(", and lower train.learning_rate")  # it computes in fp32 already
    begun = f"train.start={json.dumps(str(workplace / 'run'))}"
    run(workplace, "new", begun, "train.learning_rate=1e-4")


def test_of_several_terms_that_are_no_numbers_the_first_is_named(workplace) -> None:
    at_once = [f"adversarial.{key}=0" for key in ("warmup", "head_start", "ramp")]
    settings = [*at_once, 'adversarial.first="generator"']
    recipe = recipe_for(workplace, "compact", *settings, more=ADVERSARIAL)
    loop = Loop(prepare(recipe, workplace / "data", workplace / "run"), workplace / "run")
    next(loop.state.nets["generator"].parameters()).data.fill_(float("nan"))
    with pytest.raises(BeyneError, match="loss term 'content' became nan"):
        loop.fit()


def test_dry_run_writes_nothing_and_estimates(workplace) -> None:
    recipe, estimate = dry_run(recipe_for(workplace), workplace / "data", workplace / "run")
    assert not (workplace / "run").exists()
    assert recipe.generator["channels_in"] == 3
    assert estimate.hours > 0
    assert estimate.memory_gib > 0.1
    assert "minutes on cpu" in estimate.text
