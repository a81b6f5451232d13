"""NIfTI in, NIfTI out: what nibabel reads of the result, and of the source."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import picture, save_pictures
from tiny_networks import tiny_model

from beyne.bundle import save
from beyne.images.resample import downscale

nibabel = pytest.importorskip("nibabel", reason="the extra nifti is not installed")

#: Turned by 30 degrees, voxels of 0.8 × 1.2 × 5 mm.
TURNED = np.array([[0.75**0.5, -0.5, 0, 0], [0.5, 0.75**0.5, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
TURNED = TURNED * [0.8, 1.2, 5, 1] + [[0, 0, 0, -90], [0, 0, 0, 30], [0, 0, 0, -12.5], [0] * 4]


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    model = tiny_model("compact", image_skip="bicubic", scale=2)
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save(path, model.card, model.network)
    return path


def volume(dtype: str, shape: tuple[int, ...] = (30, 24, 3)) -> np.ndarray:
    slices = picture(shape[0], shape[1], int(np.prod(shape[2:]))).astype(np.float64)
    return (slices * 9 - 300 if dtype[0] != "u" else slices).astype(dtype).reshape(shape)


def save_volume(path: Path, data: np.ndarray, kind=None, endian: str = "<", **fields) -> Path:
    kind = kind or nibabel.Nifti1Image
    header = kind.header_class(endianness=endian)
    for name, value in fields.items():
        header[name] = value
    image = kind(data, TURNED, header)
    image.set_data_dtype(data.dtype.newbyteorder(endian))
    image.header.set_slope_inter(2, -1024)
    image.set_qform(TURNED, 1)
    image.set_sform(TURNED, 2)
    image.header["descrip"] = b"TE=30"
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(6, b"ours"))
    image.to_filename(path)
    return path


def stored(path: Path) -> np.ndarray:
    return np.asarray(nibabel.load(path).dataobj.get_unscaled())


KINDS = [
    ("uint8", "a.nii", (30, 24, 3), {}),
    ("int16", "a.nii.gz", (30, 24, 3), {}),
    ("uint16", "a.nii.gz", (30, 24, 2, 3), {}),
    ("int16", "a.nii", (30, 24, 3), {"endian": ">"}),
    ("float32", "a.nii", (30, 24), {}),
    ("float64", "a.nii.gz", (30, 24, 2), {"kind": nibabel.Nifti2Image}),
]


@pytest.mark.parametrize(("dtype", "name", "shape", "form"), KINDS, ids=str)
def test_every_kind_of_volume(upscale, tmp_path, dtype, name, shape, form):
    before = nibabel.load(save_volume(tmp_path / name, volume(dtype, shape), **form))
    upscale(name, "-o", "out/")
    after = nibabel.load(tmp_path / "out" / name)
    assert after.shape == (60, 48, *shape[2:])
    assert after.get_data_dtype() == before.get_data_dtype()
    assert type(after) is type(before)
    assert (after.dataobj.slope, after.dataobj.inter) == (2, -1024)
    corner, new = np.array([-0.5, -0.5, 0, 1]), after.header.get_zooms()
    for form_of, code in {"get_qform": 1, "get_sform": 2}.items():
        one, other = (getattr(image, form_of)(coded=True) for image in (before, after))
        assert one[1] == other[1] == code
        np.testing.assert_allclose(one[0] @ corner, other[0] @ corner, atol=1e-4)
        np.testing.assert_allclose(other[0][:, 2], one[0][:, 2], atol=1e-6)
    halved = [zoom / (2 if axis < 2 else 1) for axis, zoom in enumerate(before.header.get_zooms())]
    assert new == pytest.approx(halved)
    texts = [extension.get_content() for extension in after.header.extensions]
    assert after.header["descrip"] == before.header["descrip"]
    assert texts[0] == before.header.extensions[0].get_content()
    assert b"with model tiny, projected onto its source; not for diagnosis" in texts[1]
    given, made = (stored(tmp_path / folder / name).astype(float) for folder in (".", "out"))
    given, made = given.reshape(30, 24, -1), made.reshape(60, 48, -1)
    shrunk = downscale(torch.from_numpy(made).permute(2, 0, 1)[None], 2)[0].permute(1, 2, 0)
    step = 1 if dtype[0] != "f" else np.ptp(given) / 65535
    assert (np.abs(shrunk.numpy() - given) <= 0.501 * step).mean() >= 0.998


def test_what_is_no_number_stays_so(upscale, tmp_path):
    data = volume("float32")
    data[4:9, 3:7, 1] = np.nan
    save_volume(tmp_path / "a.nii", data)
    result = upscale("a.nii", "-o", "b.nii", "--tile", "16", "--json")
    expected = np.isnan(data).repeat(2, 0).repeat(2, 1)
    made = stored(tmp_path / "b.nii")
    np.testing.assert_array_equal(np.isnan(made), expected)
    # Counted is what A sees without a gap: two pixels around it see one.
    counted = data.size - (5 + 4) * (4 + 4)
    words = nibabel.load(tmp_path / "b.nii").header.extensions[-1].get_content().decode()
    assert f"{counted} of {counted} values (100 %)" in words
    assert json.loads(result.stdout)["done"][0]["consistency_db"] > 90


def test_anonymous(upscale, tmp_path):
    save_volume(tmp_path / "a.nii", volume("int16"))
    upscale("a.nii", "-o", "b.nii", "--anonymize", "--no-consistent")
    header = nibabel.load(tmp_path / "b.nii").header
    assert header["descrip"] == b""
    (note,) = header.extensions
    assert b"projected" not in note.get_content()


def test_bad_volumes_among_good_ones(upscale, tmp_path):
    (tmp_path / "in").mkdir()
    save_volume(tmp_path / "in/good.nii.gz", volume("int16"))
    save_volume(tmp_path / "in/complex.nii", volume("int16").astype(np.complex64))
    save_volume(tmp_path / "in/labels.nii", volume("uint8"), intent_code=1002)
    for name in ("cut.nii", "cut_too.nii.gz"):
        data = save_volume(tmp_path / "in" / name, volume("int16")).read_bytes()
        (tmp_path / "in" / name).write_bytes(data[: len(data) // 2])
    result = upscale("in", "-o", "out", code=1)
    assert [path.name for path in Path("out").iterdir()] == ["good.nii.gz"]
    lines = {line.split(":")[0]: line for line in result.stderr.splitlines() if ": " in line}
    assert "of type complex64, which is not read" in lines["in/complex.nii"]
    assert "labels" in lines["in/labels.nii"]
    assert "damaged" in lines["in/cut.nii"]
    assert "damaged" in lines["in/cut_too.nii.gz"]


def test_volumes_stay_volumes(upscale, tmp_path):
    save_volume(tmp_path / "a.nii", volume("int16"))
    save_pictures(tmp_path, count=1, side=16)
    assert "can only be enlarged, to .nii" in upscale("a.nii", "-o", "a.png", code=1).stderr
    said = upscale("p0.png", "-o", "b.nii", code=1).stderr
    assert "read from png can't be written as NIfTI" in said
    assert "no bands" in upscale("a.nii", "-o", "b.nii", "--bands", "1", code=1).stderr


def test_without_nibabel_the_extra_is_named(upscale, monkeypatch, tmp_path):
    save_volume(tmp_path / "a.nii", volume("int16"))
    for name in ("beyne.predict.volumes", "beyne.images.nifti"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "nibabel", None)
    said = upscale("a.nii", "-o", "b.nii", code=1).stderr
    assert "a.nii: nibabel is not installed; pip install 'beyne[nifti]'" in said
