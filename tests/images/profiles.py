"""ICC profiles for the tests."""

from __future__ import annotations

import struct

import imagecodecs
import numpy as np


def rgb_profile() -> bytes:
    return bytes(imagecodecs.cms_profile("adobergb"))


def grey_profile() -> bytes:
    return bytes(imagecodecs.cms_profile("gray", gamma=1.8))


def cmyk_profile() -> bytes:
    """A small printer profile: a table from the 16 corners of ink space to CIELAB."""
    corners = np.stack(np.meshgrid(*[[0, 1]] * 4, indexing="ij"), axis=-1).reshape(16, 4)
    cyan, magenta, yellow, black = corners.T
    lightness = (1 - 0.45 * cyan - 0.5 * magenta - 0.1 * yellow).clip(0.1) * (1 - 0.9 * black)
    light = 1 - black
    a = (-35 * cyan + 70 * magenta - 5 * yellow) * light
    b = (-45 * cyan - 5 * magenta + 85 * yellow) * light
    lab = np.stack([lightness * 255, a + 128, b + 128], axis=1)
    ramp = bytes(range(256))
    matrix = struct.pack(">9i", *(np.eye(3, dtype=int) * 65536).ravel())
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix
    table += ramp * 4 + lab.round().clip(0, 255).astype(np.uint8).tobytes() + ramp * 3
    size = 128 + 16 + len(table)
    head = struct.pack(">I4sI4s4s4s", size, b"test", 0x02400000, b"prtr", b"CMYK", b"Lab ")
    head += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I4sII", 1, b"A2B0", 144, len(table)) + table
