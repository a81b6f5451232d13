"""Can a recipe learn four pictures by heart, and how long does it take?

    python bench/overfit.py -o runs/overfit [--recipes pix2pix gan ...] [--side 64] [--images 1600]
        [--set key.sub=value]

Four pictures of CHASE_DB1 (pix2pix: of their vessel masks; colourise: of themselves in grey); a
fifth is there for validation. A recipe that can't do this will learn nothing else. Columns: the
minutes that it took, and the distance (L1, in units of [0, 1]) of the result from the four: of a
translation the mean, of a generator that of each from the nearest of 64 generated ones.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from quality import heard
from retina import FIELDS, prepared
from torch import Tensor

from beyne import bundle
from beyne.data import write_split
from beyne.data.split import SplitName
from beyne.images import read
from beyne.images.raster import to_tensor
from beyne.predict.sampler import Sampler
from beyne.recipe import Recipe, load_recipe
from beyne.training import train

#: Recipe → training pictures it is given.
RECIPES = {
    "pix2pix": 300,
    "pix2pix-small": 600,
    "colourise": 600,
    "gan": 4_000,
    "gan-small": 2_000,
    "gan-stable": 1_000,
    "gan-projected": 1_600,
}
#: Translations → the side of the pairs that they start from, or none: colours are their own pairs.
PAINTERS = {"pix2pix": "a", "pix2pix-small": "a", "colourise": ""}
PICTURES, GENERATED = 4, 64


def pictures(folder: Path, part: str, names: list[str]) -> Tensor:
    """``(N, C, H, W)`` in [0, 1]."""
    return torch.cat([to_tensor(read(folder / part / name).pixels) for name in names])


def recipe_for(name: str, side: int, images: int | None, settings: list[str]) -> Recipe:
    """At this size, without views: by heart is as it is."""
    asked = [
        f"data.size_out={side}",
        "data.views=upright",
        f"train.images={images or RECIPES[name]}",
    ]
    if name in PAINTERS:
        asked += [f"data.size_in={side}"]
        asked += [f"generator.levels={side.bit_length() - 1}"] if name == "pix2pix" else []
    elif name == "gan-projected":
        asked += ["discriminator.weights=mobilenet_v2_tf_qat"]
    return load_recipe(name, [*asked, *settings])


@torch.inference_mode()
def distance(run: Path, given: Tensor | None, real: Tensor) -> float:
    """L1 of the last model's pictures, of those given or of none, from the real ones."""
    model = bundle.load(run / "last.safetensors")
    if given is not None:
        return float((model.network(given).clamp(0, 1) - real).abs().mean())
    sampler = Sampler(model, "cpu")
    made = torch.cat([sampler.image(seed) for seed in range(GENERATED)])
    return float((real[:, None] - made).abs().mean((2, 3, 4)).amin(1).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--recipes", nargs="+", choices=list(RECIPES), default=list(RECIPES))
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--images", type=int, help="of every training; default: see RECIPES")
    parser.add_argument("--set", dest="settings", action="append", default=[])
    asked = parser.parse_args()
    data: Path = asked.output / f"pictures-{asked.side}"
    names = sorted(prepared(FIELDS["retina"], data, asked.side))[: PICTURES + 1]
    real, masks = (pictures(data, part, names[:PICTURES]) for part in "ba")
    print("| recipe | images | minutes | L1 |\n|---|---|---|---|")
    for name in asked.recipes:
        recipe, run = (
            recipe_for(name, asked.side, asked.images, asked.settings),
            asked.output / name,
        )
        paired = PAINTERS.get(name)
        given = masks if paired else real.mean(1, keepdim=True) if name in PAINTERS else None
        sides = "ab" if paired else [""]
        part: dict[str, SplitName] = {
            f"{side}/{one}".lstrip("/"): "val" if one == names[PICTURES] else "train"
            for one in names
            for side in sides
        }
        split = asked.output / f"{name}.csv"
        write_split(split, part, {one: one for one in part})
        began = time.monotonic()
        if not train(recipe, data if paired else data / "b", run, split, message=heard):
            raise SystemExit(1)  # stopped by Ctrl-C
        minutes = (time.monotonic() - began) / 60
        far = distance(run, given, real)
        print(f"| {name} | {recipe.train.images} | {minutes:.1f} | {far:.3f} |", flush=True)


if __name__ == "__main__":
    main()
