"""Make the README's pictures from a Kodak photo, whose use is unrestricted.

    python bench/pictures.py [--photo ../shared/data/sr_test/Kodak24/HR/kodim21.png]

``docs/pictures/sample.png`` is the photo shrunk ×4 by operator A, the demo's input.
``docs/pictures/before-after.png`` shows part of it: by bicubic, by photo-x4, and the photo.
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

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
LEFT, TOP, SIDE = 296, 32, 320  # the part shown, in pixels of the photo
GAP = 8


def main() -> None:
    shared = Path(os.environ.get("BEYNE_SHARED", "../shared"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    photo = shared / "data" / "sr_test" / "Kodak24" / "HR" / "kodim21.png"
    parser.add_argument("--photo", type=Path, default=photo)
    hr = read(parser.parse_args().photo)
    small = Raster(from_tensor(downscale(to_tensor(hr.pixels), SCALE), hr.pixels.dtype))
    beyne.save(small, PICTURES / "sample.png")
    columns = []
    for raster in (bicubic(small, SCALE), beyne.load("photo-x4").upscale(small), hr):
        columns.append(raster.pixels[TOP : TOP + SIDE, LEFT : LEFT + SIDE])
        columns.append(np.full((SIDE, GAP, 3), 255, dtype=np.uint8))
    beyne.save(Raster(np.concatenate(columns[:-1], axis=1)), PICTURES / "before-after.png")


if __name__ == "__main__":
    main()
