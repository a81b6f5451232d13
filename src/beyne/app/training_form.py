"""What a training is set up with in the window, and what that means to `beyne.train`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from beyne.api import runs
from beyne.api.recipes import recipes
from beyne.api.runs import TrainCall
from beyne.app.context import Context
from beyne.app.folders import choose_folder
from beyne.app.panel import QUIET
from beyne.errors import BeyneError

if TYPE_CHECKING:
    from beyne.recipe import Recipe

JOBS = ("upscale", "translate", "generate", "illustrate")
#: Job → the recipe that is proposed.
USUAL = {
    "upscale": "photo-x4",
    "translate": "pix2pix-small",
    "generate": "gan-small",
    "illustrate": "text-gan",
}
#: Job → folders that may be named one by one, as the recipe's table ``data`` calls them.
_SIDES = {"upscale": ("hr", "lr", "val_hr", "val_lr"), "translate": ("a", "b")}
_EVERY_SIDE = ("hr", "lr", "val_hr", "val_lr", "a", "b")
#: Fields that say what the pictures are and how they are cut; the check is about these.
DATA = ("job", "recipe", "layout", "data", *_EVERY_SIDE, "size_in", "size_out")
NUMBERS = ("size_in", "size_out", "batch", "length", "unit", "rate", "interval", "seed")

Values = Mapping[str, Any]


class Form:
    """The fields of a training, drawn where it is made.

    Attributes:
        fields: Name → field, in the order in which they are drawn.
        filled: Outputs of `opened`.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.fields: dict[str, Any] = {}
        self._draw_job()
        self._draw_folders()
        self._draw_numbers()
        fields = self.fields
        fields["job"].input(self._for_job, fields["job"], [fields["recipe"]], **QUIET)
        shown = [self._one, *(fields[name] for name in _EVERY_SIDE), fields["size_in"]]
        for name in ("job", "layout"):
            asked = [fields["job"], fields["layout"]]
            fields[name].change(self._shown, asked, [fields["layout"], *shown], **QUIET)
        self.filled = [self._about, *(fields[name] for name in NUMBERS)]
        fields["recipe"].change(self._numbers, fields["recipe"], self.filled, **QUIET)

    @property
    def inputs(self) -> list[gr.components.Component]:
        """The fields, for an event; `named` gives their values names again."""
        return list(self.fields.values())

    def opened(self, recipe: str, size: int | None) -> list[Any]:
        """When the tab is first seen, what its recipe says."""
        return [gr.skip()] * len(self.filled) if size else self._numbers(recipe)

    def starts(self, job: str) -> Any:
        """What a training may start from: trainings and models."""
        kept = [(path.name, str(path)) for path in runs.find(self._context.home / "runs")]
        return gr.update(choices=[("", ""), *kept, *self._context.choices(job)])

    def named(self, values: Sequence[Any]) -> Values:
        """Values of `inputs` by name."""
        return dict(zip(self.fields, values, strict=True))

    def call(self, values: Values) -> TrainCall:
        """What is to be trained.

        Raises:
            BeyneError: A folder is missing or lies outside the roots, or a value does not fit.
        """
        data, sides = self._folders(values)
        recipe = str(values["recipe"])
        if recipe not in recipes():
            words = self._context.words
            raise BeyneError(words("train.no_recipe"), words("train.choose_recipe"))
        settings = [*sides, *self._settings(values)]
        return TrainCall(
            recipe=recipe, data=data, settings=tuple(settings), device=str(values["device"])
        )

    def run(self, values: Values) -> Path:
        """The folder that the run shall have: as named, else the next that is free.

        Raises:
            BeyneError: The name is none, or it lies outside the roots.
        """
        access, words = self._context.access, self._context.words
        folder = access.place(values["runs"] or str(self._context.home / "runs"))
        name = (values["name"] or "").strip()
        if not name:
            names = (f"{values['recipe']}-{number}" for number in count(1))
            name = next(free for free in names if not (folder / free).exists())
        if Path(name).name != name or name.startswith("."):
            raise BeyneError(words("train.bad_name", name=name), words("train.choose_name"))
        return access.place(str(folder / name))

    def _draw_job(self) -> None:
        words, fields = self._context.words, self.fields
        with gr.Row():
            fields["job"] = gr.Dropdown(
                [(words(f"{job}.tab"), job) for job in JOBS],
                value=JOBS[0],
                label=words("train.job"),
                info=words("train.job_info"),
            )
            fields["recipe"] = gr.Dropdown(
                _names(JOBS[0]),
                value=USUAL[JOBS[0]],
                label=words("train.recipe"),
                info=words("train.recipe_info"),
            )
        self._about = gr.HTML(elem_classes="status", padding=False)

    def _draw_folders(self) -> None:
        words, fields = self._context.words, self.fields
        fields["layout"] = gr.Radio(
            [(words("train.layout_one"), "one"), (words("train.layout_sides"), "sides")],
            value="one",
            label=words("train.layout"),
        )
        with gr.Column(visible=True) as self._one:
            fields["data"] = choose_folder(
                self._context, words("train.data"), words("train.data_info"), elem_id="train-data"
            )
        for name in _EVERY_SIDE:
            fields[name] = choose_folder(
                self._context,
                words(f"train.{name}"),
                words("train.optional") if name in ("lr", "val_hr", "val_lr") else "",
                visible=False,
                elem_id=f"train-{name}",
            )

    def _draw_numbers(self) -> None:
        words, fields = self._context.words, self.fields

        def number(name: str, **more: Any) -> None:
            fields[name] = gr.Number(
                label=words(f"train.{name}"),
                info=words(f"train.{name}_info"),
                elem_id=f"train-{name}",
                **more,
            )

        with gr.Row():
            number("size_in", precision=0, min_width=120)
            number("size_out", precision=0, min_width=120)
        with gr.Row():
            number("length", min_width=120)
            fields["unit"] = gr.Radio(
                [(words("train.epochs"), "epochs"), (words("train.images"), "images")],
                label=words("train.unit"),
                info=words("train.unit_info"),
                min_width=180,
            )
        with gr.Row():
            number("batch", precision=0, min_width=120)
            number("rate", min_width=120)
        number("interval", precision=0)
        with gr.Accordion(words("train.more"), open=False):
            number("seed", precision=0)
            fields["start"] = gr.Dropdown(
                [],
                label=words("train.start_from"),
                info=words("train.start_from_info"),
                allow_custom_value=True,
                elem_id="train-start-from",
            )
            fields["device"] = gr.Radio(
                [(words("train.device_auto"), "auto"), (words("train.device_cpu"), "cpu")],
                value="auto",
                label=words("train.device"),
            )
            fields["runs"] = choose_folder(
                self._context,
                words("train.runs"),
                words("train.runs_info"),
                value=str(self._context.home / "runs"),
            )
        fields["name"] = gr.Textbox(
            label=words("train.name"),
            info=words("train.name_info"),
            max_lines=1,
            elem_id="train-name",
        )

    def _for_job(self, job: str) -> Any:
        return gr.update(choices=_names(job), value=USUAL[job])

    def _shown(self, job: str, layout: str) -> list[Any]:
        sides = _SIDES.get(job, ())
        by_side = bool(sides) and layout == "sides"
        return [
            gr.update(visible=bool(sides)),
            gr.update(visible=not by_side),
            *(gr.update(visible=by_side and name in sides) for name in _EVERY_SIDE),
            gr.update(visible=job == "upscale"),
        ]

    def _numbers(self, name: str) -> list[Any]:
        """The numbers that a recipe has."""
        from beyne.recipe import load_recipe

        recipe = load_recipe(name)
        train = recipe.train
        unit = "epochs" if train.images is None else "images"
        numbers = {
            "size_in": recipe.data.size_in,
            "size_out": recipe.data.size_out,
            "batch": train.batch,
            "length": train.epochs if train.images is None else train.images,
            "unit": unit,
            "rate": train.learning_rate,
            "interval": train.save_every,
            "seed": train.seed,
        }
        about = f'<p lang="en">{recipe.description}.</p>'
        return [about, *(numbers[name] for name in NUMBERS)]

    def _folders(self, values: Values) -> tuple[Path, list[str]]:
        """The data folder, and settings for those that are named one by one."""
        access, words = self._context.access, self._context.words
        sides = _SIDES.get(values["job"], ()) if values["layout"] == "sides" else ()
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
        access.folder(str(common))
        below = {name: path.relative_to(common).as_posix() for name, path in named.items()}
        return common, [f"data.{n}={json.dumps(p, ensure_ascii=False)}" for n, p in below.items()]

    def _settings(self, values: Values) -> list[str]:
        """The numbers; where a field is empty the recipe's stands."""
        from beyne.recipe import load_recipe

        recipe = load_recipe(values["recipe"])
        settings = [*_sizes(values), *_lengths(values, recipe)]
        for key, name in (("learning_rate", "rate"), ("seed", "seed")):
            if values[name] is not None:
                settings.append(f"train.{key}={values[name]}")
        if values["batch"]:
            settings.append(f"train.batch={values['batch']}")
        if values["start"]:
            start = str(found_start(self._context, values["start"]))
            settings.append(f"train.start={json.dumps(start, ensure_ascii=False)}")
        return settings


