"""What a run shows: stats.jsonl, curves.png, previews; and the time it took."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from beyne.files import write_whole
from beyne.images import Raster, write
from beyne.images.raster import from_tensor

_SECONDS = Path("state") / "seconds.json"
_PIXELS = 110  # dots per inch of the curves


class Tracker:
    """Writes a run's records into its folder."""

    def __init__(self, run: Path, images: int) -> None:
        """Args: ``images`` were seen before; later records of a killed process are dropped."""
        self.run, self.path = run, run / "stats.jsonl"
        self.records = [r for r in read_records(self.path) if r["images"] <= images]
        lines = "".join(json.dumps(record) + "\n" for record in self.records)
        write_whole(self.path, lines.encode())
        self._spent = run / _SECONDS
        #: that the run took up to its last saved state, over all calls
        self.seconds = read_seconds(run) if images else 0.0
        self._since = time.perf_counter()

    def keep_seconds(self) -> None:
        """Remember the time, beside the state that it led to."""
        now = time.perf_counter()
        self.seconds += now - self._since
        self._since = now
        write_whole(self._spent, json.dumps(self.seconds).encode())

    def record(self, images: int, values: dict[str, float]) -> None:
        """Append one line: images seen and the values by name."""
        entry: dict[str, Any] = {"images": images, **values}
        self.records.append(entry)
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry) + "\n")

    def preview(self, images: int, sheets: list[Tensor]) -> None:
        """Write ``previews/IMAGES.png``: sheets ``(C, H, W)`` in [0, 1] one below the other."""
        width = max(sheet.shape[2] for sheet in sheets)
        rows = []
        for sheet in sheets:
            pixels = from_tensor(sheet.unsqueeze(0), np.dtype(np.uint8))
            shown = pixels if pixels.shape[2] in (1, 3) else pixels[:, :, :1]
            rows.append(np.pad(shown, ((0, 4), (0, width - pixels.shape[1]), (0, 0))))
        write(Raster(np.concatenate(rows)), self.run / "previews" / f"{images:09d}.png")

    def curves(self) -> None:
        """Draw every recorded value over the images seen into ``curves.png``."""
        import matplotlib as mpl
        from matplotlib.figure import Figure

        names = sorted({name for record in self.records for name in record} - {"images"})
        if not names:
            return
        with mpl.rc_context({"font.size": 9}):
            figure = Figure(figsize=(7, 2.2 * len(names)), dpi=_PIXELS, layout="constrained")
            axes = np.atleast_1d(figure.subplots(len(names), 1, sharex=True))
            for axis, name in zip(axes, names, strict=True):
                points = [(r["images"], r[name]) for r in self.records if name in r]
                axis.plot(*zip(*points, strict=True), color="#1f5fa8", linewidth=1.3)
                axis.set_ylabel(name)
                axis.grid(alpha=0.3)
            axes[-1].set_xlabel("training images seen")
            picture = io.BytesIO()
            figure.savefig(picture)
        write_whole(self.run / "curves.png", picture.getvalue())


def read_records(path: Path) -> list[dict[str, Any]]:
    """The lines of a ``stats.jsonl``; a line cut short by a kill is left out."""
    records = []
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                records.append(json.loads(line))
            except json.JSONDecodeError:
                break
    return records


def images_seen(run: Path) -> int:
    """Training images that the last record of a run tells."""
    records = read_records(run / "stats.jsonl")
    return int(records[-1]["images"]) if records else 0


def read_seconds(run: Path) -> float:
    """How long a run took up to its last saved state; 0 before there is one."""
    path = run / _SECONDS
    return float(path.read_text(encoding="utf-8")) if path.is_file() else 0.0
