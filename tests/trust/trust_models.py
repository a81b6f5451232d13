"""A calibration by hand."""

from __future__ import annotations

from pathlib import Path

from beyne.header import weights_digest
from beyne.trust.calibration import Calibration, Curve
from beyne.trust.summary import Meaning

MEANING = Meaning(8, "levels of 255", "photograph")
CURVE = Curve(expected=(-2.0, 4.0), trust=(1.0, 0.0), pictures=1)


def calibration(partner: Path | str = "", **fields) -> Calibration:
    """One by hand: half of each evidence counts, trust falls in a straight line."""
    values = {
        "partner": str(partner),
        "partner_weights": weights_digest(partner) if partner else "",
        "turned": "partner",
        "levels": 8,
        "window": 9,
        "constant": 0.1,
        "weights": (0.5, 0.5, 0.5, 0.5),
        "curves": {"photograph": CURVE, "satellite": CURVE},
    }
    return Calibration(**{**values, **fields})
