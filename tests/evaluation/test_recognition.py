"""A small classifier reads digits again, or not, after they were shrunk and enlarged."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from PIL import Image, ImageDraw, ImageFont

import beyne
from beyne.errors import UsageError
from beyne.evaluation.enlargers import find_enlarger
from beyne.evaluation.recognition import (
    Labelled,
    Recognition,
    read_classes,
    recognise,
    train_classifier,
    versions_of,
)
from beyne.evaluation.statistics import verdict

SIDE = 24


def digits(number: int, seed: int) -> Labelled:
    """Rendered in several sizes, places, greys and slants, with noise."""
    random = np.random.default_rng(seed)
    images, labels = [], []
    for index in range(number):
        label = str(index % 10)
        canvas = Image.new("L", (SIDE, SIDE), int(random.integers(0, 90)))
        place, ink = tuple(random.uniform(3, 8, 2)), int(random.integers(150, 256))
        font = ImageFont.load_default(float(random.uniform(16, 20)))
        ImageDraw.Draw(canvas).text((place[0], place[1] - 5), label, fill=ink, font=font)
        canvas = canvas.rotate(random.uniform(-10, 10), Image.Resampling.BICUBIC)
        noisy = np.asarray(canvas) + random.normal(0, 5, (SIDE, SIDE))
        images.append(beyne.Raster(noisy.clip(0, 255).astype(np.uint8)[..., None]))
        labels.append(label)
    return Labelled(images, labels)


@pytest.fixture(scope="module")
def classifier():
    return train_classifier(digits(400, seed=0), side=SIDE, steps=150)


def test_originals_are_read_and_shrunk_ones_are_not(classifier):
    unseen = digits(150, seed=1)
    found = {}
    for scale in (2, 6):
        versions = versions_of(unseen.images, [find_enlarger("bicubic", scale)])
        originals, found[scale] = recognise(classifier, versions, unseen.labels)
        assert originals.accuracy > 0.9
    assert found[6].accuracy < 0.5
    assert found[2].accuracy > 0.8
    judged = verdict("2", "6", found[2].right, found[6].right, "higher", "accuracy")
    assert judged.outcome == "worse"
    low, high = originals.interval
    assert low < originals.accuracy <= high


def test_training_repeats_exactly_and_leaves_the_random_numbers_alone():
    import torch

    few = digits(20, seed=2)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one, two = (train_classifier(few, side=SIDE, steps=5, seed=3) for _ in range(2))
    assert torch.equal(torch.rand(3), expected)
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, two.state_dict()[name])


def test_the_interval_is_wilsons():
    """By the formula, for 9 of 10."""
    z = scipy.stats.norm.ppf(0.975)
    middle = (0.9 + z**2 / 20) / (1 + z**2 / 10)
    half = z / (1 + z**2 / 10) * (0.9 * 0.1 / 10 + z**2 / 400) ** 0.5
    recognition = Recognition("a", np.array([1.0] * 9 + [0.0]))
    assert recognition.interval == pytest.approx((middle - half, middle + half))


def test_the_verdict_on_right_and_wrong_is_mcnemars():
    first, second = np.zeros(100), np.zeros(100)
    first[:45], second[20:90] = 1, 1  # 20 only the first reads, 45 only the second
    exact = scipy.stats.binomtest(20, 65).pvalue
    assert verdict("a", "b", first, second, "higher").p == pytest.approx(exact, rel=0.5)
    chi = scipy.stats.chi2.sf((45 - 20) ** 2 / 65, 1)
    assert verdict("a", "b", first, second, "higher").p == pytest.approx(chi)


def test_any_size_and_bands_may_be_read(tmp_path):
    random = np.random.default_rng(0)
    for index in range(12):
        name, level = ("dark", 40) if index % 2 else ("striped", 0)
        pixels = random.integers(level, 60, (20 + index, 31, 3), np.uint8)
        if name == "striped":
            pixels[:, ::4] = 250
        (tmp_path / name).mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / name / f"{index}.png")
    examples = read_classes(tmp_path)
    assert examples.labels == ["dark"] * 6 + ["striped"] * 6
    classifier = train_classifier(examples, side=16, steps=20)
    (found,) = recognise(classifier, {"all": examples.images}, examples.labels)
    assert found.accuracy == 1


def test_mistakes_are_refused(tmp_path):
    few = digits(4, seed=0)
    with pytest.raises(UsageError, match="teach nothing"):
        train_classifier(Labelled(few.images, ["a"] * 4))
    with pytest.raises(UsageError, match="teach nothing"):
        train_classifier(Labelled(few.images, ["a", "b"]))
    with pytest.raises(UsageError, match="no multiple of 8"):
        train_classifier(few, side=20)
    with pytest.raises(UsageError, match="several scales"):
        versions_of(few.images, [find_enlarger("bicubic", 2), find_enlarger("nearest", 4)])
    with pytest.raises(UsageError, match="has no folders of pictures"):
        read_classes(tmp_path)
    classifier = train_classifier(few, side=16, steps=2)
    with pytest.raises(UsageError, match="some: 4 pictures for 1 labels"):
        recognise(classifier, {"some": few.images}, ["1"])
