"""The verbs in Python."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import picture
from PIL import Image
from tiny_networks import tiny_model

import beyne
from beyne.bundle import save
from beyne.errors import ImageError


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    made = tiny_model("compact")
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save(path, made.card, made.network)
    return beyne.load(path, precision="fp32")


def test_every_way_to_give_a_picture(model, tmp_path):
    pixels = picture(12, 9)
    expected = model.upscale(beyne.Raster(pixels)).pixels
    Image.fromarray(pixels).save(tmp_path / "a.png")
    ways = [pixels, Image.fromarray(pixels), tmp_path / "a.png", str(tmp_path / "a.png")]
    for way in ways:
        assert np.array_equal(model.upscale(way).pixels, expected)


@pytest.mark.parametrize(
    ("mode", "channels", "alpha"),
    [
        ("1", 1, False),
        ("L", 1, False),
        ("LA", 1, True),
        ("P", 3, False),
        ("RGB", 3, False),
        ("RGBA", 3, True),
        ("CMYK", 3, False),
        ("I;16", 1, False),
        ("F", 1, False),
    ],
)
def test_pillow_modes(model, mode, channels, alpha):
    source = Image.fromarray(picture(8, 6))
    image = source.convert("L") if mode in ("I;16", "F") else source.convert(mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    if mode == "F":
        image = Image.fromarray(np.asarray(image).astype(np.float32) / 255)
    result = model.upscale(image)
    assert result.pixels.shape == (32, 24, channels)
    assert (result.alpha is not None) == alpha


def test_a_pillow_picture_is_turned_as_its_exif_says(model, tmp_path):
    image = Image.fromarray(picture(8, 6))
    image.getexif()[274] = 6
    image.save(tmp_path / "turned.png", exif=image.getexif())
    opened = Image.open(tmp_path / "turned.png")
    assert model.upscale(opened).pixels.shape == (24, 32, 3)
    assert np.array_equal(
        model.upscale(opened).pixels, model.upscale(tmp_path / "turned.png").pixels
    )


def test_bands_and_scale(model):
    pixels = picture(8, 6, 5)
    picked = model.upscale(pixels, scale=2, bands=(5, 1, 2))
    assert np.array_equal(picked.pixels, model.upscale(pixels[..., [4, 0, 1]], scale=2).pixels)


@pytest.mark.parametrize("image", [object(), np.zeros(5), np.zeros((4, 4, 3), np.int64), "no.png"])
def test_what_is_no_picture(model, image):
    with pytest.raises(ImageError):
        model.upscale(image)


def test_save_and_read_give_the_result_back(model, tmp_path):
    result = model.upscale(picture(8, 6).astype(np.uint16) * 257)
    beyne.save(result, tmp_path / "out.png")
    assert np.array_equal(beyne.read(tmp_path / "out.png").pixels, result.pixels)


def test_pillows_32_bit_mode_is_16_bit_or_refused(model):
    values = np.linspace(0, 60000, 9 * 8).reshape(8, 9).astype(np.int32)
    assert model.upscale(Image.fromarray(values)).pixels.dtype == np.uint16
    with pytest.raises(ImageError, match="values from -7 to"):
        model.upscale(Image.fromarray(values - 7))


def test_one_call_takes_the_options_of_both(tmp_path):
    made = tiny_model("compact")
    save(tmp_path / "m.safetensors", made.card, made.network)
    raster = beyne.upscale(picture(8, 8), tmp_path / "m.safetensors", scale=2, device="cpu")
    assert raster.pixels.shape == (16, 16, 3)


def test_errors_about_files_name_them(model, tmp_path):
    (tmp_path / "no.png").write_bytes(b"nothing")
    with pytest.raises(ImageError, match=r"no\.png: it is not a picture"):
        model.upscale(tmp_path / "no.png")
