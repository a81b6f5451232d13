"""Makes a folder of image files that can't be upscaled, each wrong in its own way.

``python tests/badfiles.py FOLDER`` writes them, too.
"""

from __future__ import annotations

import io
import struct
import sys
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

BOMB_SIDE = 60000


def write_bad_files(folder: Path) -> dict[Path, str]:
    """Write the files into ``folder``, each with a stem of its own.

    Returns:
        Each path with words that the error about it must contain.
    """
    folder.mkdir(parents=True, exist_ok=True)
    expected = {}
    for number, (name, (data, words)) in enumerate(_bad_files().items()):
        path = folder / f"{number:02d}_{name}"
        path.write_bytes(data)
        expected[path] = words
    directory = folder / "folder.png"
    directory.mkdir(exist_ok=True)
    expected[directory] = "is a folder"
    return expected


def _bad_files() -> dict[str, tuple[bytes, str]]:
    return {
        **_not_pictures(),
        **_cut_short(),
        **_damaged(),
        **_bombs(),
        **_several_pictures(),
        **_unreadable_tiffs(),
    }


def _not_pictures() -> dict[str, tuple[bytes, str]]:
    return {
        "empty.png": (b"", "is empty"),
        "text.png": (b"Dear reader,\nthis is no picture.\n" * 20, "not a picture"),
        "binary.jpg": (bytes(range(7, 256)) * 9, "not a picture"),
        "document.jpg": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(300), "PDF"),
        "archive.png": (b"PK\x03\x04" + bytes(300), "zip"),
        "drawing.png": (b'<?xml version="1.0"?>\n<svg width="9" height="9"></svg>', "SVG"),
        "phone.jpg": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(300), "HEIC"),
        "web.png": (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1" + bytes(300), "AVIF"),
        "layers.tif": (b"8BPS\0\1" + bytes(300), "Photoshop"),
        "bm_text.bmp": (b"BM begins this letter, not a bitmap. " * 9, "damaged"),
    }


