"""Reduced precision only where the processor has it, it is faster, and nobody sees it."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from pictures import picture
from tiny_networks import tiny_model

from beyne.errors import UsageError
from beyne.images import Raster
from beyne.predict.device import find_device
from beyne.predict.footprint import chosen_tiling
from beyne.predict.precision import PrecisionChoice, reduced_types
from beyne.predict.predictor import Predictor

CPU = torch.device("cpu")
BIG = picture(256, 256)
WEIGHTS = 426_000


def network(error: float, slow: float = 0.0):
    """A network whose reduced precision is wrong by ``error`` and slower by ``slow`` seconds."""

    def run(tiles, dtype):
        if dtype == torch.float32:
            time.sleep(0.01)
            return tiles
        time.sleep(slow)
        return tiles + error

    return run


def choice(raster: Raster, run, candidates=(torch.bfloat16,)) -> torch.dtype:
    return PrecisionChoice("auto", CPU, WEIGHTS, candidates).of(raster, raster.pixels, run)


@pytest.mark.parametrize(("error", "expected"), [(0.5, True), (0.9, True), (1.5, False)])
def test_8_bit_pictures_allow_one_level(error, expected):
    found = choice(Raster(BIG), network(error / 255))
    assert (found == torch.bfloat16) == expected


def test_deep_pictures_allow_a_thousandth_of_their_own_range():
    bright = Raster((BIG.astype(np.uint16) + 1) * 200)
    dark = Raster(BIG.astype(np.uint16))
    assert choice(bright, network(0.0005)) == torch.bfloat16
    assert choice(bright, network(0.002)) == torch.float32
    assert choice(dark, network(0.0005)) == torch.float32


def test_a_bright_picture_does_not_decide_for_a_dark_one():
    chooser = PrecisionChoice("auto", CPU, WEIGHTS, [torch.bfloat16])
    run = network(0.0005)
    bright, dark = ((BIG.astype(np.uint16) + 1) * 200, BIG.astype(np.uint16))
    assert chooser.of(Raster(bright), bright, run) == torch.bfloat16
    assert chooser.of(Raster(dark), dark, run) == torch.float32


def test_slower_or_broken_precisions_are_not_taken():
    assert choice(Raster(BIG), network(0.0, slow=0.05)) == torch.float32
    assert choice(Raster(BIG), network(float("nan"))) == torch.float32


def test_the_next_candidate_gets_its_turn():
    def run(tiles, dtype):
        time.sleep(0.01 if dtype == torch.float32 else 0)
        return tiles * float("inf") if dtype == torch.float16 else tiles

    assert choice(Raster(BIG), run, (torch.float16, torch.bfloat16)) == torch.bfloat16


def test_small_pictures_are_not_probed_until_there_are_many():
    chooser = PrecisionChoice("auto", CPU, WEIGHTS, [torch.bfloat16])
    runs = []

    def run(tiles, dtype):
        runs.append(dtype)
        return network(0.0)(tiles, dtype)

    small = Raster(picture(64, 64))
    chosen = [chooser.of(small, small.pixels, run) for _ in range(20)]
    assert chosen[0] == torch.float32
    assert chosen[-1] == torch.bfloat16
    assert len(runs) <= 6  # one probe for all


def test_heavy_networks_are_probed_on_smaller_pictures():
    small = Raster(picture(64, 64))
    for weights, expected in ((WEIGHTS, torch.float32), (40 * WEIGHTS, torch.bfloat16)):
        chooser = PrecisionChoice("auto", CPU, weights, [torch.bfloat16])
        assert chooser.of(small, small.pixels, network(0.0)) == expected


def test_fp16_is_never_chosen_on_a_cpu():
    assert torch.float16 not in reduced_types(CPU)
    with pytest.raises(UsageError, match="fp16"):
        PrecisionChoice("fp16", CPU, WEIGHTS)
    with pytest.raises(UsageError, match="no precision 'fp8'"):
        PrecisionChoice("fp8", CPU, WEIGHTS)


@pytest.mark.parametrize("kind", ["compact", "rrdb", "span", "srresnet"])
def test_bf16_stays_within_one_level_on_average(kind):
    model = tiny_model(kind)
    raster = Raster(picture(90, 70))
    exact = Predictor(model, precision="fp32").apply(raster).pixels.astype(float)
    reduced = Predictor(model, precision="bf16").apply(raster).pixels
    assert np.abs(exact - reduced).mean() <= 1


def test_what_was_computed_in_is_told():
    predictor = Predictor(tiny_model("compact"))
    predictor.apply(Raster(picture(8, 8)))
    assert predictor.precision == "fp32"


@pytest.mark.parametrize("name", ["tpu", "cuda:", "cuda:x", "cpu:0", "cuda:99", ""])
def test_devices_that_are_not_there(name):
    with pytest.raises(UsageError, match=r"device|has no"):
        find_device(name)


def test_devices():
    assert find_device("cpu") == CPU
    assert find_device("auto").type in ("cpu", "cuda", "mps")


def test_tiles_of_heavy_networks_are_smaller():
    light = chosen_tiling(tiny_model("compact").network, CPU, 4)
    heavy = chosen_tiling(tiny_model("rrdb", features=512, growth=4).network, CPU, 4)
    assert 16 <= heavy.core < light.core
    assert 0 < heavy.whole < light.whole
    assert light.batch == heavy.batch == 1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_gives_what_the_cpu_gives():
    model = tiny_model("span")
    raster = Raster(picture(200, 150))
    expected = Predictor(model, "cpu", "fp32").apply(raster).pixels.astype(float)
    found = Predictor(model, "cuda").apply(raster).pixels
    assert np.abs(expected - found).mean() <= 1
