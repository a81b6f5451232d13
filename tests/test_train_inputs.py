"""Training on inputs that are degraded, of their own, or of the same size."""

from __future__ import annotations

import pytest
import torch
from pictures import picture, save_pictures
from training_runs import recipe_for, run

import beyne
from beyne import bundle
from beyne.data import Decoded
from beyne.errors import UsageError
from beyne.training.setup import prepare
from beyne.training.validation import validate

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
