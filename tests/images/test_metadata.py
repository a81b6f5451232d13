"""What must survive beside the pixels: orientation, profiles, EXIF, resolution, texts."""

import io
import struct

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps, PngImagePlugin, TiffImagePlugin
from profiles import cmyk_profile, grey_profile, rgb_profile

from beyne.images import Raster, read, write
from beyne.images.metadata import turned, upright

RGB = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
IMAGE = Image.fromarray(RGB)
FORMATS = ("png", "jpg", "webp", "tiff")


def exif_block(orientation=1, order="<"):
    """An EXIF block as a camera makes it: a text, an exposure time, a position."""
    exif = Image.Exif()
    exif.endian = order
    exif[ExifTags.Base.Make] = "Beyne Optics"
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.IFD.Exif] = {
        0x829A: TiffImagePlugin.IFDRational(1, 250),
        0x9003: "2024:05:06 07:08:09",
    }
    exif[ExifTags.IFD.GPSInfo] = {1: "N", 2: (51.0, 10.0, 30.5)}
    return exif.tobytes().removeprefix(b"Exif\0\0")


def understood(path):
    """Maker, exposure time, date and latitude, as Pillow finds them in a file."""
    with Image.open(path) as image:
        exif = image.getexif()
        camera, place = (exif.get_ifd(tag) for tag in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo))
        latitude = [float(part) for part in place[2]]
        return exif[271], float(camera[0x829A]), camera[0x9003], latitude


KNOWN = ("Beyne Optics", 1 / 250, "2024:05:06 07:08:09", [51.0, 10.0, 30.5])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_exif_survives_from_every_format_to_every_other(source, target, order, tmp_path):
    first, second = tmp_path / f"a.{source}", tmp_path / f"b.{target}"
    IMAGE.save(first, exif=b"Exif\0\0" + exif_block(order=order))
    write(read(first), second)
    assert understood(second) == KNOWN
    again = tmp_path / f"c.{source}"
    write(read(second), again)
    assert understood(again) == KNOWN


