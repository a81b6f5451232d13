"""The projection against a dense pseudo-inverse, its properties, and what clipping leaves of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from beyne.images.projection import project, project_into_limits, project_into_range
from beyne.images.resample import OPERATORS, downscale, resize

SCALES = (2, 3, 4, 8)


def images(height: int, width: int, scale: int, channels: int = 2) -> tuple[torch.Tensor, ...]:
    """A random output and a random input that have nothing to do with each other."""
    random = torch.Generator().manual_seed(0)
    output = torch.rand(1, channels, height * scale, width * scale, generator=random)
    return output, torch.rand(1, channels, height, width, generator=random)


def dense(length: int, scale: int, operator: str) -> np.ndarray:
    """A along one axis as a matrix, found by shrinking unit vectors."""
    units = torch.eye(length * scale, dtype=torch.float64)[None, None]
    return resize(units, (length, length * scale), operator)[0, 0].numpy()


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("size", [(1, 1), (3, 7), (37, 64), (65, 173)])
def test_the_result_shrinks_to_the_input_and_stays_on_a_second_time(size, scale, operator) -> None:
    output, source = images(*size, scale)
    result = project(output, source, operator)
    assert (downscale(result, scale, operator) - source).abs().max() < 2e-6
    assert (project(result, source, operator) - result).abs().max() < 3e-6


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("size", [(2, 5), (11, 90)])
def test_equals_the_dense_pseudo_inverse(size, scale, operator) -> None:
    """90 is longer than the short axis whose middle is repeated."""
    output, source = images(*size, scale)
    down, across = (dense(length, scale, operator) for length in size)
    large, small = output.double().numpy(), source.double().numpy()
    missing = small - down @ large @ across.T
    expected = large + np.linalg.pinv(down) @ missing @ np.linalg.pinv(across).T
    assert np.abs(project(output, source, operator).numpy() - expected).max() < 2e-6


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_consistent_image_is_left_alone(operator) -> None:
    output, _ = images(21, 34, 4)
    source = downscale(output, 4, operator)
    assert (project(output, source, operator) - output).abs().max() < 2e-6
    assert (project_into_range(output, source, operator) - output).abs().max() < 2e-6


def test_gradients_are_those_of_a_projection() -> None:
    output, source = (image.double().requires_grad_() for image in images(3, 5, 2, channels=1))
    assert gradcheck(project, (output, source))
    # A small change of the output that A does not see comes through whole, all else vanishes.
    detail = torch.randn_like(output)
    unseen = project(detail, torch.zeros_like(source)).detach()
    (gradient,) = torch.autograd.grad(project(output, source), output, detail)
    assert torch.allclose(gradient, unseen, atol=1e-5)


def test_is_exact_under_autocast() -> None:
    output, source = images(16, 16, 4)
    with torch.autocast("cpu", torch.bfloat16):
        result = project(output, source)
    assert torch.equal(result, project(output, source))


def black_and_white() -> torch.Tensor:
    """A picture of which much is 0 or 1."""
    random = torch.Generator().manual_seed(0)
    large = torch.rand(1, 1, 160, 160, generator=random)
    return (resize(resize(large, (40, 40)), (160, 160)) * 6 - 2.5).clamp(0, 1)


def test_clipping_and_consistency_together() -> None:
    """Each round comes nearer to the input."""
    source = downscale(black_and_white(), 4).clamp(0, 1)
    start = resize(source, (160, 160))
    errors = []
    for rounds in (1, 2, 3, 30):
        result = project_into_range(start, source, rounds=rounds)
        assert 0 <= result.min() <= result.max() <= 1
        errors.append(float((downscale(result, 4) - source).square().mean()))
    assert errors[0] > errors[1] > errors[2] > errors[3]
    assert errors[3] < errors[0] / 100


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_within_limits_all_that_is_possible_is_given_back(dtype) -> None:
    source = downscale(black_and_white().to(dtype), 4)
    result = project_into_limits(resize(source, (160, 160)), source, "bicubic", (0, 1), 1 / 255)
    assert 0 <= result.min() <= result.max() <= 1
    assert (downscale(result, 4) - source).abs().max() < 0.25 / 255


def test_what_is_impossible_within_limits_is_left_to_few_pixels() -> None:
    """Single white pixels on dark are sharper than A lets through; least squares lose a third."""
    source = torch.full((1, 1, 40, 40), 0.1)
    source[..., 4::8, 4::8] = 1
    result = project_into_limits(resize(source, (160, 160)), source, "bicubic", (0, 1), 1 / 255)
    assert 0 <= result.min() <= result.max() <= 1
    within = (downscale(result, 4) - source).abs() <= 0.5 / 255
    assert within.double().mean() > 0.9
