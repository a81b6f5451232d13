"""The data doctor: what is planted is found, and nothing else."""

from __future__ import annotations

import io
from pathlib import Path

import faulty_data
import numpy as np
import pytest
import scipy.fft
from PIL import Image, ImageFilter

import beyne
from beyne.doctor.alignment import fit
from beyne.doctor.facts import describe, luma_of
from beyne.doctor.jpeg import cosines, quality
from beyne.doctor.likeness import find_twins
from beyne.doctor.spectrum import cut_off
from beyne.doctor.tables import read_table

PHOTOS = 40


@pytest.fixture(scope="module")
def source(shared):
    return faulty_data.photos(shared("data/sr_train"), PHOTOS)


def doubtful(diagnosis):
    return [finding for finding in diagnosis.findings if finding.severity != "info"]


SETS = {
    "photo": ("upscale", 12),
    "pair": ("upscale", 22),
    "split": ("upscale", 20),
    "domain": ("translate", 12),
    "class": ("generate", 16),
    "caption": ("illustrate", 13),
}


@pytest.mark.parametrize("name", SETS)
def test_what_is_planted_is_found_and_nothing_else(name, source, tmp_path) -> None:
    task, count = SETS[name]
    root = tmp_path / "data"
    getattr(faulty_data, f"{name}_clean")(root, source[:count])
    clean = beyne.check(root)
    assert clean.task == task
    assert clean.ok, doubtful(clean)
    planted = getattr(faulty_data, f"{name}_faults")(root, source[:count], source[count:])
    found = beyne.check(root, task)
    for kind, file in planted:
        assert any(kind == one.kind and file in one.files for one in doubtful(found)), (kind, file)
    kinds = {kind for kind, _ in planted}
    files = {file for _, file in planted}
    for one in doubtful(found):
        assert one.kind in kinds, one
        assert files & set(one.files), one
        assert one.problem
        assert one.remedy


def luma(image):
    return luma_of(np.asarray(image))


def facts_of(image):
    return describe(beyne.Raster(np.asarray(image)), Path("memory"))


@pytest.mark.parametrize("compressed", [20, 50, 65, 75, 80])
def test_the_jpeg_quality_is_told_from_the_pixels(source, compressed) -> None:
    for image in source[:3]:
        recoded = Image.open(io.BytesIO(faulty_data.as_jpeg(image, compressed)))
        assert abs(quality(luma(recoded)) - compressed) <= 5
        assert quality(luma(image)) > 90  # once quality 95


def test_cosines_are_those_of_scipy() -> None:
    for length in (8, 64):
        expected = scipy.fft.dct(np.eye(length), axis=0, norm="ortho")
        np.testing.assert_allclose(cosines(length), expected, atol=1e-6)


def test_the_end_of_detail_is_found(source) -> None:
    for image in source[:8]:
        assert cut_off(luma(image)) is None
        for scale in (2, 4):
            cut = cut_off(luma(faulty_data.enlarged(image, scale)))
            assert cut is not None
            assert 0.6 * scale < cut.pixels < 1.6 * scale
        assert cut_off(luma(image.filter(ImageFilter.GaussianBlur(3)))) is not None
    assert cut_off(np.zeros((40, 300), np.float32)) is None


@pytest.mark.parametrize(("scale", "down", "right"), [(2, 1, 0), (4, 0, -1), (4, 2, 3), (3, -5, 1)])
def test_shifts_are_measured_in_pixels_of_the_original(source, scale, down, right) -> None:
    image = source[0].crop((0, 0, 252, 240))
    other = faulty_data.shrunk(faulty_data.moved(image, right, down), scale)
    rasters = [beyne.Raster(np.asarray(side)) for side in (image, other)]
    facts = [describe(raster, Path("memory")) for raster in rasters]
    found = fit(("hr", "lr"), tuple(rasters), tuple(facts), domains_differ=False)
    assert found.scale == scale
    assert (found.shift.down, found.shift.right) == pytest.approx((down, right), abs=0.3)
    assert found.shift.after > found.shift.before


def test_twins_are_found_however_they_lie(source) -> None:
    views = {
        "same": source[0],
        "turned": source[0].transpose(Image.Transpose.ROTATE_90),
        "mirrored": source[0].transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        "small": source[0].resize((90, 90)),
        "cropped": source[0].crop((6, 6, 250, 250)),
        "dark": faulty_data.picture(faulty_data.array(source[0]) * 0.5),
        "grey": source[0].convert("L").convert("RGB"),
        "noisy": faulty_data.picture(
            faulty_data.array(source[0]) + np.random.default_rng(0).normal(0, 12, (256, 256, 3))
        ),
    }
    others = {f"other {n}": image for n, image in enumerate(source[1:30])}
    twins = find_twins({name: facts_of(image) for name, image in (views | others).items()})
    assert [set(one.files) for one in twins] == [set(views)]
    assert not twins[0].exact
    flat = {str(n): facts_of(Image.new("RGB", (64, 64), (n, 9, 9))) for n in range(2)}
    assert find_twins(flat) == []


def test_shared_photographs_have_no_faults(shared, tmp_path) -> None:
    """All of them take half a minute: every eighth, as a folder of links."""
    for path in sorted(shared("data/sr_train").glob("*.jpg"))[::8]:
        (tmp_path / path.name).symlink_to(path)
    assert doubtful(beyne.check(tmp_path)) == []


