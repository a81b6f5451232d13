"""A file appears whole or not at all."""

import errno
import os
import threading

import numpy as np
import pytest

from beyne.errors import ImageError
from beyne.images import Raster, read, write
from beyne.images.checks import from_os_error

NOISE = Raster(np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8))
SUFFIXES = ("png", "jpg", "webp", "tiff")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_failed_write_leaves_the_old_file_and_nothing_else(suffix, tmp_path, small_disk):
    path = tmp_path / f"a.{suffix}"
    write(Raster(NOISE.pixels[:9, :9]), path)
    before = path.read_bytes()
    with pytest.raises(ImageError, match="the disk is full"):
        write(NOISE, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_refused_raster_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"old")
    with pytest.raises(ImageError, match="transparency"):
        write(Raster(NOISE.pixels, NOISE.pixels[..., 0]), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_replaces_an_existing_file_and_makes_folders(suffix, tmp_path):
    path = tmp_path / "new" / "folder" / f"Жаңа сурет ☀ {'x' * 100}.{suffix}"
    write(Raster(NOISE.pixels[:9, :9]), path)
    write(NOISE, path)
    assert read(path).width == 300
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="rights of another kind on this system")
def test_rights_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    write(NOISE, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_targets_that_can_not_be(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ImageError, match="a part of its path is a file"):
        write(NOISE, tmp_path / "file" / "a.png")
    with pytest.raises(ImageError, match="is a folder"):
        write(NOISE, tmp_path / "folder.png")
    with pytest.raises(ImageError, match="too long"):
        write(NOISE, tmp_path / ("n" * 300 + ".png"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.png"]


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="no POSIX users on this system")
def test_no_permission_to_write(tmp_path):
    tmp_path.chmod(0o555)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(ImageError, match="no permission to write it"):
            write(NOISE, tmp_path / "a.png")
    finally:
        os.seteuid(before)
        tmp_path.chmod(0o755)


def test_every_refusal_of_the_system_is_a_sentence():
    full = from_os_error(OSError(errno.ENOSPC, "No space left on device"), "write")
    assert str(full) == "the disk is full; free space or choose another folder with -o"
    odd = from_os_error(OSError(errno.EIO, "Input/output error"), "read")
    assert str(odd) == "can't read it (Input/output error); check disk and path"


def test_threads_read_and_write_at_once(tmp_path):
    """Reading and writing overlap in a batch."""
    failed = []

    def work(number):
        try:
            for suffix in SUFFIXES:
                path = tmp_path / f"{number}.{suffix}"
                write(NOISE, path)
                read(path)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len(list(tmp_path.iterdir())) == 6 * len(SUFFIXES)
