"""Metrics against scikit-image and torchmetrics, and their properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
import skimage.metrics
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from beyne.errors import UsageError
from beyne.metrics import (
    METRICS,
    MS_SSIM_SIDE,
    PUBLISHED_X4,
    Protocol,
    high_frequency_energy,
    lr_psnr,
    mae,
    ms_ssim,
    psnr,
    spectral_angle,
    ssim,
)
from beyne.metrics.protocol import luma_of

ALL = pytest.mark.parametrize("metric", [psnr, ssim])


def pair(channels: int = 3, height: int = 24, width: int = 31, seed: int = 0, n: int = 2):
    """A smooth random image and a noisy copy."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(n, channels, 5, 6, generator=generator)
    target = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")
    noise = 0.1 * torch.randn(target.shape, generator=generator)
    return (target + noise).clamp(0, 1), target


def as_hwc(image: Tensor) -> np.ndarray:
    return image.permute(1, 2, 0).double().numpy()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_psnr_equals_scikit_image(channels):
    output, target = pair(channels)
    expected = [
        skimage.metrics.peak_signal_noise_ratio(as_hwc(t), as_hwc(o), data_range=1)
        for o, t in zip(output, target, strict=True)
    ]
    assert psnr(output, target).tolist() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_ssim_equals_scikit_image(channels):
    output, target = pair(channels)
    expected = [
        skimage.metrics.structural_similarity(
            as_hwc(o),
            as_hwc(t),
            data_range=1,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            channel_axis=2,
        )
        for o, t in zip(output, target, strict=True)
    ]
    assert ssim(output, target).tolist() == pytest.approx(expected, abs=1e-9)


def test_ssim_equals_torchmetrics():
    functional = pytest.importorskip("torchmetrics.functional.image")
    output, target = (image.double() for image in pair())
    _, full = functional.structural_similarity_index_measure(
        output, target, data_range=1.0, sigma=1.5, kernel_size=11, return_full_image=True
    )
    expected = full[..., 5:-5, 5:-5].mean(dim=(1, 2, 3))
    assert ssim(output, target).tolist() == pytest.approx(expected.tolist(), abs=1e-6)


def test_psnr_equals_torchmetrics():
    functional = pytest.importorskip("torchmetrics.functional.image")
    output, target = pair(n=1)
    expected = functional.peak_signal_noise_ratio(output.double(), target.double(), data_range=1.0)
    assert psnr(output, target).item() == pytest.approx(expected.item(), abs=1e-5)


def test_luma_is_matlabs_rgb2ycbcr():
    # Values that MATLAB's documentation and ITU-R BT.601 fix: black 16, white 235.
    colours = torch.tensor([[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    luma = luma_of(colours.T.reshape(1, 3, 1, 5).double()) * 255
    expected = [16, 235, 81.481, 144.553, 40.966]
    assert luma.flatten().tolist() == pytest.approx(expected, abs=1e-5)


def test_grey_luma_is_that_of_three_equal_colours():
    output, target = pair(1)
    as_rgb = psnr(output.expand(-1, 3, -1, -1), target.expand(-1, 3, -1, -1), luma=True)
    assert psnr(output, target, luma=True).tolist() == pytest.approx(as_rgb.tolist(), abs=1e-9)


@ALL
def test_one_value_per_image_whatever_the_batch(metric):
    output, target = pair(n=3)
    one_by_one = [metric(output[i : i + 1], target[i : i + 1]).item() for i in range(3)]
    assert metric(output, target).tolist() == pytest.approx(one_by_one, abs=1e-12)


@ALL
def test_symmetric_and_best_for_the_truth(metric):
    output, target = pair()
    assert torch.allclose(metric(output, target), metric(target, output))
    assert (metric(target, target) > metric(output, target)).all()


def test_identical_images():
    _, target = pair()
    assert psnr(target, target).tolist() == [math.inf, math.inf]
    assert ssim(target, target).tolist() == pytest.approx([1, 1])


@ALL
@settings(max_examples=10, deadline=None)
@given(data_range=st.floats(0.01, 70000))
def test_invariant_to_the_data_range(metric, data_range):
    output, target = (image.double() for image in pair())
    scaled = metric(output * data_range, target * data_range, data_range=data_range)
    assert scaled.tolist() == pytest.approx(metric(output, target).tolist(), abs=1e-6)


@ALL
def test_crop_leaves_the_border_out(metric):
    output, target = pair()
    inner = metric(output[..., 4:-4, 4:-4].contiguous(), target[..., 4:-4, 4:-4].contiguous())
    assert torch.equal(metric(output, target, crop=4), inner)


@ALL
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[..., 1:], "can't be compared"),
        (lambda x: x * 255, "outside the stated range 0 to 1"),
        (lambda x: x - 1, "outside the stated range 0 to 1"),
        (lambda x: x * float("nan"), "outside the stated range"),
    ],
)
def test_wrong_input_is_refused(metric, change, message):
    output, target = pair()
    with pytest.raises(UsageError, match=message):
        metric(change(output), target)


