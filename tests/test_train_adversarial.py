"""Training against a discriminator: order, stages, guard, starting from a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from pictures import save_pictures
from training_runs import ADVERSARIAL, recipe_for, run

from beyne.errors import UsageError
from beyne.losses import LOSSES
from beyne.recipe import DataConfig
from beyne.tasks.adversarial import Moment
from beyne.tasks.paired import _moved
from beyne.training import dry_run
from beyne.training.loop import Loop
from beyne.training.setup import prepare


def records(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "stats.jsonl").read_text().splitlines()]


def loop_for(folder: Path, *settings: str) -> Loop:
    recipe = recipe_for(folder, "compact", *settings, more=ADVERSARIAL)
    return Loop(prepare(recipe, folder / "data", folder / "run"), folder / "run")


def snapshot(loop: Loop) -> dict[str, torch.Tensor]:
    """One parameter vector a network."""
    return {
        name: torch.cat([p.detach().flatten().clone() for p in net.parameters()])
        for name, net in loop.state.nets.items()
    }


def test_stages_show_in_the_records(workplace) -> None:
    folder = run(workplace, "run", more=ADVERSARIAL)
    seen = {n: {k for r in records(folder) if r["images"] == n for k in r} for n in (16, 24, 64)}
    assert "discriminator" not in seen[16]
    assert {"discriminator", "r1"} <= seen[24]
    assert "adversarial" not in seen[24]
    assert {"content", "adversarial", "discriminator", "r1", "accuracy"} <= seen[64]


@pytest.mark.parametrize("first", ["generator", "discriminator"])
def test_both_networks_learn_whoever_is_first(workplace, first) -> None:
    settings = [f'adversarial.first="{first}"', "adversarial.warmup=0", "adversarial.head_start=0"]
    loop = loop_for(workplace, *settings)
    before = snapshot(loop)
    loop.probe(2)
    after = snapshot(loop)
    assert not torch.equal(before["generator"], after["generator"])
    assert not torch.equal(before["discriminator"], after["discriminator"])


def test_discriminator_rests_in_the_warmup_and_while_it_is_skipped(workplace) -> None:
    for settings, skip in (
        (("adversarial.warmup=1000",), False),
        (("adversarial.warmup=0",), True),
    ):
        loop = loop_for(workplace, *settings)
        loop.state.balance.skip = skip
        before = snapshot(loop)
        loop.probe(2)
        assert torch.equal(before["discriminator"], snapshot(loop)["discriminator"])


def test_rates_are_separate_and_the_guard_lowers_the_discriminators(workplace) -> None:
    loop = loop_for(workplace, "train.warmup=0", 'train.schedule="constant"')
    assert loop.learning_rate(32) == pytest.approx(1e-3)
    assert loop.learning_rate(32, "discriminator") == pytest.approx(2e-3)
    loop.state.balance.rate = 0.25
    assert loop.learning_rate(32, "discriminator") == pytest.approx(5e-4)


def test_estimate_counts_the_discriminator(workplace) -> None:
    """A run that is mostly warm-up is told to be shorter than one that has none."""
    hours = {}
    for warmup in (0, 60_000):
        settings = ["train.images=64000", f"adversarial.warmup={warmup}", "train.save_every=64000"]
        big = ["discriminator.features=32", "discriminator.hidden=256"]
        recipe = recipe_for(workplace, "compact", *settings, *big, more=ADVERSARIAL)
        hours[warmup] = dry_run(recipe, workplace / "data", workplace / "none")[1].hours
    assert hours[60_000] < 0.5 * hours[0]


def test_losses_act_in_their_stage(workplace) -> None:
    stages = """
