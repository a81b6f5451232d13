"""One picture through a model: any size, depth, bands, transparency, and memory that runs out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import picture
from scipy.ndimage import gaussian_filter
from tiny_networks import tiny, tiny_model
from torch import Tensor

from beyne.bundle import Model
from beyne.errors import ImageError, UsageError
from beyne.images import Raster
from beyne.images.resample import resize
from beyne.networks import NETWORKS
from beyne.networks.compact import Compact, CompactConfig
from beyne.predict.predictor import Predictor
from beyne.predict.values import UNIT, Values

SIZES = [(1, 1), (1, 75), (45, 61), (80, 33)]


def stretched(pixels: np.ndarray, depth: str) -> np.ndarray:
    """8-bit samples in another depth, the whole range used."""
    if depth == "float32":
        return (pixels / np.float32(255)).astype(np.float32)
    return pixels.astype(depth) * (257 if depth == "uint16" else 1)


def levels_apart(one: np.ndarray, two: np.ndarray) -> float:
    """The greatest difference in levels of 255."""
    white = np.iinfo(one.dtype).max if one.dtype.kind == "u" else 1.0
    return float(np.abs(one.astype(np.float64) - two).max() / white * 255)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", NETWORKS)
def test_tiles_equal_the_whole(kind, size):
    model = tiny_model(kind)
    raster = Raster(stretched(picture(*size), "float32"))
    whole = Predictor(model, precision="fp32", tile=1000).apply(raster)
    scale = model.card.scale
    assert whole.pixels.shape == (scale * size[0], scale * size[1], 3)
    tiled = Predictor(model, precision="fp32", tile=16).apply(raster)
    assert levels_apart(whole.pixels, tiled.pixels) < 1


def test_tiles_equal_the_whole_where_the_halo_is_not_exact():
    model = tiny_model("rrdb", blocks=4)  # reaches 66 pixels, its halo is 48
    raster = Raster(stretched(picture(200, 110), "float32"))
    whole = Predictor(model, precision="fp32", tile=1000).apply(raster)
    tiled = Predictor(model, precision="fp32", tile=64).apply(raster)
    assert levels_apart(whole.pixels, tiled.pixels) < 1


@pytest.mark.parametrize("unshuffle", [2, 4])
def test_tiles_equal_the_whole_where_pixels_are_folded_into_channels(unshuffle):
    model = tiny_model("rrdb", unshuffle=unshuffle, scale=2 if unshuffle > 2 else 4)
    raster = Raster(stretched(picture(161, 123), "float32"))
    whole = Predictor(model, precision="fp32", tile=1000).apply(raster)
    tiled = Predictor(model, precision="fp32", tile=20).apply(raster)
    assert levels_apart(whole.pixels, tiled.pixels) < 1


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 3, 4, 7])
def test_any_bands_and_depth(channels, depth):
    model = tiny_model("compact", channels_in=channels, channels_out=channels)
    pixels = stretched(picture(30, 20, channels), depth)
    raster = Raster(pixels)
    whole = Values(0, raster.white, pixels.dtype, (0, raster.white))
    result = Predictor(model, precision="fp32").apply(raster, values=whole).pixels
    assert result.dtype == pixels.dtype
    with torch.inference_mode():
        scaled = pixels.astype(np.float32) / (255 if depth == "uint8" else 65535)
        given = torch.from_numpy(pixels if depth == "float32" else scaled)
        expected = model.network(given.permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()
        expected = expected.clip(0, 1)
    if depth != "float32":
        white = np.iinfo(pixels.dtype).max
        expected = np.rint(expected * np.float32(white))
        # One step: where a value lies between two steps, the order of sums decides.
        assert np.abs(result - expected).max() <= 1
    else:
        np.testing.assert_allclose(result, expected, atol=1e-5)


def test_a_dark_16_bit_picture_keeps_its_depth():
    model = tiny_model("span", image_skip="bicubic")
    dark = picture(240, 240).astype(np.uint16) // 2  # 127 of 65535 at most
    exact = Predictor(model, precision="fp32").apply(Raster(dark)).pixels
    chosen = Predictor(model).apply(Raster(dark)).pixels
    assert len(np.unique(chosen)) > 100
    assert np.abs(chosen.astype(float) - exact).mean() <= np.ptp(dark) / 1000


def test_grey_goes_in_three_times_and_comes_out_once():
    model = tiny_model("compact")
    grey = stretched(picture(20, 30, 1), "float32")
    predictor, colours = Predictor(model, precision="fp32"), np.repeat(grey, 3, 2)
    result, colour = (
        predictor.apply(Raster(pixels), values=UNIT).pixels for pixels in (grey, colours)
    )
    assert result.shape == (80, 120, 1)
    np.testing.assert_allclose(result[..., 0], colour.mean(2), atol=1e-5)


@pytest.mark.parametrize(("channels", "words"), [(2, "2 bands"), (4, "--bands 1,2,3")])
def test_other_bands_are_refused(channels, words):
    with pytest.raises(ImageError, match=words):
        Predictor(tiny_model("compact")).apply(Raster(picture(9, 9, channels)))


@pytest.mark.parametrize(
    ("value", "words"), [(float("nan"), "NaN"), (4095.0, "0 to 4095"), (-3.0, "-3 to 0")]
)
def test_floats_that_are_no_picture_are_refused(value, words):
    pixels = np.zeros((9, 9, 3), np.float32)
    pixels[4, 4] = value
    with pytest.raises(ImageError, match=words):
        Predictor(tiny_model("compact")).apply(Raster(pixels))


def test_a_smaller_scale_is_the_result_shrunk():
    model = tiny_model("compact")
    raster = Raster(stretched(picture(50, 41), "float32"))
    full = Predictor(model, precision="fp32").apply(raster, values=UNIT).pixels
    for scale in (1, 2, 3):
        expected = resize(torch.from_numpy(full).permute(2, 0, 1)[None], (50 * scale, 41 * scale))[
            0
        ].permute(1, 2, 0)
        for tile in ("auto", 16):
            predictor = Predictor(model, precision="fp32", tile=tile)
            found = predictor.apply(raster, scale, values=UNIT).pixels
            np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_greater_scale_is_refused():
    with pytest.raises(UsageError, match="can't make ×8; it makes ×4, ×3, ×2, ×1"):
        Predictor(tiny_model("compact")).apply(Raster(picture(9, 9)), 8)


@pytest.mark.parametrize("tile", ["auto", 16])
def test_smoothing_is_a_gaussian(tile):
    model = tiny_model("compact")
    raster = Raster(stretched(picture(40, 50), "float32"))
    predictor = Predictor(model, precision="fp32", tile=tile)
    plain = predictor.apply(raster).pixels
    smooth = predictor.apply(raster, smooth=1.5).pixels
    expected = gaussian_filter(plain, (1.5, 1.5, 0), mode="nearest")
    np.testing.assert_allclose(smooth, expected, atol=1e-4)


@pytest.mark.parametrize("sigma", [-1.0, float("nan"), 1e9])
def test_impossible_smoothing_is_refused(sigma):
    with pytest.raises(UsageError, match="--smooth"):
        Predictor(tiny_model("compact")).apply(Raster(picture(9, 9)), smooth=sigma)


@pytest.mark.parametrize("tile", ["auto", 16])
def test_alpha_is_enlarged_smoothly_and_leaves_no_fringe(tile):
    pixels = np.full((60, 60, 3), 200, np.uint8)
    alpha = np.full((60, 60), 255, np.uint8)
    alpha[:, 30:] = 0
    pixels[:, 30:] = 0  # black where nothing shows
    model = tiny_model("span", image_skip="bicubic")
    predictor = Predictor(model, precision="fp32", tile=tile)
    result = predictor.apply(Raster(pixels, alpha))
    assert result.alpha is not None
    assert result.alpha.shape == (240, 240)
    edge = result.alpha[100, 100:140].astype(int)
    assert (np.diff(edge) <= 0).all()  # no ringing after clamping
    assert len(np.unique(edge)) > 4
    plain = predictor.apply(Raster(np.full_like(pixels, 200))).pixels
    visible = result.alpha[20:-20, 20:-20] > 0
    difference = np.abs(result.pixels.astype(int) - plain)[20:-20, 20:-20]
    assert difference[visible].max() <= 2


def test_metadata_stays():
    raster = Raster(picture(9, 9), icc=b"profile", exif=b"II*\0", format="png", extras={"a": 1})
    result = Predictor(tiny_model("compact")).apply(raster)
    assert (result.icc, result.exif, result.format) == (b"profile", b"II*\0", "png")
    assert result.extras == {"a": 1}


def test_a_size_rule_is_kept_by_padding():
    class EvenOnly(Compact):
        def forward(self, x: Tensor) -> Tensor:
            assert x.shape[-1] % 2 == 0
            assert x.shape[-2] % 2 == 0
            return super().forward(x)

    network = EvenOnly(tiny("compact").config).eval()
    card = tiny_model("compact").card.model_copy(update={"size_multiple": 2})
    raster = Raster(picture(41, 33))
    results = [
        Predictor(Model(card, network), precision="fp32", tile=tile).apply(raster).pixels
        for tile in (16, 1000)
    ]
    assert results[0].shape == (164, 132, 3)
    assert levels_apart(*results) <= 1


class Cramped(Compact):
    """A network on a machine whose memory holds inputs up to some side."""

    def __init__(self, config: CompactConfig, side: int, error: Exception) -> None:
        super().__init__(config)
        self.side, self.error = side, error

    def forward(self, x: Tensor) -> Tensor:
        if max(x.shape[-2:]) > self.side:
            raise self.error
        return super().forward(x)


def cramped(side: int, error: Exception) -> Model:
    model = tiny_model("compact")
    config = model.network.config
    assert isinstance(config, CompactConfig)
    network = Cramped(config, side, error)
    network.load_state_dict(model.network.state_dict())
    return Model(model.card, network.eval().requires_grad_(False))


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("DefaultCPUAllocator: not enough memory"),
        MemoryError(),
    ],
)
def test_when_memory_runs_out_tiles_get_smaller(error):
    raster = Raster(picture(150, 130))
    whole = Predictor(tiny_model("compact"), precision="fp32").apply(raster).pixels
    predictor = Predictor(cramped(60, error), precision="fp32", tile=1000)
    assert levels_apart(whole, predictor.apply(raster).pixels) <= 1


def test_when_memory_never_suffices_it_is_one_sentence():
    predictor = Predictor(cramped(8, MemoryError()), precision="fp32", tile=100)
    with pytest.raises(ImageError, match="memory does not suffice"):
        predictor.apply(Raster(picture(150, 130)))


def test_other_errors_are_not_taken_for_memory():
    predictor = Predictor(cramped(8, RuntimeError("shape mismatch")), precision="fp32")
    with pytest.raises(RuntimeError, match="shape mismatch"):
        predictor.apply(Raster(picture(50, 50)))


@pytest.mark.parametrize("tile", ["8", "0", "-5", "many", "12.5"])
def test_impossible_tiles_are_refused(tile):
    with pytest.raises(UsageError, match="--tile"):
        Predictor(tiny_model("compact"), tile=tile)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory otherwise")
def test_memory_grows_with_the_output_file_not_with_floats(tmp_path):
    """The output has 16 MB in its own type; as floats it would have 64 MB."""
    program = """
import resource
import numpy as np
from tiny_networks import tiny_model
from beyne.images import Raster
from beyne.predict.predictor import Predictor

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

predictor = Predictor(tiny_model("compact", channels_in=1, channels_out=1), tile=128)
predictor.apply(Raster(np.zeros((200, 200, 1), np.uint8)))
before = peak()
predictor.apply(Raster(np.zeros((1000, 1000, 1), np.uint8)))
print((peak() - before) // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 16 + 24
