"""Maps of trust as GeoTIFF, DICOM and NIfTI, as other programs read them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import dicom_files
import numpy as np
import pydicom
import pytest
from pictures import picture
from pydicom.uid import SecondaryCaptureImageStorage
from rasters import rasterio, read_all, save_raster
from scenes import save_scene

import beyne
from beyne.images import Raster

nibabel = pytest.importorskip("nibabel", reason="the extra nifti is not installed")


def trust_of(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Trust in [0, 1] and where there is some, both ``(bands, H, W)``."""
    samples, known = read_all(path)
    with rasterio.open(path) as made:
        return samples * made.scales[0], known


@pytest.mark.parametrize("words", [[], ["--format", "cog"]])
def test_the_map_of_a_geotiff_lies_over_the_result(upscale, tmp_path, words):
    source = save_raster(tmp_path / "a.tif", "uint16", gaps="corner", size=(160, 150))
    with rasterio.open(source, "r+") as raster:
        raster.build_overviews([2])
    said = upscale("a.tif", "-o", "b.tif", "--trust", *words).stderr
    assert "stored values of the truth, if it is like a satellite picture of 8 bits" in said
    with rasterio.open("b.trust.tif") as trust, rasterio.open("b.tif") as result:
        for name in ("shape", "transform", "crs", "compression", "rpcs"):
            assert getattr(trust, name) == getattr(result, name), name
        assert trust.block_shapes == result.block_shapes[:1]
        assert trust.overviews(1) == result.overviews(1) != []
        assert (trust.count, trust.dtypes, trust.nodata) == (1, ("uint8",), 255)
        assert trust.descriptions == ("trust in bands 1, 2, 3",)
        assert trust.scales == (0.01,)
        assert trust.tags()["BEYNE_TRUST"].startswith("trust 0.")
        assert trust.tags()["AREA_OR_POINT"] == "Area"
        empty = result.dataset_mask() == 0
    found, known = trust_of(Path("b.trust.tif"))
    np.testing.assert_array_equal(known[0], ~empty)
    assert 0 <= found[known].min() < found[known].max() <= 1
    assert f"trust {found[known].mean():.2f}" in said
    assert beyne.read("b.overlay.png").pixels.shape == (640, 600, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.tif", "b.overlay.png", "b.tif", "b.trust.tif"
    ]  # fmt: skip


def test_pieces_of_a_geotiff_give_the_map_of_the_whole(upscale, tmp_path, monkeypatch):
    save_raster(tmp_path / "a.tif", "uint8", size=(40, 90))
    upscale("a.tif", "-o", "whole.tif", "--trust")
    monkeypatch.setattr("beyne.trust.geotiff_map.CORE", 32)
    upscale("a.tif", "-o", "pieces.tif", "--trust")
    whole, pieces = (trust_of(Path(f"{name}.trust.tif"))[0] for name in ("whole", "pieces"))
    assert np.abs(whole - pieces).max() <= 0.03


def test_a_geotiff_of_bytes_has_the_map_of_the_picture(upscale, tmp_path, model_file):
    save_raster(tmp_path / "a.tif", "uint8", size=(30, 40))
    said = upscale("a.tif", "-o", "b.tif", "--trust").stderr
    assert "8 levels of 255 of the truth, if it is like a satellite picture;" in said
    read = Raster(beyne.read("a.tif").pixels, extras={"georeferenced": True})
    expected = beyne.load(model_file).trust(read, consistent=True).map
    np.testing.assert_allclose(trust_of(Path("b.trust.tif"))[0][0], expected, atol=0.006)


def test_every_group_of_bands_has_its_trust(upscale, tmp_path):
    save_raster(tmp_path / "a.tif", "int16", bands=5, gaps="speckle", mark="mask", size=(24, 20))
    said = upscale("a.tif", "-o", "b.tif", "--trust", "--bands", "all").stderr
    assert "within 8 of 255 parts of each band's range of the truth" in said
    with rasterio.open("b.trust.tif") as made:
        assert made.descriptions == tuple(f"trust in bands {number}" for number in range(1, 6))
        assert made.nodatavals == (255,) * 5
    upscale("a.tif", "-o", "c.tif", "--trust", "--bands", "3,2,1")
    with rasterio.open("c.trust.tif") as made:
        assert made.descriptions == ("trust in bands 3, 2, 1",)


def test_a_scene_and_a_raster_without_data(upscale, tmp_path):
    save_scene(tmp_path, empty=6)
    said = upscale("S2.SAFE", "-o", "s.tif", "--trust", "--bands", "B04,B08").stderr
    assert "each band's range" in said
    found, known = trust_of(Path("s.trust.tif"))
    assert found.shape == (2, 96, 96)
    assert not known[:, :24].any()
    assert known[:, 24:].all()
    save_raster(tmp_path / "empty.tif", gaps="all")
    assert "trust: it holds no data" in upscale("empty.tif", "-o", "e.tif", "--trust").stderr
    assert not trust_of(Path("e.trust.tif"))[1].any()


def test_a_raster_of_one_pixel_has_a_map(upscale, tmp_path):
    save_raster(tmp_path / "a.tif", "uint16", bands=1, size=(1, 1))
    upscale("a.tif", "-o", "b.tif", "--trust")
    assert trust_of(Path("b.trust.tif"))[0].shape == (1, 4, 4)


