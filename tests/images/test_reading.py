"""Files of other programs: every kind of PNG, TIFF, JPEG, BMP and GIF we promise to read."""

import io
import struct
import subprocess
import sys
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms
from profiles import cmyk_profile

from beyne.images import read

GENERATOR = np.random.default_rng(0)
RGB = GENERATOR.integers(0, 256, (20, 30, 3), dtype=np.uint8)
IMAGE = Image.fromarray(RGB)


@pytest.fixture
def opened(tmp_path):
    """``opened(image, "PNG", ...)``: what we read from a picture that Pillow saved."""

    def save_and_read(image, format, **options):
        path = tmp_path / "a.image"
        image.save(path, format, **options)
        return read(path)

    return save_and_read


@pytest.fixture
def tiff(tmp_path):
    """``tiff(samples, ...)``: what we read from a picture that tifffile saved."""

    def save_and_read(samples, **options):
        tifffile.imwrite(tmp_path / "a.tif", samples, metadata=None, **options)
        return read(tmp_path / "a.tif")

    return save_and_read


def check(raster, image):
    """The raster holds what Pillow holds, alpha apart."""
    expected = np.atleast_3d(np.asarray(image))
    has_alpha = image.mode in ("LA", "RGBA")
    colours = expected[..., :-1] if has_alpha else expected
    assert np.array_equal(raster.pixels, colours)
    assert (raster.alpha is not None) == has_alpha
    if has_alpha:
        assert np.array_equal(raster.alpha, expected[..., -1])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA"])
def test_plain_png(mode, opened):
    image = IMAGE.convert(mode)
    raster = opened(image, "PNG")
    check(raster, image.convert("L") if mode == "1" else image)
    assert (raster.format, raster.pixels.dtype) == ("png", np.uint8)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palette_png(bits, opened):
    image = IMAGE.quantize(2**bits)
    check(opened(image, "PNG", bits=bits), image.convert("RGB"))


def test_palette_png_with_transparency(opened):
    image = IMAGE.quantize(16)
    for transparency in (3, bytes(range(0, 160, 10))):
        path = io.BytesIO()
        image.save(path, "PNG", transparency=transparency)
        with Image.open(path) as again:
            check(opened(image, "PNG", transparency=transparency), again.convert("RGBA"))


def test_colour_keys(opened):
    key = tuple(int(value) for value in RGB[4, 5])
    raster = opened(IMAGE, "PNG", transparency=key)
    assert np.array_equal(raster.alpha == 0, (key == RGB).all(axis=2))
    grey = IMAGE.convert("L")
    raster = opened(grey, "PNG", transparency=77)
    assert np.array_equal(raster.alpha == 0, np.asarray(grey) == 77)
    assert np.array_equal(raster.pixels[..., 0], np.asarray(grey))


