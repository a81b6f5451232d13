"""The alarm for mode collapse and the rule for stopping, on cases whose answer is known."""

from __future__ import annotations

import pytest
import torch

from beyne.errors import UsageError
from beyne.evaluation.diversity import diversity
from beyne.evaluation.stopping import exhausted, steady_kid
from beyne.metrics.distribution import Estimate, kid


def rows(number=40, width=6, seed=0):
    return torch.randn(number, width, generator=torch.Generator().manual_seed(seed))


def test_a_constant_generator_raises_the_alarm() -> None:
    constant = rows(1).expand(16, -1)
    found = diversity(constant, rows())
    assert found.ratio == pytest.approx(0, abs=1e-9)
    assert found.collapsed
    nearly = diversity(constant + 0.2 * rows(16, seed=3), rows())
    assert nearly.collapsed
    assert nearly.sentence.startswith("mode collapse: generated pictures differ by 2")


def test_real_pictures_raise_none() -> None:
    alarms = [
        diversity(rows(8, seed=seed), rows(12, seed=1000 + seed)).collapsed for seed in range(200)
    ]
    assert not any(alarms)


def test_the_mean_is_that_over_all_pairs_and_its_error_is_right() -> None:
    one, other = rows(10), rows(10, seed=1)
    assert diversity(one, other).ratio == pytest.approx(
        float(torch.pdist(one).mean() / torch.pdist(other).mean()), rel=1e-5
    )
    found = [diversity(rows(20, seed=s), rows(30, seed=500 + s)) for s in range(300)]
    scatter = torch.tensor([one.ratio for one in found]).std()
    stated = torch.tensor([one.deviation for one in found]).mean()
    assert float(stated / scatter) == pytest.approx(1, abs=0.15)


def test_too_few_or_equal_pictures_are_refused() -> None:
    with pytest.raises(UsageError, match="2 generated and 40 real pictures are too few"):
        diversity(rows(2), rows())
    with pytest.raises(UsageError, match="all the same"):
        diversity(rows(), torch.ones(4, 6))


def test_the_error_of_kid_is_right() -> None:
    found = [steady_kid(rows(40, seed=s), rows(50, seed=500 + s) + 0.3) for s in range(100)]
    assert found[0].value == kid(rows(40), rows(50, seed=500)[:40] + 0.3).value
    scatter = torch.tensor([one.value for one in found]).std()
    stated = torch.tensor([one.deviation for one in found]).mean()
    assert float(stated / scatter) == pytest.approx(1, abs=0.3)


def test_patience_counts_looks_without_progress() -> None:
    falling = [Estimate(1 / n, 0.01) for n in range(1, 6)]
    assert not exhausted([], 1)
    assert not exhausted(falling, 1)
    level = [*falling, *[Estimate(0.195, 0.01)] * 3]  # better, but within the error
    assert not exhausted(level, 4)
    assert exhausted(level, 3)
    assert not exhausted([*level, Estimate(0.1, 0.01)], 3)
