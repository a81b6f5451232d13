"""The mean over eight orientations: what it is, in tiles, and where it is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from pictures import picture, save_pictures
from tiny_networks import ENLARGERS, tiny_model
from typer.testing import CliRunner

import beyne
from beyne.bundle import save
from beyne.cli import app
from beyne.errors import UsageError
from beyne.images import Raster
from beyne.predict.ensemble import ensembled
from beyne.predict.predictor import Predictor

HEIGHT, WIDTH = 45, 62


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = tiny_model("compact", scale=2)
    save(tmp_path / "tiny.safetensors", made.card, made.network)
    return "tiny.safetensors"


@pytest.fixture
def fraction():
    return Raster(picture(HEIGHT, WIDTH).astype(np.float32) / 255)


@pytest.mark.parametrize("kind", ENLARGERS)
@pytest.mark.parametrize("projection", ["none", "bicubic"])
def test_it_is_the_mean_of_eight_results(kind, projection):
    model = tiny_model(kind, projection=projection)
    x = torch.rand(2, 3, 9, 14)
    flips = [(), (2,), (3,), (2, 3)]
    with torch.inference_mode():
        results = [model.network(x.flip(axes)).flip(axes) for axes in flips]
        x_turned = x.transpose(2, 3)
        results += [model.network(x_turned.flip(axes)).flip(axes).mT for axes in flips]
        made = ensembled(model).network(x)
    torch.testing.assert_close(made, torch.stack(results).mean(0), atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ENLARGERS)
def test_tiles_equal_the_whole(kind, fraction):
    model = ensembled(tiny_model(kind))
    whole, tiled = (
        Predictor(model, precision="fp32", tile=tile).apply(fraction).pixels for tile in (1000, 16)
    )
    assert np.abs(whole - tiled).max() < 1 / 255


def test_tiles_equal_the_whole_where_pixels_are_folded_into_channels(fraction):
    model = ensembled(tiny_model("rrdb", unshuffle=2, scale=2))
    whole, tiled = (
        Predictor(model, precision="fp32", tile=tile).apply(fraction).pixels for tile in (1000, 20)
    )
    assert np.abs(whole - tiled).max() < 1 / 255


def test_a_turned_picture_gives_the_turned_result(model, fraction):
    loaded = beyne.load(model, precision="fp32", ensemble=True)
    result = loaded.upscale(fraction).pixels
    turned = loaded.upscale(Raster(np.rot90(fraction.pixels).copy())).pixels
    np.testing.assert_allclose(np.rot90(result), turned, atol=1e-5)
    alone = beyne.upscale(fraction, model, precision="fp32").pixels
    assert np.abs(alone - result).max() > 1e-3


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_the_command_says_so(model, tmp_path, suffix):
    save_pictures(tmp_path / "in", count=1, side=20)
    words = [
        "upscale",
        "in/p0.png",
        "-o",
        f"large.{suffix}",
        "--model",
        model,
        "--ensemble",
        "--json",
    ]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["model"] == "tiny (ensemble)"
    expected = beyne.upscale("in/p0.png", model, ensemble=True).pixels
    np.testing.assert_array_equal(beyne.read(f"large.{suffix}").pixels, expected)


def test_its_scores_are_its_own(model, tmp_path):
    save_pictures(tmp_path / "data")
    alone, ensemble = (
        beyne.evaluate(model, tmp_path / "data", scale=2, ensemble=each) for each in (False, True)
    )
    assert (alone.model, ensemble.model) == ("tiny", "tiny (ensemble)")
    assert alone.mean["psnr"] != ensemble.mean["psnr"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["evaluate", "bicubic", "--data", ".", "--ensemble"], "bicubic is no model"),
        (["evaluate", "crops-demo", "--data", ".", "--ensemble"], "mean nothing to a generator"),
    ],
)
def test_it_is_refused_where_it_means_nothing(words, told):
    result = CliRunner().invoke(app, words)
    assert (result.exit_code, told in result.output) == (2, True), result.output


def test_of_a_translation_and_a_generator_there_is_none():
    with pytest.raises(UsageError, match="crops-demo is a model to generate pictures"):
        beyne.load("crops-demo", ensemble=True)
    unet = tiny_model("unet")
    translates = replace(unet, card=unet.card.model_copy(update={"job": "translate"}))
    with pytest.raises(UsageError, match="tiny is a model to translate pictures"):
        ensembled(translates)


def test_trust_is_refused_in_python_too():
    with pytest.raises(UsageError, match=r"photo-x4 \(ensemble\) it was never measured"):
        beyne.load("photo-x4", ensemble=True).trust(picture(9, 9))