@pytest.mark.parametrize("bits", [2, 4])
def test_grey_png_of_few_bits(bits, tmp_path):
    """Written by hand, as Pillow can't: each level is stretched to 0…255."""
    levels = 2**bits
    packed = 0
    for level in range(levels):
        packed = packed << bits | level
    row = b"\0" + packed.to_bytes(levels * bits // 8, "big")
    header = struct.pack(">IIBBBBB", levels, 1, bits, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for name, body in ((b"IHDR", header), (b"IDAT", zlib.compress(row)), (b"IEND", b"")):
        data += struct.pack(">I", len(body)) + name + body
        data += struct.pack(">I", zlib.crc32(name + body))
    (tmp_path / "a.png").write_bytes(data)
    expected = np.arange(levels) * 255 // (levels - 1)
    assert read(tmp_path / "a.png").pixels.ravel().tolist() == expected.tolist()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_png(channels, tmp_path):
    samples = GENERATOR.integers(0, 65536, (9, 8, channels), dtype=np.uint16)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(samples))
    raster = read(tmp_path / "a.png")
    assert raster.pixels.dtype == np.uint16
    alpha = channels % 2 == 0
    assert np.array_equal(raster.pixels, samples[..., :-1] if alpha else samples)
    assert not alpha or np.array_equal(raster.alpha, samples[..., -1])


def test_libpng_prints_nothing_about_odd_chunks(tmp_path, capfd):
    """A broken profile, and one whose chunk is damaged: common, and no harm to the picture."""
    stream = io.BytesIO()
    IMAGE.save(stream, "PNG", icc_profile=b"no profile" * 20)
    data = bytearray(stream.getvalue())
    for _ in range(2):
        (tmp_path / "a.png").write_bytes(data)
        assert np.array_equal(read(tmp_path / "a.png").pixels, RGB)
        data[data.index(b"iCCP") + 20] ^= 255
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_bmp(mode, opened):
    image = IMAGE.quantize(16) if mode == "P" else IMAGE.convert(mode)
    check(opened(image, "BMP"), image.convert({"1": "L", "P": "RGB"}.get(mode, mode)))


def test_bmp_of_32_bits_has_alpha_only_if_its_header_says_so(tmp_path):
    samples = np.dstack([RGB, RGB[..., 0]])
    rows = samples[::-1, :, [2, 1, 0, 3]].tobytes()
    sizes = struct.pack("<iiHH", 30, 20, 1, 32)
    plain = struct.pack("<I", 40) + sizes + bytes(24)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    marked = struct.pack("<I", 108) + sizes + struct.pack("<IIIIII", 3, 2400, 0, 0, 0, 0) + masks
    for header, alpha in ((plain, None), (marked.ljust(108, b"\0"), RGB[..., 0])):
        head = b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + len(header))
        (tmp_path / "a.bmp").write_bytes(head + header + rows)
        raster = read(tmp_path / "a.bmp")
        assert np.array_equal(raster.pixels, RGB)
        assert (raster.alpha is None) if alpha is None else np.array_equal(raster.alpha, alpha)


def test_gif(opened):
    image = IMAGE.quantize(200)
    check(opened(image, "GIF"), image.convert("RGB"))
    raster = opened(image, "GIF", transparency=5)
    assert np.array_equal(raster.alpha == 0, np.asarray(image) == 5)
    grey = IMAGE.convert("L")
    check(opened(grey, "GIF"), grey.convert("RGB"))  # a palette, though a grey one


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("lossless", [True, False])
def test_webp(mode, lossless, opened):
    image = IMAGE.convert(mode)
    if mode == "RGBA":
        image.putalpha(IMAGE.convert("L"))
    stream = io.BytesIO()
    image.save(stream, "WEBP", lossless=lossless)
    with Image.open(stream) as again:
        check(opened(image, "WEBP", lossless=lossless), again)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 2}])
def test_jpeg(options, opened):
    for mode in ("L", "RGB"):
        stream = io.BytesIO()
        IMAGE.convert(mode).save(stream, "JPEG", **options)
        with Image.open(stream) as again:
            check(opened(IMAGE.convert(mode), "JPEG", **options), again)


def test_a_phone_jpeg_with_a_second_picture_inside_is_one_picture(opened):
    raster = opened(IMAGE, "MPO", save_all=True, append_images=[IMAGE.rotate(90)])
    assert raster.format == "jpeg"
    assert raster.pixels.shape == RGB.shape


def test_cmyk_without_profile_is_as_pillow_has_it(opened):
    inks = GENERATOR.integers(0, 256, (20, 30, 4), dtype=np.uint8)
    image = Image.fromarray(inks, "CMYK")
    for format, options in (("JPEG", {"quality": 100}), ("TIFF", {})):
        stream = io.BytesIO()
        image.save(stream, format, **options)
        raster = opened(image, format, **options)
        with Image.open(stream) as again:
            expected = np.asarray(again.convert("RGB")).astype(int)
        assert np.abs(raster.pixels - expected).max() <= 1
        assert raster.icc is None


