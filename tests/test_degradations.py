"""Degradations: every stage does what its numbers say, and chance is fixed by seed and number."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
import torch
from pictures import picture, save_pictures
from PIL import Image
from scipy import ndimage, special

from beyne.data import Crops, Original, Pair, RealConfig, read_original
from beyne.data.degradations import configured, degrade
from beyne.data.degradations.blur import (
    BlurConfig,
    blurred,
    convolved,
    gaussian_kernel,
    plateau_kernel,
    sinc_kernel,
)
from beyne.data.degradations.jpeg import JpegConfig, compressed
from beyne.data.degradations.noise import NoiseConfig, noisy
from beyne.data.degradations.resize import ResizeConfig, resized
from beyne.errors import UsageError
from beyne.images import Raster, write
from beyne.images.raster import to_tensor
from beyne.images.resample import downscale

OFF = {
    "blur": {"probability": 0},
    "resize": {"enlarge": 0, "shrink": 0, "modes": ["bicubic"], "aliased": 0},
    "noise": {"gaussian": 0, "poisson": 0},
    "jpeg": {"probability": 0},
}
PLAIN = {"kind": "real", "first": OFF, "second_order": 0, "final_sinc": 0}


def chance(number=0):
    return np.random.Generator(np.random.Philox(key=[0, number]))


def image(height=64, width=48, channels=3):
    return to_tensor(picture(height, width, channels))


def originals(channels=3, pixels=None, scale=4, **fields) -> list[Original]:
    config = configured({"kind": "real", **fields})
    made = [picture(96, 80, channels, seed) if pixels is None else pixels for seed in range(3)]
    return [Original(f"p{n}", hr, hr, scale, config) for n, hr in enumerate(made)]


# Each stage


@pytest.mark.parametrize("sigma", [0.4, 1.5, 3.0])
def test_gaussian_blur_is_scipys(sigma) -> None:
    reach = math.ceil(6 * sigma)
    ours = convolved(image(), gaussian_kernel(2 * reach + 1, (sigma, sigma)))[0].numpy()
    theirs = [
        ndimage.gaussian_filter(band, sigma, mode="mirror", radius=reach)
        for band in image()[0].numpy().astype(np.float64)
    ]
    assert np.abs(ours - np.stack(theirs)).max() < 1e-5


def test_anisotropic_kernels_have_the_moments_asked_for() -> None:
    kernel = gaussian_kernel(41, (3.0, 1.0), angle=math.pi / 6)
    y, x = np.mgrid[-20:21, -20:21]
    along = x * math.cos(math.pi / 6) + y * math.sin(math.pi / 6)
    across = y * math.cos(math.pi / 6) - x * math.sin(math.pi / 6)
    assert (kernel * along**2).sum() == pytest.approx(9, rel=1e-3)
    assert (kernel * across**2).sum() == pytest.approx(1, rel=1e-3)


def test_relatives_of_the_gaussian_follow_their_formulas() -> None:
    flat = gaussian_kernel(9, (2.0, 2.0), shape=3.0)
    assert flat[4, 6] / flat[4, 4] == pytest.approx(math.exp(-0.5))
    assert flat[4, 8] / flat[4, 4] == pytest.approx(math.exp(-0.5 * 4**3))
    plateau = plateau_kernel(9, (2.0, 2.0), 0.0, 2.0)
    assert plateau[8, 4] / plateau[4, 4] == pytest.approx(1 / (1 + 4**2))
    for kernel in (flat, plateau):
        assert kernel.sum() == pytest.approx(1)


def test_sinc_is_the_ideal_low_pass() -> None:
    cutoff = 1.3
    kernel = sinc_kernel(201, cutoff)
    radius = np.hypot(*np.mgrid[-100:101, -100:101])
    formula = cutoff * special.j1(cutoff * radius) / (2 * np.pi * np.maximum(radius, 1e-9))
    away = radius > 0
    assert np.allclose(kernel[away], formula[away], rtol=0.005)  # ours sums to 1
    x = np.arange(-100, 101)
    for frequency, passed in ((0.5, 1.0), (2.2, 0.0)):
        assert (kernel * np.cos(frequency * x)).sum() == pytest.approx(passed, abs=0.05)


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (7, 5)])
def test_tiny_images_are_blurred_too(size) -> None:
    for number in range(20):
        result = blurred(torch.full((1, 3, *size), 0.5), BlurConfig(), chance(number))
        assert torch.allclose(result, torch.tensor(0.5), atol=1e-5)  # sums of kernels are 1


def test_gaussian_noise_is_as_strong_as_asked() -> None:
    config = NoiseConfig(gaussian=1, poisson=0, sigma=(10, 10), grey=0)
    noise = noisy(torch.full((1, 3, 200, 200), 0.5), config, chance()) - 0.5
    assert float(noise.std()) * 255 == pytest.approx(10, rel=0.02)
    assert abs(float((noise[0, 0] * noise[0, 1]).mean())) < 0.02 * float(noise.var())


def test_poisson_noise_grows_with_the_root_of_the_light() -> None:
    config = NoiseConfig(gaussian=0, poisson=1, poisson_scale=(2, 2), grey=0)
    for light in (0.1, 0.4, 0.7):
        noise = noisy(torch.full((1, 1, 300, 300), light), config, chance()) - light
        counted = np.random.default_rng(0).poisson(light * 255, 90_000) / 255
        assert float(noise.std()) == pytest.approx(2 * counted.std(), rel=0.02)


def test_grey_noise_is_the_same_in_every_channel() -> None:
    for kind in ({"gaussian": 1, "poisson": 0}, {"gaussian": 0, "poisson": 1}):
        config = NoiseConfig(**kind, grey=1, sigma=(5, 5), poisson_scale=(1, 1))
        noise = noisy(torch.full((1, 4, 32, 32), 0.5), config, chance()) - 0.5
        assert torch.allclose(noise, noise[:, :1].expand_as(noise))
        assert noise.std() > 0.01


@pytest.mark.parametrize("quality", [30, 75, 95])
def test_jpeg_is_pillows_round_trip(quality) -> None:
    pixels = picture(61, 45)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    theirs = np.asarray(Image.open(file)).astype(int)
    config = JpegConfig(quality=(quality, quality))
    ours = compressed(to_tensor(pixels), config, chance())[0].permute(1, 2, 0) * 255
    assert np.abs(ours.numpy().round().astype(int) - theirs).max() <= 2
    assert np.abs(theirs - pixels).max() > 2


def test_jpeg_takes_other_band_counts_as_grey_pictures() -> None:
    config, bands = JpegConfig(quality=(50, 50)), image(40, 33, 4)
    whole = compressed(bands, config, chance())
    for index in range(4):
        alone = compressed(bands[:, index : index + 1], config, chance())
        assert torch.equal(whole[:, index : index + 1], alone)


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [({"enlarge": 1, "shrink": 0}, 1, 1.5), ({"shrink": 1, "enlarge": 0}, 0.5, 1)],
)
def test_factors_stay_in_their_range(share, low, high) -> None:
    config = ResizeConfig(**share, factor=(0.5, 1.5))
    sides = [resized(image(64, 64), (64, 64), config, chance(n)).shape[-1] for n in range(40)]
    assert low * 64 - 1 <= min(sides) < max(sides) <= high * 64 + 1
    assert len(set(sides)) > 10


# The whole model


def test_everything_off_is_operator_a() -> None:
    source = image(96, 80)
    made = degrade(source, (24, 20), configured(PLAIN), chance())
    assert torch.allclose(made, downscale(source, 4).clamp(0, 1), atol=1e-5)


def test_everything_off_at_scale_1_is_the_original() -> None:
    assert torch.equal(degrade(image(), (64, 48), configured(PLAIN), chance()), image())


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("scale", [1, 4])
def test_values_stay_in_range_and_shapes_are_right(channels, scale) -> None:
    source = (image(96, 80, channels) * 3 - 1).clamp(0, 1)  # much black, much white
    for number in range(12):
        made = degrade(source, (96 // scale, 80 // scale), RealConfig(), chance(number))
        assert made.shape == (1, channels, 96 // scale, 80 // scale)
        assert 0 <= float(made.min()) <= float(made.max()) <= 1


def test_the_degraded_side_shows_the_same_place() -> None:
    y, x = torch.meshgrid(torch.linspace(0.2, 0.8, 96), torch.linspace(0.1, 0.9, 80), indexing="ij")
    ramps = torch.stack([y, x]).unsqueeze(0)
    quiet = configured(
        {"kind": "real", "first": {"noise": OFF["noise"]}, "second": {"noise": OFF["noise"]}}
    )
    exact = downscale(ramps, 4)[..., 4:-4, 4:-4]
    for number in range(20):
        made = degrade(ramps, (24, 20), quiet, chance(number))[..., 4:-4, 4:-4]
        assert (made - exact).mean((2, 3)).abs().max() < 0.01  # a pixel of shift is 0.03 and more
        assert (made - exact).abs().max() < 0.08


def test_the_second_round_has_defaults_of_its_own() -> None:
    config = configured({"kind": "real", "second": {"blur": {"sinc": 0.5}}})
    assert isinstance(config, RealConfig)
    assert (config.second.blur.sinc, config.second.blur.probability) == (0.5, 0.8)
    assert config.second.noise.sigma == (1.0, 25.0)
    assert (config.first.blur.probability, config.first.noise.sigma) == (1.0, (1.0, 30.0))
    assert configured(config.model_dump(mode="json")) == config


# Crops


@pytest.mark.parametrize("scale", [1, 4])
def test_a_crop_is_fixed_by_seed_and_number(scale) -> None:
    crops = Crops(originals(scale=scale), 16, 5)
    whole, part = crops.batch(range(8)), crops.batch(range(5, 8))
    assert torch.equal(whole["lr"][5:], part["lr"])
    assert torch.equal(whole["hr"][5:], part["hr"])
    other = Crops(originals(scale=scale), 16, 6).batch(range(8))
    assert not torch.equal(whole["lr"], other["lr"])


@pytest.mark.parametrize("side", [16, 20])
def test_both_sides_of_a_crop_show_the_same_place(side) -> None:
    fields = {key: value for key, value in PLAIN.items() if key != "kind"}
    batch = Crops(originals(**fields), side, 0).batch(range(12))  # 20: as wide as the picture
    assert batch["lr"].shape[-2:] == (side, side)
    inner = (downscale(batch["hr"], 4) - batch["lr"])[..., 2:-2, 2:-2]
    assert inner.abs().max() < 2.5 / 255  # rounding, and the surroundings downscale lacks here


def test_surroundings_of_a_crop_are_real() -> None:
    fields = {key: value for key, value in PLAIN.items() if key != "kind"}
    first, *_ = originals(**fields)
    whole = first.whole().lr.astype(int)
    cut = [first.crop(8, 6, 8, chance(n))[0].astype(int) - whole[8:16, 6:14] for n in range(40)]
    same = [np.abs(difference).max() <= 1 for difference in cut]
    assert sum(same) > 20  # elsewhere the patch ends where the crop does


def test_jpegs_grid_starts_anywhere_in_a_crop() -> None:
    fields = {"first": OFF | {"jpeg": {"quality": [10, 10]}}, "second_order": 0, "final_sinc": 0}
    first, *_ = originals(scale=1, **fields)
    starts = set()
    for number in range(60):
        steps = np.abs(np.diff(first.crop(30, 30, 32, chance(number))[0].astype(int), axis=1))
        starts.add(max(range(8), key=lambda start: steps[:, start::8].mean()))
    assert len(starts) >= 7


def test_whole_pictures_are_degraded_alike_in_every_run() -> None:
    first, *_ = originals()
    again, *_ = originals()
    assert np.array_equal(first.whole().lr, again.whole().lr)
    assert first.whole().lr.shape == (24, 20, 3)
    renamed = Original("other", first.hr, first.source, 4, first.degradation)
    assert not np.array_equal(first.whole().lr, renamed.whole().lr)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
def test_samples_keep_their_type(tmp_path, kind) -> None:
    pixels = picture(64, 64).astype(np.float32) / 255
    depth = {"uint8": 255, "uint16": 65535, "float32": 1}[kind]
    write(Raster((pixels * depth).astype(kind)), tmp_path / "p.tif")
    fields = {"first": {"jpeg": {"probability": 0}}, "second_order": 0}
    config = configured({"kind": "real", **fields})
    original = read_original(Pair("p", tmp_path / "p.tif"), 4, (3, 3), config)
    lr = original.whole().lr
    assert lr.dtype == kind
    if kind == "uint16":
        assert (lr % 257).any()  # finer than 8 bits
    batch = Crops([original], 8, 0).batch(range(4))
    assert 0 <= float(batch["lr"].min()) < 0.5 < float(batch["lr"].max()) <= 1


def test_a_grey_network_is_given_grey(tmp_path) -> None:
    path = save_pictures(tmp_path, 1) / "p0.png"
    original = read_original(Pair("p", path), 4, (1, 3), RealConfig())
    batch = Crops([original], 8, 0).batch(range(2))
    assert (batch["lr"].shape[1], batch["hr"].shape[1]) == (1, 3)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("real", "data.degradation: 'real' is no table; --set data.degradation.kind=real"),
        ({"kind": "reel"}, "data.degradation.kind: unknown kind 'reel'; did you mean 'real'"),
        ({"noise": 1}, "data.degradation.noise: unknown key"),
        (
            {"kind": "real", "first": {"noise": {"sgima": 1}}},
            "data.degradation.first.noise.sgima: unknown key; did you mean 'sigma'",
        ),
        ({"kind": "real", "second": 3}, "data.degradation.second: input should be"),
        (
            {"kind": "real", "second": {"noise": {"sigma": [9, 1]}}},
            "second.noise.sigma: the range runs from 9 down to 1",
        ),
        ({"kind": "real", "first": {"blur": {"sigma": [0, 1]}}}, "first.blur.sigma.0: .*greater"),
        ({"kind": "real", "first": {"blur": {"side": [6, 9]}}}, "first.blur.side: .*odd"),
        ({"kind": "real", "first": {"blur": {"plateau": 0.9}}}, "first.blur: .*more than 1"),
        ({"kind": "real", "first": {"resize": {"shrink": 0.9}}}, "first.resize: .*more than 1"),
        ({"kind": "real", "first": {"resize": {"factor": [2, 3]}}}, "first.resize: .*at most 1"),
        ({"kind": "real", "first": {"noise": {"poisson": 0.9}}}, "first.noise: .*more than 1"),
        ({"kind": "real", "first": {"jpeg": {"quality": [90, 20]}}}, "first.jpeg.quality: .*lower"),
        ({"kind": "real", "second_order": 2}, "data.degradation.second_order: .*less than"),
    ],
)
def test_wrong_fields_are_named(fields, message) -> None:
    with pytest.raises(UsageError, match=message):
        configured(fields)
