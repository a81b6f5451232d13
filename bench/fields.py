"""Make the pictures of ``docs/fields`` from originals under permissive licences.

    python bench/fields.py [--shared ../shared]

Each picture is shrunk ×4 by operator A and shown, from left to right: enlarged by bicubic, by
photo-x4, by photo-x4-gan, the original, and photo-x4's result with its doubt painted in pink.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
from quality import SCALE

import beyne
from beyne.evaluation.enlargers import bicubic
from beyne.images import Raster, read
from beyne.images.raster import Pixels, from_tensor, to_tensor
from beyne.images.resample import downscale
from beyne.trust.overlay import overlay

FIELDS = Path(__file__).parents[1] / "docs" / "fields"
SIDE, GAP = 192, 6
#: Picture to make → original, left and top of the part that is shown.
SHOWN = {
    "radiology.jpg": ("chest_xray/images/kermany_IM-0466-0001_99ac71.jpg", 144, 140),
    "remote-sensing.jpg": ("satellite/tiles/shipsnet_2_x0_y256.png", 16, 16),
    "wheat.jpg": ("cereals/wheat/gwhd_a0089f79_q2.png", 32, 32),
    "maize.jpg": ("cereals/maize/agir_maize_r1c3.png", 32, 16),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    shared = Path(os.environ.get("BEYNE_SHARED", "../shared"))
    parser.add_argument("--shared", type=Path, default=shared)
    data = parser.parse_args().shared / "data"
    faithful, sharp = beyne.load("photo-x4"), beyne.load("photo-x4-gan")
    for name, (original, left, top) in SHOWN.items():
        hr = read(data / original).pixels
        height, width = (side // SCALE * SCALE for side in hr.shape[:2])
        hr = hr[:height, :width]
        small = Raster(from_tensor(downscale(to_tensor(hr), SCALE), hr.dtype))
        plain, made, crisp = bicubic(small, SCALE), faithful.upscale(small), sharp.upscale(small)
        doubted = overlay(made.pixels.mean(2), faithful.trust(small).map)
        shown = [plain.pixels, made.pixels, crisp.pixels, hr, doubted]
        parts = [coloured(each)[top : top + SIDE, left : left + SIDE] for each in shown]
        gap = np.full((SIDE, GAP, 3), 255, np.uint8)
        row = [column for part in parts for column in (part, gap)][:-1]
        beyne.save(Raster(np.concatenate(row, axis=1)), FIELDS / name)


def coloured(pixels: Pixels) -> Pixels:
    """Grey as three equal colours."""
    return pixels.repeat(3, axis=2) if pixels.shape[2] == 1 else pixels


if __name__ == "__main__":
    main()
