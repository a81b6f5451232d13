"""Finding pictures, splitting them by group, and cutting crops."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pictures import picture, save_pictures
from PIL import Image

from beyne.data import (
    Crops,
    Decoded,
    Pair,
    Sources,
    decode,
    find_pairs,
    make_split,
    read_groups,
    read_split,
    write_split,
)
from beyne.data.split import group_of
from beyne.errors import ImageError, UsageError
from beyne.images import Raster, write
from beyne.images.raster import to_tensor
from beyne.images.resample import downscale, resize
from beyne.recipe import load_recipe
from beyne.training.pictures import read_pictures

NO_SOURCES = Sources()


def found(root, sources=NO_SOURCES, split_file=None):
    parts = find_pairs(root, sources, 0, split_file)
    return {split: sorted(pair.name for pair in pairs) for split, pairs in parts.items()}


def test_parts_of_a_scene_stay_together() -> None:
    files = [f"s{scene}_t{part}.png" for scene in range(20) for part in (0, 1)]
    split = make_split(files, seed=1)
    assert 2 <= sum(value == "val" for value in split.values()) <= 4
    for scene in range(20):
        assert split[f"s{scene}_t0.png"] == split[f"s{scene}_t1.png"]
    assert make_split(files, seed=1) == split
    assert group_of("a/img_001.png") != group_of("a/img_002.png")
    assert group_of("a/x_t0.png") != group_of("b/x_t0.png")


def test_partners_of_one_name_are_refused_and_alone_they_are_taken(tmp_path) -> None:
    save_pictures(tmp_path / "hr", 2)
    Image.open(tmp_path / "hr/p0.png").save(tmp_path / "hr/p0.bmp")
    assert sum(map(len, found(tmp_path).values())) == 3
    save_pictures(tmp_path / "lr", 2)
    with pytest.raises(UsageError, match=r"p0\.bmp and .*p0\.png have one name"):
        found(tmp_path)


def test_split_file_round_trip_and_obedience(tmp_path) -> None:
    save_pictures(tmp_path, 3)
    write_split(
        tmp_path / "split.csv",
        {"p0.png": "val", "p1.png": "train", "p2.png": "test"},
        {"p0.png": "Ay"},
    )
    assert read_groups(tmp_path / "split.csv") == {"p0.png": "Ay", "p1.png": "p1", "p2.png": "p2"}
    assert found(tmp_path) == {"train": ["p1.png"], "val": ["p0.png"], "test": ["p2.png"]}
    assert read_split(tmp_path / "split.csv")["p2.png"] == "test"


def test_layouts(tmp_path) -> None:
    save_pictures(tmp_path / "a" / "HR", 3, 64)
    save_pictures(tmp_path / "a" / "LR_x4", 3, 16)
    parts = find_pairs(tmp_path / "a", NO_SOURCES, 0)
    assert all(pair.lr and pair.lr.name == pair.hr.name for pair in parts["train"])
    save_pictures(tmp_path / "b" / "train", 2)
    save_pictures(tmp_path / "b" / "val", 1)
    assert found(tmp_path / "b")["val"] == ["val/p0.png"]
    sources = Sources(hr="a/HR", lr="a/LR_x4", val_hr="b/val")
    named = find_pairs(tmp_path, sources, 0)
    assert (len(named["train"]), len(named["val"])) == (3, 1)
    assert named["val"][0].lr is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda root: None, "no pictures to train on"),
        (
            lambda root: (root / "split.csv").write_text("file,split\np0.png,tran\n"),
            "line 2: 'tran'",
        ),
        (
            lambda root: save_pictures(root / "hr", 2) and save_pictures(root / "lr", 1),
            "no partner",
        ),
    ],
)
def test_wrong_folders_are_explained(tmp_path, make, message) -> None:
    make(tmp_path)
    if (tmp_path / "split.csv").exists():
        save_pictures(tmp_path, 2)
    with pytest.raises(UsageError, match=message):
        find_pairs(tmp_path, NO_SOURCES, 0)


@pytest.mark.parametrize(("saved", "wanted"), [(1, 1), (3, 3), (1, 3), (3, 1)])
def test_decode_makes_the_small_side_by_operator_a(tmp_path, saved, wanted) -> None:
    pixels = picture(66, 65, saved)
    Image.fromarray(pixels.squeeze()).save(tmp_path / "p.png")
    decoded = decode(Pair("p.png", tmp_path / "p.png"), 4, (wanted, wanted), "bicubic")
    assert decoded.hr.shape == (64, 64, wanted)
    hr = torch.from_numpy(decoded.hr.astype(np.float32)).permute(2, 0, 1)[None]
    expected = downscale(hr, 4).round().clamp(0, 255)[0].permute(1, 2, 0).numpy()
    assert np.abs(decoded.lr.astype(int) - expected).max() <= 1


def test_bands_that_do_not_fit_are_refused(tmp_path) -> None:
    save_pictures(tmp_path, 1)
    with pytest.raises(UsageError, match="p has 3 bands, the recipe's network takes 5"):
        decode(Pair("p", tmp_path / "p0.png"), 4, (5, 5), "bicubic")


def test_a_broken_picture_is_named(tmp_path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"nothing")
    with pytest.raises(ImageError, match=r"broken\.png: it is not a picture"):
        decode(Pair("broken", path), 4, (3, 3), "bicubic")


def test_a_picture_smaller_than_the_scale_is_named(tmp_path) -> None:
    Image.fromarray(picture(3, 9)).save(tmp_path / "thin.png")
    with pytest.raises(UsageError, match="thin: 9×3 is too small for ×4"):
        decode(Pair("thin", tmp_path / "thin.png"), 4, (3, 3), "bicubic")


def test_float_pictures_stay_in_range(tmp_path) -> None:
    pixels = picture(32, 32).astype(np.float32) / 250  # up to 1.02
    write(Raster(pixels), tmp_path / "p.tif")
    decoded = decode(Pair("p", tmp_path / "p.tif"), 4, (3, 3), "bicubic")
    for side in (decoded.lr, decoded.hr):
        assert 0 <= side.min() <= side.max() <= 1


def crops_of(tmp_path, seed=0):
    save_pictures(tmp_path, 3)
    pairs = find_pairs(tmp_path, NO_SOURCES, 0)["train"]
    return Crops([decode(pair, 4, (3, 3), "bicubic") for pair in pairs], 8, seed)


def test_crops_depend_on_seed_and_number_only(tmp_path) -> None:
    crops = crops_of(tmp_path)
    whole, part = crops.batch(range(8)), crops.batch(range(4, 8))
    assert torch.equal(whole["lr"][4:], part["lr"])
    assert torch.equal(whole["hr"][4:], part["hr"])
    assert not torch.equal(crops_of(tmp_path, seed=1).batch(range(8))["lr"], whole["lr"])


def test_both_sides_of_a_crop_show_the_same_place(tmp_path) -> None:
    batch = crops_of(tmp_path).batch(range(12))
    assert batch["lr"].shape == (12, 3, 8, 8)
    assert batch["hr"].shape == (12, 3, 32, 32)
    inner = (downscale(batch["hr"], 4) - batch["lr"])[..., 2:-2, 2:-2]
    assert inner.abs().max() < 2.5 / 255  # rounding, and the crop's missing surroundings


def test_the_candidate_with_the_most_detail_is_taken() -> None:
    hr = np.full((32, 64, 3), 90, np.uint8)
    hr[:, 32:] = picture(32, 32)  # the left half is flat
    half = Decoded("half", hr, hr[::4, ::4])
    for candidates, share in ((1, 1 / 9), (4, (1 / 9) ** 4)):
        batch = Crops([half], 8, 0, "upright", candidates=candidates).batch(range(300))
        flat = (batch["hr"].amax((1, 2, 3)) == batch["hr"].amin((1, 2, 3))).float().mean()
        assert abs(flat - share) < 0.06
    alone = Crops([half], 8, 0).batch(range(8))
    assert torch.equal(Crops([half], 8, 0, candidates=1).batch(range(8))["hr"], alone["hr"])


def test_a_share_of_crops_is_of_pictures_at_half_their_size(tmp_path) -> None:
    save_pictures(tmp_path, 1, side=96)
    settings = ["data.halved=0.25", "data.size_in=8", "data.size_out=32"]
    recipe = load_recipe("compact", [*settings, "generator={channels_in=3, channels_out=3}"])
    pairs = find_pairs(tmp_path, NO_SOURCES, 0)
    crops, _ = read_pictures(recipe, pairs)
    plain, small = crops.pictures
    assert (plain.size, small.size) == ((24, 24), (12, 12))
    expected = resize(to_tensor(plain.hr), (48, 48))
    assert (to_tensor(small.hr) - expected.clamp(0, 1)).abs().max() < 0.51 / 255
    assert (downscale(to_tensor(small.hr), 4) - to_tensor(small.lr)).abs().max() < 0.51 / 255
    drawn = [crops._place(np.random.default_rng(n)).picture for n in range(2000)]
    assert abs(np.mean(drawn) - 0.25) < 0.04


def test_pictures_with_inputs_of_their_own_are_not_halved(tmp_path) -> None:
    save_pictures(tmp_path / "hr", 2, side=64)
    save_pictures(tmp_path / "lr", 2, side=16)
    recipe = load_recipe("compact", ["data.halved=0.25", "data.size_in=8", "data.size_out=32"])
    with pytest.raises(UsageError, match="inputs of their own") as refused:
        read_pictures(recipe, find_pairs(tmp_path, NO_SOURCES, 0))
    assert "data.halved=0" in refused.value.remedy


def test_pictures_smaller_than_a_crop_are_named(tmp_path) -> None:
    save_pictures(tmp_path, 1, side=32)
    pair = find_pairs(tmp_path, NO_SOURCES, 0)["train"][0]
    with pytest.raises(UsageError, match="data.size_in=8"):
        Crops([decode(pair, 4, (3, 3), "bicubic")], 16, 0)
