"""Peak memory and time of GeoTIFFs of several sizes, most of them nodata.

    python bench/geotiff.py [--sides 3000 12000] [--model photo-x4] [--data 0.05] [--trust]

Each is a square of one 16-bit band, deflated, with data in the twentieth in its middle. --trust
maps trust besides, which takes eleven times as long; less data may do.

The bar: the largest takes at most 1.1 times the memory of the smallest, and less than 2 GiB. Time
is that of the process and, beside it, of its processors.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
from rasterio.windows import Window

BLOCK = 256
HEADS = ("side", "output MB", "seconds", "CPU s", "peak MiB", "against first")


def write_raster(path: Path, side: int, share: float) -> None:
    """A made-up scene: smooth noise in the middle, zero around it."""
    random = np.random.default_rng(0)
    data = random.integers(500, 3000, (BLOCK // 8, BLOCK // 8)).astype(np.uint16)
    data = data.repeat(8, 0).repeat(8, 1)
    form = {"driver": "GTiff", "width": side, "height": side, "count": 1, "dtype": "uint16"}
    form |= {"nodata": 0, "tiled": True, "compress": "deflate", "crs": "EPSG:32633"}
    transform = rasterio.transform.from_origin(400_000, 5_300_000, 10, 10)
    margin = round(side * (1 - share**0.5) / 2)
    with rasterio.open(path, "w", transform=transform, **form) as raster:
        for top in range(0, side, BLOCK):
            for left in range(0, side, BLOCK):
                height, width = min(BLOCK, side - top), min(BLOCK, side - left)
                y, x = np.mgrid[top : top + height, left : left + width]
                inside = np.maximum(abs(y - side // 2), abs(x - side // 2)) < side // 2 - margin
                window = Window(left, top, width, height)
                raster.write(data[:height, :width] * inside, 1, window=window)


def measured(
    folder: Path, side: int, share: float, words: list[str]
) -> tuple[float, float, float, float]:
    """Megabytes written, seconds, processor seconds and MiB at the peak."""
    source, target = folder / f"{side}.tif", folder / f"{side}_large.tif"
    write_raster(source, side, share)
    words = ["upscale", str(source), "-o", str(target), *words]
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "beyne", *words], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"beyne failed on {source}")
    written = [*folder.glob(f"{side}_large.*")]
    size = sum(path.stat().st_size for path in written) / 1e6
    for path in written:
        path.unlink()
    return size, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sides", type=int, nargs="+", default=[3000, 12000])
    parser.add_argument("--model", default="photo-x4")
    parser.add_argument("--data", type=float, default=0.05, help="part of the square that has data")
    parser.add_argument("--trust", action="store_true")
    call = parser.parse_args()
    print("".join(f"{head:>14}" for head in HEADS))
    words = ["--model", call.model, *(["--trust"] if call.trust else [])]
    first = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for side in call.sides:
            *rest, peak = measured(Path(folder), side, call.data, words)
            first = first or peak
            cells = [str(side), *(f"{value:.0f}" for value in rest), f"{peak:.0f}"]
            print("".join(f"{cell:>14}" for cell in [*cells, f"{peak / first:.2f}"]), flush=True)


if __name__ == "__main__":
    main()
