"""EXIF in TIFF: there it is no block of its own but part of the file's directory of tags."""

from __future__ import annotations

from typing import Any, BinaryIO

from PIL.Image import Exif
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from beyne.images.metadata import EXIF_PREFIX, quietly, value_position

#: Description, maker, model, software, date, artist, copyright: all of them text.
_TEXTS = (270, 271, 272, 305, 306, 315, 33432)
#: Programs that keep the picture's size in its description; it would be wrong after enlarging.
_SIZED_DESCRIPTIONS = ("ImageJ=", '{"shape"', "<?xml", "<OME")
#: tifffile writes these only by name.
_TABLES = {34665: "ExifTag", 34853: "GPSTag"}
#: Offset of a table inside another, meaningless once moved.
_INTEROPERABILITY = 40965
#: As Pillow reads texts, so that any bytes, UTF-8 too, come out as they went in.
_CHARACTERS = "latin-1"
_ASCII, _LONG = 2, 4
_HEAD = b"II*\0\x08\0\0\0"


def read(file: BinaryIO) -> bytes | None:
    """The EXIF block that says what the TIFF's own tags say; None if they say nothing."""
    block = Exif()
    file.seek(0)
    head = file.read(8)
    if 43 in head[2:4]:  # BigTIFF
        head += file.read(8)
    try:
        with quietly():
            found = _directory(file, head, ImageFileDirectory_v2(head).next)
            for tag in _TEXTS:
                text = found.get(tag)
                if isinstance(text, str) and not text.startswith(_SIZED_DESCRIPTIONS):
                    block[tag] = text.encode(_CHARACTERS)
            for tag in _TABLES:
                if tag in found:
                    values = dict(_directory(file, head, found[tag], tag))
                    values.pop(_INTEROPERABILITY, None)
                    block[tag] = values
            return block.tobytes().removeprefix(EXIF_PREFIX) if len(block) else None
    except Exception:
        # Pillow trips over broken tags in many ways; the picture is worth more than they are.
        return None


def _directory(
    file: BinaryIO, head: bytes, start: int, group: int | None = None
) -> ImageFileDirectory_v2:
    directory = ImageFileDirectory_v2(head, group=group)
    file.seek(start)
    directory.load(file)
    return directory


class Block:
    """A raster's EXIF block on its way into a TIFF.

    Args:
        exif: The block, or None; one that can't be parsed counts as None.
    """

    def __init__(self, exif: bytes | None) -> None:
        self._texts: dict[int, bytes] = {}
        self._tables: dict[int, ImageFileDirectory_v2] = {}
        if exif is None:
            return
        block = Exif()
        try:
            with quietly():
                block.load(EXIF_PREFIX + exif)
                for tag in _TEXTS:
                    if isinstance(block.get(tag), str):
                        self._texts[tag] = block[tag].encode(_CHARACTERS) + b"\0"
                self._tables = {tag: _table(block, tag) for tag in _TABLES if tag in block}
        except Exception:
            # As above: broken tags are left out.
            return

    def tags(self, with_tables: bool) -> list[tuple[int | str, int, int, Any, bool]]:
        """Extra tags for tifffile: the texts, and a pointer for each table to be filled in."""
        texts = [(tag, _ASCII, len(text), text, True) for tag, text in self._texts.items()]
        tables = [(_TABLES[tag], _LONG, 1, 0, True) for tag in self._tables if with_tables]
        return [*texts, *tables]

    def append_tables(self, file: BinaryIO) -> None:
        """Put the tables at the end of the finished classic TIFF and set their pointers."""
        if not self._tables:
            return
        file.seek(0)
        head = file.read(1 << 16)
        for tag, table in self._tables.items():
            start = file.seek(0, 2)
            start += file.write(b"\0" * (start % 2))  # directories begin at even offsets
            file.write(table.tobytes(start))
            pointer = value_position(head, tag)
            assert pointer is not None  # `tags` has put it there
            file.seek(pointer)
            file.write(start.to_bytes(4, "little"))


def _table(block: Exif, tag: int) -> ImageFileDirectory_v2:
    values = dict(block.get_ifd(tag))
    values.pop(_INTEROPERABILITY, None)
    table = ImageFileDirectory_v2(_HEAD, group=tag)
    table.update(values)
    table.tobytes(0)  # values that can't be written shall fail here, not in the midst of the file
    return table
