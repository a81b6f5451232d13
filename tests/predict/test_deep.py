"""Samples deeper than bytes: the model sees the range in use, and the file keeps its values."""

from __future__ import annotations

import tracemalloc

import dicom_files
import numpy as np
import pytest
import torch
from pictures import picture
from tiny_networks import tiny_model

import beyne
from beyne.bundle import Model, ModelCard
from beyne.images import Raster
from beyne.images.dicom import open_source
from beyne.images.raster import Pixels
from beyne.images.residual import Levels, Residual
from beyne.predict.files import Job
from beyne.predict.frames import Frames, values_of_frames
from beyne.predict.predictor import Predictor
from beyne.predict.values import Values, sampled, values_of
from beyne.predict.work import Options

WHOLE = Values(0, 65535, np.dtype(np.uint16), (0, 65535))


@pytest.fixture(scope="module")
def photo():
    return beyne.load("photo-x4", precision="fp32")


def sliver(pixels: np.ndarray) -> Raster:
    """Bytes as 2 % of 16 bits."""
    return Raster(pixels.astype(np.uint16) * 5 + 20_000)


def in_bytes(result: Raster) -> np.ndarray:
    return (result.pixels.astype(float) - 20_000) / 5


def frames_of(path) -> list[Raster]:
    return list(open_source(path, 10**9).rasters())


@pytest.mark.parametrize("consistent", [True, False])
@pytest.mark.parametrize("value", [0, 7, 32_763, 65_535])
def test_one_value_stays_one_value(photo, value, consistent):
    pixels = np.full((32, 24, 3), value, np.uint16)
    assert (photo.upscale(Raster(pixels), consistent=consistent).pixels == value).all()


def test_a_slice_of_one_value_stays_one(photo, tmp_path):
    made = dicom_files.dataset(bits=16, signed=True)
    made.PixelData = np.full_like(made.pixel_array, -1000).tobytes()
    path = dicom_files.write(made, tmp_path / "a.dcm")
    for frame in (photo.upscale(path), photo.upscale(path, consistent=False)):
        stored = frame.extras["dicom"].source.to_stored(frame.pixels)
        assert (stored == -1000).all()


@pytest.mark.parametrize("how", [{}, {"consistent": True}, {"scale": 2}, {"smooth": 1.0}])
def test_a_sliver_of_16_bits_gets_the_detail_of_bytes(photo, how):
    pixels = picture(40, 48)
    pixels = np.rint((pixels - pixels.min()) * (255 / np.ptp(pixels))).astype(np.uint8)
    shallow = photo.upscale(Raster(pixels), **how).pixels.astype(float)
    deep = in_bytes(photo.upscale(sliver(pixels), **how))
    assert np.abs(deep - shallow).mean() < 0.5
    fine = [np.diff(image, axis=0).std() for image in (deep, shallow)]
    assert fine[0] == pytest.approx(fine[1], rel=0.02)


def test_a_photograph_that_fills_16_bits_is_hardly_changed(photo, shared):
    path = shared("data/sr_test/Kodak24/HR/kodim05.png")
    raster = Raster(beyne.read(path).pixels[:96, :96].astype(np.uint16) * 257)
    predictor = Predictor(beyne.bundle.load(beyne.zoo.find("photo-x4")), precision="fp32")
    stretched, as_stored = (
        predictor.apply(raster, values=values).pixels.astype(float) for values in (None, WHOLE)
    )
    assert np.abs(stretched - as_stored).mean() < 65.535


def test_black_stays_black(photo):
    pixels = picture(30, 40).astype(np.uint16)
    pixels[:, 20:] = 0
    result = photo.upscale(Raster(pixels)).pixels
    assert result[:, 100:].max() == 0
    assert result[:, :60].mean() == pytest.approx(pixels[:, :15].mean(), rel=0.02)


@pytest.mark.parametrize("consistent", [True, False])
@pytest.mark.parametrize(
    "raster", [sliver(picture(70, 90)), Raster(picture(70, 90) / np.float32(1e3))]
)
def test_tiles_are_the_whole(raster, consistent):
    whole, tiled = (
        beyne.load("photo-x4", tile=tile).upscale(raster, consistent=consistent).pixels
        for tile in (1000, 24)
    )
    if raster.levels:
        np.testing.assert_array_equal(whole, tiled)
    else:
        np.testing.assert_allclose(whole, tiled, atol=1e-6)


