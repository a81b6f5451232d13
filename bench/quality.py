"""Scores of models on the published ×4 test sets, the table of the README.

    python bench/quality.py [MODEL ...] [--data ../shared/data/sr_test] [--consistent] [--ensemble]

Each set is a folder that ``beyne evaluate`` takes, such as one with ``HR`` and ``LR_x4``;
the scores are its scores. A row ``bicubic`` stands for plain enlargement.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import stdev
from typing import Any

import torch

import beyne
from beyne.evaluation.scores import Scores

SCALE = 4
SHARED = Path(os.environ.get("BEYNE_SHARED", "../shared"))
TEST_SETS = SHARED / "data" / "sr_test"


def measured(model: str | Path, data: Path, **how: Any) -> Iterator[Scores]:
    """A table for each test set, as they are done; ``how`` as for `beyne.evaluate`."""
    for folder in sorted(path for path in data.iterdir() if path.is_dir()):
        yield beyne.evaluate(model, folder, scale=SCALE, message=heard, **how)


def heard(text: str) -> None:
    """On standard error."""
    print(text, file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=["photo-x4"])
    parser.add_argument("--data", type=Path, default=TEST_SETS)
    parser.add_argument("--consistent", action=argparse.BooleanOptionalAction)
    parser.add_argument("--ensemble", action="store_true")
    arguments = parser.parse_args()
    print(f"torch {torch.__version__}; ± is the spread (σ) of images\n")
    print("| set (images) | model | PSNR | SSIM | LPIPS | LR-PSNR |\n|---|---|---|---|---|---|")
    protocols: dict[str, list[str]] = {}
    for name in ("bicubic", *arguments.models):
        how = {"consistent": arguments.consistent, "ensemble": arguments.ensemble}
        for scores in measured(name, arguments.data, **({} if name == "bicubic" else how)):
            print(line(scores))
            protocols.setdefault(scores.protocol, []).append(scores.data)
    for protocol, sets in protocols.items():
        print(f"\n{', '.join(sorted({*sets}))}: {protocol}")


def line(scores: Scores) -> str:
    """A row of the table."""
    mean, spread = scores.mean, stdev(scores.columns["psnr"])
    lpips = f"{mean['lpips']:.3f}" if "lpips" in mean else "not measured"
    return (
        f"| {scores.data} ({scores.n}) | {scores.model} | {mean['psnr']:.2f} ± {spread:.1f} "
        f"| {mean['ssim']:.4f} | {lpips} | {mean['lr_psnr']:.1f} |"
    )


if __name__ == "__main__":
    main()
