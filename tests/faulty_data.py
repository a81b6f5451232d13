"""Data folders for the four tasks, in order, and what puts them out of order.

Each ``*_clean`` writes a folder in order from photographs. Each ``*_faults`` spoils it, with these
(``used``) and others (``fresh``), and returns what it planted: the kind of finding that is wanted
and the file it must name.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

Planted = list[tuple[str, str]]
NEVER = Image.Resampling.NEAREST
CUBIC = Image.Resampling.BICUBIC


def photos(folder: Path, count: int, side: int = 256) -> list[Image.Image]:
    """The middles of the first colour photographs of ``sr_train`` with 512 pixels a side."""
    files = [path for path in sorted(folder.glob("CID22_*.jpg")) if path.name not in _LEFT_OUT]
    start = (512 - side) // 2
    box = (start, start, start + side, start + side)
    return [Image.open(path).convert("RGB").crop(box) for path in files[:count]]


#: Before studio walls, and grey.
_LEFT_OUT = {"CID22_1028637.jpg", "CID22_1129482.jpg", "CID22_2387532.jpg"}


def table(path: Path, rows: Iterable[Iterable[object]], encoding: str = "utf-8") -> None:
    """Write rows as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue(), encoding)


def array(image: Image.Image) -> np.ndarray:
    return np.asarray(image, np.float32)


def picture(values: np.ndarray) -> Image.Image:
    return Image.fromarray(values.round().clip(0, 255).astype(np.uint8))


