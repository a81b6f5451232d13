"""The memorisation check: its rule by counting, its distances by definition, planted copycats."""

from __future__ import annotations

from io import BytesIO
from itertools import combinations

import numpy as np
import pytest
import torch
from pictures import picture
from PIL import Image
from torch.nn import functional as F

from beyne.errors import UsageError
from beyne.evaluation.memorisation import GENERATED, HELD_OUT, CopyCheck, chance, judged
from beyne.evaluation.nearness import Training, nearness, shifted_distances
from beyne.images import read
from beyne.images.raster import to_tensor
from beyne.images.resample import resize
from beyne.metrics.features import Features


def photos(numbers, side=40):
    """Made-up pictures of one kind, ``(N, 3, side, side)`` in [0, 1]."""
    pixels = np.stack([picture(side, side, seed=number) for number in numbers])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255


def described(images):
    """Features without a backbone: the mean colours and contrasts of 16 fields."""
    fields = F.adaptive_avg_pool2d(images, 4).flatten(1)
    squares = F.adaptive_avg_pool2d(images.square(), 4).flatten(1)
    return torch.cat([fields, squares], 1)


@pytest.fixture(scope="module")
def check():
    return CopyCheck(photos(range(24)), photos(range(100, 100 + HELD_OUT)), described)


def shifted(images, by=2):
    around = F.pad(images, (by,) * 4, mode="replicate")
    return around[..., : images.shape[2], 2 * by :]


def test_chance_is_that_of_all_orders() -> None:
    """Of 4 generated and 3 held-out, every order as likely as another."""
    orders = [set(places) for places in combinations(range(7), 3)]  # where the held-out ones are
    for rank in (1, 2, 3):
        before = [sorted(order)[rank - 1] - (rank - 1) for order in orders]
        expected = [np.mean([count >= nearer for count in before]) for nearer in range(5)]
        assert chance(np.arange(5), 4, rank, 3) == pytest.approx(expected)


def test_honest_generators_are_accused_in_less_than_one_of_a_hundred() -> None:
    random = torch.Generator().manual_seed(0)
    draws = torch.rand(400, GENERATED + HELD_OUT, generator=random)
    claims = [judged(row[:GENERATED], row[GENERATED:]).outcome == "copies" for row in draws]
    assert np.mean(claims) <= 0.01


