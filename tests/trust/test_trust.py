"""The map of trust: evidence, calibration, words and files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import picture, save_pictures
from scipy.ndimage import uniform_filter
from tiny_networks import tiny_model
from trust_models import CURVE, MEANING, calibration

import beyne
from beyne import zoo
from beyne.bundle import read_card, save
from beyne.errors import UsageError
from beyne.images import Raster
from beyne.images.projection import project
from beyne.images.raster import to_tensor
from beyne.images.resample import downscale
from beyne.predict.predictor import Predictor
from beyne.predict.values import UNIT, Values
from beyne.trust.assessor import Assessor
from beyne.trust.calibration import EVIDENCE, Curve, calibration_of, checked_trust
from beyne.trust.evidence import error, evidence, luma
from beyne.trust.maps import Names
from beyne.trust.native import grey_of
from beyne.trust.overlay import Overlay, overlay
from beyne.trust.summary import Tally, Told, Trust


def assessor(**fields) -> Assessor:
    model = Predictor(tiny_model("compact", image_skip="bicubic"))
    partner = Predictor(tiny_model("span", "other", image_skip="bicubic", projection="bicubic"))
    return Assessor(model, partner, calibration(**fields))


def test_evidence_is_what_numpy_and_scipy_say():
    random = np.random.default_rng(0)
    results = random.random((8, 24, 32)).astype(np.float32)
    result, partner = random.random((2, 24, 32)).astype(np.float32)
    as_tensor = [torch.from_numpy(image)[None, None] for image in (result, partner)]
    turned = (torch.from_numpy(image)[None, None] for image in results)
    source = torch.rand(1, 1, 6, 8)
    found = np.exp(evidence(*as_tensor, turned, source, "bicubic", 5)) - 0.1

    def mean(values):
        return uniform_filter(values.astype(np.float64), 5, mode="nearest") * 255

    gradient = np.hypot(*np.gradient(result))
    np.testing.assert_allclose(found[0], mean(results.std(0)), atol=2e-3)
    np.testing.assert_allclose(found[1], mean(np.abs(result - partner)), atol=2e-3)
    inside = np.s_[3:-3, 3:-3]  # numpy's gradient is one-sided at the borders
    np.testing.assert_allclose(found[3][inside], mean(gradient)[inside], atol=2e-3)


def test_freedom_is_nothing_where_the_input_forces_everything():
    free = torch.rand(1, 1, 48, 48)
    forced = free - project(free, torch.zeros(1, 1, 12, 12))
    quiet, loud = (
        np.exp(evidence(x, x, [x], downscale(x, 4), "bicubic", 9)[2]) - 0.1 for x in (forced, free)
    )
    assert quiet.max() < 0.01
    assert loud.mean() > 20


def test_error_is_that_of_luma_in_levels():
    truth = torch.zeros(1, 3, 16, 16)
    assert error(truth + 10 / 255, truth, 9) == pytest.approx(10, abs=1e-4)
    assert luma(torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)).item() == pytest.approx(0.299)
    assert luma(torch.tensor([1.0, 0, 0, 0]).view(1, 4, 1, 1)).item() == pytest.approx(0.25)


def test_a_calibration_is_a_weighted_sum_and_a_curve():
    found = calibration().probability(np.full((4, 2, 3), 0.2, np.float32), "photograph")
    assert found.shape == (2, 3)
    assert found == pytest.approx(1 - (0.1 + 4 * 0.5 * 0.2 + 2) / 6)
    with pytest.raises(ValueError, match="two sides"):
        Curve(expected=(0, 1), trust=(1,), pictures=1)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_tiles_equal_the_whole(monkeypatch, dtype):
    pixels = picture(20, 120)
    if dtype == "float32":
        pixels = pixels.astype(dtype) / 255
    whole = assessor().assess(Raster(pixels)).map
    monkeypatch.setattr("beyne.trust.assessor._WHOLE", 0)
    monkeypatch.setattr("beyne.trust.assessor.CORE", 20)
    done: list[float] = []
    tiles = assessor().assess(Raster(pixels), on_done=done.append).map
    assert whole.shape == (80, 480)
    assert len(done) > 3
    assert done[-1] == 1
    assert np.abs(whole - tiles).max() < 0.02


def test_the_map_turns_with_the_picture():
    judge = assessor(weights=(1.0, 0.0, 0.0, 0.0))
    pixels = picture(24, 20)
    plain = judge.assess(Raster(pixels)).map
    turned = judge.assess(Raster(np.ascontiguousarray(np.rot90(pixels)))).map
    assert plain.std() > 0.01
    np.testing.assert_allclose(np.rot90(plain), turned, atol=2e-3)


@pytest.mark.parametrize("turned", ["model", "partner"])
def test_grey_and_transparent_pictures(turned):
    judge = assessor(turned=turned)
    assert judge.assess(Raster(picture(12, 16, 1))).map.shape == (48, 64)
    alpha = np.full((12, 16), 255, np.uint8)
    alpha[:, :8] = 0
    found = judge.assess(Raster(picture(12, 16), alpha)).map
    assert np.isfinite(found).all()


def test_only_a_georeferenced_file_is_taken_for_a_satellite_picture():
    sure = Curve(expected=(0, 1), trust=(1.0, 0.9), pictures=1)
    judge = assessor(curves={"photograph": CURVE, "satellite": sure})
    pixels = picture(8, 8)
    assert judge.assess(Raster(pixels, extras={"georeferenced": True})).mean > 0.89
    found = judge.assess(Raster(pixels))
    assert found.mean < 0.89
    assert "if it is like a photograph;" in found.sentence
    field = calibration(curves={"radiograph": sure})
    assert field.kind_of(georeferenced=True) == field.kind_of(georeferenced=False) == "radiograph"


def test_of_deep_pictures_errors_count_in_the_range_they_use():
    pixels = picture(8, 8).astype(np.uint16)
    bright, dark = (assessor().assess(Raster(pixels * step)) for step in (257, 20))
    assert dark.meaning.tolerance == pytest.approx(8 / 255 * np.ptp(pixels) * 20)
    assert "stored values of the truth, if it is like a photograph of 8 bits" in dark.sentence
    np.testing.assert_allclose(dark.map, bright.map, atol=0.01)
    floats = assessor().assess(Raster(pixels / np.float32(1000)))
    tolerance = f"{8 / 255 * np.ptp(pixels) / 1000:.4g}"
    assert f"within {tolerance} (in the file's values) of the truth" in floats.sentence
    assert assessor().assess(Raster(np.full((8, 8, 1), 7, np.uint16))).meaning.tolerance == 1


def areas(mask) -> list[str]:
    tally = Tally(*mask.shape)
    tally.add(1 - mask.astype(np.float32))
    return tally.areas


def test_areas_are_named_by_where_they_are():
    mask = np.zeros((480, 720), bool)
    mask[300:, :200] = True
    mask[:60, 630:] = True
    mask[240, 360] = True  # too small to speak of
    assert areas(mask) == [
        "the lower left (x 0–210, y 300–480)",
        "the upper right (x 630–720, y 0–60)",
    ]
    assert areas(np.ones((5, 7), bool)) == ["the middle (x 0–7, y 0–5)"]
    assert areas(np.zeros((5, 7), bool)) == []


def test_pieces_are_counted_as_the_whole():
    random = np.random.default_rng(0)
    trust = uniform_filter(random.random((97, 130)), 21).astype(np.float32)
    known = random.random(trust.shape) < 0.8
    trust = (trust - trust.min()) / np.ptp(trust)
    whole, pieces = Tally(*trust.shape), Tally(*trust.shape)
    whole.add(trust, known=known)
    for top in range(0, 97, 40):
        for left in range(0, 130, 64):
            part = slice(top, top + 40), slice(left, left + 64)
            pieces.add(trust[part], top, left, known[part])
    assert whole.mean == pytest.approx(trust[known].mean())
    assert whole.invented == pytest.approx((trust[known] < 0.5).mean())
    assert pieces.mean == pytest.approx(whole.mean)
    assert pieces.areas == whole.areas != []
    nothing = Tally(4, 4)
    assert nothing.mean == nothing.invented == 0
    assert nothing.sentence(MEANING) == "trust: it holds no data"


def test_the_sentence_gives_both_numbers():
    trust = np.ones((100, 100), np.float32)
    assert Trust(trust, MEANING).sentence == (
        "trust 1.00: 100 % of the picture is expected to be within 8 levels of 255 of the truth, "
        "if it is like a photograph; none is mostly invented"
    )
    trust[:10] = 0.2
    found = Trust(trust, MEANING)
    assert (found.mean, found.invented) == (pytest.approx(0.92), pytest.approx(0.1))
    assert found.sentence.endswith("; 10 % is mostly invented: around the top (x 0–100, y 0–10)")
    told = Told(found.tally, MEANING, frame=3)
    assert told.sentence.endswith("y 0–10); the overlay shows frame 3, the least trusted")


def test_the_overlay_is_grey_where_there_is_trust():
    trust = np.array([[1.0, 0.0]], np.float32)
    levels, floats = (
        Raster(np.full((1, 2, 3), value, kind))
        for value, kind in ((100, np.uint8), (0.2, np.float32))
    )
    values = Values(0, 255, np.dtype(np.uint8), (0, 255))
    sure, doubtful = overlay(grey_of(levels, values, 255), trust)[0].astype(int)
    assert (sure == 100).all()
    assert doubtful[0] > 200 > 40 > doubtful[1]
    dark = replace(UNIT, black=0.1, width=0.2)
    assert overlay(grey_of(floats, dark, 0), trust)[0, 0].tolist() == [128] * 3


def test_an_overlay_of_pieces_is_every_so_many_pixels_of_the_whole(monkeypatch):
    monkeypatch.setattr("beyne.trust.overlay._LONGEST", 30)
    random = np.random.default_rng(0)
    grey, trust = random.random((2, 50, 70)).astype(np.float32)
    whole, pieces = Overlay(50, 70), Overlay(50, 70)
    whole.add(grey * 255, trust, 0, 0)
    for top in range(0, 50, 16):
        for left in range(0, 70, 32):
            part = slice(top, top + 16), slice(left, left + 32)
            pieces.add(grey[part] * 255, trust[part], top, left)
    assert whole.pixels.shape == (17, 24, 3)
    np.testing.assert_array_equal(pieces.pixels, whole.pixels)
    assert whole.pixels.any(axis=2).all()


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("out/a.png", ["out/a.trust.png", "out/a.overlay.png"]),
        ("a.b.tif", ["a.b.trust.tif", "a.b.overlay.png"]),
        ("slice.dcm", ["slice.trust.dcm", "slice.overlay.png"]),
        ("1.2.840.7", ["1.2.840.7.trust.dcm", "1.2.840.7.overlay.png"]),
        ("brain.nii.gz", ["brain.trust.nii.gz", "brain.overlay.png"]),
    ],
)
def test_sidecars_have_names_of_their_own(target, names):
    found = Names.of(Path(target))
    assert [found.map.as_posix(), found.overlay.as_posix()] == names


def test_the_command_writes_both_files_and_says_it(upscale, tmp_path):
    save_pictures(tmp_path / "in", count=2, side=20)
    result = upscale("in", "-o", "out", "--trust", "--json")
    done = json.loads(result.stdout)["done"]
    trust = done[0]["trust"]
    assert list(trust) == ["mean", "invented", "sentence", "map", "overlay"]
    found = beyne.read(trust["map"]).pixels
    assert (found.shape, found.dtype) == ((80, 80, 1), np.uint16)
    assert found.mean() / 65535 == pytest.approx(trust["mean"], abs=1e-4)
    assert beyne.read(trust["overlay"]).pixels.shape == (80, 80, 3)
    assert trust["sentence"] in result.stderr
    again = upscale("in", "-o", "out", "--trust", code=1)
    assert "p0.png exists already" in again.stderr
    Path(trust["overlay"]).unlink()
    again = upscale("in", "-o", "out", "--trust", "--resume")
    assert "1 done, 1 there already" in again.stderr
    assert Path(trust["overlay"]).exists()


def test_python_gives_the_map(model_file):
    trust = beyne.load(model_file).trust(picture(10, 12))
    assert trust.map.shape == (40, 48)
    assert trust.map.dtype == np.float32
    assert 0 <= trust.map.min() <= trust.map.max() <= 1


def test_a_sidecar_never_replaces_a_picture(upscale, tmp_path):
    save_pictures(tmp_path, count=1, side=8)
    for name in ("a.jpg", "a.trust.png"):
        (tmp_path / name).write_bytes((tmp_path / "p0.png").read_bytes())
    result = upscale("a.jpg", "-o", "a.png", "--trust", code=1)
    assert result.stdout == ""
    assert "a.trust.png exists already" in result.stderr
    save_pictures(tmp_path / "sub", count=1, side=8)
    (tmp_path / "sub/p0.png").rename(tmp_path / "sub/a.trust.png")
    result = upscale("a.jpg", "sub/a.trust.png", "-o", "./", "--trust", "--overwrite", code=2)
    assert "a.trust.png would be a picture and the trust in a.png" in result.stderr


@pytest.mark.parametrize("words", [["--scale", "2"], ["--smooth", "1"], ["--ensemble"]])
def test_what_was_not_measured_is_refused(upscale, tmp_path, words):
    save_pictures(tmp_path, count=1, side=8)
    result = upscale("p0.png", "-o", "a.png", "--trust", *words, code=2)
    assert "--trust was measured for tiny at ×4 without --smooth and --ensemble" in result.stderr
    assert not Path("a.png").exists()


def test_a_model_without_calibration_gives_no_map(tmp_path):
    model = tiny_model("compact")
    with pytest.raises(UsageError, match=r"tiny it was never measured .*--model photo-x4 or"):
        calibration_of(model.card)
    save(tmp_path / "m.safetensors", model.card, model.network)
    other = calibration(tmp_path / "m.safetensors", partner_weights="0")
    card = model.card.model_copy(update={"trust": other.model_dump(mode="json")})
    with pytest.raises(UsageError, match="was measured with another"):
        checked_trust(card)


@pytest.mark.parametrize("name", ["photo-x4", "photo-x4-gan", "satellite-x4", "xray-x4"])
def test_embedded_calibrations_are_of_these_weights(name):
    card = read_card(zoo.find(name))
    found = calibration_of(card)
    assert checked_trust(card).exists()
    for curve in found.curves.values():
        assert list(curve.expected) == sorted(curve.expected)
        assert list(curve.trust) == sorted(curve.trust, reverse=True)
    assert found.weights[EVIDENCE.index("orientations")] > 0.5


def test_where_trust_is_low_a_photograph_is_wrong(shared):
    truth = beyne.read(shared("data/sr_test/Kodak24/HR/kodim05.png")).pixels[:256, :256]
    small = downscale(to_tensor(truth), 4).mul(255).round().byte()[0].permute(1, 2, 0).numpy()
    model = beyne.load("photo-x4")
    trust = model.trust(small)
    wrong = error(to_tensor(model.upscale(small).pixels), to_tensor(truth), 9)
    right = wrong <= trust.meaning.tolerance
    assert trust.mean == pytest.approx(right.mean(), abs=0.1)
    assert right[trust.map > 0.9].mean() > 0.85
    assert right[trust.map < 0.1].mean() < 0.15


def test_of_a_deep_slice_of_one_value_trust_speaks_of_what_was_made():
    """Nothing was added, and that is what it says."""
    trust = beyne.load("photo-x4").trust(np.full((24, 24, 1), 31_000, np.uint16))
    assert trust.mean > 0.98
    assert "to be within 1 stored value of the truth" in trust.sentence
    assert trust.sentence.endswith("none is mostly invented")


def test_what_is_transparent_does_not_count():
    pixels, alpha = picture(12, 16), np.full((12, 16), 255, np.uint8)
    alpha[:, :8] = 0
    pixels[:, :8] = np.random.default_rng(0).integers(0, 256, (12, 8, 3))
    found = assessor().assess(Raster(pixels, alpha))
    assert (found.map[:, :32] == 1).all()
    assert found.mean == pytest.approx(found.map[:, 32:].mean(), abs=1e-6)
    assert assessor().assess(Raster(pixels, np.zeros_like(alpha))).sentence == (
        "trust: it holds no data"
    )