def test_cmyk_goes_through_its_profile(opened, tiff):
    inks = GENERATOR.integers(0, 256, (20, 30, 4), dtype=np.uint8)
    profile = cmyk_profile()
    image = Image.fromarray(inks, "CMYK")
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    target = ImageCms.createProfile("sRGB")
    expected = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    expected = np.asarray(expected).astype(int)
    naive = np.asarray(image.convert("RGB"))
    assert np.abs(expected - naive).mean() > 10  # so that the test can tell one from the other
    raster = opened(image, "TIFF", icc_profile=profile)
    assert np.abs(raster.pixels - expected).max() <= 1
    assert raster.icc is None
    deep = tiff(inks.astype(np.uint16) * 257, photometric="separated", iccprofile=profile)
    assert deep.pixels.dtype == np.uint16
    assert np.abs(deep.pixels / 257 - expected).max() <= 2


def test_a_jpeg_of_inks_uses_its_profile_too(opened):
    flat = np.broadcast_to(np.uint8([200, 30, 60, 20]), (16, 16, 4))
    image = Image.fromarray(np.ascontiguousarray(flat), "CMYK")
    from_jpeg = opened(image, "JPEG", quality=100, icc_profile=cmyk_profile())
    from_tiff = opened(image, "TIFF", icc_profile=cmyk_profile())
    assert np.abs(from_jpeg.pixels.astype(int) - from_tiff.pixels).max() <= 4
    assert from_jpeg.icc is None


@pytest.mark.parametrize("layout", [{}, {"tile": (16, 16)}, {"rowsperstrip": 7}])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "packbits"])
@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_tiff_layouts(depth, compression, planar, layout, tiff):
    samples = RGB.astype(depth) / 255 if depth == "float32" else RGB.astype(depth)
    samples = samples.astype(depth)
    stored = samples.transpose(2, 0, 1) if planar == "separate" else samples
    predictor = compression in ("zlib", "lzw")
    raster = tiff(
        stored,
        photometric="rgb",
        planarconfig=planar,
        compression=compression,
        predictor=predictor,
        **layout,
    )
    assert np.array_equal(raster.pixels, samples)


def test_tiff_with_jpeg_inside(tiff, opened):
    smooth = IMAGE.crop((0, 0, 4, 3)).resize((64, 64), Image.Resampling.BICUBIC)
    options = {"compression": "jpeg", "compressionargs": {"level": 95}}
    for raster in (
        tiff(np.asarray(smooth), photometric="rgb", **options),
        opened(smooth, "TIFF", compression="jpeg", quality=95),
    ):
        assert np.abs(raster.pixels.astype(int) - np.asarray(smooth)).mean() < 8
    grey = smooth.convert("L")
    raster = opened(grey, "TIFF", compression="jpeg", quality=95)
    assert np.abs(raster.pixels[..., 0].astype(int) - np.asarray(grey)).mean() < 3


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("bands", [2, 5, 12])
def test_tiff_bands(bands, planar, tiff):
    samples = GENERATOR.integers(0, 65536, (11, 13, bands), dtype=np.uint16)
    stored = samples.transpose(2, 0, 1) if planar == "separate" else samples
    raster = tiff(stored, photometric="minisblack", planarconfig=planar)
    assert np.array_equal(raster.pixels, samples)
    assert raster.alpha is None


