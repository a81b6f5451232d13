"""Tiny recipes and runs, for tests of training."""

from __future__ import annotations

import json
from pathlib import Path

from tiny_networks import FIELDS

from beyne.recipe import load_recipe
from beyne.training import train

RECIPE = """
description = "test"
[generator]
kind = "KIND"
[data]
size_in = 8
size_out = 32
[train]
images = 64
batch = 4
warmup = 8
log_every = 8
save_every = 16
preview_every = 32
precision = "fp32"
"""

#: A discriminator and a guard that acts.
ADVERSARIAL = """
[discriminator]
kind = "vgg"
features = 4
hidden = 8
pooled = 2
[adversarial]
loss = "relativistic-average"
weight = 0.1
warmup = 16
head_start = 8
ramp = 8
r1 = 0.1
learning_rate = 2e-3
[adversarial.guard]
every = 8
accuracy = 0.51
crops = 8
remedies = ["rate", "r1"]
"""


def recipe_for(folder: Path, kind: str = "compact", *settings: str, more: str = ""):
    path = folder / "tiny.toml"
    path.write_text(RECIPE.replace("KIND", kind) + more)
    fields = [f"generator.{key}={json.dumps(value)}" for key, value in FIELDS[kind].items()]
    return load_recipe(str(path), [*fields, *settings])


def run(
    folder: Path, name: str, *settings: str, kind: str = "compact", message=None, more: str = ""
) -> Path:
    recipe = recipe_for(folder, kind, *settings, more=more)
    assert train(recipe, folder / "data", folder / name, message=message or (lambda text: None))
    return folder / name


def sections(folder: Path) -> dict[str, dict]:
    """Of the report of a run, by kind."""
    report = json.loads((folder / "report.json").read_text())
    return {section["kind"]: section for section in report["sections"]}
