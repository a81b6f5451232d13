"""Put a trained model into the package: float16 weights, and scores measured here in its card.

    python bench/ship.py runs/photo-x4/best.safetensors [--name NAME] [--consistent] \
        --licence "CC BY-SA 4.0" --credit "trained on CID22 (CC BY-SA 4.0) and …"

The scores are those of the float16 file itself, by the table's protocol of ``bench/quality.py``; a
model that makes pictures of texts or labels has none.
Licence and credit are those of the pictures that the run saw, so no recipe has them.
``--consistent`` makes `beyne upscale --consistent` the model's default.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from quality import TEST_SETS, measured

from beyne import bundle, zoo

SCORES = ("psnr", "ssim", "lr_psnr", "lpips")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--name", default="photo-x4")
    parser.add_argument("--consistent", action="store_true")
    parser.add_argument("--description", help="instead of that of its recipe")
    parser.add_argument("--licence", help="of the weights, as its pictures allow")
    parser.add_argument("--credit", help="whose pictures they were")
    parser.add_argument("--data", type=Path, default=TEST_SETS)
    arguments = parser.parse_args()
    model = bundle.load(arguments.model)
    target = Path(zoo.__file__).parent / f"{arguments.name}.safetensors"
    given = {key: getattr(arguments, key) for key in ("licence", "credit", "description")}
    changes = {"name": arguments.name} | {key: text for key, text in given.items() if text}
    if arguments.consistent:
        changes["consistent"] = True
    card = model.card.model_copy(update=changes)
    with TemporaryDirectory() as folder:
        halved = Path(folder) / target.name
        bundle.save(halved, card, model.network, half=True, encoder=model.encoder)
        measurable = [] if card.generates else measured(halved, arguments.data)
        rows = [
            {"data": scores.data, "protocol": scores.protocol, "n": scores.n}
            | {name: round(mean, 4) for name, mean in scores.mean.items() if name in SCORES}
            for scores in measurable
        ]
    card = card.model_copy(update={"scores": rows})
    bundle.save(target, card, model.network, half=True, encoder=model.encoder)
    print(target)


if __name__ == "__main__":
    main()