@ALL
def test_other_refusals(metric):
    output, target = pair(4)
    with pytest.raises(UsageError, match="luma of 4 channels"):
        metric(output, target, luma=True)
    with pytest.raises(UsageError, match="leaves nothing"):
        metric(output, target, crop=12)
    with pytest.raises(UsageError, match="not a float"):
        metric(output[0], target[0])
    with pytest.raises(UsageError, match="not a float"):
        metric((output * 255).byte(), (target * 255).byte())


def test_ssim_needs_its_window():
    output, target = pair(height=12, width=10)
    with pytest.raises(UsageError, match="10×12 pixels are too few"):
        ssim(output, target)


def test_protocol_rounds_and_clamps_the_output():
    output, target = pair()
    stored = output.mul(255).round().div(255)
    expected = psnr(stored, target, luma=True, crop=4)
    assert torch.equal(PUBLISHED_X4.measure(psnr, output, target), expected)
    too_bright = PUBLISHED_X4.measure(psnr, output * 3 - 1, target)
    assert torch.equal(too_bright, PUBLISHED_X4.measure(psnr, (output * 3 - 1).clamp(0, 1), target))


def test_protocol_states_itself():
    assert PUBLISHED_X4.text == "Y, crop 4, 8-bit rounded"
    assert Protocol().text == "all channels, crop 0, not rounded"


def test_lr_psnr_equals_pillow():
    generator = np.random.default_rng(0)
    lr = generator.random((9, 12), dtype=np.float32)
    hr = np.asarray(Image.fromarray(lr).resize((48, 36), Image.Resampling.BICUBIC)).clip(0, 1)
    back = np.asarray(Image.fromarray(hr).resize((12, 9), Image.Resampling.BICUBIC))
    expected = skimage.metrics.peak_signal_noise_ratio(lr, back.clip(0, 1), data_range=1)
    measured = lr_psnr(torch.from_numpy(hr.copy())[None, None], torch.from_numpy(lr)[None, None])
    assert measured.item() == pytest.approx(expected, abs=1e-3)


def test_lr_psnr_refuses_other_sizes():
    with pytest.raises(UsageError, match="whole factor"):
        lr_psnr(torch.rand(1, 3, 16, 18), torch.rand(1, 3, 8, 8))


def test_high_frequency_energy_of_waves():
    """Waves below the input's Nyquist do not count; of one above it, the squared amplitude does."""
    across = torch.arange(64, dtype=torch.float64)
    coarse, fine = (torch.cos(2 * math.pi * f * across) for f in (4 / 64, 16 / 64))
    waves = [(0.5 + 0.2 * coarse + a * fine).expand(1, 3, 64, 64) for a in (0.2, 0.1, 0.0)]
    ratios = [high_frequency_energy(wave, waves[0]).item() for wave in waves]
    assert ratios == pytest.approx([1.0, 0.25, 0.0], abs=1e-9)
    assert high_frequency_energy(waves[0], waves[1], scale=1).isnan()  # nothing lies above it


def test_high_frequency_energy_of_bicubic_on_set14(shared):
    """The value an independent script found: about a tenth of what the originals have."""
    folder, values = shared("data/sr_test/Set14"), []
    for path in sorted((folder / "HR").iterdir()):
        hr, lr = (Image.open(p).convert("RGB") for p in (path, folder / "LR_x4" / path.name))
        images = (lr.resize(hr.size, Image.Resampling.BICUBIC), hr)
        pair = (torch.from_numpy(np.array(i)).permute(2, 0, 1)[None] / 255 for i in images)
        values.append(high_frequency_energy(*pair, luma=True).item())
    assert np.mean(values) == pytest.approx(0.10, abs=0.01)