def _cut_short() -> dict[str, tuple[bytes, str]]:
    rgb = noise(np.uint8)
    image = Image.fromarray(rgb)
    whole = {
        "cut.png": saved(image, "PNG"),
        "cut_16_bit.png": bytes(imagecodecs.png_encode(noise(np.uint16))),
        "cut.jpg": saved(image, "JPEG"),
        "cut.webp": saved(image, "WEBP"),
        "cut.bmp": saved(image, "BMP"),
        "cut.tif": tiff(rgb),
        "cut_deflate.tif": tiff(rgb, compression="zlib"),
        "cut_jpeg.tif": tiff(rgb, compression="jpeg"),
    }
    cut = {name: (data[: len(data) // 2], "cut short") for name, data in whole.items()}
    gif = saved(image, "GIF")
    return {
        **cut,
        "cut.gif": (gif[: len(gif) // 2], "the file is"),
        "cut_near_end.jpg": (whole["cut.jpg"][:-100], "cut short"),
        "header_only.png": (whole["cut.png"][:33], "cut short"),
        "signature_only.jpg": (b"\xff\xd8\xff", "the file is"),
        "header_only.tif": (b"II*\0\x08\0\0\0", "cut short"),
    }


def _damaged() -> dict[str, tuple[bytes, str]]:
    rgb = noise(np.uint8)
    png = saved(Image.fromarray(rgb), "PNG")
    palette = struct.pack(">IIBBBBB", 4, 4, 8, 3, 0, 0, 0)
    return {
        "flipped.png": (_flipped(png), "damaged"),
        "garbage.webp": (b"RIFF" + struct.pack("<I", 200) + b"WEBPVP8 " + bytes(192), "0×0"),
        "flipped_deflate.tif": (_flipped(tiff(rgb, compression="zlib")), "damaged"),
        "no_palette.png": (_png(palette, zlib.compress(bytes(20))), "damaged"),
        "no_pixels.png": (_png(struct.pack(">IIBBBBB", 4, 0, 8, 2, 0, 0, 0), b""), "4×0"),
        "lost.tif": (b"II*\0\xff\xff\xff\0" + bytes(300), "cut short"),
    }


def _bombs() -> dict[str, tuple[bytes, str]]:
    """Small files whose headers claim 3.6 gigapixels."""
    side = BOMB_SIDE
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    gif = b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6)
    gif += b"," + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\x02\x02\x4c\x01\0;"
    bitmap = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
    jpeg = bytearray(saved(Image.new("RGB", (8, 8)), "JPEG"))
    struct.pack_into(">HH", jpeg, jpeg.index(b"\xff\xc0") + 5, side, side)
    canvas = (side - 1).to_bytes(3, "little") * 2
    webp = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + canvas
    flat = bytearray(tiff(np.zeros((8, 8, 3), np.uint8), compression="zlib"))
    with tifffile.TiffFile(io.BytesIO(flat)) as tif:
        for tag in (256, 257):
            field = tif.pages[0].tags[tag]
            struct.pack_into("<I", flat, field.valueoffset, side)
            struct.pack_into("<H", flat, field.offset + 2, 4)
    words = "--pixel-limit"
    return {
        "bomb.png": (_png(header, zlib.compress(bytes(10000))), words),
        "bomb.gif": (gif, words),
        "bomb.bmp": (b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + bitmap, words),
        "bomb.jpg": (bytes(jpeg), words),
        "bomb.webp": (b"RIFF" + struct.pack("<I", len(webp)) + webp, words),
        "bomb.tif": (bytes(flat), words),
    }


def _several_pictures() -> dict[str, tuple[bytes, str]]:
    frames = [Image.fromarray(noise(np.uint8, seed)) for seed in range(3)]
    more = {"save_all": True, "append_images": frames[1:]}
    return {
        "animated.gif": (saved(frames[0], "GIF", **more), "frames"),
        "animated.png": (saved(frames[0], "PNG", **more), "3 frames"),
        "animated.webp": (saved(frames[0], "WEBP", **more), "3 frames"),
        "stack.tif": (tiff(np.stack([noise(np.uint8)] * 5)), "5 pages"),
    }


def _unreadable_tiffs() -> dict[str, tuple[bytes, str]]:
    rgb = noise(np.uint8)
    unit = noise(np.uint16).astype(np.float32) / 65535
    packed = bytearray(tiff(rgb))
    with tifffile.TiffFile(io.BytesIO(packed)) as tif:
        struct.pack_into("<H", packed, tif.pages[0].tags[259].valueoffset, 4711)
    not_a_number = unit.copy()
    not_a_number[3, 4] = np.nan
    return {
        "signed.tif": (tiff(rgb.astype(np.int16)), "int16"),
        "deep.tif": (tiff(rgb.astype(np.uint32)), "uint32"),
        "complex.tif": (tiff(unit[..., 0].astype(np.complex64), "minisblack"), "complex64"),
        "odd_compression.tif": (bytes(packed), "compression 4711"),
        "lab.tif": (tiff(rgb, "cielab"), "CIELAB"),
        "bytes_as_float.tif": (tiff(unit * 255), "not 0 to 1"),
        "not_a_number.tif": (tiff(not_a_number), "NaN"),
    }


def noise(kind: type[np.unsignedinteger], seed: int = 0) -> np.ndarray:
    top = np.iinfo(kind).max
    return np.random.default_rng(seed).integers(0, top, (40, 60, 3), dtype=kind, endpoint=True)


def saved(image: Image.Image, format: str, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def tiff(samples: np.ndarray, photometric: str = "rgb", **options) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, samples, photometric=photometric, metadata=None, **options)
    return stream.getvalue()


def _png(header: bytes, pixels: bytes) -> bytes:
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    packed = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def _flipped(data: bytes) -> bytes:
    """The data with forty bytes in the middle turned over."""
    middle = len(data) // 2
    turned = bytes(255 - byte for byte in data[middle : middle + 40])
    return data[:middle] + turned + data[middle + 40 :]


if __name__ == "__main__":
    for bad_path, expected_words in write_bad_files(Path(sys.argv[1])).items():
        print(f"{bad_path}: {expected_words}")
