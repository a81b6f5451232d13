"""The parts of an augmentation study: folds, classical augmentation, verdicts on planted fakes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from beyne.augmentation.benefit import benefit
from beyne.augmentation.classical import varied
from beyne.augmentation.fold import ARMS, Fold, SmallNetwork, run_fold, wanted
from beyne.augmentation.samples import Samples, check_sources, divisions, hold_out
from beyne.errors import UsageError
from beyne.evaluation.recognition import standardised
from beyne.evaluation.statistics import holm, verdict


def samples(groups: dict[str, list[int]], images=None) -> Samples:
    """Class → numbers of pictures of its sources."""
    rows = [
        (label, f"{label}{number}", picture)
        for label, sizes in groups.items()
        for number, size in enumerate(sizes)
        for picture in range(size)
    ]
    names = tuple(f"{group}_{picture}" for _, group, picture in rows)
    images = torch.rand(len(rows), 1, 8, 8) if images is None else images
    return Samples(names, images, tuple(row[0] for row in rows), tuple(row[1] for row in rows))


sizes = st.lists(st.integers(1, 6), min_size=4, max_size=12)


@given(st.lists(sizes, min_size=2, max_size=4), st.integers(2, 4), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_folds_test_every_picture_once_and_divide_no_source(sources, folds, seed) -> None:
    pictures = samples({chr(97 + n): own for n, own in enumerate(sources)})
    tested: list[int] = []
    for train, test in divisions(pictures, folds, seed):
        assert not set(train) & set(test)
        assert len(train) + len(test) == len(pictures)
        known, asked = pictures.take(train), pictures.take(test)
        assert not set(known.groups) & set(asked.groups)
        assert known.classes == pictures.classes == asked.classes
        tested += list(test)
    assert sorted(tested) == list(range(len(pictures)))


def test_folds_are_even_and_depend_on_the_seed() -> None:
    pictures = samples({"a": [1] * 30, "b": [2] * 15})
    for _, test in divisions(pictures, 3, seed=1):
        assert pictures.take(test).counts == {"a": 10, "b": 10}
    first, second = (next(divisions(pictures, 3, seed))[1] for seed in (1, 2))
    assert list(first) != list(second)
    assert pictures.take(hold_out(pictures, 0)[1]).counts == {"a": 6, "b": 6}


@pytest.mark.parametrize(
    ("sources", "folds", "message"),
    [
        ({"a": [9, 1, 1, 1], "b": [4, 4]}, 3, "class b has pictures of 2 sources, and 3 folds"),
        ({"a": [1] * 4, "b": [1] * 3}, 4, "3 sources, and 4 folds need 4; --folds 3, or"),
        ({"a": [1] * 4, "b": [1] * 3}, 1, "--folds 1: at least 2"),
    ],
)
def test_what_can_not_be_divided_is_refused(sources, folds, message) -> None:
    with pytest.raises(UsageError, match=message):
        check_sources(samples(sources), folds)


def test_classical_augmentation_grows_with_its_strength() -> None:
    torch.manual_seed(0)
    smooth = torch.nn.functional.avg_pool2d(torch.randn(64, 3, 20, 20), 5, 1)
    images = standardised(smooth)
    assert varied(images, 0.0) is images
    changes = []
    for strength in (1e-4, 0.1, 0.5, 1.0):
        torch.manual_seed(1)
        changes.append(float((varied(images, strength) - images).square().mean()))
    assert changes[0] < 1e-3
    assert changes == sorted(changes)
    torch.manual_seed(1)
    flat = varied(torch.ones(8, 1, 16, 16), 1.0)
    assert 0 < float((flat - 1).std()) <= 0.2  # nothing but noise comes in from the borders


def fold(right: dict[str, list[float]], repeat: int = 0) -> Fold:
    names = [f"p{n}" for n in range(len(right["real"]))]
    return Fold(repeat, 0, 0.5, 1.0, names, right, 1.0, 1.0)


def test_sources_count_alike_and_verdicts_are_corrected() -> None:
    random = np.random.default_rng(0)
    groups = {f"p{n}": f"g{n // 2 if n < 40 else n}" for n in range(60)}
    folds = []
    for repeat in range(2):
        right = {arm: (random.random(60) < 0.5).astype(float).tolist() for arm in ARMS}
        right[ARMS[3]] = [1.0] * 55 + [0.0] * 5
        folds.append(fold(right, repeat))
    found = benefit(folds, groups)
    sources = sorted(set(groups.values()))
    for arm in ARMS:
        by_hand = [
            [
                100 * np.mean([f.right[arm][n] for n in range(60) if groups[f"p{n}"] == source])
                for source in sources
            ]
            for f in folds
        ]
        np.testing.assert_allclose(found.values[arm], by_hand)
    single = [
        verdict(a, b, found.values[a], found.values[b], "higher").p
        for a, b in ((ARMS[1], ARMS[3]), (ARMS[0], ARMS[2]), (ARMS[0], ARMS[1]))
    ]
    assert [one.p for one in found.verdicts] == holm(single)
    assert found.outcome == "gain"
    low, high = found.verdicts[0].interval
    assert found.sentence == f"gain {found.verdicts[0].gain:+.1f} points [{low:.1f}, {high:.1f}]"


def test_harm_and_too_few_sources_are_said() -> None:
    half = [1.0, 0.0] * 20
    right = dict.fromkeys(ARMS, half) | {ARMS[3]: [0.0] * 40}
    groups = {f"p{n}": str(n) for n in range(40)}
    assert benefit([fold(right)], groups).sentence.startswith("harm -50.0 points [")
    few = {arm: values[:4] for arm, values in right.items()}
    found = benefit([fold(few)], {f"p{n}": str(n) for n in range(4)})
    assert found.outcome == "no gain shown"
    assert found.sentence.endswith("4 sources can't show any")


#: Coarse, so that fine noise is similar to none of them.
FORMS = torch.rand(2, 20, 1, 4, 4, generator=torch.Generator().manual_seed(0))
FORMS = FORMS.repeat_interleave(2, 3).repeat_interleave(2, 4)


def drawn(number: int, seed: int) -> Samples:
    """Two classes of twenty forms each, in noise, one picture a source."""
    random = torch.Generator().manual_seed(seed)
    forms = FORMS[:, torch.randint(20, (number,), generator=random)].flatten(0, 1)
    images = (forms + 0.1 * torch.randn(forms.shape, generator=random)).clamp(0, 1)
    return samples({"a": [1] * number, "b": [1] * number}, images)


def nearest(pictures, targets, asked, strength, seed):
    """A `Classify` that learns in no time: the class of the most similar picture."""
    return targets[torch.cdist(asked.flatten(1), pictures.flatten(1)).argmin(1)][None]


def noise(train, held_out, numbers, seed):
    return {label: torch.rand(n, 1, 8, 8) for label, n in numbers.items()}


def shuffled(train, held_out, numbers, seed):
    return {label: train.images[torch.randint(len(train), (n,))] for label, n in numbers.items()}


def perfect(train, held_out, numbers, seed):
    return {label: drawn(n, 1000 + seed).of(label)[:n] for label, n in numbers.items()}


def studied(paint, seed: int):
    torch.manual_seed(seed)
    pictures = drawn(24, seed)
    folds = [
        run_fold(
            pictures.take(train),
            pictures.take(test),
            paint,
            nearest,
            (repeat, number),
            seed=100 * seed + 10 * repeat + number,
        )
        for repeat in range(5)
        for number, (train, test) in enumerate(divisions(pictures, 3, repeat))
    ]
    return benefit(folds, dict(zip(pictures.names, pictures.groups, strict=True)))


@pytest.mark.parametrize("paint", [noise, shuffled])
def test_useless_fakes_are_no_gain(paint) -> None:
    assert all(studied(paint, seed).outcome != "gain" for seed in range(3))


def test_perfect_fakes_are_a_gain_where_data_are_short() -> None:
    found = [studied(perfect, seed) for seed in range(3)]
    assert [one.outcome for one in found].count("gain") >= 2
    assert all(one.verdicts[0].gain > 0 for one in found)


def test_the_painter_sees_neither_tested_pictures_nor_those_to_choose_by() -> None:
    pictures, seen = drawn(12, 0), []

    def spy(train, held_out, numbers, seed):
        seen.append((set(train.names), set(held_out.names), numbers))
        return noise(train, held_out, numbers, seed)

    train, test = next(divisions(pictures, 3, 0))
    done = run_fold(pictures.take(train), pictures.take(test), spy, nearest, (0, 0), 0)
    ((painted, judged, numbers),) = seen
    assert painted | judged == set(pictures.take(train).names)
    assert not painted & judged
    assert done.names == list(pictures.take(test).names)
    assert set(done.right) == set(ARMS)
    assert numbers == wanted(pictures.take(train)) == {"a": 16, "b": 16}


def test_the_small_network_reads_what_differs_and_repeats_exactly() -> None:
    rows = torch.linspace(-1, 1, 8)[None, None, :, None].expand(20, 1, 8, 8)
    pictures = standardised(torch.cat([rows, -rows]) + 0.3 * torch.randn(40, 1, 8, 8))
    targets = torch.tensor([0] * 20 + [1] * 20)
    network = SmallNetwork(steps=25, batch=16, trainings=2)
    first, second = (network(pictures, targets, pictures, 0.0, seed=3) for _ in range(2))
    assert first.shape == (2, 40)
    assert torch.equal(first, second)
    assert (first == targets).double().mean() > 0.9
