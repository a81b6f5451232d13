"""Intervals and verdicts: what is claimed of models that are equal, and of those that are not."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from beyne.errors import UsageError
from beyne.evaluation.statistics import (
    Interval,
    bootstrap_interval,
    corrected,
    holm,
    verdict,
    verdicts,
)

TRIALS, IMAGES = 400, 30
NONE = "no difference shown"


def claimed(gain: float, spread: float = 0.3) -> float:
    """Share of seeded trials in which a difference is claimed of two models on 30 images."""
    found = 0
    for trial in range(TRIALS):
        random = np.random.default_rng(trial)
        first = random.normal(28, 3, IMAGES)
        second = first + random.normal(gain, spread, IMAGES)
        found += verdict("A", "B", first, second, "higher", resamples=500).outcome != NONE
    return found / TRIALS


def test_of_equal_models_a_difference_is_claimed_as_often_as_stated():
    assert 0.02 <= claimed(0.0) <= 0.08


def test_a_true_difference_is_found():
    assert claimed(0.2) >= 0.90


def test_training_seeds_that_scatter_are_no_difference():
    """The same recipe three times against itself: the images agree, the seeds do not."""
    found = 0
    for trial in range(100):
        random = np.random.default_rng(trial)
        images = random.normal(28, 3, IMAGES)
        first, second = (images + random.normal(0, 0.2, (3, 1)) for _ in range(2))
        found += verdict("A", "B", first, second, "higher", resamples=500).outcome != NONE
    assert found <= 8


def test_the_interval_covers_the_mean_as_often_as_it_says():
    covered = 0
    for trial in range(300):
        values = np.random.default_rng(trial).normal(5, 2, 8)
        low, high = bootstrap_interval(values, resamples=1000)
        covered += low <= 5 <= high
    assert 0.92 <= covered / 300 <= 0.98


def test_the_interval_of_many_values_is_students():
    values = np.random.default_rng(0).normal(3, 1, 400)
    expected = scipy.stats.t.interval(0.95, 399, values.mean(), values.std(ddof=1) / 20)
    assert bootstrap_interval(values) == pytest.approx(expected, abs=0.01)


def test_the_interval_is_scipys_bootstrap_for_skewed_values():
    values = np.random.default_rng(1).exponential(1, 300)
    found = scipy.stats.bootstrap((values,), np.mean, method="percentile", rng=2)
    assert bootstrap_interval(values) == pytest.approx(tuple(found.confidence_interval), abs=0.01)


def test_seeds_widen_the_interval():
    random = np.random.default_rng(0)
    images = random.normal(28, 1, 50)
    seeds = np.array([[-0.5], [0.0], [0.5]])
    alone, several = bootstrap_interval(images), bootstrap_interval(images + seeds)
    # Student's t with two degrees of freedom for the standard error of three seeds.
    expected = math.hypot(alone.high - alone.low, 2 * 4.303 * 0.5 / math.sqrt(3))
    assert several.high - several.low == pytest.approx(expected, rel=0.1)


def test_a_draw_is_repeated_exactly():
    values = np.random.default_rng(0).normal(size=12)
    assert bootstrap_interval(values) == bootstrap_interval(values)
    assert bootstrap_interval(values) != bootstrap_interval(values, seed=1)


def test_the_test_and_the_effect_are_scipys_and_kerbys():
    # Kerby 2014: ranks that favour one side minus the others, over all; here 10 of 10 minus 5.
    gains = np.array([0.1, -0.2, 0.3, 0.4, -0.5, 0.0, 0.6, 0.7, 0.8])
    found = verdict("A", "B", np.zeros(9), gains, "higher")
    nonzero = gains[gains != 0]
    assert found.p == pytest.approx(scipy.stats.wilcoxon(nonzero).pvalue)
    assert found.effect == pytest.approx((36 - 2 * (2 + 5)) / 36)
    assert found.share == pytest.approx(6 / 9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
@settings(max_examples=50, deadline=None)
def test_holm_by_its_definition(p_values):
    raised = holm(p_values)
    for index, p in enumerate(p_values):
        assert raised[index] >= min(1, p)
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    steps = [min(1, (len(p_values) - rank) * p_values[i]) for rank, i in enumerate(order)]
    assert [raised[i] for i in order] == pytest.approx(
        [max(steps[: k + 1]) for k in range(len(order))]
    )


def test_holm_of_a_known_example():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_lower_is_better_turns_the_verdict():
    random = np.random.default_rng(0)
    first = random.normal(0.3, 0.05, 40)
    second = first - random.normal(0.02, 0.02, 40)
    by_lpips = verdict("A", "B", first, second, "lower", "LPIPS")
    assert by_lpips.outcome == "better"
    assert by_lpips.gain == pytest.approx((first - second).mean())
    assert verdict("A", "B", first, second, "higher").outcome == "worse"


def test_swapping_the_models_swaps_the_verdict():
    random = np.random.default_rng(3)
    first, second = random.normal(28, 1, 20), random.normal(29, 1, 20)
    there = verdict("A", "B", first, second, "higher")
    back = verdict("B", "A", second, first, "higher")
    assert (there.outcome, back.outcome) == ("better", "worse")
    assert back.gain == pytest.approx(-there.gain)
    assert back.effect == pytest.approx(-there.effect)
    assert back.p == there.p


def test_sentences():
    random = np.random.default_rng(0)
    first = random.normal(28, 3, 30)
    second = first + random.normal(0.3, 0.2, 30)
    better = verdict("A", "B", first, second, "higher", "dB").sentence
    assert better.startswith("B better than A by 0.")
    assert better.endswith("% of images, p < 0.001")
    assert " dB [0." in better
    worse = verdict("B", "A", second, first, "higher", "dB").sentence
    assert worse.startswith("A worse than B by 0.")
    assert " dB [0." in worse
    assert "% of images better" in worse
    same = verdict("A", "A2", first, first + random.normal(0, 0.2, 30), "higher", "dB").sentence
    assert same.startswith("no difference shown between A and A2: ")
    assert "n = 30, p = 0." in same


@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_images_show_nothing_and_say_so(n):
    found = verdict("A", "B", np.zeros(n), np.arange(1.0, n + 1), "higher", "dB")
    assert found.outcome == NONE
    images = "1 image" if n == 1 else f"{n} images"
    assert found.sentence.endswith(f"and {images} can't show any")
    assert found.gain == pytest.approx((n + 1) / 2)
    if n == 1:
        assert all(map(math.isnan, found.interval))
        assert ": 1.000 dB, n = 1," in found.sentence


def test_six_of_one_mind_show_something():
    gains = np.linspace(0.9, 1.1, 6)
    assert verdict("A", "B", np.zeros(6), gains, "higher").outcome == "better"


def test_identical_columns_and_constant_gains():
    values = np.random.default_rng(0).normal(28, 3, 12)
    same = verdict("A", "B", values, values, "higher")
    assert (same.outcome, same.p, same.effect, same.share) == (NONE, 1.0, 0.0, 0.0)
    assert same.interval == Interval(0.0, 0.0)
    shifted = verdict("A", "B", values, values + 1, "higher")
    assert shifted.outcome == "better"
    assert shifted.interval == pytest.approx((1, 1))


def test_ties_are_taken():
    gains = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1, -1.0])
    found = verdict("A", "B", np.zeros(10), gains, "higher")
    assert (found.n, found.share, found.effect) == (10, 0.6, pytest.approx(5 / 7))


def test_images_without_a_value_are_left_out():
    first = np.array([1, 2, 3, np.nan, 5, np.inf, 7.0])
    second = np.array([2, np.nan, 4, 5, 6, np.inf, 8.0])
    found = verdict("A", "B", first, second, "higher")
    assert (found.n, found.gain) == (4, 1.0)
    assert bootstrap_interval([1, 2, np.nan, 3]) == bootstrap_interval([1, 2, 3])
    with pytest.raises(UsageError, match="no image has a score"):
        verdict("A", "B", [np.nan, 1], [1, np.inf], "higher")
    with pytest.raises(UsageError, match="no image has a score"):
        bootstrap_interval([])


def test_other_images_are_refused():
    with pytest.raises(UsageError, match="A has 3 images and B 4: not the same"):
        verdict("A", "B", np.zeros(3), np.zeros(4), "higher")
    with pytest.raises(UsageError, match="not seeds × images"):
        bootstrap_interval(np.zeros((2, 2, 2)))


def test_every_pair_is_compared_and_corrected():
    random = np.random.default_rng(0)
    base = random.normal(28, 3, 24)
    truth = {"A": 0.0, "B": 0.15, "C": 0.3}
    columns = {name: base + random.normal(gain, 0.3, 24) for name, gain in truth.items()}
    found = verdicts(columns, "higher", "dB", resamples=2000)
    assert [(one.first, one.second) for one in found] == [("A", "B"), ("A", "C"), ("B", "C")]
    alone = [
        verdict(one.first, one.second, columns[one.first], columns[one.second], "higher", "dB")
        for one in found
    ]
    assert [one.p for one in found] == pytest.approx(holm([one.p for one in alone]))
    assert corrected([alone[0]])[0].p == alone[0].p


def test_images_of_one_group_count_once() -> None:
    random = np.random.default_rng(0)
    first = random.normal(28, 1, (3, 24))
    second = first[:2] + random.normal(0.3, 0.5, 24)
    groups = [f"g{number // 4}" for number in range(24)]
    means = [table.reshape(len(table), 6, 4).mean(2) for table in (first, second)]
    found = verdict("A", "B", first, second, "higher", "dB", groups=groups)
    expected = verdict("A", "B", *means, "higher", "dB")
    assert found.interval == pytest.approx(expected.interval)
    assert (found.gain, found.p) == pytest.approx((expected.gain, expected.p))
    assert found.n == 6
    assert "6 images" not in found.sentence
    alone = verdict("A", "B", first, second, "higher", groups=[str(i) for i in range(24)])
    plain = verdict("A", "B", first, second, "higher")
    assert alone.interval == pytest.approx(plain.interval)
    assert (alone.p, alone.n) == (plain.p, 24)
    # An image that one of the two lacks is left out of its group's mean for both.
    second[0, 0] = np.nan
    first[:, 0] = 1000.0
    found = verdict("A", "B", first, second, "higher", groups=groups)
    assert abs(found.gain - expected.gain) < 1
    assert found.n == 6


def test_copies_of_images_make_no_claim_stronger() -> None:
    random = np.random.default_rng(1)
    gains = random.normal(0.2, 0.3, 8)
    once = verdict("A", "B", np.zeros(8), gains, "higher")
    many = verdict(
        "A", "B", np.zeros(80), gains.repeat(10), "higher", groups=sorted("abcdefgh" * 10)
    )
    assert many.p == pytest.approx(once.p)
    assert many.interval == pytest.approx(once.interval)
