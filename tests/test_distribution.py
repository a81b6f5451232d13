"""Distances between sets of pictures against torchmetrics, brute force and what must hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pictures import picture
from torch import Tensor, nn

from beyne.errors import UsageError
from beyne.metrics.distribution import density_coverage, fid, kid, precision_recall
from beyne.metrics.features import Features, compare_sets
from beyne.weights import MissingWeightsError


def sets(n=60, m=50, width=8, shift=0.5, seed=0):
    """Two clouds of features, the first moved."""
    generator = torch.Generator().manual_seed(seed)
    generated = torch.randn(n, width, generator=generator) + shift
    return generated, 1.2 * torch.randn(m, width, generator=generator)


class Passing(nn.Module):
    """Features for torchmetrics: the pictures' own pixels."""

    num_features = 8

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)


def by_torchmetrics(metric, generated, real):
    for features, is_real in ((real, True), (generated, False)):
        metric.update(features.view(-1, 2, 2, 2), real=is_real)
    return metric.compute()


@pytest.mark.parametrize("n", [6, 60])
def test_fid_equals_torchmetrics(n):
    module = pytest.importorskip("torchmetrics.image.fid")
    generated, real = sets(n)
    metric = module.FrechetInceptionDistance(Passing(), normalize=True, input_img_size=(2, 2, 2))
    expected = by_torchmetrics(metric.set_dtype(torch.float64), generated, real)
    assert fid(generated, real) == pytest.approx(float(expected), rel=1e-4)


def test_fid_of_gaussians_by_its_formula():
    """For one feature: (μ₁ − μ₂)² + (σ₁ − σ₂)²."""
    a, b = torch.tensor([[1.0], [3.0], [5.0]]), torch.tensor([[0.0], [1.0]])
    expected = (3 - 0.5) ** 2 + (2 - 0.5**0.5) ** 2
    assert fid(a, b) == pytest.approx(expected)
    assert fid(a, a) == pytest.approx(0, abs=1e-12)


@pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance` will save all:UserWarning")
def test_kid_equals_torchmetrics():
    module = pytest.importorskip("torchmetrics.image.kid")
    generated, real = sets(40, 40)
    metric = module.KernelInceptionDistance(Passing(), subsets=1, subset_size=40, normalize=True)
    expected, _ = by_torchmetrics(metric, generated, real)
    value, deviation = kid(generated, real)
    assert value == pytest.approx(float(expected), rel=1e-4)
    assert deviation == 0


def test_kid_is_unbiased():
    """Over many small samples of one kind it is 0 on average, while FID is not."""
    pairs = [sets(10, 10, shift=0.0, seed=seed) for seed in range(300)]
    pairs = [(generated, real / 1.2) for generated, real in pairs]
    values = torch.tensor([kid(*pair).value for pair in pairs])
    assert abs(values.mean()) < 3 * values.std() / 300**0.5
    assert min(fid(*pair) for pair in pairs) > 1


def test_kid_over_subsets_is_near_the_whole():
    generated, real = sets(200, 150)
    whole = kid(generated, real[:150]).value
    value, deviation = kid(generated, real, subset=50, subsets=200)
    assert value == pytest.approx(whole, abs=4 * deviation / 200**0.5 + 0.02 * whole)
    assert deviation > 0
    assert kid(generated, real, subset=50) == kid(generated, real, subset=50)


def brute_force(generated, real, k):
    """Word for word as the papers define them."""

    def radius(points, i):
        return sorted(np.linalg.norm(points[i] - points[j]) for j in range(len(points)) if j != i)[
            k - 1
        ]

    def balls(points, centres):
        radii = [radius(centres, i) for i in range(len(centres))]
        return [
            [np.linalg.norm(point - centre) <= r for centre, r in zip(centres, radii, strict=True)]
            for point in points
        ]

    x, y = generated.double().numpy(), real.double().numpy()
    in_real, in_generated = np.array(balls(x, y)), np.array(balls(y, x))
    precision, recall = in_real.any(1).mean(), in_generated.any(1).mean()
    density = in_real.sum(1).mean() / k
    covered = [
        min(np.linalg.norm(y[i] - point) for point in x) <= radius(y, i) for i in range(len(y))
    ]
    return precision, recall, density, np.mean(covered)


@pytest.mark.parametrize(("k", "shift"), [(3, 0.2), (5, 1.0)])
def test_neighbours_by_brute_force(k, shift):
    generated, real = sets(25, 30, 3, shift)
    found = (*precision_recall(generated, real, k), *density_coverage(generated, real, k))
    assert found == pytest.approx(brute_force(generated, real, k))
    assert len({*found}) > 2  # a test that tells something


def test_one_kind_and_two():
    _, real = sets(m=200)
    assert precision_recall(real, real) == (1, 1)
    assert density_coverage(real, real).coverage == 1
    assert precision_recall(real + 100, real) == (0, 0)
    assert density_coverage(real + 100, real) == (0, 0)
    one_picture = real[:1] + 0.001 * real  # a collapsed generator: all good, all the same
    assert precision_recall(one_picture, real).precision == 1
    assert precision_recall(one_picture, real).recall < 0.05
    assert density_coverage(one_picture, real).coverage < 0.2


def test_what_does_not_fit_is_refused():
    generated, real = sets()
    with pytest.raises(UsageError, match="can't be compared"):
        fid(generated, real[:, :4])
    with pytest.raises(
        UsageError, match="1 generated and 50 real pictures are too few; it takes 2"
    ):
        kid(generated[:1], real)
    with pytest.raises(UsageError, match="it takes 4 of each"):
        precision_recall(generated[:3], real)


def test_pictures_through_the_local_network(shared, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("BEYNE_WEIGHTS", raising=False)
    with pytest.raises(MissingWeightsError):
        Features()
    monkeypatch.setenv("BEYNE_WEIGHTS", str(shared("weights")))
    features = Features()
    pixels = np.stack([picture(40, 48, seed=seed) for seed in range(12)])
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
    assert features(images[:2]).shape == features(images[:2].repeat(1, 4, 1, 1)).shape == (2, 512)
    grey = images[:2].mean(1, keepdim=True)
    assert torch.allclose(features(grey), features(grey.expand(-1, 5, -1, -1)), atol=1e-4)
    halves = [images[:6]], [images[6:]]
    alike = compare_sets(*halves, features)
    noisy = [(images[:6] + 0.3 * torch.randn(6, 3, 40, 48)).clamp(0, 1)]
    assert compare_sets(noisy, halves[1], features).kid > alike.kid
    assert alike.features == (
        "not Inception: SqueezeNet (squeezenet_caffe), not comparable with published FID"
    )
    assert alike.notes[-1] == "FID of 6 pictures is biased upwards: below 2048 go by KID"
    assert (alike.generated, alike.real) == (6, 6)