def test_texts_in_tiff_keep_their_bytes(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Copyright] = "© Айгүл".encode()
    write(Raster(RGB, exif=exif.tobytes()[6:]), tmp_path / "a.tif")
    write(read(tmp_path / "a.tif"), tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as image:
        assert image.getexif()[ExifTags.Base.Copyright].encode("latin-1").decode() == "© Айгүл"


def test_exif_reads_from_bigtiff(tmp_path):
    with tifffile.TiffWriter(tmp_path / "big.tif", bigtiff=True) as tif:
        tif.write(RGB, photometric="rgb", metadata=None, extratags=[(271, 2, 0, "Big", True)])
    write(read(tmp_path / "big.tif"), tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as image:
        assert image.getexif()[271] == "Big"


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_once(format, orientation, tmp_path):
    first, second = tmp_path / f"a.{format}", tmp_path / "b.png"
    options = {"lossless": True} if format == "webp" else {}
    IMAGE.save(first, exif=b"Exif\0\0" + exif_block(orientation), **options)
    with Image.open(first) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    raster = read(first)
    assert np.array_equal(raster.pixels, expected)
    assert raster.pixels.flags.c_contiguous
    write(raster, second)
    with Image.open(second) as image:
        assert image.getexif().get(ExifTags.Base.Orientation, 1) == 1
        assert np.array_equal(np.asarray(image), expected)


def test_alpha_and_resolution_turn_with_the_pixels():
    alpha = RGB[..., 0]
    raster = Raster(RGB, alpha, exif=exif_block(6), extras={"resolution": (100.0, 200.0, "inch")})
    result = upright(raster)
    assert np.array_equal(result.alpha, result.pixels[..., 0])
    assert result.pixels.shape == (30, 20, 3)
    assert result.extras["resolution"] == (200.0, 100.0, "inch")
    assert np.array_equal(turned(raster, 99).pixels, RGB)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_a_broken_exif_block_never_hurts(data, head):
    upright(Raster(RGB, exif=head + data))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    scribbles=st.lists(st.tuples(st.integers(8, 400), st.integers(0, 255)), min_size=1, max_size=12)
)
def test_scribbles_in_exif_never_hurt_a_tiff(scribbles, tmp_path):
    exif = bytearray(exif_block())
    for at, value in scribbles:
        exif[at % len(exif)] = value
    write(Raster(RGB, exif=bytes(exif)), tmp_path / "a.tif")
    assert np.array_equal(read(tmp_path / "a.tif").pixels, RGB)


@pytest.mark.parametrize("format", FORMATS)
def test_files_with_broken_exif_are_read_and_written(format, tmp_path, capfd):
    broken = exif_block()[:40]
    path = tmp_path / f"a.{format}"
    options = {} if format == "tiff" else {"exif": b"Exif\0\0" + broken}
    IMAGE.save(path, **options)
    assert read(path).pixels.shape == RGB.shape
    write(Raster(RGB, exif=broken), path)
    assert read(path).pixels.shape == RGB.shape
    assert capfd.readouterr() == ("", "")


def test_an_exif_block_too_long_for_jpeg_is_left_out(tmp_path):
    exif = exif_block() + bytes(70000)
    write(Raster(RGB, exif=exif), tmp_path / "a.jpg")
    assert read(tmp_path / "a.jpg").exif is None
    write(Raster(RGB, exif=exif), tmp_path / "a.png")
    assert read(tmp_path / "a.png").exif == exif


@pytest.mark.parametrize("format", FORMATS)
def test_a_profile_survives_and_must_fit(format, tmp_path):
    path = tmp_path / f"a.{format}"
    grey = RGB[..., :1]
    for pixels, profile in ((RGB, rgb_profile()), (grey, grey_profile())):
        write(Raster(pixels, icc=profile), path)
        with Image.open(path) as image:
            assert image.info.get("icc_profile") == profile
        assert read(path).icc == profile
    for pixels, profile in (
        (RGB, grey_profile()),
        (RGB, cmyk_profile()),
        (RGB[..., :1], rgb_profile()),
    ):
        write(Raster(pixels, icc=profile), path)
        assert read(path).icc is None


@pytest.mark.parametrize("target", ["png", "jpg", "tiff"])
@pytest.mark.parametrize("source", ["png", "jpg", "tiff", "bmp"])
def test_resolution_survives(source, target, tmp_path):
    first, second = tmp_path / f"a.{source}", tmp_path / f"b.{target}"
    IMAGE.save(first, dpi=(300, 150))
    write(read(first), second)
    with Image.open(second) as image:
        assert [float(value) for value in image.info["dpi"]] == pytest.approx([300, 150], abs=0.02)


@pytest.mark.parametrize("unit", [1, 2, 3])
def test_tiff_keeps_its_unit_and_tags(unit, tmp_path):
    first, second = tmp_path / "a.tif", tmp_path / "b.tif"
    texts = {
        "description": "cells, day 3",
        "software": "scope 1.0",
        "datetime": "2024:05:06 07:08:09",
    }
    options = {"resolution": (3.25, 6.5), "resolutionunit": unit, "metadata": None}
    tifffile.imwrite(first, RGB, photometric="rgb", **options, **texts)
    write(read(first), second)
    with tifffile.TiffFile(first) as before, tifffile.TiffFile(second) as after:
        for tag in (270, 305, 282, 283, 296):
            assert after.pages[0].tags[tag].value == before.pages[0].tags[tag].value


def test_a_description_that_states_the_size_is_dropped(tmp_path):
    """After enlarging it would be wrong, and ImageJ would believe it."""
    tifffile.imwrite(tmp_path / "a.tif", RGB[..., 0], imagej=True)
    write(read(tmp_path / "a.tif"), tmp_path / "b.tif")
    with tifffile.TiffFile(tmp_path / "b.tif") as tif:
        assert 270 not in tif.pages[0].tags


def test_three_bands_that_are_no_colours_stay_so(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="minisblack", planarconfig="contig")
    raster = read(tmp_path / "a.tif")
    write(raster, tmp_path / "b.tif")
    with tifffile.TiffFile(tmp_path / "b.tif") as tif:
        assert tif.pages[0].photometric.name == "MINISBLACK"
    assert np.array_equal(read(tmp_path / "b.tif").pixels, RGB)


def test_png_keeps_texts_and_gamma(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "a picture")
    info.add_itxt("Comment", "сурет", lang="kk")
    info.add_text("Long", "packed " * 99, zip=True)
    info.add(b"gAMA", struct.pack(">I", 45455))
    IMAGE.save(tmp_path / "a.png", pnginfo=info)
    write(read(tmp_path / "a.png"), tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as image:
        image.load()
        assert image.text == {"Title": "a picture", "Comment": "сурет", "Long": "packed " * 99}
        assert image.info["gamma"] == 0.45455


def test_a_new_picture_from_the_same_file_keeps_its_metadata(tmp_path):
    stream = io.BytesIO()
    IMAGE.save(
        stream, "PNG", exif=b"Exif\0\0" + exif_block(), icc_profile=rgb_profile(), dpi=(96, 96)
    )
    (tmp_path / "a.png").write_bytes(stream.getvalue())
    large = read(tmp_path / "a.png").with_pixels(RGB.repeat(4, 0).repeat(4, 1))
    write(large, tmp_path / "b.tiff")
    assert understood(tmp_path / "b.tiff") == KNOWN
    assert read(tmp_path / "b.tiff").icc == rgb_profile()


def test_an_enlarged_picture_keeps_its_size_in_centimetres():
    raster = Raster(np.zeros((4, 6, 3), np.uint8), extras={"resolution": (300.0, 200.0, "inch")})
    larger = raster.with_pixels(np.zeros((16, 24, 3), np.uint8))
    assert larger.extras["resolution"] == (1200.0, 800.0, "inch")
    assert raster.with_pixels(raster.pixels).extras["resolution"] == (300.0, 200.0, "inch")