def test_memory_is_that_of_a_tile_and_the_two_pictures():
    predictor = Predictor(tiny_model("compact", scale=2), tile=32)
    values = Values(0, 60_000, np.dtype(np.uint16), (0, 60_000))
    beyond = []
    for height in (64, 128, 512):  # the first one warms up
        raster = Raster(picture(height, 128).astype(np.uint16) * 200, extras={"levels": 60_000})
        tracemalloc.start()
        result = predictor.apply(raster, values=values)
        copies = raster.pixels.nbytes + 2 * result.pixels.nbytes  # in other steps than 65535
        beyond.append(tracemalloc.get_traced_memory()[1] - copies)
        tracemalloc.stop()
    assert beyond[2] < beyond[1] + 2**18


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2", "RGB"])
@pytest.mark.parametrize("bits", [6, 12, 16])
def test_measurements_come_back(tmp_path, photometric, bits):
    if photometric == "RGB" and bits < 8:
        bits = 8
    made = dicom_files.dataset(photometric, bits=bits)
    stored = made.pixel_array // 4 + 1
    made.PixelData = stored.tobytes()
    [frame] = frames_of(dicom_files.write(made, tmp_path / "a.dcm"))
    source = frame.extras["dicom"].source
    result = Predictor(tiny_model("compact", image_skip="bicubic"), tile=16).apply(frame)
    large, small = (source.to_stored(raster.pixels) for raster in (result, frame))
    np.testing.assert_array_equal(small.reshape(stored.shape), stored)
    residual, limits = Residual(), (0, source.levels)
    levels = Levels(1, source.levels, limits)
    residual.add_whole(large.transpose(2, 0, 1), small.transpose(2, 0, 1), levels, "bicubic")
    assert residual.within >= 0.998 * residual.compared


def test_frames_of_one_file_share_a_range(tmp_path):
    predictor = Predictor(tiny_model("compact", image_skip="bicubic"))
    made = dicom_files.dataset(frames=2, bits=12)
    stored = made.pixel_array // 40 + np.array([0, 2000], np.uint16)[:, None, None]
    made.PixelData = stored.astype(np.uint16).tobytes()
    path = dicom_files.write(made, tmp_path / "a.dcm")
    values = values_of_frames(predictor.card, open_source(path, 10**9), None)
    assert (values.black, values.width) == (stored.min(), np.ptp(stored))
    work = Frames(Job(path, tmp_path / "b.dcm"), Options(4))
    work.compute(predictor, lambda share: None)
    work.write()
    for given, made in zip(frames_of(path), frames_of(tmp_path / "b.dcm"), strict=True):
        expected, alone = (predictor.apply(given, values=how).pixels for how in (values, None))
        np.testing.assert_array_equal(made.pixels, expected)
        assert (made.pixels != alone).any()


def test_padding_and_what_is_transparent_are_no_part_of_the_range(tmp_path):
    made = dicom_files.dataset("MONOCHROME1", bits=12)
    stored = made.pixel_array // 10 + 1000
    stored[:8] = 0
    made.PixelPaddingValue, made.PixelData = 0, stored.tobytes()
    [frame] = frames_of(dicom_files.write(made, tmp_path / "a.dcm"))
    assert 4095 - sampled(frame).max() == stored[8:].min()
    alpha = np.full((8, 8), 65_535, np.uint16)
    alpha[4:] = 0
    pixels = np.arange(64, dtype=np.uint16).reshape(8, 8, 1)
    assert sampled(Raster(pixels, alpha)).max() == 31


def away_from_parts_of_65535(model: Model, card: ModelCard, dark: Pixels) -> float:
    """Most that a predictor's result differs from the network's own for the whole 16 bits."""
    found = Predictor(Model(card, model.network), precision="fp32").apply(Raster(dark)).pixels
    with torch.inference_mode():
        given = torch.from_numpy(dark / np.float32(65_535)).permute(2, 0, 1)[None]
        expected = model.network(given)[0].permute(1, 2, 0).clamp(0, 1).numpy() * 65_535
    return float(np.abs(found - expected).max())


def test_a_model_of_deep_pictures_sees_what_it_learned():
    """Dark or not, samples are parts of 65535 to it, in pictures as in rasters."""
    model = tiny_model("compact", image_skip="bicubic")
    card = model.card.model_copy(update={"bits": 16})
    dark = picture(20, 24).astype(np.uint16)
    assert away_from_parts_of_65535(model, card, dark) <= 0.51
    for dtype, limits in (("uint16", (0, 65_535)), ("int16", (-32_768, 32_767))):
        values = values_of(dark.ravel(), np.dtype(dtype), limits, None, card)
        assert (values.black, values.width) == (limits[0], 65_535)


def test_a_translation_knows_no_range_but_its_own():
    model = tiny_model("compact", scale=1)
    card = model.card.model_copy(update={"job": "translate"})
    dark = picture(20, 24).astype(np.uint16)
    assert away_from_parts_of_65535(model, card, dark) <= 1


def test_alpha_is_enlarged_as_ever():
    alpha = np.tile(np.linspace(0, 300, 20).astype(np.uint16), (16, 1))
    predictor = Predictor(tiny_model("compact"), precision="fp32")
    found = predictor.apply(Raster(sliver(picture(16, 20)).pixels, alpha)).alpha
    smooth = predictor.apply(Raster(picture(16, 20), alpha.astype(np.uint8))).alpha
    assert np.abs(found[:, 8:40].astype(int) - smooth[:, 8:40]).max() <= 1
