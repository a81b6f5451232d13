"""Results that shrink back to their input: every depth, scale and way of cutting."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import picture
from tiny_networks import ENLARGERS, tiny_model

import beyne
from beyne.errors import UsageError
from beyne.images import Raster
from beyne.images.raster import to_tensor
from beyne.images.resample import OPERATORS
from beyne.metrics import PUBLISHED_X4, lr_psnr, psnr
from beyne.predict.predictor import Predictor

#: Decibels that rounding to the file's samples leaves, and float32 in float files.
ROUNDING = {"uint8": 65, "uint16": 110, "float32": 110}


def raster(height: int, width: int, depth: str = "uint8", channels: int = 3) -> Raster:
    """A picture with some black and white in another depth."""
    pixels = picture(height, width, channels)
    if depth == "float32":
        return Raster(pixels.astype(np.float32) / 255)
    return Raster(pixels.astype(depth) * (257 if depth == "uint16" else 1))


def faithfulness(result: Raster, source: Raster, operator: str = "bicubic") -> float:
    """LR-PSNR."""
    return float(lr_psnr(to_tensor(result.pixels), to_tensor(source.pixels), operator))


def levels_apart(one: Raster, two: Raster) -> float:
    """The greatest difference in levels of 255."""
    return float(np.abs(one.pixels.astype(float) - two.pixels).max() / one.white * 255)


def like_a_trained_one(kind: str, **fields):
    """A model whose output lies near the enlarged input, as a trained one's does."""
    model = tiny_model(kind, **fields)
    for name, tensor in model.network.state_dict().items():
        if name.startswith(("upsampler", "conv_block3", "conv_last")):
            tensor.mul_(0.1)
    return model


@pytest.mark.parametrize("depth", ROUNDING)
@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("tile", ["auto", 16])
def test_every_depth_and_scale(tile, scale, depth):
    """A smaller scale than the model's is projected as it is written."""
    model = like_a_trained_one("span", image_skip="bicubic")
    source = raster(61, 45, depth)
    predictor = Predictor(model, precision="fp32", tile=tile)
    plain = predictor.apply(source, scale, consistent=False)
    result = predictor.apply(source, scale, consistent=True)
    assert faithfulness(result, source) > max(ROUNDING[depth], faithfulness(plain, source) + 5)


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_operator_is_that_of_the_card(operator):
    model = like_a_trained_one("compact", image_skip="bicubic")
    card = model.card.model_copy(update={"operator": operator, "consistent": True})
    source = raster(20, 31)
    result = Predictor(type(model)(card, model.network), precision="fp32").apply(source)
    assert faithfulness(result, source, operator) > 65


@pytest.mark.parametrize("projection", ["none", "bicubic"])
@pytest.mark.parametrize("kind", ENLARGERS)
def test_tiles_equal_the_whole(kind, projection):
    model = tiny_model(kind, projection=projection)
    source = raster(90, 75, "float32")
    whole, tiled = (
        Predictor(model, precision="fp32", tile=tile).apply(source, consistent=True)
        for tile in (1000, 16)
    )
    assert levels_apart(whole, tiled) < 1
    assert faithfulness(tiled, source) > 65


@pytest.mark.parametrize("channels", [1, 3, 7])
def test_smoothing_costs_no_consistency(channels):
    """One band goes through a model of three."""
    bands = {"channels_in": 7, "channels_out": 7} if channels == 7 else {}
    predictor = Predictor(tiny_model("compact", **bands), precision="fp32", tile=16)
    source = raster(40, 50, channels=channels)
    smooth = predictor.apply(source, smooth=1.5, consistent=True)
    assert faithfulness(smooth, source) > 65
    rough = predictor.apply(source, consistent=True)
    assert (
        np.abs(np.diff(smooth.pixels.astype(float), axis=0)).mean()
        < np.abs(np.diff(rough.pixels.astype(float), axis=0)).mean()
    )


@pytest.mark.parametrize("depth", ROUNDING)
def test_a_network_that_ends_in_the_projection(depth):
    """The card tells, bf16 does not blur it, and grey and smaller scales keep to it."""
    predictor = Predictor(tiny_model("compact", projection="bicubic"), precision="bf16")
    assert predictor.card.consistent
    for source in (raster(30, 22, depth), raster(30, 22, depth, channels=1)):
        for scale in (4, 3):
            result = predictor.apply(source, scale)
            assert faithfulness(result, source) > 65


def test_alpha_is_enlarged_as_ever():
    alpha = np.tile(np.linspace(0, 255, 20).astype(np.uint8), (16, 1))
    source = Raster(picture(16, 20), alpha)
    predictor = Predictor(tiny_model("compact"), precision="fp32")
    results = [predictor.apply(source, consistent=wanted).alpha for wanted in (True, False)]
    assert np.array_equal(*results)


@pytest.mark.parametrize(
    ("fields", "scale", "wanted", "words"),
    [
        ({"projection": "bicubic"}, None, False, "always gives its input back"),
        ({"channels_out": 1, "image_skip": "none"}, None, True, "makes 1 band of 3 bands"),
        ({}, 1, True, "at ×1 only the input"),
        ({"scale": 1}, None, True, "at ×1 only the input"),
    ],
)
def test_what_is_impossible_is_refused(fields, scale, wanted, words):
    predictor = Predictor(tiny_model("compact", **fields), precision="fp32")
    with pytest.raises(UsageError, match=words):
        predictor.apply(raster(9, 9), scale, consistent=wanted)
    assert predictor.apply(raster(9, 9), scale).pixels.dtype == np.uint8


def test_photographs(shared):
    """The built-in model: the input comes back, and faithfulness does not cost quality."""
    folder = shared("data/sr_test/Set14")
    model = beyne.load("photo-x4")
    colour = [path for path in sorted((folder / "HR").iterdir()) if beyne.read(path).channels == 3]
    for path in colour[:3]:
        source, truth = beyne.read(folder / "LR_x4" / path.name), beyne.read(path)
        plain, consistent = (model.upscale(source, consistent=wanted) for wanted in (False, True))
        assert faithfulness(consistent, source) >= 65
        quality = [
            float(PUBLISHED_X4.measure(psnr, to_tensor(r.pixels), to_tensor(truth.pixels)))
            for r in (plain, consistent)
        ]
        assert quality[1] >= quality[0] - 0.02
