"""The perceptual loss: its value, its gradient, its weights, and who may not be its backbone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import save_pictures

from beyne.backbones import BACKBONES, load_backbone
from beyne.config import read_toml
from beyne.errors import UsageError
from beyne.losses import build
from beyne.recipe import PRESETS, load_recipe
from beyne.training import dry_run
from beyne.zoo import entries

GENERATOR = torch.Generator().manual_seed(5)
OUTPUT, TARGET = torch.rand(2, 2, 3, 40, 48, generator=GENERATOR)


def perceptual(**fields):
    return build("content", {"kind": "perceptual", "weights": "random", **fields})[0]


def unit(features):
    return features / np.linalg.norm(features, axis=1, keepdims=True).clip(1e-12)


BY_HAND = {
    "l1": lambda first, second: np.abs(first - second).mean(),
    "mse": lambda first, second: ((first - second) ** 2).mean(),
    "unit": lambda first, second: ((unit(first) - unit(second)) ** 2).sum(1).mean(),
}


@pytest.mark.parametrize("activation", ["before", "after"])
@pytest.mark.parametrize("distance", BY_HAND)
def test_value_by_hand(activation, distance):
    loss = perceptual(
        layers={"conv1_2": 0.5, "conv2_1": 3}, activation=activation, distance=distance, seed=2
    )
    vgg = load_backbone("vgg19", "random", seed=2)
    expected = 0.0
    for layer, weight in (("conv1_2", 0.5), ("conv2_1", 3)):
        first, second = (vgg(x, [layer], activation)[layer].numpy() for x in (OUTPUT, TARGET))
        expected += weight * BY_HAND[distance](first, second)
    assert float(loss(OUTPUT, TARGET)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_gradient_reaches_every_pixel_and_no_weight(backbone, channels):
    loss = perceptual(backbone=backbone, layers=[BACKBONES[backbone][1].usual_layer])
    loss.train()
    output = torch.rand(1, channels, 32, 32, generator=GENERATOR, requires_grad=True)
    loss(output, torch.rand(1, channels, 32, 32, generator=GENERATOR)).backward()
    assert (output.grad != 0).float().mean() > 0.9
    assert torch.isfinite(output.grad).all()
    assert all(parameter.grad is None for parameter in loss.parameters())
    assert not loss.backbone.training


def test_under_autocast_it_is_nearly_the_same_and_in_float32():
    loss = perceptual(layers=["conv2_1"])
    with torch.autocast("cpu", torch.bfloat16):
        value = loss(OUTPUT, TARGET)
    assert value.dtype == torch.float32
    assert float(value) == pytest.approx(float(loss(OUTPUT, TARGET)), rel=0.03)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"layers": []}, "losses.content.layers"),
        ({"layers": "conv9_1"}, "losses.content: vgg19 has no layer 'conv9_1'; did you mean"),
        ({"backbone": "vgg", "layers": "conv1_1"}, "losses.content: there is no backbone 'vgg'"),
        ({"layers": "conv1_1", "weights": "vgg19_kera"}, "did you mean 'vgg19_keras'"),
    ],
)
def test_mistakes_are_told(fields, message):
    with pytest.raises(UsageError, match=message):
        perceptual(**fields)


RECIPE = """
[generator]
kind = "compact"
features = 4
convolutions = 1
[data]
size_in = 16
size_out = 64
[train]
images = 8
batch = 2
[losses.content]
kind = "perceptual"
layers = "conv5_4"
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "seen.toml"
    path.write_text(RECIPE)
    return lambda *settings: load_recipe(str(path), list(settings))


@pytest.mark.parametrize(
    ("backbone", "instead"),
    [
        ("vgg19", "weights=vgg19_normalised --set losses.content.layers=conv3_1"),
        ("mobilenet_v2", "weights=mobilenet_v2_tf_qat"),
        (
            "resnet152_v2",
            "backbone=mobilenet_v2 --set losses.content.weights=mobilenet_v2_tf_qat "
            "--set losses.content.layers=block_13_expand",
        ),
    ],
)
def test_missing_weights_stop_before_training_and_what_is_here_is_named(
    backbone, instead, recipe, tmp_path, shared, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("BEYNE_WEIGHTS", str(shared("weights")))
    pictures, run = save_pictures(tmp_path / "pictures"), tmp_path / "run"
    layer = BACKBONES[backbone][1].usual_layer
    chosen = [f"losses.content.backbone={backbone}", f"losses.content.layers={layer}"]
    with pytest.raises(UsageError, match="not here; beyne weights fetch") as caught:
        dry_run(recipe(*chosen), pictures, run)
    assert str(caught.value).endswith(f"or with what is here: --set losses.content.{instead}")
    assert not run.exists()
    settings = instead.replace("--set ", "").split()
    settings[0] = f"losses.content.{settings[0]}"
    dry_run(recipe(*chosen, *settings), pictures, run)


def test_nothing_is_here(recipe, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("BEYNE_WEIGHTS", raising=False)
    with pytest.raises(UsageError) as caught:
        dry_run(recipe(), save_pictures(tmp_path / "pictures"), tmp_path / "run")
    assert str(caught.value) == (
        "losses.content: the weights 'vgg19_keras' are not here; beyne weights fetch vgg19_keras"
    )


def tables(tree):
    """A table and all tables within it."""
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from tables(value)


def test_the_judge_trains_nobody():
    """LPIPS looks with SqueezeNet, so no recipe or model may have been trained to please it."""
    recipes = [read_toml(path) for path in PRESETS.rglob("*.toml")]
    cards = [found.card.provenance for found in entries()[0]]
    assert recipes
    assert cards
    for tree in [*recipes, *cards]:
        for table in tables(tree):
            assert table.get("backbone") != "squeezenet"
            assert "squeezenet" not in str(table.get("weights", ""))
            assert "lpips" not in str(table.get("kind", ""))


def test_the_judge_is_not_offered_instead(recipe, tmp_path, shared, monkeypatch):
    judge = shared("weights/squeezenet1_1_caffe_fp16src.safetensors")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("BEYNE_WEIGHTS", str(tmp_path))
    Path(tmp_path / judge.name).symlink_to(judge)
    with pytest.raises(UsageError) as caught:
        dry_run(recipe(), save_pictures(tmp_path / "pictures"), tmp_path / "run")
    assert "squeezenet" not in str(caught.value)
