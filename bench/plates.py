"""Number plates that nobody owns: drawn, with known text, in the format of Kazakhstan.

    python bench/plates.py -o FOLDER [--number 40] [--seed 0]

Real plates are personal data. Each picture is 400×400: four plates of three digits, three letters
and a region of two digits, each seen from afar and a little askew on a car-coloured ground, with
some blur and noise. Characters are 10 to 20 pixels wide; their places are in ``characters.csv``.
"""

from __future__ import annotations

import argparse
import csv
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIDE = 400
_PLATE = (320, 72)
_BAND = (400, 100)  # what is seen around one plate
_AFAR = (1.6, 3.0)  # how many times smaller than drawn a plate is seen
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # I and O look like digits
_REGIONS = [f"{number:02}" for number in range(1, 21)]


Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels


@dataclass(frozen=True)
class Character:
    """One character of a picture and the box it fills."""

    text: str
    box: Box


def plates(seed: int) -> tuple[Image.Image, list[Character]]:
    """Four plates above each other, and their characters, fixed by the seed."""
    chance = random.Random(seed)
    picture, characters = Image.new("RGB", (SIDE, SIDE)), []
    for top in range(0, SIDE, _BAND[1]):
        band, found = _plate(chance)
        picture.paste(band, (0, top))
        for text, (left, above, right, below) in found:
            characters.append(Character(text, (left, above + top, right, below + top)))
    return picture, characters


def _plate(chance: random.Random) -> tuple[Image.Image, list[tuple[str, Box]]]:
    """One plate as a camera sees it, and its characters' places."""
    digits = "".join(chance.choice("0123456789") for _ in range(3))
    letters = "".join(chance.choice(_LETTERS) for _ in range(3))
    flat, boxes = _flat([digits, letters, chance.choice(_REGIONS)])
    afar = chance.uniform(*_AFAR)
    size = round(_BAND[0] * afar), round(_BAND[1] * afar)
    corners = _askew(chance, size)
    forth, back = (_mapping(*pair) for pair in ((_rectangle(), corners), (corners, _rectangle())))
    picture = Image.new("RGB", size, tuple(chance.randrange(20, 200) for _ in range(3)))
    whole = Image.new("L", _PLATE, 255)
    coefficients = tuple((back / back[2, 2]).ravel()[:8])
    how = Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC
    picture.paste(flat.transform(size, *how), mask=whole.transform(size, *how))
    picture = picture.resize(_BAND, Image.Resampling.LANCZOS)
    picture = picture.filter(ImageFilter.GaussianBlur(chance.uniform(0.3, 0.8)))
    noise = np.random.default_rng(chance.randrange(2**32))
    noisy = np.asarray(picture) * chance.uniform(0.6, 1.0)
    noisy = (noisy + noise.normal(0, chance.uniform(1, 5), noisy.shape)).clip(0, 255)
    places = [(text, _moved(box, forth, afar)) for text, box in boxes]
    return Image.fromarray(noisy.astype(np.uint8)), places


def _flat(parts: list[str]) -> tuple[Image.Image, list[tuple[str, tuple[float, ...]]]]:
    """The plate from straight ahead, and the box of each character on it."""
    image = Image.new("RGB", _PLATE, (245, 245, 240))
    draw = ImageDraw.Draw(image)
    draw.rectangle((1, 1, _PLATE[0] - 2, _PLATE[1] - 2), outline=(20, 20, 20), width=3)
    draw.line((258, 4, 258, _PLATE[1] - 5), fill=(20, 20, 20), width=2)
    font = ImageFont.load_default(size=48)
    boxes = []
    for start, text in zip((16, 130, 266), parts, strict=True):
        for index, letter in enumerate(text):
            left = start + index * (36 if start < 200 else 25)
            where = (left, _PLATE[1] / 2)
            small = font if start < 200 else ImageFont.load_default(size=34)
            draw.text(where, letter, fill=(15, 15, 15), font=small, anchor="lm")
            boxes.append((letter, draw.textbbox(where, letter, font=small, anchor="lm")))
    return image, boxes


def _rectangle() -> list[tuple[float, float]]:
    width, height = _PLATE
    return [(0, 0), (width, 0), (width, height), (0, height)]


def _askew(chance: random.Random, size: tuple[int, int]) -> list[tuple[float, float]]:
    """Where the plate's corners lie in a picture of this size."""
    (width, height), pairs = size, zip(size, _PLATE, strict=True)
    left, top = (chance.uniform(0, side - length) for side, length in pairs)
    return [
        (
            min(max(x + left + chance.uniform(-14, 14), 0), width),
            min(max(y + top + chance.uniform(-14, 14), 0), height),
        )
        for x, y in _rectangle()
    ]


def _mapping(source: list[tuple[float, float]], target: list[tuple[float, float]]) -> np.ndarray:
    """The 3×3 homography that takes four points to four others."""
    rows, values = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.append(np.linalg.solve(np.array(rows), np.array(values)), 1).reshape(3, 3)


def _moved(box: tuple[float, ...], forth: np.ndarray, afar: float) -> Box:
    """The box around a box that was moved and made smaller, one pixel wider each way."""
    left, top, right, bottom = box
    corners = np.array([[x, y, 1] for x in (left, right) for y in (top, bottom)], float).T
    moved = forth @ corners
    x, y = moved[:2] / moved[2] / afar
    low = np.floor([x.min() - 1, y.min() - 1]).clip(0)
    high = np.ceil([x.max() + 1, y.max() + 1]).clip(max=_BAND)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def write_plates(folder: Path, number: int, seed: int = 0) -> None:
    """Pictures ``plate_0000.png`` … and ``characters.csv``: file, text and box."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "characters.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["file", "text", "left", "top", "right", "bottom"])
        for index in range(number):
            picture, characters = plates(seed + index)
            name = f"plate_{index:04}.png"
            picture.save(folder / name)
            writer.writerows([name, c.text, *c.box] for c in characters)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--number", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    write_plates(arguments.output, arguments.number, arguments.seed)


if __name__ == "__main__":
    main()