def test_alpha_is_what_the_file_marks_as_alpha(tiff):
    samples = GENERATOR.integers(0, 256, (11, 13, 5), dtype=np.uint8)
    rgba = samples[..., :4]
    unmarked = tiff(rgba, photometric="rgb", extrasamples=["unspecified"])
    assert (unmarked.channels, unmarked.alpha) == (4, None)
    marked = tiff(rgba, photometric="rgb", extrasamples=["unassalpha"])
    assert np.array_equal(marked.pixels, rgba[..., :3])
    assert np.array_equal(marked.alpha, rgba[..., 3])
    both = tiff(samples, photometric="rgb", extrasamples=["unspecified", "unassalpha"])
    assert np.array_equal(both.pixels, rgba)
    assert np.array_equal(both.alpha, samples[..., 4])
    grey = tiff(samples[..., :2], photometric="minisblack", extrasamples=["unassalpha"])
    assert np.array_equal(grey.pixels, samples[..., :1])
    assert np.array_equal(grey.alpha, samples[..., 1])


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_premultiplied_alpha_is_undone(depth, tiff):
    straight = GENERATOR.random((16, 16, 3))
    alpha = np.linspace(0, 1, 256).reshape(16, 16, 1)
    white = {"uint8": 255, "uint16": 65535, "float32": 1}[depth]
    stored = np.concatenate([straight * alpha, alpha], axis=2) * white
    stored = stored.astype(depth) if depth == "float32" else np.rint(stored).astype(depth)
    raster = tiff(stored, photometric="rgb", extrasamples=["assocalpha"])
    seen = alpha[..., 0] > 0.2
    tolerance = 0 if depth == "float32" else 0.5 / white
    error = np.abs(raster.pixels / white - straight)[seen]
    assert error.max() <= tolerance / 0.2 + tolerance + 1e-6
    assert (raster.pixels[0, 0] == 0).all()
    assert np.array_equal(raster.alpha, stored[..., 3])


def test_white_is_zero(tiff):
    grey = RGB[..., 0]
    assert np.array_equal(tiff(255 - grey, photometric="miniswhite").pixels[..., 0], grey)
    bits = grey > 127
    assert np.array_equal(tiff(~bits, photometric="miniswhite").pixels[..., 0], bits * 255)
    assert np.array_equal(tiff(bits, photometric="minisblack").pixels[..., 0], bits * 255)


def test_odd_depths_are_stretched(tmp_path):
    """12 bits packed by hand, two samples in three bytes, as no writer here packs them."""
    levels = np.arange(4096).reshape(64, 64)
    first, second = levels[:, ::2], levels[:, 1::2]
    packed = [first >> 4, (first & 15) << 4 | second >> 8, second & 255]
    packed = np.stack(packed, axis=2).reshape(64, 96).astype(np.uint8)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, packed, photometric="minisblack", metadata=None)
    with tifffile.TiffFile(path, mode="r+b") as tif:
        tif.pages[0].tags[256].overwrite(64)
        tif.pages[0].tags[258].overwrite(12)
    raster = read(path)
    assert raster.pixels.dtype == np.uint16
    assert np.abs(raster.pixels[..., 0] / 65535 - levels / 4095).max() <= 0.51 / 65535


def test_palette_tiff(opened):
    image = IMAGE.quantize(16)
    check(opened(image, "TIFF"), image.convert("RGB"))


@pytest.mark.parametrize("depth", ["float16", "float64"])
def test_other_floats(depth, tiff):
    samples = (RGB / 256).astype(depth)
    raster = tiff(samples, photometric="rgb")
    assert raster.pixels.dtype == np.float32
    assert np.allclose(raster.pixels, samples, atol=1e-7)


def test_thumbnails_and_masks_are_not_pages(tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as tif:
        tif.write(RGB, photometric="rgb", metadata=None)
        tif.write(RGB[::2, ::2], photometric="rgb", subfiletype=1, metadata=None)
        tif.write(RGB[..., 0] > 9, photometric="mask", subfiletype=4, metadata=None)
    assert np.array_equal(read(path).pixels, RGB)


def test_big_and_other_endian_tiff(tiff):
    samples = GENERATOR.integers(0, 65536, (11, 13, 3), dtype=np.uint16)
    for options in ({"bigtiff": True}, {"byteorder": ">"}, {"bigtiff": True, "byteorder": ">"}):
        assert np.array_equal(tiff(samples, photometric="rgb", **options).pixels, samples)


def test_shared_photos_read_alike(shared):
    """Real files, against Pillow."""
    for path in sorted(shared("data/sr_test/Set14").rglob("*.png"))[:6]:
        with Image.open(path) as image:
            check(read(path), image)


def test_reading_needs_no_torch():
    program = "import sys, beyne.images; assert not {'torch', 'tifffile', 'PIL'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
