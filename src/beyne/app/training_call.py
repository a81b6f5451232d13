"""What the fields of a training mean to `beyne.train`, and what of it may be read."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beyne.api.recipes import recipes
from beyne.api.runs import TrainCall
from beyne.app.context import Context
from beyne.errors import BeyneError
from beyne.zoo import builtin

if TYPE_CHECKING:
    from beyne.recipe import Recipe

#: Job → folders that may be named one by one, as the recipe's table ``data`` calls them.
SIDES = {"upscale": ("hr", "lr", "val_hr", "val_lr"), "translate": ("a", "b")}

#: What size out may be of size in.
SCALES = (1, 2, 3, 4, 8)

#: Values of the fields of `beyne.app.training_form.Form`, by name.
Values = Mapping[str, Any]


def call_of(context: Context, values: Values) -> TrainCall:
    """What is to be trained.

    Raises:
        BeyneError: A folder is missing or lies outside the roots, or a value does not fit.
    """
    recipe, words = str(values["recipe"]), context.words
    if recipe not in recipes():
        raise BeyneError(words("train.no_recipe"), words("train.choose_recipe"))
    _check_numbers(context, values)
    data, sides = _folders(context, values)
    settings = (*sides, *_settings(context, values))
    call = TrainCall(recipe=recipe, data=data, settings=settings, device=str(values["device"]))
    check_call(context, call)
    return call


def run_of(context: Context, values: Values) -> Path:
    """The folder that the run shall have: as named, else the next that is free.

    Raises:
        BeyneError: The name is none, or it lies outside the roots.
    """
    access, words = context.access, context.words
    folder = access.place(values["runs"] or str(context.home / "runs"))
    name = (values["name"] or "").strip()
    if not name:
        names = (f"{values['recipe']}-{number}" for number in count(1))
        name = next(free for free in names if not (folder / free).exists())
    if Path(name).name != name or name.startswith("."):
        raise BeyneError(words("train.bad_name", name=name), words("train.choose_name"))
    return access.place(str(folder / name))


def check_call(context: Context, call: TrainCall) -> None:
    """See that a training is possible, and that everything it reads lies below the roots.

    Raises:
        BeyneError: A path does not, or a setting does not fit.
    """
    from beyne.recipe import load_recipe

    access = context.access
    if call.recipe not in recipes():
        access.path(call.recipe)
    if call.split:
        access.path(str(call.split))
    access.folder(str(call.data))
    recipe = load_recipe(call.recipe, list(call.settings))
    data = recipe.data
    named = [data.hr, data.lr, data.val_hr, data.val_lr, data.a, data.b, data.captions]
    for path in [call.data / path for path in named if path] or [call.data]:
        access.whole_path(str(path))
    if recipe.train.start:
        _start(context, recipe.train.start)


def _check_numbers(context: Context, values: Values) -> None:
    """Say by the fields' own names what the recipe would refuse by its keys', in English."""
    words = context.words
    for name in ("size_in", "size_out", "length", "batch", "rate", "interval"):
        value = values[name]
        if value is not None and value <= 0:
            problem = words("train.bad_number", field=words(f"train.{name}"), value=value)
            raise BeyneError(problem, words("train.above_zero"))
    small, large = values["size_in"], values["size_out"]
    if values["job"] == "upscale" and small and large and large / small not in SCALES:
        raise BeyneError(words("train.bad_sizes"), words("train.size_out_info").rstrip("."))


def _folders(context: Context, values: Values) -> tuple[Path, list[str]]:
    """The data folder, and settings for those that are named one by one."""
    access, words = context.access, context.words
    sides = SIDES.get(values["job"], ()) if values["layout"] == "sides" else ()
    if not sides:
        if not values["data"]:
            raise BeyneError(words("train.no_data"), words("train.choose_data"))
        return access.folder(values["data"]), []
    named = {name: access.folder(values[name]) for name in sides if values[name]}
    if missing := [name for name in ("hr", "a", "b") if name in sides and name not in named]:
        lacking = words("train.no_side", side=words(f"train.{missing[0]}"))
        raise BeyneError(lacking, words("train.choose_data"))
    common = Path(os.path.commonpath(named.values()))
    if common in named.values():
        common = common.parent
    below = {name: path.relative_to(common).as_posix() for name, path in named.items()}
    return common, [f"data.{n}={json.dumps(p, ensure_ascii=False)}" for n, p in below.items()]


def _settings(context: Context, values: Values) -> list[str]:
    """The numbers; where a field is empty the recipe's stands."""
    from beyne.recipe import load_recipe

    settings = [*_sizes(values), *_lengths(values, load_recipe(values["recipe"]))]
    for key, name in (("learning_rate", "rate"), ("seed", "seed")):
        if values[name] is not None:
            settings.append(f"train.{key}={values[name]}")
    if values["batch"]:
        settings.append(f"train.batch={values['batch']}")
    if values["start"]:
        start = _start(context, values["start"])
        settings.append(f"train.start={json.dumps(start, ensure_ascii=False)}")
    return settings


def _start(context: Context, typed: str) -> str:
    """The run or model to start from, as a recipe names it: by path, or one of beyne's own."""
    if typed in builtin():
        return typed
    path = context.access.path(typed)
    return str(path if path.is_dir() else context.find(typed))


def _sizes(values: Values) -> list[str]:
    size_in, size_out = values["size_in"], values["size_out"]
    if not size_out:
        return []
    if values["job"] == "translate":
        return [f"data.size_in={size_out}", f"data.size_out={size_out}"]
    if values["job"] != "upscale" or not size_in:
        return [f"data.size_out={size_out}"]
    return [
        *(f"data.size_in={size_in}", f"data.size_out={size_out}"),
        f"generator.scale={size_out // size_in}",
    ]


def _lengths(values: Values, recipe: Recipe) -> list[str]:
    """How long, and how often something is shown of it; all are shown at each snapshot."""
    settings = []
    if values["length"]:
        length, unit = values["length"], values["unit"]
        number = f"{length:g}" if unit == "epochs" else str(round(length))
        settings.append(f"train.{unit}={number}")
    if interval := values["interval"]:
        settings += [f"train.save_every={interval}", f"train.preview_every={interval}"]
        settings.append(f"train.log_every={max(1, interval // 10)}")
        if recipe.adversarial and recipe.adversarial.guard:
            settings.append(f"adversarial.guard.every={max(1, interval // 5)}")
    return settings