def test_published_pairs_fit(shared) -> None:
    found = beyne.check(shared("data/sr_test/Set14"))
    # True ones: a grey picture as colour, a file without colour, and a former JPEG.
    assert {one.kind for one in doubtful(found)} == {
        "grey-as-colour",
        "mixed-bands",
        "jpeg-blocks",
    }
    assert {file.split("_")[-1] for one in doubtful(found) for file in one.files} == {
        "003.png",
        "010.png",
        "014.png",
    }


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("t.csv", "file,text\na,я\n".encode("cp1251"), "not UTF-8"),
        ("t.csv", b"file,txt\na,b\n", "no column text"),
        ("t.csv", b"", "no column file and text"),
        ("t.jsonl", b'{"file": "a", "text": "b"}\n{"file"', "line 2 is no JSON"),
        ("t.jsonl", b"[1]\n", "line 1 is no object"),
    ],
)
def test_broken_tables_are_findings(tmp_path, name, data, words) -> None:
    (tmp_path / name).write_bytes(data)
    table = read_table(tmp_path / name, ("file", "text"))
    assert [(one.kind, one.severity) for one in table.findings] == [("table", "error")]
    assert words in table.findings[0].problem
    assert table.rows == ()


def test_tables_of_both_kinds_are_the_same(tmp_path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbffile,text,label\na.png,hay,\n")
    (tmp_path / "t.jsonl").write_text('\n{"file": "a.png", "text": "hay", "label": null}\n')
    one, other = (read_table(tmp_path / name, ("file", "text")) for name in ("t.csv", "t.jsonl"))
    assert one.rows == other.rows == ((2, {"file": "a.png", "text": "hay", "label": ""}),)
    assert [finding.kind for finding in one.findings] == ["byte-order-mark"]


def test_listed_pairs(source, tmp_path) -> None:
    root = tmp_path / "data"
    faulty_data.domain_clean(root, source[:12])
    planted = faulty_data.listed_faults(root)
    found = {(one.kind, file) for one in doubtful(beyne.check(root)) for file in one.files}
    assert found == set(planted)


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_pictures_enlarged_by_repeating_pixels_are_found(source, factor, tmp_path) -> None:
    small = source[0].resize((48, 40))
    small.resize((48 * factor, 40 * factor), Image.Resampling.NEAREST).save(tmp_path / "fake.png")
    source[1].save(tmp_path / "good.png")
    found = [f for f in beyne.check(tmp_path).findings if f.kind == "repeated-pixels"]
    assert [f.files for f in found] == [("fake.png",)]
    assert f"×{factor}" in found[0].problem


def test_smooth_parts_of_photographs_are_no_masks(shared) -> None:
    for path in sorted(shared("data/sr_train").glob("*.jpg"))[:40:4]:
        image = Image.open(path).convert("RGB")
        for start in range(0, 385, 128):
            facts = facts_of(image.crop((start, start, start + 128, start + 128)))
            assert facts.ringing == 0
            assert not facts.few_levels


def test_masks_of_several_pictures_are_no_twins(source, tmp_path) -> None:
    """Round masks, as of lungs and cells, look nearly alike."""
    y, x = np.mgrid[:256, :256]
    for index, image in enumerate(source[:12]):
        for side, folder in (("a", image), ("b", (np.hypot(y - 128, x - 120 - index) < 90))):
            (tmp_path / side).mkdir(exist_ok=True)
            made = folder if side == "a" else Image.fromarray(folder.astype(np.uint8) * 255)
            made.save(tmp_path / side / f"{index}.png")
    found = beyne.check(tmp_path)
    assert found.task == "translate"
    assert "near-duplicate" not in {one.kind for one in found.findings}
    for side, name in (("a", "photos"), ("b", "masks")):
        (tmp_path / side).rename(tmp_path / name)
    found = beyne.check(tmp_path)
    assert "near-duplicate" not in {one.kind for one in found.findings}
    (finding,) = [one for one in doubtful(found) if one.kind == "sides-as-classes"]
    assert finding.remedy.endswith("--set data.a=masks --set data.b=photos")


def test_captions_that_name_classes_are_no_fault(source, tmp_path) -> None:
    faulty_data.caption_clean(tmp_path / "data", source[:12])
    rows = [(f"{n:02d}.png", ("рожь", "овёс")[n % 2], "ru", "ab"[n % 2]) for n in range(12)]
    rows = [("file", "text", "lang", "label"), *rows]
    faulty_data.table(tmp_path / "data" / "captions.csv", rows)
    assert beyne.check(tmp_path / "data").ok


@pytest.mark.parametrize("degrees", [-3, -1.5, 1, 2])
def test_small_turns_are_measured(source, degrees) -> None:
    for image in source[:6]:
        turned = image.rotate(degrees, Image.Resampling.BICUBIC)
        noisy = faulty_data.array(faulty_data.shrunk(turned))
        noisy += np.random.default_rng(0).normal(0, 4, noisy.shape)
        sides = [np.asarray(image), np.asarray(faulty_data.picture(noisy))]
        rasters = [beyne.Raster(side) for side in sides]
        facts = [describe(raster, Path("memory")) for raster in rasters]
        found = fit(("hr", "lr"), tuple(rasters), tuple(facts), domains_differ=False)
        assert found.tilt.degrees == pytest.approx(degrees, abs=0.5)
