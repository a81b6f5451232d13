"""Every recipe that comes with beyne: it fits together, and names what it lacks."""

from __future__ import annotations

import pytest
from pictures import save_pictures

from beyne.errors import UsageError
from beyne.recipe import load_recipe, presets
from beyne.training.parts import build_networks
from beyne.training.resolve import resolved
from beyne.training.setup import prepare


@pytest.mark.parametrize("name", presets())
def test_networks_of_every_preset_can_be_built(name) -> None:
    judge = load_recipe(name).discriminator or {}
    settings = ["discriminator.weights=random"] if "backbone" in judge else []
    recipe = resolved(load_recipe(name, settings), 10)
    assert recipe.description
    nets = build_networks(recipe)
    assert ("discriminator" in nets) == (recipe.adversarial is not None)
    scale = 1 if recipe.generates else recipe.data.scale
    assert nets["generator"].config.scale == scale


@pytest.mark.parametrize("backbone", ["vgg19", "mobilenetv2", "resnet152v2"])
def test_retrained_esrgan_differs_from_its_base_in_the_perceptual_term(backbone) -> None:
    base, other = load_recipe("esrgan").plain(), load_recipe(f"esrgan-{backbone}").plain()
    assert base["generator"] == other["generator"]
    assert base["discriminator"] == other["discriminator"]
    assert other["losses"]["perceptual"]["weights"].replace("_", "").startswith(backbone)
    assert other["train"]["start"] == "runs/esrgan"


def test_base_that_is_not_there_is_named(tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('base = "esrgam"\n')
    with pytest.raises(UsageError, match="there is no recipe 'esrgam'.*esrgan"):
        load_recipe(str(path))


def test_what_is_laid_over_a_base_replaces_kinds_and_lengths(tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('base = "srgan"\n[generator]\nkind = "rrdb"\n[train]\nimages = 1000\n')
    recipe = load_recipe(str(path), ["losses.content.kind=l1"])
    assert recipe.generator == {"kind": "rrdb"}
    assert recipe.losses == {"content": {"kind": "l1"}}
    assert (recipe.train.images, recipe.train.epochs) == (1000, None)


@pytest.mark.parametrize("name", ["srgan", "esrgan"])
def test_missing_weights_are_named_before_training(name, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("BEYNE_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    save_pictures(tmp_path / "data")
    recipe = load_recipe(name, ["data.size_in=8", "data.size_out=32", "generator.features=4"])
    with pytest.raises(UsageError, match=r"losses\..*beyne weights fetch") as caught:
        prepare(recipe, tmp_path / "data", tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert "vgg19" in str(caught.value)


def test_what_a_retrained_esrgan_starts_from_is_asked_for(tmp_path) -> None:
    save_pictures(tmp_path / "data")
    recipe = load_recipe("esrgan-vgg19", ["data.size_in=8", "data.size_out=32"])
    with pytest.raises(UsageError, match="runs/esrgan"):
        prepare(recipe, tmp_path / "data", tmp_path / "run")


def test_whole_pictures_are_resampled_to_both_sizes(tmp_path) -> None:
    save_pictures(tmp_path / "data")
    settings = ["data.size_in=8", "data.size_out=32", "train.batch=2", "generator.features=4"]
    recipe = load_recipe("srgan-ls", [*settings, "discriminator.features=4"])
    setup = prepare(recipe, tmp_path / "data", tmp_path / "run")
    batch = setup.batches.batch(range(2))
    assert batch["lr"].shape == (2, 3, 8, 8)
    assert batch["hr"].shape == (2, 3, 32, 32)
    assert {picture.hr.shape for picture in setup.examiner.pictures} == {(32, 32, 3)}
