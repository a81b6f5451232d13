"""Whatever is wrong with a file: one clear line, soon, and never another exception."""

import os
import struct
import subprocess
import sys

import numpy as np
import pytest
from badfiles import noise, saved, tiff, write_bad_files
from PIL import Image
from rights import as_nobody, posix_users

from beyne.errors import ImageError
from beyne.images import default_pixel_limit, read
from beyne.images.checks import check_pixels


@pytest.fixture(scope="module")
def bad_files(tmp_path_factory):
    return write_bad_files(tmp_path_factory.mktemp("bad"))


def test_every_bad_file_gives_one_clear_line(bad_files, capfd):
    wrong = {}
    for path, words in bad_files.items():
        try:
            read(path)
            wrong[path.name] = "was read"
        except ImageError as error:
            clear = words in str(error) and "\n" not in str(error) and error.remedy
            if not clear or len(str(error)) > 250:
                wrong[path.name] = str(error)
    assert len(bad_files) >= 30
    assert not wrong
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_bombs_are_refused_before_memory_is_taken(bad_files):
    """Read in a process of its own, whose peak memory tells."""
    paths = [str(path) for path in bad_files if "_bomb." in path.name]
    # VmHWM, not ru_maxrss: the latter also counts the process that started this one.
    program = (
        "import sys\n"
        "from beyne.images import read\n"
        "from beyne.errors import ImageError\n"
        "for path in sys.argv[1:]:\n"
        "    try: read(path)\n"
        "    except ImageError: pass\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if 'VmHWM' in line))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *paths], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) * 1024 < 300 << 20


@pytest.mark.parametrize("fraction", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_no_cut_gives_half_a_picture(fraction, bad_files, tmp_path):
    """Every format, cut anywhere, fails."""
    image = Image.fromarray(noise(np.uint8))
    whole = {kind: saved(image, kind) for kind in ("PNG", "JPEG", "WEBP", "BMP", "GIF")}
    for compression in (None, "zlib", "lzw", "packbits", "jpeg"):
        data = tiff(noise(np.uint8), compression=compression)
        whole[f"TIFF {compression}"] = data
    path = tmp_path / "cut.png"
    accepted = []
    for kind, data in whole.items():
        path.write_bytes(data[: int(len(data) * fraction)])
        try:
            read(path)
            accepted.append(kind)
        except ImageError:
            pass
    assert not accepted


def test_missing_file_and_odd_paths(tmp_path):
    with pytest.raises(ImageError, match="does not exist; check the path"):
        read(tmp_path / "none.png")
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(ImageError, match="a part of its path is a file"):
        read(tmp_path / "file" / "inside.png")
    with pytest.raises(ImageError):
        read(str(tmp_path) + "/with\0null.png")
    with pytest.raises(ImageError, match="too long"):
        read(tmp_path / ("n" * 300 + ".png"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ImageError, match="device or pipe"):
        read(tmp_path / "pipe.png")


@posix_users
def test_no_permission(tmp_path):
    path = tmp_path / "secret.png"
    path.write_bytes(b"x")
    path.chmod(0)
    with as_nobody(), pytest.raises(ImageError, match="no permission to read it"):
        read(path)


def test_the_limit_counts_pixels_and_names_its_option(tmp_path):
    path = tmp_path / "noise.png"
    path.write_bytes(saved(Image.new("L", (60, 40)), "PNG"))
    assert read(path, pixel_limit=2400).width == 60
    with pytest.raises(ImageError, match=r"60×40 .* limit of 2399 pixels; pass --pixel-limit 2400"):
        read(path, pixel_limit=2399)


def test_many_bands_count_as_many_pixels():
    check_pixels(100, 100, 20000, bands=8)
    with pytest.raises(ImageError, match="9 bands"):
        check_pixels(100, 100, 20000, bands=9)


def test_the_default_limit_follows_memory_and_scale():
    assert default_pixel_limit(4) >= 1_000_000
    assert default_pixel_limit(1) <= 1 << 30
    assert default_pixel_limit(2) == pytest.approx(4 * default_pixel_limit(4), abs=4)


def test_pillow_limit_is_neither_asked_nor_changed(tmp_path):
    """96 megapixels are over Pillow's own limit for warnings, and warnings fail tests here."""
    width, height = 12000, 8000
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 0, 0, 0, 0, 0, 0)
    greys = np.arange(256, dtype="<u4") * 0x10101
    path = tmp_path / "large.bmp"
    path.write_bytes(b"BM" + struct.pack("<IHHI", 0, 0, 0, 54 + 1024) + header + greys.tobytes())
    with path.open("r+b") as file:
        file.truncate(54 + 1024 + width * height)  # the rest reads as zeros and takes no disk
    before = Image.MAX_IMAGE_PIXELS
    assert read(path, pixel_limit=width * height).width == width
    assert before == Image.MAX_IMAGE_PIXELS
