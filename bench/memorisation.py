"""How often the memorisation check finds copies where there are some, and where there are none.

    python bench/memorisation.py [--trials 200]

Real pictures at 64 pixels are divided by group, anew in each trial: a part to train, a part held
out, a part that an honest generator "paints". A copycat paints training pictures, or one of four
(partial) and honest ones else, 64 in all. Columns say what is done to what is painted: nothing, a
shift of up to 6 pixels with the border repeated, JPEG of quality 50 to 95, or both and a flip.
Cells are the trials in which copies were claimed; of the honest every claim is a false one. A flip
alone is not tried: all flips and turns give the same distances, which a test shows.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from beyne.evaluation.memorisation import GENERATED, HELD_OUT, judged
from beyne.evaluation.nearness import Training, nearness
from beyne.images import read
from beyne.images.raster import to_tensor
from beyne.images.resample import resize
from beyne.metrics.features import Features

SHARED = Path(os.environ.get("BEYNE_SHARED", "../shared"))
SIDE, SHIFT = 64, 6
HONEST = 14  # pictures, at least; the rest, after those held out, trains

Random = np.random.Generator


#: Folder under the shared data → what follows the name of a scene or field in a file's name; of
#: radiographs the table knows the patients.
SETS = {
    "chest_xray": "",
    "cereals": r"(_q\d|_r\dc\d|_c\d|_full)?.png$",
    "satellite/tiles": r"_x\d+_y\d+.png$",
}


def pictures(folder: Path, part: str) -> tuple[np.ndarray, Tensor]:
    """Groups ``(N,)`` and pictures, ``(N, C, 64, 64)`` in [0, 1]."""
    rows = csv.DictReader((folder / "metadata.csv").open()) if not part else ()
    patients = {row["file"]: row["patient"] for row in rows}
    names = patients or [f.relative_to(folder).as_posix() for f in folder.rglob("*.png")]
    files = [folder / name for name in sorted(names)]
    images = [resize(to_tensor(read(path).pixels), (SIDE, SIDE)).clamp(0, 1) for path in files]
    groups = [patients.get(name) or re.sub(part, "", name) for name in sorted(names)]
    return np.array(groups), torch.cat(images)


def flipped(image: Tensor, random: Random) -> Tensor:
    return image.flip(int(random.choice([1, 2])))


def shifted(image: Tensor, random: Random) -> Tensor:
    down, right = random.integers(0, 2 * SHIFT + 1, 2)
    around = F.pad(image[None], (SHIFT,) * 4, mode="replicate")[0]
    return around[:, down : down + SIDE, right : right + SIDE]


def compressed(image: Tensor, random: Random) -> Tensor:
    pixels = (image * 255).round().byte().permute(1, 2, 0).numpy()
    file = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(file, "JPEG", quality=int(random.integers(50, 96)))
    decoded = np.asarray(Image.open(file)).reshape(pixels.shape)
    return torch.from_numpy(decoded.copy()).permute(2, 0, 1) / 255


#: What is done to a painted picture.
CHANGES: dict[str, tuple[Callable[[Tensor, Random], Tensor], ...]] = {
    "as it is": (),
    "shifted": (shifted,),
    "JPEG": (compressed,),
    "all": (flipped, shifted, compressed),
}


def changed(images: Tensor, change: str, seed: int) -> Tensor:
    """Each picture in its own way."""
    random, results = np.random.default_rng(seed), []
    for image in images:
        for step in CHANGES[change]:
            image = step(image, random)
        results.append(image)
    return torch.stack(results)


def divided(groups: np.ndarray, random: Random) -> list[np.ndarray]:
    """Numbers of the pictures that are held out, painted by the honest, and trained on."""
    order = random.permutation(np.unique(groups))
    sides: list[np.ndarray] = []
    for number in (HELD_OUT, HONEST):
        taken = np.zeros(len(groups), dtype=bool)
        while taken.sum() < number:
            taken |= groups == order[0]
            order = order[1:]
        sides.append(np.flatnonzero(taken))
    return [*sides, np.flatnonzero(np.isin(groups, order))]


def claims(distances: dict[str, Tensor], sides: list[np.ndarray], random: Random) -> dict[str, str]:
    """Generator → outcome, for one division; distances of all changed pictures to all."""
    held_out, honest, train = sides
    plain = nearness(distances["as it is"][held_out][:, train]).values
    outcomes = {}
    for change, rows in distances.items():
        copies = train[random.integers(len(train), size=GENERATED)]
        partial = np.concatenate(
            [copies[: GENERATED // 4], honest[random.integers(len(honest), size=48)]]
        )
        for kind, painted in (("copycat", copies), ("partial", partial), ("honest", honest)):
            values = nearness(rows[painted][:, train]).values
            outcomes[f"{kind}, {change}"] = judged(values, plain).outcome
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=200)
    trials, features = parser.parse_args().trials, Features()
    print(f"claims of copying in {trials} trials (of which too few pictures to tell)\n")
    print("| pictures | generator | " + " | ".join(CHANGES) + " |")
    print("|---|---|" + "---|" * len(CHANGES))
    for folder, part in SETS.items():
        groups, images = pictures(SHARED / "data" / folder, part)
        training = Training(images, features)
        distances = {c: training.distances(changed(images, c, seed=0)) for c in CHANGES}
        found = []
        for trial in range(trials):
            random = np.random.default_rng(trial)
            found.append(claims(distances, divided(groups, random), random))
        for kind in ("copycat", "partial", "honest"):
            cells = []
            for change in CHANGES:
                outcomes = [trial[f"{kind}, {change}"] for trial in found]
                few = sum(outcome.startswith("too few") for outcome in outcomes)
                cells.append(f"{outcomes.count('copies')}" + (f" ({few})" if few else ""))
            print(f"| {folder} | {kind} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
