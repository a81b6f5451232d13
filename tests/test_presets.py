"""Every recipe that comes with beyne: it fits together, and names what it lacks."""

from __future__ import annotations

import pytest
from pictures import save_pictures

from beyne.errors import UsageError
from beyne.recipe import load_recipe, presets
from beyne.training.parts import build_networks
from beyne.training.resolve import resolved
from beyne.training.schedule import Intervals
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


@pytest.mark.parametrize("name", presets())
def test_no_preset_speaks_for_the_pictures_of_others(name) -> None:
    recipe = load_recipe(name)
    assert (recipe.licence, recipe.credit) == ("not stated", "")


@pytest.mark.parametrize("name", presets())
def test_a_short_run_of_every_preset_is_saved_and_watched(name) -> None:
    recipe = load_recipe(name, ["train.images=2000"])
    every, batch = Intervals.of(recipe), recipe.train.batch
    for interval, least in ((every.save, 10), (every.preview, 10), (every.guard, 40)):
        seen = range(batch, 2000 + batch, batch)
        assert sum(n // interval > (n - batch) // interval for n in seen) >= least
    assert recipe.adversarial is None or recipe.adversarial.guard
    assert Intervals.of(load_recipe(name, ["train.images=2000", "train.save_every=7"])).save == 7


def test_intervals_of_long_runs_grow_no_further() -> None:
    images = ["train.images=16_000_000"]
    assert Intervals.of(load_recipe("srgan", images)) == Intervals(1_600, 1_600, 16_000, 64_000)


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


def test_of_weights_that_nobody_publishes_others_are_named(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("BEYNE_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    save_pictures(tmp_path / "data")
    recipe = load_recipe("photo-x4-gan")
    with pytest.raises(UsageError) as caught:
        prepare(recipe, tmp_path / "data", tmp_path / "run")
    said, others = str(caught.value).split(", or others: ")
    assert "put mobilenet_v2_tf_qat.safetensors into" in said
    fetch, setting = others.split(", then --set ")
    assert fetch == "beyne weights fetch mobilenet_v2_torchvision"
    recipe = load_recipe("photo-x4-gan", [setting])
    assert recipe.discriminator is not None
    assert recipe.discriminator["weights"] == "mobilenet_v2_torchvision"


@pytest.mark.parametrize("wrong", [False, True])
def test_a_discriminator_names_weights_that_are_here(wrong, tmp_path, monkeypatch, shared) -> None:
    for file in (
        "mobilenet_v2_tf_qat.safetensors",
        "vgg19_normalised_conv1_1_to_conv3_1.safetensors",
    ):
        (tmp_path / file).symlink_to(shared("weights") / file)
    monkeypatch.setenv("BEYNE_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    if wrong:
        (tmp_path / "mobilenet_v2-b0353104.pth").write_bytes(b"something else")
    settings = ["generator.channels=3", "discriminator.weights=mobilenet_v2_torchvision"]
    with pytest.raises(UsageError) as caught:
        build_networks(resolved(load_recipe("gan-projected", settings), 10))
    what, instead = str(caught.value).split(", or with what is here: --set ")
    assert ("is not the file" if wrong else "are not here; beyne weights fetch") in what
    assert instead == "discriminator.weights=mobilenet_v2_tf_qat"
    build_networks(resolved(load_recipe("gan-projected", [*settings, instead]), 10))
    (tmp_path / "mobilenet_v2_tf_qat.safetensors").unlink()
    with pytest.raises(UsageError) as caught:
        build_networks(resolved(load_recipe("gan-projected", settings), 10))
    other = str(caught.value).split("what is here: --set ")[1].split(" --set ")
    build_networks(resolved(load_recipe("gan-projected", [*settings, *other]), 10))


def test_what_a_retrained_esrgan_starts_from_is_asked_for(tmp_path) -> None:
    save_pictures(tmp_path / "data")
    recipe = load_recipe("esrgan-vgg19", ["data.size_in=8", "data.size_out=32"])
    with pytest.raises(UsageError, match="runs/esrgan"):
        prepare(recipe, tmp_path / "data", tmp_path / "run")


def test_an_empty_start_begins_afresh(tmp_path) -> None:
    save_pictures(tmp_path / "data")
    settings = ["generator.features=4", "data.size_in=16", "data.size_out=64"]
    settings += ["losses.objects.weights=random", "train.select=psnr"]
    settings += ["discriminator={kind='vgg',features=4}"]
    with pytest.raises(UsageError, match=r"features 48 for 4; .* --set train\.start= begins"):
        prepare(load_recipe("photo-x4-gan", settings), tmp_path / "data", tmp_path / "run")
    recipe = load_recipe("photo-x4-gan", [*settings, "train.start="])
    assert prepare(recipe, tmp_path / "data", tmp_path / "run").recipe.train.start is None


def test_whole_pictures_are_resampled_to_both_sizes(tmp_path) -> None:
    save_pictures(tmp_path / "data")
    settings = ["data.size_in=8", "data.size_out=32", "train.batch=2", "generator.features=4"]
    recipe = load_recipe("srgan-ls", [*settings, "discriminator.features=4"])
    setup = prepare(recipe, tmp_path / "data", tmp_path / "run")
    batch = setup.batches.batch(range(2))
    assert batch["lr"].shape == (2, 3, 8, 8)
    assert batch["hr"].shape == (2, 3, 32, 32)
    assert {picture.hr.shape for picture in setup.examiner.pictures} == {(32, 32, 3)}