def enlarged(image: Image.Image, scale: int) -> Image.Image:
    small = image.resize((image.width // scale, image.height // scale), CUBIC)
    return small.resize(image.size, CUBIC)


def as_jpeg(image: Image.Image, quality: int, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality, **options)
    return stream.getvalue()


def photo_clean(root: Path, source: list[Image.Image]) -> None:
    """Pictures alone, for ``upscale``."""
    root.mkdir()
    for index, image in enumerate(source):
        image.save(root / f"photo{index:02d}.png")
    (root / "notes.txt").write_text("taken in May")


def photo_faults(root: Path, used: list[Image.Image], fresh: list[Image.Image]) -> Planted:
    image = iter(fresh)
    (root / "empty.png").write_bytes(b"")
    (root / "cut.jpg").write_bytes(as_jpeg(next(image), 95)[:4000])
    (root / "letter.png").write_bytes(b"Dear reader")
    frames = [next(image), next(image)]
    frames[0].save(root / "film.gif", save_all=True, append_images=frames[1:])
    (root / "really.png").write_bytes(as_jpeg(next(image), 95, subsampling=0))
    next(image).save(root / "PHOTO00.png")
    for form in ("NFC", "NFD"):
        next(image).save(root / unicodedata.normalize(form, "café.png"))
    deep = array(next(image)).astype(np.uint16) * 250
    import imagecodecs

    (root / "deep.png").write_bytes(imagecodecs.png_encode(deep))
    next(image).convert("L").save(root / "grey.png")
    next(image).convert("L").convert("RGB").save(root / "greyrgb.png")
    clear = next(image).copy()
    clear.putalpha(Image.linear_gradient("L"))
    clear.save(root / "clear.png")
    next(image).quantize(64).save(root / "palette.png")
    next(image).convert("CMYK").save(root / "print.jpg", quality=95)
    Image.new("RGB", (256, 256), (90, 80, 70)).save(root / "flat.png")
    enlarged(next(image), 2).save(root / "twice.png")
    enlarged(next(image), 4).save(root / "fourfold.png")
    next(image).filter(ImageFilter.GaussianBlur(2)).save(root / "blurred.png")
    Image.open(io.BytesIO(as_jpeg(next(image), 60))).save(root / "blocks.png")
    Image.open(io.BytesIO(as_jpeg(next(image), 75))).crop((3, 5, 243, 245)).save(
        root / "cut_out.png"
    )
    picture(array(next(image)) * 9 + 150).save(root / "white.png")
    next(image).crop((0, 0, 200, 20)).save(root / "strip.png")
    (root / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    used[-1].save(root / "again.bmp")
    used[-2].transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(root / "mirrored.png")
    used[-3].resize((180, 180), CUBIC).save(root / "resized.png")
    picture(255 - array(used[-5])).save(root / "negative.png")
    (root / "recoded.jpg").write_bytes(as_jpeg(picture(array(used[-4]) + 20), 90, subsampling=0))
    return [
        ("unreadable", "empty.png"),
        ("unreadable", "cut.jpg"),
        ("unreadable", "letter.png"),
        ("unreadable", "film.gif"),
        ("wrong-suffix", "really.png"),
        ("name-clash", "PHOTO00.png"),
        ("name-clash", unicodedata.normalize("NFD", "café.png")),
        ("mixed-depth", "deep.png"),
        ("mixed-bands", "grey.png"),
        ("grey-as-colour", "greyrgb.png"),
        ("alpha", "clear.png"),
        ("palette", "palette.png"),
        ("cmyk", "print.jpg"),
        ("constant", "flat.png"),
        ("blurred-or-enlarged", "twice.png"),
        ("blurred-or-enlarged", "fourfold.png"),
        ("blurred-or-enlarged", "blurred.png"),
        ("jpeg-blocks", "blocks.png"),
        ("jpeg-blocks", "cut_out.png"),
        ("clipped", "white.png"),
        ("small", "strip.png"),
        ("passed-over", "phone.heic"),
        ("duplicate", "again.bmp"),
        ("near-duplicate", "mirrored.png"),
        ("near-duplicate", "resized.png"),
        ("near-duplicate", "recoded.jpg"),
        ("near-duplicate", "negative.png"),
    ]


def shrunk(image: Image.Image, scale: float = 4, how: Image.Resampling = CUBIC) -> Image.Image:
    return image.resize((int(image.width / scale), int(image.height / scale)), how)


def moved(image: Image.Image, right: int, down: int) -> Image.Image:
    return picture(np.roll(array(image), (down, right), (0, 1)))


def pair_clean(root: Path, source: list[Image.Image]) -> None:
    """Originals and their low-resolution sides, for ``upscale``."""
    for side in ("HR", "LR_x4"):
        (root / side).mkdir(parents=True)
    for index, image in enumerate(source):
        image.save(root / "HR" / f"{index:02d}.png")
        shrunk(image).save(root / "LR_x4" / f"{index:02d}.png")


def pair_faults(root: Path, used: list[Image.Image], fresh: list[Image.Image]) -> Planted:
    low = root / "LR_x4"
    (low / "00.png").unlink()
    (root / "HR" / "01.png").unlink()
    (low / "02.png").rename(low / "2.png")
    shrunk(used[3], 3.9).save(low / "03.png")
    shrunk(moved(used[4], 1, 0)).save(low / "04.png")
    shrunk(moved(used[5], 0, 2)).save(low / "05.png")
    shrunk(used[6]).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(low / "06.png")
    shrunk(used[7]).transpose(Image.Transpose.ROTATE_90).save(low / "07.png")
    shrunk(used[9]).save(low / "08.png")
    shrunk(used[10], 4, NEVER).save(low / "10.png")
    picture(array(shrunk(used[11])) * 0.7).save(low / "11.png")
    picture(255 - array(shrunk(used[13]))).save(low / "13.png")
    shrunk(used[14].rotate(1.5, CUBIC)).save(low / "14.png")
    shrunk(used[15].rotate(-3, CUBIC)).save(low / "15.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    shrunk(used[12]).save(low / "12.png", exif=exif)
    return [
        ("partner-missing", "HR/00.png"),
        ("partner-missing", "LR_x4/01.png"),
        ("misnamed", "LR_x4/2.png"),
        ("wrong-ratio", "LR_x4/03.png"),
        ("misaligned", "LR_x4/04.png"),
        ("misaligned", "LR_x4/05.png"),
        ("turned", "LR_x4/06.png"),
        ("turned", "LR_x4/07.png"),
        ("wrong-partner", "LR_x4/08.png"),
        ("aliased", "LR_x4/10.png"),
        ("colour-shift", "LR_x4/11.png"),
        ("turned", "LR_x4/12.png"),
        ("inverted", "LR_x4/13.png"),
        ("turned", "LR_x4/14.png"),
        ("turned", "LR_x4/15.png"),
    ]


def split_clean(root: Path, source: list[Image.Image]) -> None:
    """Pictures of patients with a ``split.csv``."""
    root.mkdir()
    rows = [("file", "group", "split")]
    for index, image in enumerate(source):
        name = f"patient{index // 2:02d}_{index % 2}.png"
        image.save(root / name)
        rows.append((name, "", ("train", "train", "train", "val", "test")[index // 2 % 5]))
    table(root / "split.csv", rows)


def split_faults(root: Path, used: list[Image.Image], fresh: list[Image.Image]) -> Planted:
    with (root / "split.csv").open(encoding="utf-8") as stream:
        rows = [list(row) for row in csv.reader(stream)]
    split = {row[0]: row for row in rows}
    split["patient00_1.png"][2] = "test"
    split["patient01_1.png"][2] = "tset"
    rows.append(["gone.png", "", "val"])
    rows.append(["patient02_1.png", "", "val"])
    rows = [row for row in rows if row[0] != "patient03_1.png"]
    rows.append(["leak.jpg", "", "train"])
    table(root / "split.csv", rows)
    # patient04 is tested on.
    leak = used[8].transpose(Image.Transpose.ROTATE_180).resize((200, 200), CUBIC)
    (root / "leak.jpg").write_bytes(as_jpeg(leak, 92, subsampling=0))
    (root / "Validation").mkdir()
    return [
        ("group-cut", "patient00_1.png"),
        ("split-name", "patient01_1.png"),
        ("split-missing", "gone.png"),
        ("split-repeated", "patient02_1.png"),
        ("not-in-split", "patient03_1.png"),
        ("leak", "leak.jpg"),
        ("split-folder", "Validation/"),
    ]


def domain_clean(root: Path, source: list[Image.Image]) -> None:
    """Photographs and masks of them, for ``translate``."""
    for side in ("a", "b"):
        (root / side).mkdir(parents=True)
    for index, image in enumerate(source):
        image.save(root / "a" / f"{index:02d}.png")
        _mask(image).save(root / "b" / f"{index:02d}.png")


def _mask(image: Image.Image) -> Image.Image:
    smooth = array(image.convert("L").filter(ImageFilter.GaussianBlur(2)))
    return picture(255.0 * (smooth > np.median(smooth)))


def domain_faults(root: Path, used: list[Image.Image], fresh: list[Image.Image]) -> Planted:
    masks = root / "b"
    moved(_mask(used[0]), 6, -4).save(masks / "00.png")
    (masks / "01.png").unlink()
    _mask(used[1]).save(masks / "01.jpg", quality=60)
    _mask(used[2]).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(masks / "02.png")
    _mask(used[3]).crop((0, 0, 250, 256)).save(masks / "03.png")
    _mask(used[5]).save(masks / "04.png")
    (masks / "06.png").unlink()
    return [
        ("misaligned", "b/00.png"),
        ("lossy-mask", "b/01.jpg"),
        ("turned", "b/02.png"),
        ("wrong-ratio", "b/03.png"),
        ("wrong-partner", "b/04.png"),
        ("partner-missing", "a/06.png"),
    ]


def listed_faults(root: Path) -> Planted:
    """``pairs.csv`` beside the folders of `domain_clean`, with rows that are wrong."""
    rows = [(f"a/{index:02d}.png", f"b/{index:02d}.png") for index in range(12)]
    table(root / "pairs.csv", [("a", "b"), *rows, ("a/99.png", "b/11.png"), rows[3]])
    return [
        ("pair-missing", "a/99.png"),
        ("pair-repeated", "a/03.png"),
        ("pair-repeated", "b/03.png"),
    ]


def class_clean(root: Path, source: list[Image.Image]) -> None:
    """A folder for each class, for ``generate``."""
    for index, image in enumerate(source):
        folder = root / ("rice", "wheat")[index % 2]
        folder.mkdir(parents=True, exist_ok=True)
        image.save(folder / f"{index:02d}.png")


def class_faults(root: Path, used: list[Image.Image], fresh: list[Image.Image]) -> Planted:
    for name in ("barley", "oats", "Wheat"):
        (root / name).mkdir()
    image = iter(fresh)
    next(image).save(root / "oats" / "alone.png")
    for index in range(4):
        next(image).save(root / "Wheat" / f"{index}.png")
    used[0].save(root / "wheat" / "really_rice.png")
    next(image).save(root / "stray.png")
    return [
        ("class-empty", "barley/"),
        ("class-small", "oats/alone.png"),
        ("class-names", "Wheat/"),
        ("class-conflict", "wheat/really_rice.png"),
        ("duplicate", "wheat/really_rice.png"),
        ("no-class", "stray.png"),
    ]


_TEXTS = (
    ("колос пшениці на полі", "uk"),
    ("ғылыми өріс, қыс мезгілі, жаңа дән", "kk"),
    ("поле пшеницы весной", "ru"),
    ("a field of wheat in spring", "en"),
    ("Рівне поле, їжак і ґанок", "uk"),
    ("ИК-съёмка поля в июле", "ru"),
)


def caption_clean(root: Path, source: list[Image.Image]) -> None:
    """Pictures with captions, for ``illustrate``."""
    root.mkdir()
    rows = [("file", "text", "lang", "label")]
    for index, image in enumerate(source):
        image.save(root / f"{index:02d}.png")
        text, language = _TEXTS[index % len(_TEXTS)]
        rows.append((f"{index:02d}.png", f"{text} {index}", language, "field"))
    table(root / "captions.csv", rows)


def caption_faults(root: Path, used: list[Image.Image], fresh: list[Image.Image]) -> Planted:
    with (root / "captions.csv").open(encoding="utf-8") as stream:
        rows = [list(row) for row in csv.reader(stream)]
    texts = {
        1: ("пшeницa спелая", "ru"),  # Latin e and a
        2: ("пшеница спелая".encode().decode("cp1251"), "ru"),
        3: ("пшеница спелая".encode("cp1251").decode("latin-1"), "ru"),
        4: ("спелая\u200b пшеница", "ru"),
        5: ("спелая рожь ", "ru"),
        6: (unicodedata.normalize("NFD", "спелый йод"), "ru"),
        7: ("spelaya pshenitsa", "ru"),
        8: ("", "ru"),
        9: ("одно поле", "ru"),
        10: ("одно поле", "ru"),
    }
    for index, (text, language) in texts.items():
        rows[index + 1][1:3] = text, language
    rows[11][3] = "grain"
    rows[13][1:3] = rows[12][1:3]
    rows.append(rows[12])
    rows.append(["gone.png", "нет", "ru", "field"])
    rows[1] = ["12.png", "поле под дождём", "ru", "sea"]
    table(root / "captions.csv", rows)
    return [
        ("caption-missing", "00.png"),
        ("caption-look-alike", "01.png"),
        ("caption-garbled", "02.png"),
        ("caption-garbled", "03.png"),
        ("caption-invisible", "04.png"),
        ("caption-spaces", "05.png"),
        ("caption-form", "06.png"),
        ("caption-script", "07.png"),
        ("caption-empty", "08.png"),
        ("caption-conflict", "10.png"),
        ("class-small", "10.png"),
        ("class-untrained", "10.png"),
        ("caption-repeated", "11.png"),
        ("caption-shared", "12.png"),
        ("caption-conflict", "12.png"),
        ("caption-orphan", "gone.png"),
    ]
