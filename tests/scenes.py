"""A tiny Sentinel-2 scene, laid out and named as ESA delivers them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rasterio.transform import Affine
from rasters import rasterio, values

_CORNER = 399_960.0, 5_300_040.0


def save_scene(folder: Path, side: int = 24, empty: int = 0, level: str = "2A") -> Path:
    """Write ``S2.SAFE`` below ``folder``.

    B02, B03, B04 and B08 have pixels of 10 m, B11 of 20 m; at level 2A B04 is there at 20 m, too.

    Args:
        folder: Where.
        side: Pixels of 10 m along a side.
        empty: Rows at the top that were not seen.
        level: ``2A`` or ``1C``, which has every band once.
    """
    granule = folder / "S2.SAFE/GRANULE/L2A_T33UUP_A1"
    bands = {10: ("B02", "B03", "B04", "B08", "TCI"), 20: ("B11",)}
    if level == "2A":
        bands[20] += ("B04",)
    for metres, names in bands.items():
        size = side * 10 // metres
        for seed, name in enumerate(names):
            samples = values(size, size, 1, "uint16", seed)
            samples[:, : empty * 10 // metres] = 0
            place = f"R{metres}m/T33UUP_20260501T100031_{name}_{metres}m.jp2"
            if level == "1C":
                place = f"T33UUP_20260501T100031_{name}.jp2"
            _save(granule / "IMG_DATA" / place, samples, metres)
    _save(granule / "QI_DATA/MSK_CLDPRB_20m.jp2", samples, 20)
    return folder / "S2.SAFE"


def _save(path: Path, samples: np.ndarray, metres: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="JP2OpenJPEG",
        dtype="uint16",
        count=1,
        height=samples.shape[1],
        width=samples.shape[2],
        crs="EPSG:32633",
        transform=Affine(metres, 0, _CORNER[0], 0, -metres, _CORNER[1]),
        quality=100,
        reversible=True,
    ) as made:
        made.write(samples)
