"""A full disk, and memory that does not suffice: a sentence, and nothing half-written."""

from __future__ import annotations

import errno

import pytest
import torch
from rasters import save_raster
from training_runs import run

from beyne.errors import BeyneError, foreseen, is_disk_full, is_out_of_memory
from beyne.files import write_whole

FULL = "the disk is full; free space or choose another folder with -o"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_no_room_of_any_kind_is_one_sentence(code) -> None:
    assert str(foreseen(OSError(code, "as the system says it"))) == FULL


def test_what_nobody_foresaw_stays_so() -> None:
    assert foreseen(OSError(errno.EIO, "Input/output error")) is None
    assert foreseen(ZeroDivisionError()) is None


def test_a_file_is_written_whole_or_not_at_all(tmp_path, small_disk) -> None:
    with pytest.raises(BeyneError, match=FULL):
        write_whole(tmp_path / "large", bytes(30_000))
    assert list(tmp_path.iterdir()) == []


def test_torch_hides_a_full_disk_and_it_is_found(tmp_path, small_disk) -> None:
    with pytest.raises(RuntimeError) as raised, (tmp_path / "state.pt").open("wb") as file:
        torch.save(torch.zeros(9999), file)
    assert is_disk_full(raised.value)


def test_a_training_leaves_no_part_of_its_state(workplace, small_disk) -> None:
    with pytest.raises(BeyneError, match=FULL):
        run(workplace, "run")
    assert (workplace / "run/best.safetensors").is_file()
    assert list((workplace / "run/state").iterdir()) == []


def test_a_geotiff_does_not_fit(upscale, tmp_path, small_disk) -> None:
    save_raster(tmp_path / "a.tif", "uint16", 3, "corner", size=(40, 40))
    assert f"a.tif: {FULL}" in upscale("a.tif", "-o", "b.tif", code=1).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


def test_memory_does_not_suffice() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**50)
    assert is_out_of_memory(raised.value)
    assert str(foreseen(MemoryError())).startswith("memory does not suffice; close other programs")


def test_a_file_that_the_system_refuses_is_named(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder") as refused:
        (tmp_path / "folder").read_bytes()
    known = foreseen(refused.value)
    assert known is not None
    assert str(tmp_path / "folder") in known.problem
