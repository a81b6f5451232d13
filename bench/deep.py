"""Pictures in a part of 16 bits: enlarged in the range in use, and as parts of 65535.

    python bench/deep.py [--model photo-x4]

Kodak's pictures, of each the upper left, shrunk to a quarter in floats, squeezed into a part of the
16 bits and enlarged again. PSNR is that of the picture stretched back.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from quality import TEST_SETS

from beyne.bundle import load
from beyne.images import Raster, read
from beyne.images.raster import from_tensor, to_tensor
from beyne.images.resample import downscale
from beyne.predict.predictor import Predictor
from beyne.predict.values import Values
from beyne.zoo import find

SIDE, BLACK, PARTS = 384, 0.05, (1.0, 0.25, 0.1, 0.03)
DEEP = np.dtype(np.uint16)
WHOLE = Values(0, 65535, DEEP, (0, 65535))


def psnr(predictor: Predictor, truth: torch.Tensor, part: float, values: Values | None) -> float:
    """In decibels, of a picture ``(1, 3, H, W)`` in [0, 1] in a part of 16 bits."""
    black = BLACK * (1 - part)
    small = Raster(from_tensor(downscale(truth, 4) * part + black, DEEP))
    made = to_tensor(predictor.apply(small, consistent=False, values=values).pixels)
    return -10 * float((((made - black) / part - truth) ** 2).mean().log10())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="photo-x4")
    predictor = Predictor(load(find(parser.parse_args().model)), precision="fp32")
    paths = sorted((TEST_SETS / "Kodak24" / "HR").iterdir())
    pictures = [to_tensor(read(path).pixels[:SIDE, :SIDE]) for path in paths]
    print(f"{len(pictures)} pictures\n\n| part of 16 bits | in the range in use | of 65535 |")
    print("|---|---|---|")
    for part in PARTS:
        means = [
            np.mean([psnr(predictor, truth, part, values) for truth in pictures])
            for values in (None, WHOLE)
        ]
        print(f"| {part:g} | {means[0]:.3f} | {means[1]:.3f} |")


if __name__ == "__main__":
    main()
