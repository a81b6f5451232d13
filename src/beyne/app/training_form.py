"""The fields with which a training is set up; `beyne.app.training_call` says what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from beyne.api import runs
from beyne.api.recipes import recipes
from beyne.app.context import Context
from beyne.app.folders import choose_folder
from beyne.app.panel import QUIET, sentence
from beyne.app.training_call import SIDES, Values

JOBS = ("upscale", "translate", "generate", "illustrate")
#: Job → the recipe that is proposed.
USUAL = {
    "upscale": "photo-x4",
    "translate": "pix2pix-small",
    "generate": "gan-small",
    "illustrate": "text-gan",
}
_EVERY_SIDE = ("hr", "lr", "val_hr", "val_lr", "a", "b")
#: Fields that say what the pictures are and how they are cut; the check is about these.
DATA = ("job", "recipe", "layout", "data", *_EVERY_SIDE, "size_in", "size_out")
NUMBERS = ("size_in", "size_out", "batch", "length", "unit", "rate", "interval", "seed")


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
        with gr.Column(visible=False) as self._details:
            self._draw_numbers()
        fields = self.fields
        fields["job"].input(self._for_job, fields["job"], [fields["recipe"]], **QUIET)
        shown = [self._one, *(fields[name] for name in _EVERY_SIDE), fields["size_in"]]
        for name in ("job", "layout"):
            asked = [fields["job"], fields["layout"]]
            fields[name].change(self._shown, asked, [fields["layout"], *shown], **QUIET)
        self.filled = [self._about, self._details, *(fields[name] for name in NUMBERS)]
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
        reading = f"<p>{escape(words('train.reading'))}</p>"
        self._about = gr.HTML(reading, elem_classes="status", padding=False)

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
        sides = SIDES.get(job, ())
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
        about = f"<p>{sentence(self._context.words, recipe.description)}.</p>"
        return [about, gr.update(visible=True), *(numbers[name] for name in NUMBERS)]


def _names(job: str) -> list[str]:
    return [name for name, of in recipes().items() if of == job]
