"""What is written comes back, and other programs read the same."""

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from beyne.errors import ImageError, UsageError
from beyne.images import Raster, read, write
from beyne.images.raster import converted, white_of

DEPTHS = ("uint8", "uint16", "float32")


def noise(height, width, channels, depth, alpha=False, seed=0):
    generator = np.random.default_rng(seed)
    samples = generator.random((height, width, channels + alpha), dtype=np.float32)
    if depth != "float32":
        samples = np.rint(samples * white_of(np.dtype(depth))).astype(depth)
    return Raster(samples[..., :channels], samples[..., channels] if alpha else None)


def same(first, second):
    if (first is None) != (second is None):
        return False
    return first is None or (first.dtype == second.dtype and np.array_equal(first, second))


def stacked(raster):
    """Pixels with alpha behind them, one channel without its axis."""
    parts = [raster.pixels] if raster.alpha is None else [raster.pixels, raster.alpha[..., None]]
    samples = np.concatenate(parts, axis=2)
    return samples[..., 0] if samples.shape[2] == 1 else samples


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 12])
def test_tiff_keeps_every_depth_and_band(channels, depth, alpha, tmp_path):
    raster = noise(37, 23, channels, depth, alpha)
    write(raster, tmp_path / "a.tif")
    back = read(tmp_path / "a.tif")
    assert same(back.pixels, raster.pixels)
    assert same(back.alpha, raster.alpha)
    assert same(tifffile.imread(tmp_path / "a.tif"), stacked(raster))


@pytest.mark.parametrize(
    ("channels", "alpha", "mode"), [(1, 0, "L"), (3, 0, "RGB"), (3, 1, "RGBA")]
)
def test_pillow_reads_our_tiff(channels, alpha, mode, tmp_path):
    raster = noise(37, 23, channels, "uint8", bool(alpha))
    write(raster, tmp_path / "a.tif")
    with Image.open(tmp_path / "a.tif") as image:
        assert image.mode == mode
        assert same(np.asarray(image), stacked(raster))


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("depth", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 3])
def test_png_keeps_both_depths(channels, depth, alpha, tmp_path):
    raster = noise(37, 23, channels, depth, alpha)
    write(raster, tmp_path / "a.png")
    back = read(tmp_path / "a.png")
    assert same(back.pixels, raster.pixels)
    assert same(back.alpha, raster.alpha)
    assert same(imagecodecs.png_decode((tmp_path / "a.png").read_bytes()), stacked(raster))
    with Image.open(tmp_path / "a.png") as image:
        image.load()
        if depth == "uint8":
            assert same(np.asarray(image), stacked(raster))


@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_png_too_large_for_one_call_is_a_stream(depth, tmp_path, monkeypatch):
    from beyne.images import png

    monkeypatch.setattr(png, "_ONE_CALL_BYTES", 0)
    monkeypatch.setattr(png, "_STRIP_BYTES", 1000)
    raster = noise(301, 97, 3, depth, alpha=True)
    write(raster, tmp_path / "a.png")
    assert same(imagecodecs.png_decode((tmp_path / "a.png").read_bytes()), stacked(raster))


@pytest.mark.parametrize("format", ["png", "tiff", "webp"])
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    channels=st.sampled_from([1, 3]),
    depth=st.sampled_from(["uint8", "uint16"]),
    alpha=st.booleans(),
    seed=st.integers(0, 9),
)
def test_any_size_round_trips(format, height, width, channels, depth, alpha, seed, tmp_path):
    depth = "uint8" if format == "webp" else depth
    channels = 3 if format == "webp" else channels
    raster = noise(height, width, channels, depth, alpha, seed)
    if alpha and format == "webp":
        raster.alpha[0, 0] = 0  # libwebp leaves out an alpha channel that is opaque everywhere
    write(raster, tmp_path / "a", format)
    back = read(tmp_path / "a")
    assert same(back.pixels, raster.pixels)
    assert same(back.alpha, raster.alpha)


def test_webp_is_lossless_and_grey_becomes_rgb(tmp_path):
    raster = noise(30, 40, 1, "uint8", alpha=True)
    raster.alpha[:10] = 0
    write(raster, tmp_path / "a.webp")
    back = read(tmp_path / "a.webp")
    assert all(same(back.pixels[..., channel], raster.pixels[..., 0]) for channel in range(3))
    assert same(back.alpha, raster.alpha)


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_near(channels, tmp_path):
    ramp = np.linspace(0, 255, 64 * 48 * channels).reshape(64, 48, channels).astype(np.uint8)
    write(Raster(ramp), tmp_path / "a.jpg")
    back = read(tmp_path / "a.jpg")
    assert back.channels == channels
    assert np.abs(back.pixels.astype(int) - ramp).mean() < 1
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.mode == {1: "L", 3: "RGB"}[channels]
        if channels == 3:
            assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3  # 4:4:4


