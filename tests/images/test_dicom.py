"""DICOM in, DICOM out: values, geometry, and every element accounted for."""

from __future__ import annotations

import json
import sys
import tracemalloc
from functools import partial

import dicom_files
import imagecodecs
import numpy as np
import pydicom
import pytest
from pictures import picture
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)
from scipy import ndimage
from tiny_networks import tiny_model
from typer.testing import CliRunner

import beyne
from beyne.bundle import Model, save
from beyne.cli import app
from beyne.errors import ImageError
from beyne.images import read, write
from beyne.images.dicom import open_source
from beyne.predict.files import Job
from beyne.predict.frames import Frames
from beyne.predict.predictor import Predictor
from beyne.predict.work import Options

#: Elements that may change or appear; all others must come out as they went in.
CHANGED = {
    "ImageType",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "SeriesDescription",
    "DerivationDescription",
    "DerivationCodeSequence",
    "SourceImageSequence",
    "Rows",
    "Columns",
    "PixelSpacing",
    "ImagePositionPatient",
    "SmallestImagePixelValue",
    "LargestImagePixelValue",
    "OverlayRows",
    "OverlayColumns",
    "OverlayData",
}
#: Elements that colours stored otherwise lose or change.
COLOURS = {"PhotometricInterpretation", "SamplesPerPixel", "PlanarConfiguration"} | {
    f"{colour}PaletteColorLookupTable{part}"
    for colour in ("Red", "Green", "Blue")
    for part in ("Descriptor", "Data")
}
DATES = {"InstanceCreationDate", "InstanceCreationTime"}


def keyword(tag) -> str:
    if 0x6000 <= tag.group < 0x6020:
        known = {0x10: "OverlayRows", 0x11: "OverlayColumns", 0x3000: "OverlayData"}
        return known.get(tag.elem, "")
    return pydicom.datadict.keyword_for_tag(tag)


def check_elements(source, target, may_change=CHANGED) -> None:
    """Nothing is lost but dates of creation, nothing changes but what must."""
    before, after = dicom_files.elements(source), dicom_files.elements(target)
    lost = {keyword(tag) or tag for tag in before.keys() - after.keys()}
    new = {keyword(tag) or tag for tag in after.keys() - before.keys()}
    other = {
        keyword(tag) or tag for tag in before.keys() & after.keys() if before[tag] != after[tag]
    }
    assert lost <= DATES | (may_change - CHANGED)
    assert new <= may_change
    assert other <= may_change


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    """A model that enlarges twice, near the enlarged input as a trained one."""
    model = tiny_model("compact", image_skip="bicubic", scale=2)
    for name, tensor in model.network.state_dict().items():
        if name.endswith(("weight", "bias")):
            tensor.mul_(0.3)
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save(path, model.card, model.network)
    return path


def stored(path) -> np.ndarray:
    """``(frames, H, W, C)`` as pydicom reads them, colours as RGB."""
    found = pydicom.dcmread(path)
    frames = found.pixel_array
    frames = frames if found.get("NumberOfFrames", 1) > 1 else frames[None]
    return frames if found.SamplesPerPixel == 3 else frames[..., None]


KINDS = [
    {"photometric": photometric, "bits": bits, "signed": signed}
    for photometric in ("MONOCHROME1", "MONOCHROME2")
    for bits in (7, 8, 10, 12, 15, 16)
    for signed in (False, True)
] + [{"photometric": colours, "bits": 8} for colours in ("RGB", "YBR_FULL", "PALETTE COLOR")]


@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())))
def test_every_kind_of_pixels(upscale, kind, frames, tmp_path):
    source = dicom_files.write(dicom_files.dataset(frames=frames, **kind), tmp_path / "a.dcm")
    document = json.loads(upscale("a.dcm", "-o", "b.dcm", "--json").stdout)
    warning = document["done"][0]["warnings"][0]
    before, after = pydicom.dcmread(source), pydicom.dcmread("b.dcm")
    large = stored("b.dcm")
    assert large.shape[:3] == (frames, 2 * dicom_files.HEIGHT, 2 * dicom_files.WIDTH)
    grey = kind["photometric"].startswith("MONO")
    check_elements(source, "b.dcm", CHANGED if grey else CHANGED | COLOURS)
    if not grey:
        assert after.PhotometricInterpretation == "RGB"
        assert (after.BitsStored, large.shape[3]) == (8, 3)
        return
    names = ("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation")
    assert [before[name].value for name in names] == [after[name].value for name in names]
    given = stored(source)
    # The mean over all, in what a doctor reads, and the one that is stated.
    means = [2 * values.mean() - 1024 for values in (given, large)]
    assert f"(HU): mean {means[0]:.2f} and {means[1]:.2f}, standard" in warning
    shrunk = [beyne_shrunk(frame) for frame in large]
    within = np.mean([np.abs(a - b) <= 0.51 for a, b in zip(shrunk, given, strict=True)])
    assert within >= 0.998
    total = given.size
    assert f"{round(within * total)} of {total} values" in warning
    assert warning in after.DerivationDescription