def test_a_quarter_of_copies_is_found_with_the_numbers_that_are_asked_for() -> None:
    held_out = torch.linspace(0.5, 1, HELD_OUT)
    generated = torch.ones(GENERATED)
    generated[: GENERATED // 4] = 0.2
    found = judged(generated, held_out)
    assert found.outcome == "copies"
    assert found.sentence == (
        "copies: 16 of 64 generated pictures are nearer to a training picture than any of 30 "
        "held-out ones: 25 % [15, 37], by chance 3 %, p = 0.0011"
    )
    generated[4:] = 1
    found = judged(generated, held_out)
    assert found.outcome == "no copying shown"
    assert found.sentence.endswith("6 % [2, 15]; 12 would be a finding")


def test_too_few_pictures_can_not_tell() -> None:
    found = judged(torch.linspace(0.8, 1, 64), torch.linspace(0.5, 1, 6))
    assert found.outcome == "too few pictures to tell"
    assert found.sentence.endswith("30 held-out and 64 generated ones can")
    assert judged(torch.zeros(64), torch.zeros(0)).outcome == "too few pictures to tell"
    assert judged(torch.zeros(64), torch.ones(6)).outcome == "copies"  # all of them still show
    with pytest.raises(UsageError, match="no generated pictures"):
        judged(torch.zeros(0), torch.ones(6))


def test_pixel_distance_by_its_definition() -> None:
    one, other = torch.rand(2, 2, 32, 32), torch.rand(3, 2, 32, 32)
    found = shifted_distances(one, other)
    middles = one[..., 4:28, 4:28] - one[..., 4:28, 4:28].mean((2, 3), keepdim=True)
    for n in range(2):
        for m in range(3):
            best = -1.0
            for top in range(9):
                for left in range(9):
                    window = other[m, :, top : top + 24, left : left + 24]
                    window = window - window.mean((1, 2), keepdim=True)
                    best = max(
                        best,
                        F.cosine_similarity(middles[n].flatten(), window.flatten(), dim=0).item(),
                    )
            assert found[n, m].item() == pytest.approx((2 - 2 * best) ** 0.5, abs=1e-4)


def test_flips_turns_and_brightness_make_no_difference() -> None:
    training = Training(photos(range(6)), described)
    images = photos(range(50, 53))
    expected = training.distances(images)
    for turned in (images.flip(3), images.rot90(1, (2, 3)), images.rot90(3, (2, 3)).flip(2)):
        assert torch.allclose(training.distances(turned), expected, atol=1e-3)
    darker = shifted_distances(*(F.adaptive_avg_pool2d(x, 32) for x in (0.5 * images, images)))
    assert darker.diagonal().max() < 0.01


def test_nearness_is_relative_to_the_second_nearest() -> None:
    values, nearest = nearness(torch.tensor([[0.4, 0.2, 0.1, 0.5], [0.0, 0.3, 0.0, 0.3]]))
    assert values.tolist() == pytest.approx([0.5, 0.0])
    assert nearest[0] == 2
    copy, other = Training(photos(range(5)), described).nearness(photos([3, 9])).values.tolist()
    assert copy < 0.01 < 0.5 < other


@pytest.mark.parametrize("copied", [64, 16])
@pytest.mark.parametrize("change", [lambda x: x, lambda x: x.flip(3), shifted])
def test_planted_copycats_are_found(check, copied, change) -> None:
    copies = photos([number % 24 for number in range(copied)])
    generated = torch.cat([change(copies), photos(range(200, 264))[copied:]])
    near = check.nearness(generated)
    found, flags = check.judge(near), check.rejected(near)
    assert found.outcome == "copies"
    assert flags[:copied].all()
    assert flags.sum() == found.nearer


def test_honest_pictures_are_not_accused(check, tmp_path) -> None:
    generated = photos(range(300, 364))
    generated[7] = photos([5])[0].flip(2)
    near = check.nearness(generated)
    assert check.judge(near).outcome == "no copying shown"
    check.sheet(generated, near, tmp_path / "nearest.png", number=3)
    sheet = read(tmp_path / "nearest.png").pixels
    assert sheet.shape == (3 * 44, 2 * 44, 3)
    assert np.array_equal(sheet[:40, :40], np.fliplr(sheet[:40, 44:84]))  # the copy comes first


def test_few_or_no_pictures_are_refused() -> None:
    with pytest.raises(UsageError, match="1 training pictures are too few"):
        CopyCheck(photos(range(1)), photos(range(5)), described)
    check = CopyCheck(photos(range(4)), torch.zeros(0, 3, 40, 40), described)
    near = check.nearness(photos(range(4)))
    assert check.judge(near).outcome == "too few pictures to tell"
    with pytest.raises(UsageError, match="no held-out pictures"):
        check.rejected(near)


def test_copies_of_radiographs_by_published_features(shared, monkeypatch) -> None:
    """Flipped, shifted by 5 of 64 pixels and saved as JPEG of quality 60; see bench/ for trials."""
    monkeypatch.setenv("BEYNE_WEIGHTS", str(shared("weights")))
    files = sorted(shared("data/chest_xray/images").iterdir())[:18]
    images = [resize(to_tensor(read(file).pixels), (64, 64)).clamp(0, 1) for file in files]
    train, held_out, honest = torch.cat(images).split(6)
    check = CopyCheck(train, held_out, Features())
    assert check.judge(check.nearness(honest)).outcome != "copies"
    copies = [jpeg(image) for image in shifted(train.flip(3), 5)]
    assert check.judge(check.nearness(torch.stack(copies))).outcome == "copies"


def jpeg(image):
    file = BytesIO()
    Image.fromarray((image[0] * 255).byte().numpy()).save(file, "JPEG", quality=60)
    return torch.from_numpy(np.asarray(Image.open(file)) / 255).float()[None]