def test_a_dark_16_bit_picture_stays_16_bit(tmp_path):
    dark = Raster(np.full((5, 6, 3), 3, np.uint16))
    for name in ("a.png", "a.tif"):
        write(dark, tmp_path / name)
        assert same(read(tmp_path / name).pixels, dark.pixels)


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
@pytest.mark.parametrize("depth", ["uint16", "float32"])
def test_8_bit_formats_round(suffix, depth, tmp_path):
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, 2)
    raster = Raster(converted(levels, np.dtype(depth)))
    write(raster, tmp_path / f"deep.{suffix}")
    write(Raster(levels), tmp_path / f"flat.{suffix}")
    deep, flat = (read(tmp_path / f"{name}.{suffix}") for name in ("deep", "flat"))
    assert same(deep.pixels, flat.pixels)


def test_png_of_floats_has_16_bits(tmp_path):
    raster = noise(9, 8, 3, "float32", alpha=True)
    write(raster, tmp_path / "a.png")
    back = read(tmp_path / "a.png")
    assert back.pixels.dtype == np.uint16
    assert np.abs(back.pixels / 65535 - raster.pixels).max() <= 0.5001 / 65535
    assert np.abs(back.alpha / 65535 - raster.alpha).max() <= 0.5001 / 65535


def test_conversion_between_depths_is_exact():
    bytes_ = np.arange(256, dtype=np.uint8)[:, None]
    words = np.arange(65536, dtype=np.uint16)[:, None]
    assert same(converted(bytes_, np.dtype(np.uint16)), (bytes_.astype(np.uint16) * 257))
    assert same(
        converted(words, np.dtype(np.uint8)), ((words.astype(int) + 128) // 257).astype(np.uint8)
    )
    for samples in (bytes_, words):
        floats = converted(samples, np.dtype(np.float32))
        assert floats.max() == 1
        assert same(converted(floats, samples.dtype), samples)
    outside = np.array([[-0.5], [1.5]], np.float32)
    assert converted(outside, np.dtype(np.uint8)).ravel().tolist() == [0, 255]


def test_float_tiff_keeps_values_a_little_outside(tmp_path):
    raster = Raster(np.array([[[-0.1], [1.2]]], np.float32))
    write(raster, tmp_path / "a.tif")
    assert same(read(tmp_path / "a.tif").pixels, raster.pixels)


@pytest.mark.parametrize(
    ("raster", "name", "words"),
    [
        (noise(4, 4, 2, "uint8"), "a.png", "PNG can't hold 2 bands; use --format tiff"),
        (noise(4, 4, 5, "uint8"), "a.jpg", "JPEG can't hold 5 bands; use --format tiff"),
        (noise(4, 4, 4, "uint8"), "a.webp", "WebP can't hold 4 bands; use --format tiff"),
        (noise(4, 4, 3, "uint8", True), "a.jpg", "JPEG can't hold transparency; use --format png"),
        (noise(2, 16384, 1, "uint8"), "a.webp", "over WebP's 16383 pixels a side"),
        (noise(65536, 1, 1, "uint8"), "a.jpg", "over JPEG's 65535 pixels a side"),
        (noise(4, 4, 3, "uint8"), "a.bmp", "'.bmp' files are not written; name it .png"),
        (noise(4, 4, 3, "uint8"), "a", "without suffix"),
    ],
)
def test_what_a_format_can_not_hold(raster, name, words, tmp_path):
    with pytest.raises(ImageError) as caught:
        write(raster, tmp_path / name)
    assert words in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_unknown_format_is_a_wrong_call(tmp_path):
    with pytest.raises(UsageError, match="unknown format 'pngg'; did you mean 'png'"):
        write(noise(4, 4, 3, "uint8"), tmp_path / "a.png", "pngg")


def test_format_rules_over_suffix_and_content_over_both(tmp_path):
    raster = noise(4, 4, 3, "uint16")
    write(raster, tmp_path / "a.jpg", "tiff")
    back = read(str(tmp_path / "a.jpg"))
    assert back.format == "tiff"
    assert same(back.pixels, raster.pixels)