def beyne_shrunk(frame) -> np.ndarray:
    """A by Pillow, on floats."""
    small = (frame.shape[1] // 2, frame.shape[0] // 2)
    image = Image.fromarray(frame[..., 0].astype(np.float32))
    return np.asarray(image.resize(small, Image.Resampling.BICUBIC))[..., None]


@pytest.mark.parametrize(
    ("syntax", "compression"),
    [
        (ImplicitVRLittleEndian, None),
        (ExplicitVRBigEndian, None),
        (DeflatedExplicitVRLittleEndian, None),
        (ExplicitVRLittleEndian, RLELossless),
        (ExplicitVRLittleEndian, JPEG2000Lossless),
    ],
)
@pytest.mark.parametrize("frames", [1, 3])
def test_every_way_of_storing(upscale, syntax, compression, frames, tmp_path):
    """Lossless compression and byte order change nothing in what comes out."""
    made = dicom_files.dataset(frames=frames, bits=16 if compression is None else 12)
    dicom_files.write(made, tmp_path / "plain.dcm")
    if syntax == ExplicitVRBigEndian:
        made.PixelData = np.frombuffer(made.PixelData, "<u2").astype(">u2").tobytes()
    made.file_meta.TransferSyntaxUID = syntax
    made.save_as(
        tmp_path / "a.dcm",
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
        enforce_file_format=True,
    ) if compression is None else dicom_files.write(made, tmp_path / "a.dcm", compression)
    upscale("plain.dcm", "a.dcm", "-o", "out/")
    assert np.array_equal(stored("out/a.dcm"), stored("out/plain.dcm"))
    check_elements(tmp_path / "a.dcm", "out/a.dcm")
    syntaxes = pydicom.dcmread("out/a.dcm").file_meta.TransferSyntaxUID
    kept = syntax if syntax != DeflatedExplicitVRLittleEndian else ExplicitVRLittleEndian
    assert syntaxes == kept


@pytest.mark.parametrize(
    ("syntax", "encode", "most"),
    [
        (JPEGLosslessSV1, imagecodecs.ljpeg_encode, 0),
        (JPEGLSLossless, imagecodecs.jpegls_encode, 0),
        (JPEGExtended12Bit, partial(imagecodecs.jpeg_encode, level=98, bitspersample=12), 40),
    ],
)
def test_every_jpeg(syntax, encode, most, tmp_path):
    """Encoded by another library, at 12 bits."""
    made = dicom_files.dataset(bits=12)
    values = made.pixel_array.astype(int)
    made.PixelData = pydicom.encaps.encapsulate([encode(made.pixel_array)])
    made["PixelData"].VR, made["PixelData"].is_undefined_length = "OB", True
    made.file_meta.TransferSyntaxUID = syntax
    raster = read(dicom_files.write(made, tmp_path / "a.dcm"))
    found = raster.extras["dicom"].source.to_stored(raster.pixels)[..., 0]
    assert np.abs(found - values).max() <= most


def test_memory_does_not_grow_with_the_frames(tmp_path):
    made = dicom_files.dataset(frames=2)
    few = dicom_files.write(made, tmp_path / "few.dcm")
    made.PixelData, made.NumberOfFrames = made.PixelData * 400, 800
    path = dicom_files.write(made, tmp_path / "a.dcm")
    predictor = Predictor(tiny_model("compact", scale=2))
    work = Frames(Job(few, tmp_path / "b.dcm"), Options(1))  # what is loaded once does not count
    work.compute(predictor, lambda share: None)
    work.write()
    tracemalloc.start()
    work = Frames(Job(path, tmp_path / "b.dcm"), Options(1))
    work.compute(predictor, lambda share: None)
    work.write()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < path.stat().st_size / 2
    assert stored(tmp_path / "b.dcm").shape[0] == 800


def test_the_six_real_files(upscale, shared):
    folder = shared("data/dicom")
    result = upscale(folder, "-o", "out", "--json")
    done = json.loads(result.stdout)["done"]
    assert len(done) == 6
    for one in done:
        check_elements(one["input"], one["output"])
        before, after = pydicom.dcmread(one["input"]), pydicom.dcmread(one["output"])
        assert after.StudyInstanceUID == before.StudyInstanceUID
        assert after.ImageType[:2] == ["DERIVED", "SECONDARY"]
        assert "not for diagnosis" in after.SeriesDescription
        assert "Not for diagnosis. Before and after" in after.DerivationDescription
        reference = after.SourceImageSequence[0]
        assert reference.ReferencedSOPInstanceUID == before.SOPInstanceUID
        assert after.file_meta.MediaStorageSOPInstanceUID == after.SOPInstanceUID
        assert after.SOPInstanceUID != before.SOPInstanceUID
        assert (after.Rows, after.Columns) == (2 * before.Rows, 2 * before.Columns)
        if "PixelSpacing" in before:
            assert [2 * step for step in after.PixelSpacing] == pytest.approx(before.PixelSpacing)
        if (0x6000, 0x3000) in before:
            drawing = before.overlay_array(0x6000)
            assert np.array_equal(after.overlay_array(0x6000)[::2, 1::2], drawing)
    assert beyne.read(folder / "CT_small.dcm").pixels.dtype == np.uint16


def test_an_unchanged_copy_keeps_every_value(shared, tmp_path):
    for source in sorted(shared("data/dicom").iterdir()):
        write(read(source), tmp_path / "copy.dcm")
        assert np.array_equal(stored(source), stored(tmp_path / "copy.dcm"))


def test_the_picture_stays_where_it_was(upscale, tmp_path):
    """The corner of the first pixel does not move; regions and shutters grow along."""
    region = pydicom.Dataset()
    region.RegionLocationMinX0, region.RegionLocationMaxX1 = 2, 9
    region.PhysicalDeltaX = 0.1
    measures, position, plane = (pydicom.Dataset() for _ in range(3))
    measures.PixelSpacing, plane.ImageOrientationPatient = [3, 1], [0, 1, 0, 0, 0, -1]
    position.ImagePositionPatient = [1, 2, 3]
    shared_groups, frame_groups = pydicom.Dataset(), pydicom.Dataset()
    shared_groups.PixelMeasuresSequence = [measures]
    shared_groups.PlaneOrientationSequence = [plane]
    frame_groups.PlanePositionSequence = [position]
    tile = pydicom.Dataset()
    tile.ColumnPositionInTotalImagePixelMatrix = 41
    frame_groups.PlanePositionSlideSequence = [tile]
    made = dicom_files.dataset(
        SequenceOfUltrasoundRegions=[region],
        ShutterLeftVerticalEdge=3,
        TotalPixelMatrixColumns=80,
        SharedFunctionalGroupsSequence=[shared_groups],
        PerFrameFunctionalGroupsSequence=[frame_groups],
    )
    dicom_files.write(made, tmp_path / "a.dcm")
    upscale("a.dcm", "-o", "b.dcm")
    after = pydicom.dcmread("b.dcm")
    assert after.PixelSpacing == [0.4, 0.2]
    assert after.ImagePositionPatient == pytest.approx([-10 - 0.1, -20 - 0.2, 30])
    large = after.SequenceOfUltrasoundRegions[0]
    assert (large.RegionLocationMinX0, large.RegionLocationMaxX1) == (4, 19)
    assert large.PhysicalDeltaX == 0.05
    assert (after.ShutterLeftVerticalEdge, after.TotalPixelMatrixColumns) == (5, 160)
    moved = after.PerFrameFunctionalGroupsSequence[0].PlanePositionSlideSequence[0]
    assert moved.ColumnPositionInTotalImagePixelMatrix == 81
    groups = after.SharedFunctionalGroupsSequence[0]
    assert groups.PixelMeasuresSequence[0].PixelSpacing == [1.5, 0.5]
    moved = after.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence[0]
    assert moved.ImagePositionPatient == pytest.approx([1, 2 - 0.25, 3 + 0.75])


def test_slices_without_suffix_are_a_series_again(upscale, tmp_path):
    """A folder, a DICOMDIR beside it, and names that are numbers with dots."""
    series = pydicom.uid.generate_uid()
    names = ["IM0001", "1.2.17", "SUB/SLICE"]
    (tmp_path / "scans/SUB").mkdir(parents=True)
    for name in names:
        made = dicom_files.dataset(SeriesInstanceUID=series)
        dicom_files.write(made, tmp_path / "scans" / name)
    (tmp_path / "scans/notes.txt").write_text("no picture")
    records = []
    for name in (names[0], names[2]):
        record = pydicom.Dataset()
        record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", name.split("/")
        records.append(record)
    directory = dicom_files.dataset(DirectoryRecordSequence=records)
    del directory.PixelData
    dicom_files.write(directory, tmp_path / "scans/DICOMDIR")
    upscale("scans", "-o", "out")
    made = [pydicom.dcmread(tmp_path / "out" / name) for name in names]
    assert len({one.SeriesInstanceUID for one in made} - {series}) == 1
    assert len({one.SOPInstanceUID for one in made}) == 3
    upscale("scans/DICOMDIR", "-o", "listed")
    listed = [path for path in (tmp_path / "listed").rglob("*") if path.is_file()]
    assert {path.name for path in listed} == {"IM0001", "SLICE"}
    upscale("scans/IM0001", "-o", "out/", code=1)
    assert upscale("scans/IM0001", "-o", "a.dcm", "--no-consistent").stderr.endswith("off\n")


def test_from_python(model_file, tmp_path):
    """Consistent without being asked; what was done stands in the file."""
    path = dicom_files.write(dicom_files.dataset(), tmp_path / "a.dcm")
    raster = beyne.upscale(path, model_file)
    beyne.save(raster, tmp_path / "b")
    said = pydicom.dcmread(tmp_path / "b").DerivationDescription
    assert said.startswith(f"Enlarged x2 by beyne {beyne.__version__} with model tiny, projected")
    with pytest.raises(ImageError, match="can't be written as DICOM"):
        write(beyne.Raster(raster.pixels), tmp_path / "c.dcm")


def test_a_folder_of_dicom_is_checked_as_pictures_are(tmp_path):
    for number in range(2):
        dicom_files.write(dicom_files.dataset(), tmp_path / f"{number}.dcm")
    assert "wrong-suffix" not in {finding.kind for finding in beyne.check(tmp_path).findings}


def test_without_pydicom_the_extra_is_named(upscale, monkeypatch, tmp_path):
    dicom_files.write(dicom_files.dataset(), tmp_path / "a.dcm")
    monkeypatch.delitem(sys.modules, "beyne.predict.frames", raising=False)
    monkeypatch.delitem(sys.modules, "beyne.images.dicom")
    monkeypatch.delattr(beyne.images, "dicom")
    monkeypatch.setitem(sys.modules, "pydicom", None)
    result = upscale("a.dcm", "-o", "b.dcm", code=1)
    assert "a.dcm: pydicom is not installed; pip install 'beyne[dicom]'" in result.stderr


def padded(**elements) -> tuple[Dataset, np.ndarray]:
    """A CT slice in a circle, and where it is."""
    made = dicom_files.dataset(bits=16, signed=True, RescaleSlope="1", **elements)
    rows, columns = np.ogrid[: made.Rows, : made.Columns]
    circle = (rows - 17.5) ** 2 + (columns - 19.5) ** 2 < 15**2
    stored = made.pixel_array // 40 + 80
    stored[~circle] = -2000
    made.PixelData = stored.astype("<i2").tobytes()
    return made, circle


@pytest.mark.parametrize("limit", [None, -1500])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_never_mixes_with_data(upscale, photometric, limit, tmp_path):
    made, circle = padded(PixelPaddingValue=-2000)
    made.PhotometricInterpretation = photometric
    stored = made.pixel_array.copy()
    if limit is not None:  # all values up to it are padding
        made.PixelPaddingRangeLimit = limit
        stored[~circle] = np.linspace(-2000, limit, (~circle).sum()).astype(int)
        made.PixelData = stored.tobytes()
    dicom_files.write(made, tmp_path / "a.dcm")
    said = " ".join(upscale("a.dcm", "-o", "b.dcm", "--tile", "24").stderr.split())
    result, inside = (array.repeat(2, 0).repeat(2, 1) for array in (stored, circle))
    found = pydicom.dcmread("b.dcm").pixel_array
    np.testing.assert_array_equal(found[~inside], result[~inside])
    low, high = stored[circle].min(), stored[circle].max()
    assert found[inside].min() > low - 0.3 * (high - low)
    assert found[inside].max() < high + 0.3 * (high - low)
    means = [stored[circle].mean() - 1024, found[inside].mean() - 1024]
    assert f"mean {means[0]:.2f} and {means[1]:.2f}" in said
    counted = (ndimage.minimum_filter(circle, 5, mode="nearest")).sum()
    assert f"of {counted} values" in said


def test_padding_stays_in_translations(tmp_path):
    made, circle = padded(PixelPaddingValue=-2000)
    frame = read(dicom_files.write(made, tmp_path / "a.dcm"))
    model = tiny_model("compact", scale=1, channels_in=1, channels_out=1)
    card = model.card.model_copy(update={"job": "translate"})
    result = Predictor(Model(card, model.network)).apply(frame)
    stored = frame.extras["dicom"].source.to_stored(result.pixels)[..., 0]
    assert (stored[~circle] == -2000).all()
    assert (stored[circle] != made.pixel_array[circle]).any()


def test_padding_of_the_other_sign_is_known(tmp_path):
    for value, signed, expected in ((63_536, True, -2000), (-2000, False, 63_536)):
        made = dicom_files.dataset(bits=16, signed=signed)
        made.add_new("PixelPaddingValue", "US" if signed else "SS", value)
        path = dicom_files.write(made, tmp_path / "a.dcm")
        assert open_source(path, 10**9).padding == (expected, expected)


def test_a_slice_of_padding_stays_padding(upscale, tmp_path):
    made = dicom_files.dataset()
    made.PixelPaddingValue, made.PixelData = 0, bytes(len(made.PixelData))
    dicom_files.write(made, tmp_path / "a.dcm")
    assert "it holds no data" in upscale("a.dcm", "-o", "b.dcm").stderr
    assert not pydicom.dcmread("b.dcm").pixel_array.any()


def test_values_of_enhanced_files_are_told_in_their_unit(upscale, tmp_path):
    """Rescale stands in the functional groups, not beside the pixels."""
    made = dicom_files.dataset(frames=2, bits=12)
    group, shared = Dataset(), Dataset()
    for name in ("RescaleSlope", "RescaleIntercept", "RescaleType"):
        group[name] = made[name]
        del made[name]
    shared.PixelValueTransformationSequence = [group]
    made.SharedFunctionalGroupsSequence = [shared]
    dicom_files.write(made, tmp_path / "a.dcm")
    said = " ".join(upscale("a.dcm", "-o", "b.dcm").stderr.split())
    assert f"Before and after (HU): mean {made.pixel_array.mean() * 2 - 1024:.2f} and" in said


def test_anonymized(upscale, tmp_path):
    """No text of the source is left but technical ones; UIDs are others, but still agree."""
    names = ("a.dcm", "b.dcm")
    study = pydicom.uid.generate_uid()
    note = pydicom.Dataset()
    note.TextValue, note.PersonName = "seen by Айтматов", "Айтматов"
    for name in names:
        made = dicom_files.dataset(
            StudyInstanceUID=study, ContentSequence=[note], PatientSex="M", PatientAge="078Y"
        )
        dicom_files.write(made, tmp_path / name)
    result = upscale(*names, "-o", "out/", "--anonymize")
    assert "names that stand in the picture itself are still there" in result.stderr
    made = [pydicom.dcmread(tmp_path / "out" / name) for name in names]
    assert made[0].StudyInstanceUID == made[1].StudyInstanceUID != study
    raw = (tmp_path / "out/a.dcm").read_bytes()
    for secret in ("Айтматов", "PAT-4711", "20261121", "Hospital", "private words", "71.5", "078Y"):
        assert secret.encode() not in raw, secret
    assert study.encode() not in raw
    assert (made[0].PatientName, made[0].PatientSex, made[0].PatientIdentityRemoved) == (
        "",
        "",
        "YES",
    )
    assert made[0].Manufacturer == "Acme"
    assert (made[0].RescaleSlope, made[0].WindowCenter) == (2, 40)
    assert "not for diagnosis" in made[0].SeriesDescription


def test_anonymized_translations(tmp_path, monkeypatch):
    """What a model changes the kind of stays DICOM as well, and goes without the patient."""
    monkeypatch.chdir(tmp_path)
    model = tiny_model("resize-unet", channels_in=1, channels_out=1)
    card = model.card.model_copy(update={"job": "translate"})
    save(tmp_path / "model.safetensors", card, model.network)
    dicom_files.write(dicom_files.dataset(), tmp_path / "a.dcm")
    words = ["translate", "a.dcm", "--model", "model.safetensors", "--anonymize"]
    result = CliRunner().invoke(app, [*words, "-o", "b.dcm"])
    assert result.exit_code == 0, result.output
    assert b"PAT-4711" not in (tmp_path / "b.dcm").read_bytes()


def test_anonymized_photos_lose_their_exif(upscale, tmp_path):
    exif = Image.Exif()
    exif[315] = "Айтматов"
    Image.fromarray(picture(20, 20)).save("a.jpg", exif=exif)
    upscale("a.jpg", "-o", "kept.png")
    upscale("a.jpg", "-o", "clean.png", "--anonymize")
    assert read("kept.png").exif is not None
    assert read("clean.png").exif is None


def test_other_formats(upscale, tmp_path):
    """One frame becomes a 16-bit PNG; several frames, or a PNG as DICOM, are refused."""
    dicom_files.write(dicom_files.dataset(), tmp_path / "one.dcm")
    dicom_files.write(dicom_files.dataset(frames=3), tmp_path / "three.dcm")
    upscale("one.dcm", "-o", "one.png")
    assert beyne.read("one.png").pixels.dtype == np.uint16
    result = upscale("three.dcm", "-o", "three.png", code=1)
    assert "three.dcm: it holds 3 frames, and .png files hold one; leave out" in result.stderr
    result = upscale("one.png", "-o", "two.dcm", code=1)
    assert "what was read from png can't be written as DICOM; use --format png" in result.stderr
    with pytest.raises(ImageError, match="3 frames"):
        read("three.dcm")
    assert not (tmp_path / "two.dcm").exists()


def bad(**changes) -> pydicom.Dataset:
    made = dicom_files.dataset()
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def without(name) -> pydicom.Dataset:
    made = dicom_files.dataset()
    delattr(made, name)
    return made


BAD = {
    "no_pixels": (lambda: without("PixelData"), "holds no picture (CT Image Storage)"),
    "no_rows": (lambda: without("Rows"), "40×0 pixels"),
    "no_bits": (lambda: without("BitsStored"), "have 0 bits of 16"),
    "deep": (lambda: bad(BitsAllocated=32, BitsStored=32), "32 bits of 32"),
    "lab": (lambda: bad(PhotometricInterpretation="CIELAB"), "stored as CIELAB"),
    "high_bit": (lambda: bad(HighBit=15), "end at bit 15 instead of 11"),
    "short": (lambda: bad(Rows=1800), "cut short"),
    "bomb": (lambda: bad(Rows=60000, Columns=60000), "--pixel-limit"),
    "frames": (lambda: bad(NumberOfFrames=9), "cut short"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_give_one_line(upscale, name, tmp_path):
    make, words = BAD[name]
    dicom_files.write(make(), tmp_path / "a.dcm")
    lines = upscale("a.dcm", "-o", "b.dcm", code=1).stderr.splitlines()
    assert words in lines[0]
    assert lines[0].startswith("a.dcm: ")
    assert len(lines) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.dcm"]


@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.95])
@pytest.mark.parametrize("compression", [None, RLELossless, JPEG2000Lossless])
def test_cut_files_give_one_line(upscale, part, compression, tmp_path):
    data = dicom_files.write(dicom_files.dataset(), tmp_path / "a.dcm", compression).read_bytes()
    (tmp_path / "a.dcm").write_bytes(data[: int(len(data) * part)])
    lines = upscale("a.dcm", "-o", "b.dcm", code=1).stderr.splitlines()
    assert len(lines) == 2
    assert not (tmp_path / "b.dcm").exists()


def test_an_unknown_transfer_syntax_is_named(upscale, tmp_path):
    data = dicom_files.write(dicom_files.dataset(), tmp_path / "a.dcm").read_bytes()
    known, unknown = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.7\0"
    (tmp_path / "a.dcm").write_bytes(data.replace(known, unknown))
    assert "1.2.840.10008.1.2.7, is not read" in upscale("a.dcm", "-o", "b.dcm", code=1).stderr
