"""Put a trained model into the package: float16 weights, and scores measured here in its card.

    python bench/ship.py runs/photo-x4/best.safetensors [--name photo-x4] [--data DIR]

The scores are those of the float16 file itself, by the table's protocol of ``bench/quality.py``.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from statistics import fmean

from quality import pairs, score

import beyne
from beyne import bundle, zoo
from beyne.metrics import PUBLISHED_X4


def measured(model: Path, data: Path) -> list[dict[str, object]]:
    """One row of scores for each test set."""
    enlarge, rows = beyne.load(model, precision="fp32").upscale, []
    for folder in sorted(path for path in data.iterdir() if (path / "HR").is_dir()):
        scores = [score(enlarge, hr, lr) for hr, lr in pairs(folder)]
        psnrs, ssims, consistency = zip(*scores, strict=True)
        rows.append(
            {
                "data": folder.name,
                "protocol": PUBLISHED_X4.text,
                "n": len(scores),
                "psnr": round(fmean(psnrs), 3),
                "ssim": round(fmean(ssims), 4),
                "lr_psnr": round(fmean(consistency), 2),
            }
        )
    return rows


def main() -> None:
    shared = Path(os.environ.get("BEYNE_SHARED", "../shared"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--name", default="photo-x4")
    parser.add_argument("--data", type=Path, default=shared / "data" / "sr_test")
    arguments = parser.parse_args()
    model = bundle.load(arguments.model)
    target = Path(zoo.__file__).parent / f"{arguments.name}.safetensors"
    card = model.card.model_copy(update={"name": arguments.name})
    bundle.save(target, card, model.network, half=True)
    card = card.model_copy(update={"scores": measured(target, arguments.data)})
    bundle.save(target, card, model.network, half=True)
    print(target)


if __name__ == "__main__":
    main()
