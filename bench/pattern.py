"""The faint pattern that enlarging may leave: how the s² places of its grid differ.

    python bench/pattern.py [MODEL ...] [--data ../shared/data/sr_test/Kodak24/HR]

A network that enlarges s times paints the s×s pixels of an input pixel from channels of their own.
Detail is a pixel's second difference (Laplacian), in levels of 255. Columns: the standard deviation
of its mean over the places, which for pictures without a pattern is near 0; and the mean size of
detail at the weakest and the strongest place, over that of all. Means over the pictures.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from quality import SCALE, TEST_SETS
from torch import Tensor
from torch.nn import functional as F

import beyne
from beyne.images import Raster, read
from beyne.images.raster import from_tensor, to_tensor
from beyne.images.resample import downscale

SIDE = 320  # pixels of the corner that is looked at
LAPLACIAN = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]).view(1, 1, 3, 3)


def by_place(image: Tensor) -> tuple[float, float, float]:
    """Scatter, weakest and strongest place of ``(1, C, H, W)`` in [0, 1]."""
    detail = F.conv2d(image.mean(1, keepdim=True), LAPLACIAN)
    height, width = (side // SCALE * SCALE for side in detail.shape[-2:])
    places = F.pixel_unshuffle(detail[..., :height, :width], SCALE)[0].flatten(1) * 255
    size = places.abs().mean(1)
    size = size / size.mean()
    return float(places.mean(1).std()), float(size.min()), float(size.max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=["photo-x4", "photo-x4-gan"])
    parser.add_argument("--data", type=Path, default=TEST_SETS / "Kodak24" / "HR")
    asked = parser.parse_args()
    originals = [
        to_tensor(read(path).pixels)[..., :SIDE, :SIDE] for path in sorted(asked.data.glob("*.png"))
    ]
    makers: dict[str, Callable[[Tensor], Tensor]] = {"originals": lambda image: image}
    for name in asked.models:
        model = beyne.load(name)

        def enlarged(image: Tensor, model: beyne.LoadedModel = model) -> Tensor:
            small = from_tensor(downscale(image, SCALE), np.dtype(np.uint8))
            return to_tensor(model.upscale(Raster(small)).pixels)

        makers[name] = enlarged
    print(
        f"{len(originals)} pictures\n\n| model | scatter | weakest | strongest |\n|---|---|---|---|"
    )
    for name, make in makers.items():
        rows = np.array([by_place(make(image)) for image in originals])
        scatter, weakest, strongest = rows.mean(0)
        print(f"| {name} | {scatter:.1f} | {weakest:.2f} | {strongest:.2f} |")


if __name__ == "__main__":
    main()
