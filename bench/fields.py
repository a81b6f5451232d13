"""Make the pictures of ``docs/fields`` from originals under permissive licences.

    python bench/fields.py [--shared ../shared]

Each picture is shrunk ×4 by operator A and shown, from left to right: enlarged by bicubic, by
photo-x4, by photo-x4-gan, and the original.
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
from beyne.images.raster import from_tensor, to_tensor
from beyne.images.resample import downscale

FIELDS = Path(__file__).parents[1] / "docs" / "fields"
SIDE, GAP = 224, 6
#: Picture to make → original, left and top of the part that is shown.
SHOWN = {
    "radiology.jpg": ("chest_xray/images/kermany_IM-0466-0001_99ac71.jpg", 128, 128),
    "remote-sensing.jpg": ("satellite/tiles/shipsnet_2_x0_y256.png", 16, 16),
    "wheat.jpg": ("cereals/wheat/gwhd_a0089f79_q2.png", 32, 32),
    "maize.jpg": ("cereals/maize/agir_maize_r1c3.png", 32, 16),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    shared = Path(os.environ.get("BEYNE_SHARED", "../shared"))
    parser.add_argument("--shared", type=Path, default=shared)
    data = parser.parse_args().shared / "data"
    models = [beyne.load(name) for name in ("photo-x4", "photo-x4-gan")]
    for name, (original, left, top) in SHOWN.items():
        hr = read(data / original).pixels
        height, width = (side // SCALE * SCALE for side in hr.shape[:2])
        hr = hr[:height, :width]
        small = Raster(from_tensor(downscale(to_tensor(hr), SCALE), hr.dtype))
        made = [bicubic(small, SCALE), *(model.upscale(small) for model in models), Raster(hr)]
        parts = [each.pixels[top : top + SIDE, left : left + SIDE] for each in made]
        gap = np.full((SIDE, GAP, hr.shape[2]), 255, hr.dtype)
        row = [column for part in parts for column in (part, gap)][:-1]
        beyne.save(Raster(np.concatenate(row, axis=1)), FIELDS / name)


if __name__ == "__main__":
    main()
