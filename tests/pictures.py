"""Small made-up pictures with structure at several scales, for tests that need no real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def picture(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    """``(height, width, channels)`` uint8: waves, edges and a little noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    layers = []
    for _ in range(channels):
        angle, period = random.uniform(0, np.pi), random.uniform(5, 20)
        wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period)
        edge = (x * np.sin(angle) - y * np.cos(angle)) % (3 * period) > period
        layers.append(110 + 60 * wave + 50 * edge + random.normal(0, 3, (height, width)))
    return np.stack(layers, axis=2).clip(0, 255).astype(np.uint8)


def save_pictures(folder: Path, count: int = 4, side: int = 64, channels: int = 3) -> Path:
    """Write ``count`` PNG pictures named ``p0.png`` … into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        pixels = picture(side, side, channels, seed=index)
        Image.fromarray(pixels.squeeze()).save(folder / f"p{index}.png")
    return folder