[losses.content]
kind = "l1"
stage = "warmup"
[losses.fine]
kind = "mse"
stage = "adversarial"
"""
    folder = run(workplace, "run", more=stages + ADVERSARIAL)
    for record in records(folder):
        if "learning_rate" in record:
            assert ("content" in record) == (record["images"] <= 16)
            assert ("fine" in record) == (record["images"] > 16)


def test_start_from_a_run_takes_both_networks_where_there_are_two(workplace) -> None:
    both = run(workplace, "both", more=ADVERSARIAL)
    alone = run(workplace, "alone")
    heard: dict[str, list[str]] = {}
    for folder in (alone, both):
        start = f"train.start={json.dumps(str(folder))}"
        recipe = recipe_for(workplace, "compact", start, more=ADVERSARIAL)
        setup = prepare(recipe, workplace / "data", workplace / "none")
        kept = torch.load(folder / "state" / "state.pt", weights_only=True)["nets"]
        for name, tensors in kept.items():
            for key, tensor in tensors.items():
                assert torch.equal(tensor, setup.state.nets[name].state_dict()[key])
        heard[folder.name] = setup.notes
    assert "generator and discriminator of" in heard["both"][0]
    assert "discriminator starts fresh" in heard["alone"][1]
    other = recipe_for(workplace, "compact", start, "discriminator.features=5", more=ADVERSARIAL)
    notes = prepare(other, workplace / "data", workplace / "none").notes
    assert "both has another" in notes[1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["losses.content.stage=adversarial"], "no loss acts .*without a discriminator"),
        (["losses.content.stage=warmup"], "no loss acts .*beside the discriminator"),
        (["data.size_in=1", "data.size_out=4", "discriminator.norm=instance"], "can't judge 4"),
        (
            [
                "losses.content={kind='perceptual',layers='conv1_1',weights='random'}",
                "data.size_in=4",
                "data.size_out=16",
            ],
            "losses.content takes crops of 32 pixels",
        ),
        (
            ["losses.content={kind='perceptual',layers='conv1_1',weights='random'}"],
            "and of data.size_out 32 up to 3 are cut off",
        ),
        (
            ["discriminator={kind='projected',layers='Conv1',weights='random'}"],
            "'projected' can't judge 4 crops of 29×29 pixels; a larger data.size_in and data",
        ),
        (["train.betas=[1.5,0.9]"], "train.betas.0: input should be less than 1"),
        (["train.betas=[0.9,1.0]"], "train.betas.1: input should be less than 1"),
        ([f"train.seed={2**63}"], "train.seed: input should be less than"),
        (["train.epochs=inf"], "train.epochs: input should be a finite number"),
        (["adversarial.weight=inf"], "adversarial.weight: input should be a finite number"),
        (["losses.content.weight=nan"], "losses.content.weight: input should be"),
        (
            ["data.degradation={kind='real',first={blur={sigma=[0.2,inf]}}}"],
            "data.degradation.first.blur.sigma.1: input should be a finite number",
        ),
        (["discriminator.channels=1"], "discriminator.channels is 1, .* has 3"),
        (
            ["losses.grid.kind=grid", "data.size_in=1", "data.size_out=4"],
            "losses.grid takes crops of 6 pixels and more",
        ),
        (["adversarial.weigth=1"], "adversarial.weigth: unknown key; did you mean 'weight'"),
        (["train.start=runs/nowhere"], "train.start: runs/nowhere"),
    ],
)
def test_what_does_not_fit_is_named_before_training(workplace, settings, message) -> None:
    def made_ready() -> None:
        recipe = recipe_for(workplace, "compact", *settings, more=ADVERSARIAL)
        prepare(recipe, workplace / "data", workplace / "none")

    with pytest.raises(UsageError, match=message):
        made_ready()


def test_what_is_checked_is_the_least_that_is_seen() -> None:
    data = DataConfig(size_in=9, size_out=36)
    hr = torch.zeros(1, 1, 36, 36)
    batch = {"lr": torch.zeros(1, 1, 9, 9), "hr": hr}
    seen = [_moved((hr, hr), batch, Moment(step=step))[0].shape for step in range(16)]
    assert min(min(shape[-2:]) for shape in seen) == data.least_out == 33


def test_every_phase_of_the_grid_is_seen_in_micro_batches_too(workplace) -> None:
    settings = ["train.batch=4", "train.micro_batch=1", "adversarial.warmup=0"]
    loop = loop_for(workplace, *settings, "adversarial.head_start=0")
    seen = set()
    loop.state.nets["discriminator"].register_forward_pre_hook(
        lambda net, images: seen.add(tuple(images[0].shape[-2:]))
    )
    loop.probe(0, 14)
    assert seen == {(32 - top, 32 - left) for top in range(4) for left in range(4)}


def test_a_discriminator_that_never_counts_is_told(workplace) -> None:
    heard = {}
    for images in (24, 64):  # a warm-up of 16 and a head start of 8
        recipe = recipe_for(workplace, "compact", f"train.images={images}", more=ADVERSARIAL)
        heard[images] = prepare(recipe, workplace / "data", workplace / "none").notes
    assert heard[64] == []
    (said,) = heard[24]
    assert "will not count: adversarial.warmup and head_start are 24 images together" in said


def test_it_is_told_when_nothing_is_held_out(tmp_path) -> None:
    save_pictures(tmp_path / "data", 1)
    recipe = recipe_for(tmp_path, "compact")
    (said,) = prepare(recipe, tmp_path / "data", tmp_path / "none").notes
    assert "no picture is left to validate with" in said


def test_validation_pictures_too_small_for_the_guard_are_named(tmp_path) -> None:
    save_pictures(tmp_path / "data" / "train")
    save_pictures(tmp_path / "data" / "val", side=24)
    recipe = recipe_for(tmp_path, "compact", more=ADVERSARIAL)
    with pytest.raises(UsageError, match="the guard looks at crops of validation pictures"):
        prepare(recipe, tmp_path / "data", tmp_path / "none")


def test_tables_go_together(workplace) -> None:
    with pytest.raises(UsageError, match="discriminator and adversarial go together"):
        recipe_for(workplace, "compact", 'discriminator.kind="vgg"')


@pytest.mark.parametrize("name", ["psnr", "discriminator", "accuracy"])
def test_names_of_columns_are_no_names_of_losses(workplace, name) -> None:
    with pytest.raises(UsageError, match=f"'{name}' can't be the name of a loss"):
        recipe_for(workplace, "compact", f'losses.{name}.kind="{next(iter(LOSSES))}"')
