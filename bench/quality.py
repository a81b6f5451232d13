"""Scores of models on the published ×4 test sets, the table of the README.

    python bench/quality.py [MODEL ...] [--data ../shared/data/sr_test] [--consistent]

Each set is a folder with ``HR`` and ``LR_x4``; without ``LR_x4`` the small side is made by
operator A. Scores: PSNR and SSIM under the protocol printed, LR-PSNR of the 8-bit output against
the actual input (Pillow's bicubic, all channels), LPIPS (all channels, no crop, 8 bit; less is
better) where its weights are. A row ``bicubic`` stands for plain enlargement.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import fmean, stdev
from typing import NamedTuple

import numpy as np
import torch

import beyne
from beyne.images import Raster, read
from beyne.images.raster import from_tensor, to_tensor
from beyne.images.resample import downscale, resize
from beyne.metrics import LPIPS, PUBLISHED_X4, Protocol, lr_psnr, psnr, ssim
from beyne.weights import MissingWeightsError

SCALE = 4
SHARED = Path(os.environ.get("BEYNE_SHARED", "../shared"))
TEST_SETS = SHARED / "data" / "sr_test"

#: Name of a way to enlarge → what does it.
Ways = dict[str, Callable[[Raster], Raster]]


class Row(NamedTuple):
    """Scores of one way on one test set: name of the score → its value for each picture."""

    data: str
    name: str
    scores: dict[str, list[float]]


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


def score(enlarge, hr: Raster, lr: Raster, judge: LPIPS | None) -> dict[str, float]:
    """The scores of one picture by name."""
    output, truth, source = (to_tensor(r.pixels) for r in (enlarge(lr), hr, lr))
    values = {
        "psnr": PUBLISHED_X4.measure(psnr, output, truth),
        "ssim": PUBLISHED_X4.measure(ssim, output, truth),
        "lr_psnr": lr_psnr(output, source),
    }
    if judge:
        values["lpips"] = Protocol(bits=8).measure(judge, output, truth)
    return {name: float(value) for name, value in values.items()}


def measured(ways: Ways, data: Path, judge: LPIPS | None) -> Iterator[Row]:
    """A row for each test set and each way to enlarge, as they are done."""
    for folder in sorted(path for path in data.iterdir() if (path / "HR").is_dir()):
        images = pairs(folder)
        for name, enlarge in ways.items():
            each = [score(enlarge, hr, lr, judge) for hr, lr in images]
            yield Row(folder.name, name, {key: [one[key] for one in each] for key in each[0]})


def judge_that_is_here() -> LPIPS | None:
    """LPIPS, if its weights are on this machine; else a line on standard error."""
    try:
        return LPIPS()
    except MissingWeightsError as error:
        print(f"LPIPS is left out: {error}", file=sys.stderr)
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=["photo-x4"])
    parser.add_argument("--data", type=Path, default=TEST_SETS)
    parser.add_argument("--consistent", action=argparse.BooleanOptionalAction)
    arguments = parser.parse_args()
    judge = judge_that_is_here()
    named = f"; LPIPS is {judge.text}" if judge else ""
    print(f"torch {torch.__version__}; {PUBLISHED_X4.text}{named}; ± is the spread (σ) of images")
    print("| set (images) | model | PSNR | SSIM | LPIPS | LR-PSNR |\n|---|---|---|---|---|---|")
    ways: Ways = {"bicubic": bicubic}
    for name in arguments.models:
        model = beyne.load(name)
        ways[Path(name).stem] = partial(model.upscale, consistent=arguments.consistent)
    for row in measured(ways, arguments.data, judge):
        mean = {key: fmean(values) for key, values in row.scores.items()}
        spread, number = stdev(row.scores["psnr"]), len(row.scores["psnr"])
        lpips = f"{mean['lpips']:.3f}" if "lpips" in mean else "not measured"
        print(
            f"| {row.data} ({number}) | {row.name} | {mean['psnr']:.2f} ± {spread:.1f} "
            f"| {mean['ssim']:.4f} | {lpips} | {mean['lr_psnr']:.1f} |"
        )


if __name__ == "__main__":
    main()