def valid(path: Path) -> None:
    """What dcmtk and dicom3tools find wrong with a file, if they are there, is nothing."""
    for tool, bad in (("dcmdump", ("W:", "E:", "F:")), ("dciodvfy", ("Error",))):
        if shutil.which(tool):
            result = subprocess.run([tool, path], capture_output=True, text=True, check=False)
            said = (result.stdout + result.stderr).splitlines()
            assert not [line for line in said if line.startswith(bad)], tool


@pytest.mark.parametrize("frames", [1, 3])
def test_the_map_of_a_dicom_file_is_a_secondary_capture(upscale, tmp_path, frames):
    study = {"StudyTime": "1200", "StudyID": "1", "AccessionNumber": "2", "PatientSex": "O"}
    study |= {"PatientBirthDate": "19281212", "ReferringPhysicianName": "Doc^A"}
    source = dicom_files.dataset(frames=frames, **study, InstanceNumber="7")
    dicom_files.write(source, tmp_path / "a.dcm")
    said = upscale("a.dcm", "-o", "b.dcm", "--trust").stderr
    result, trust = (pydicom.dcmread(name) for name in ("b.dcm", "b.trust.dcm"))
    assert (trust.SOPClassUID == SecondaryCaptureImageStorage) == (frames == 1)
    assert trust.StudyInstanceUID == source.StudyInstanceUID
    assert trust.PatientName == source.PatientName
    assert trust.SeriesInstanceUID not in (source.SeriesInstanceUID, result.SeriesInstanceUID)
    assert trust.SOPInstanceUID == trust.file_meta.MediaStorageSOPInstanceUID
    assert trust.SourceImageSequence[0].ReferencedSOPInstanceUID == result.SOPInstanceUID
    assert list(trust.ImageType) == ["DERIVED", "SECONDARY"]
    assert trust.SeriesDescription == "trust in % [not for diagnosis]"
    assert "Not for diagnosis." in trust.DerivationDescription
    assert trust.PixelSpacing == result.PixelSpacing
    assert "InstitutionName" not in trust
    values = trust.pixel_array.reshape(frames, result.Rows, result.Columns)
    assert values.max() <= 100
    assert f"trust {values.mean() / 100:.2f}" in said
    assert ("the overlay shows frame" in said) == (frames > 1)
    assert beyne.read("b.overlay.png").pixels.shape == (result.Rows, result.Columns, 3)
    valid(Path("b.trust.dcm"))
    first = Path("b.trust.dcm").read_bytes()
    upscale("a.dcm", "-o", "b.dcm", "--trust", "--overwrite")
    assert Path("b.trust.dcm").read_bytes() == first


def test_the_map_of_an_anonymous_file_is_anonymous(upscale, tmp_path):
    source = dicom_files.dataset("RGB", bits=8)
    dicom_files.write(source, tmp_path / "1.2.840.7")
    upscale("1.2.840.7", "-o", "out/", "--trust", "--anonymize")
    trust = pydicom.dcmread("out/1.2.840.7.trust.dcm")
    assert not trust.PatientName
    assert trust.PatientIdentityRemoved == "YES"
    assert trust.StudyInstanceUID != source.StudyInstanceUID
    assert "PAT-4711" not in Path("out/1.2.840.7.trust.dcm").read_bytes().decode("latin-1")


def test_errors_of_ct_count_in_the_range_that_its_frames_use(upscale, tmp_path):
    source = dicom_files.dataset(frames=2, bits=12)
    stored = source.pixel_array // 10 + np.array([0, 500])[:, None, None]
    source.PixelData = stored.astype(np.uint16).tobytes()
    dicom_files.write(source, tmp_path / "a.dcm")
    said = upscale("a.dcm", "-o", "b.dcm", "--trust").stderr
    tolerance = float(said.split("to be within ")[1].split()[0])
    assert tolerance == pytest.approx(8 / 255 * np.ptp(stored), rel=0.01)


def test_nothing_is_said_of_padding(upscale, tmp_path):
    source = dicom_files.dataset(frames=2, PixelPaddingValue=0)
    stored = source.pixel_array // 2 + 1
    stored[0, :20], stored[1] = 0, 0
    source.PixelData = stored.tobytes()
    dicom_files.write(source, tmp_path / "a.dcm")
    said = upscale("a.dcm", "-o", "b.dcm", "--trust").stderr
    values, known = pydicom.dcmread("b.trust.dcm").pixel_array, stored.repeat(4, 1).repeat(4, 2) > 0
    assert not values[~known].any()
    assert f"trust {values[known].mean() / 100:.2f}" in said
    assert "shows frame 1," in said


@pytest.mark.parametrize("name", ["b.nii", "b.nii.gz"])
def test_the_map_of_a_volume_is_a_volume(upscale, tmp_path, name):
    rise = np.arange(360, dtype=np.float32).reshape(12, 10, 3)
    data = rise * 20 + picture(12, 10, 3)
    data[:4, :, 1] = np.nan
    nibabel.Nifti1Image(data, np.diag([0.8, 1.2, 5, 1])).to_filename(tmp_path / "a.nii")
    said = upscale("a.nii", "-o", name, "--trust").stderr
    result, trust = (nibabel.load(file) for file in (name, name.replace("b.", "b.trust.")))
    np.testing.assert_array_equal(trust.affine, result.affine)
    assert trust.shape == result.shape == (48, 40, 3)
    assert trust.get_data_dtype() == np.uint8
    found = trust.get_fdata()
    assert 0 <= found.min() < found.max() <= 1
    assert (found[:16, :, 1] == 0).all()
    known = np.isfinite(result.get_fdata())
    assert f"trust {found[known].mean():.2f}" in said
    assert "the overlay shows frame" in said
    assert b"trust 0." in trust.header.extensions[0].get_content()
