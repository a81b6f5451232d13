"""Scores of models on the published ×4 test sets, the table of the README.

    python bench/quality.py [MODEL ...] [--data ../shared/data/sr_test] [--consistent]

Each set is a folder with ``HR`` and ``LR_x4``; without ``LR_x4`` the small side is made by
operator A. Scores: PSNR and SSIM under the protocol printed, LR-PSNR of the 8-bit output against
the actual input (Pillow's bicubic, all channels). A row ``bicubic`` stands for plain enlargement.
"""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import torch

import beyne
from beyne.images import Raster, read
from beyne.images.raster import from_tensor, to_tensor
from beyne.images.resample import downscale, resize
from beyne.metrics import PUBLISHED_X4, lr_psnr, psnr, ssim

SCALE = 4


def bicubic(raster: Raster) -> Raster:
    """Plain enlargement by the antialiased bicubic."""
    size = (raster.height * SCALE, raster.width * SCALE)
    pixels = from_tensor(resize(to_tensor(raster.pixels), size), raster.pixels.dtype)
    return raster.with_pixels(pixels)


def pairs(folder: Path) -> list[tuple[Raster, Raster]]:
    """Original and input of every picture of a test set, as RGB."""
    found = []
    for path in sorted((folder / "HR").iterdir()):
        hr = in_colour(read(path))
        if (folder / "LR_x4").is_dir():
            lr = in_colour(read(folder / "LR_x4" / path.name))
        else:
            small = from_tensor(downscale(to_tensor(hr.pixels), SCALE), hr.pixels.dtype)
            lr = hr.with_pixels(small)
        found.append((hr, lr))
    return found


def in_colour(raster: Raster) -> Raster:
    """Grey as three equal channels."""
    if raster.channels == 3:
        return raster
    return Raster(np.repeat(raster.pixels, 3, axis=2))


def score(enlarge, hr: Raster, lr: Raster) -> tuple[float, float, float]:
    """PSNR, SSIM and LR-PSNR of one picture."""
    output, truth, source = (to_tensor(r.pixels) for r in (enlarge(lr), hr, lr))
    values = [PUBLISHED_X4.measure(metric, output, truth) for metric in (psnr, ssim)]
    return float(values[0]), float(values[1]), float(lr_psnr(output, source))


def main() -> None:
    shared = Path(os.environ.get("BEYNE_SHARED", "../shared"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=["photo-x4"])
    parser.add_argument("--data", type=Path, default=shared / "data" / "sr_test")
    parser.add_argument("--consistent", action=argparse.BooleanOptionalAction)
    arguments = parser.parse_args()
    print(
        f"torch {torch.__version__}; protocol: {PUBLISHED_X4.text}; ± is the spread (σ) of images"
    )
    print("| set (images) | model | PSNR | SSIM | LR-PSNR |\n|---|---|---|---|---|")
    ways = {"bicubic": bicubic}
    for name in arguments.models:
        model = beyne.load(name)
        ways[Path(name).stem] = partial(model.upscale, consistent=arguments.consistent)
    for folder in sorted(path for path in arguments.data.iterdir() if (path / "HR").is_dir()):
        images = pairs(folder)
        for name, enlarge in ways.items():
            scores = [score(enlarge, hr, lr) for hr, lr in images]
            psnrs, ssims, consistency = (list(column) for column in zip(*scores, strict=True))
            print(
                f"| {folder.name} ({len(images)}) | {name} "
                f"| {fmean(psnrs):.2f} ± {stdev(psnrs):.1f} "
                f"| {fmean(ssims):.4f} | {fmean(consistency):.1f} |"
            )


if __name__ == "__main__":
    main()