@pytest.mark.parametrize("channels", [1, 3])
def test_ms_ssim_equals_torchmetrics(channels):
    """Size by size: its own product counts mirrored borders in the last one."""
    functional = pytest.importorskip("torchmetrics.functional.image")
    output, target = (image.double() for image in pair(channels, 180, 205))
    whole = functional.multiscale_structural_similarity_index_measure(
        output, target, data_range=1.0, reduction="none"
    )
    assert ms_ssim(output, target).tolist() == pytest.approx(whole.tolist(), abs=1e-3)
    expected, x, y = torch.ones(2, dtype=torch.float64), output, target
    for exponent in (0.0448, 0.2856, 0.3001, 0.2363, 0.1333):
        last = exponent == 0.1333
        wanted = {"return_full_image" if last else "return_contrast_sensitivity": True}
        _, found = functional.structural_similarity_index_measure(
            x, y, data_range=1.0, sigma=1.5, reduction="none", **wanted
        )
        found = found[..., 5:-5, 5:-5].mean((1, 2, 3)) if last else found
        expected = expected * found**exponent
        x, y = (torch.nn.functional.avg_pool2d(image, 2) for image in (x, y))
    assert ms_ssim(output, target).tolist() == pytest.approx(expected.tolist(), abs=1e-6)


def test_ms_ssim_at_its_limits():
    output, target = pair(1, MS_SSIM_SIDE, MS_SSIM_SIDE)
    assert ms_ssim(target, target).tolist() == pytest.approx([1, 1])
    assert ms_ssim(1 - target, target).tolist() == [0, 0]  # structures turned round
    with pytest.raises(UsageError, match="174×174 pixels are too few for MS-SSIM"):
        ms_ssim(output, target, crop=1)


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_mae_equals_torchmetrics(channels):
    functional = pytest.importorskip("torchmetrics.functional")
    output, target = pair(channels)
    expected = [
        255 * functional.mean_absolute_error(o, t).item()
        for o, t in zip(output, target, strict=False)
    ]
    assert mae(output, target).tolist() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("channels", [2, 3, 12])
def test_spectral_angle_equals_torchmetrics(channels):
    functional = pytest.importorskip("torchmetrics.functional.image")
    output, target = (0.1 + 0.9 * image.double() for image in pair(channels))
    expected = functional.spectral_angle_mapper(output, target, reduction="none")
    degrees = expected.mean((1, 2)).rad2deg()
    assert spectral_angle(output, target).tolist() == pytest.approx(degrees.tolist(), abs=1e-6)


def test_spectral_angle_sees_colour_and_not_brightness():
    _, target = pair(5)
    assert spectral_angle(target, target).tolist() == [0, 0]
    assert spectral_angle(target * 0.5, target).tolist() == pytest.approx([0, 0], abs=1e-5)
    # Right angles: other bands, and black, which has no colour, beside any.
    colours = torch.tensor([[0.7, 0.0], [0.0, 0.2], [0.0, 0.0]])
    red, green, black = (colour.view(1, 2, 1, 1) for colour in colours)
    angles = [spectral_angle(*both).item() for both in ((red, green), (red, black), (black, black))]
    assert angles == pytest.approx([90, 90, 0])
    with pytest.raises(UsageError, match="one band has no spectrum"):
        spectral_angle(target[:, :1], target[:, :1])


def test_every_metric_says_which_values_are_better():
    output, target = pair(4, 180, 180, n=1)
    near = 0.7 * target + 0.3 * output
    for name, metric in METRICS.items():
        if metric.loaded or metric.against == "input":
            continue
        far, close, best = (
            metric.function(image, target).item() for image in (output, near, target)
        )
        if metric.better is None:
            assert abs(best - 1) < abs(close - 1) < abs(far - 1), name
        else:
            sign = 1 if metric.better == "higher" else -1
            assert sign * best > sign * close > sign * far, name