def found_start(context: Context, typed: str) -> Path:
    """The model or run to start from.

    Raises:
        BeyneError: There is none, or it lies outside the roots.
    """
    return context.access.path(typed) if Path(typed).is_absolute() else context.find(typed)


def check_call(context: Context, call: TrainCall) -> None:
    """See that everything a training reads lies below the roots.

    Raises:
        BeyneError: A path does not.
    """
    from beyne.recipe import load_recipe

    if call.recipe not in recipes():
        context.access.path(call.recipe)
    context.access.folder(str(call.data))
    if call.split:
        context.access.path(str(call.split))
    recipe = load_recipe(call.recipe, list(call.settings))
    data = recipe.data
    for path in (data.hr, data.lr, data.val_hr, data.val_lr, data.a, data.b, data.captions):
        if path:
            context.access.path(str(call.data / path))
    if recipe.train.start:
        found_start(context, recipe.train.start)


def _names(job: str) -> list[str]:
    return [name for name, of in recipes().items() if of == job]


def _sizes(values: Values) -> list[str]:
    size_in, size_out = values["size_in"], values["size_out"]
    if not size_out:
        return []
    if values["job"] == "translate":
        return [f"data.size_in={size_out}", f"data.size_out={size_out}"]
    if values["job"] != "upscale" or not size_in:
        return [f"data.size_out={size_out}"]
    sizes = [f"data.size_in={size_in}", f"data.size_out={size_out}"]
    # What is no whole enlargement the recipe refuses in a sentence.
    return sizes if size_out % size_in else [*sizes, f"generator.scale={size_out // size_in}"]


def _lengths(values: Values, recipe: Recipe) -> list[str]:
    """How long, and how often something is shown of it; all are shown at each snapshot."""
    settings = []
    if values["length"]:
        length, unit = values["length"], values["unit"]
        number = f"{length:g}" if unit == "epochs" else str(round(length))
        settings.append(f"train.{unit}={number}")
    if interval := values["interval"]:
        settings += [f"train.save_every={interval}", f"train.preview_every={interval}"]
        settings.append(f"train.log_every={min(interval, recipe.train.log_every)}")
        guard = recipe.adversarial and recipe.adversarial.guard
        if guard:
            settings.append(f"adversarial.guard.every={min(interval, guard.every)}")
    return settings
