"""Pictures of two fields by their groups, for ``bench/domain.py`` and ``bench/segmentation.py``."""

from __future__ import annotations

import csv
import shutil
from itertools import product
from pathlib import Path

import numpy as np
import rasterio
from quality import SHARED

import beyne
from beyne.data import Pair
from beyne.data.split import group_of
from beyne.images import Raster, read

DATA = SHARED / "data"
FLAT = 4  # levels; water and the like say nothing
SIDE = 128  # of squares cut out of GeoTIFFs
CENTRE = 384  # side of the part of a radiograph that is scored


def scenes(folder: Path) -> tuple[dict[Path, str], dict[Path, str]]:
    """Satellite tiles by scene, and tiles of GeoTIFFs of other sensors, cut into ``folder``."""
    tiles = {path: group_of(path.name) for path in sorted(DATA.glob("satellite/tiles/*.png"))}
    others: dict[Path, str] = {}
    for path in sorted(DATA.glob("satellite/geotiff/*.tif")):
        if path.stem != "rasterio_cogeo":  # of which there are tiles above
            others |= dict.fromkeys(cut(path, folder), path.stem)
    return tiles, others


def cut(path: Path, folder: Path) -> list[Path]:
    """Write the squares of a GeoTIFF that are full of data, as 8-bit grey or colour.

    Deep ones are stretched from the 0.1 to the 99.9 percentile.
    """
    with rasterio.open(path) as source:
        names = [colour.name for colour in source.colorinterp]
        colours = [names.index(name) + 1 for name in ("red", "green", "blue") if name in names]
        bands = np.moveaxis(source.read(colours or [1]), 0, 2)
        valid = source.dataset_mask() > 0
    if bands.dtype != np.uint8:
        low, high = np.percentile(bands[valid], (0.1, 99.9))
        if low == high:  # nothing to see
            return []
        bands = ((bands - low) / (high - low)).clip(0, 1) * 255
    squares = []
    folder.mkdir(parents=True, exist_ok=True)
    for top, left in product(*(range(0, side - SIDE + 1, SIDE) for side in valid.shape)):
        square = slice(top, top + SIDE), slice(left, left + SIDE)
        if valid[square].all() and bands[square].std() > FLAT:
            squares.append(folder / f"{path.stem}_x{left}_y{top}.png")
            beyne.save(Raster(bands[square].round().astype(np.uint8)), squares[-1])
    return squares


def patients(folder: Path) -> tuple[dict[Path, str], dict[Path, str]]:
    """Chest radiographs by patient: open ones, and those under non-commercial licences."""
    source = DATA / "chest_xray"
    with (source / "metadata.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    parts: tuple[dict[Path, str], dict[Path, str]] = ({}, {})
    for row in rows:
        parts["NC" in row["licence"]][source / row["file"]] = row["patient"]
    return parts


def photographs() -> dict[str, str]:
    """The training set of photo-x4."""
    return {path.name: group_of(path.name) for path in sorted(DATA.glob("sr_train/*.jpg"))}


def copied(pictures: dict[Path, str], folder: Path) -> dict[str, str]:
    """Copy pictures into a folder; name → group."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in pictures:
        if not (folder / path.name).exists():
            shutil.copyfile(path, folder / path.name)
    return {path.name: group for path, group in pictures.items()}


def in_grey(folder: Path, names: list[str], source: Path) -> list[Pair]:
    """The same pictures with one band, the mean of theirs."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        if not (folder / name).exists():
            mean = read(source / name).pixels.mean(2, keepdims=True).round()
            beyne.save(Raster(mean.astype(np.uint8)), folder / name)
    return [Pair(name, folder / name) for name in names]


def centres(folder: Path, names: list[str], source: Path) -> list[Pair]:
    """The middle squares of pictures, which are quicker to score."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        pixels = read(source / name).pixels
        top, left = (max(0, (side - CENTRE) // 2) for side in pixels.shape[:2])
        square = np.ascontiguousarray(pixels[top : top + CENTRE, left : left + CENTRE])
        beyne.save(Raster(square), (folder / name).with_suffix(".png"))
    return [Pair(name, (folder / name).with_suffix(".png")) for name in names]


def dealt(groups: dict[str, str], folds: int) -> list[list[str]]:
    """Names of each fold, none of whose groups is in another; about equally many."""
    members = {one: [n for n, group in groups.items() if group == one] for one in groups.values()}
    dealt: list[list[str]] = [[] for _ in range(folds)]
    for _, names in sorted(members.items(), key=lambda item: (-len(item[1]), item[0])):
        min(dealt, key=len).extend(names)
    return dealt
