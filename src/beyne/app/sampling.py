"""What Generate and Illustrate have in common: counts, seeds, variations, results."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from beyne.app.context import Context
from beyne.app.downloads import RESULTS, links
from beyne.app.jobs import Job, Work
from beyne.app.panel import BUTTONS, QUIET, Panel, sentence
from beyne.errors import BeyneError
from beyne.zoo import DEFAULTS

if TYPE_CHECKING:
    from beyne.generation import Generated, Made

#: Pictures that may be asked for at once, and those that a walk goes through.
_MOST = 64
_WALK = 8
_LARGEST_SEED = 2**31 - 1
_WARNED = ' class="note"'
#: Fields that `Sampling._draw_numbers` draws.
_NUMBERS = 4


class Chosen(NamedTuple):
    """A picture that may be varied, and what it was made from.

    Attributes:
        seed: Of the picture.
        label: The same.
        text: The same.
        varied: It is not the picture in its place, but the one that this is a variation of.
    """

    seed: int
    label: str | None
    text: str | None
    varied: bool = False


@dataclass
class Drawn:
    """Pictures that a generator made.

    Attributes:
        job: Number of the job.
        result: What was made.
        seconds: Time it took.
        shown: Each picture as a browser can show it.
        base: What they are variations of; None: of nothing.
    """

    job: str
    result: Generated
    seconds: float
    shown: list[Path] = field(default_factory=list)
    base: Chosen | None = None


class Sampling:
    """The controls and the results of a tab that makes pictures of noise.

    Args:
        context: Of the tab.
        tab: Its name.
        ask: Draws the first fields; returns the model's and, by the name of the argument of
            `beyne.generation.generate_files`, others: ``label``, ``text``.
    """

    def __init__(
        self,
        context: Context,
        tab: str,
        ask: Callable[[], tuple[gr.Dropdown, Mapping[str, gr.components.Component]]],
    ) -> None:
        self._context, self._tab = context, tab
        words = context.words
        with gr.Row(equal_height=False):
            with gr.Column(scale=2, min_width=320):
                model, asked = ask()
                self._names = list(asked)
                self._draw_numbers()
                panel = Panel(context, tab)
            with gr.Column(scale=3, min_width=320):
                self._gallery = gr.Gallery(
                    label=words("sampling.gallery"),
                    show_label=False,
                    columns=4,
                    buttons=BUTTONS,
                    visible=False,
                    elem_classes="pictures",
                )
                self._draw_variations()
                self._walked = gr.HTML(elem_classes="walk", visible=False)
                self._files = gr.HTML(words("results.empty"), elem_classes="downloads")
        places = [self._note, self._more, self._places, self._chosen]
        outputs = [self._gallery, *places, self._walked, self._files]
        inputs = [model, self._count, self._seed, self._walk, self._larger, *asked.values()]
        varied = [self._chosen, self._strength, *inputs]
        panel.run(inputs, outputs, self._new, self._show)
        panel.run(varied, outputs, self._varied, self._show, self._again)

    def _draw_numbers(self) -> None:
        words = self._context.words
        self._count = gr.Slider(1, _MOST, 8, step=1, label=words("sampling.count"))
        self._larger = gr.Checkbox(label=words("sampling.larger", model=DEFAULTS["upscale"]))
        with gr.Accordion(words("sampling.more"), open=False) as self._settings:
            self._seed = gr.Number(
                0,
                label=words("sampling.seed"),
                info=words("sampling.seed_info"),
                precision=0,
            )
            self._walk = gr.Checkbox(label=words("sampling.walk"), info=words("sampling.walk_info"))

    def _draw_variations(self) -> None:
        words = self._context.words
        self._places, self._chosen = gr.State([]), gr.State(None)
        with gr.Column(visible=False) as self._more:
            self._note = gr.HTML(words("sampling.choose"))
            self._strength = gr.Slider(
                0,
                1,
                0.3,
                step=0.05,
                label=words("sampling.strength"),
                info=words("sampling.strength_info"),
            )
            with gr.Row():
                reuse = gr.Button(words("sampling.reuse"))
                self._again = gr.Button(words("sampling.vary"))

        def choose(places: list[Chosen], event: gr.SelectData) -> tuple[Chosen, str]:
            return places[event.index], self._told(places[event.index])

        self._gallery.select(choose, self._places, [self._chosen, self._note], **QUIET)
        reuse.click(
            lambda chosen: (chosen[0], gr.update(open=True)) if chosen else gr.skip(),
            self._chosen,
            [self._seed, self._settings],
            **QUIET,
        )

    def _told(self, chosen: Chosen | None) -> str:
        words = self._context.words
        if chosen is None:
            return words("sampling.choose")
        if chosen.varied:
            return words("sampling.base", seed=chosen.seed)
        return words("sampling.chosen", seed=chosen.seed)

    def _new(self, model: str, *values: Any) -> Work:
        numbers, asked = values[:_NUMBERS], values[_NUMBERS:]
        options = {name: value or None for name, value in zip(self._names, asked, strict=True)}
        return self._work(model, numbers, options, None)

    def _varied(self, chosen: Chosen | None, strength: float, model: str, *values: Any) -> Work:
        if chosen is None:
            words = self._context.words
            raise BeyneError(words("sampling.nothing_chosen"), words("sampling.choose_one"))
        options = {"label": chosen.label, "text": chosen.text, "strength": strength}
        return self._work(model, values[:_NUMBERS], options, chosen)

    def _work(
        self,
        model: str,
        numbers: tuple[Any, ...],
        options: dict[str, Any],
        base: Chosen | None,
    ) -> Work:
        words = self._context.words
        path = self._context.find(model, "generate", "illustrate")
        count, seed, walk, larger = numbers
        if not 0 <= (seed or 0) <= _LARGEST_SEED:
            remedy = words("sampling.seed_range", most=_LARGEST_SEED)
            raise BeyneError(words("sampling.no_seed", seed=seed), remedy)
        text = (options.pop("text", None) or "").strip()
        options |= {
            "texts": [text] if text else [],
            "seed": seed or 0,
            "vary": base and base.seed,
            "interpolate": min(count, _WALK) if walk and count > 1 else None,
            "upscale": DEFAULTS["upscale"] if larger else None,
            "grid": count > 1,
        }

        def draw(job: Job) -> Drawn:
            from beyne.app.previews import picture
            from beyne.generation import generate_files

            start, steps = time.monotonic(), count * (2 if walk else 1)
            made: list[Made] = []

            def told(one: Made) -> None:
                made.append(one)
                job.advance(len(made) / steps)

            result = generate_files(path, job.folder / RESULTS, count, made=told, **options)
            shown = [picture(one.output, job.folder) for one in result.done]
            varied = base and base._replace(varied=True)
            return Drawn(job.id, result, time.monotonic() - start, shown, varied)

        return draw

    def _show(self, drawn: Drawn) -> list[Any]:
        words, result = self._context.words, drawn.result
        seeds = [one.seed for one in result.done]
        places = [drawn.base or Chosen(one.seed, one.label, one.text) for one in result.done]
        said = words(
            f"{self._tab}.done",
            count=len(seeds),
            first=seeds[0],
            last=seeds[-1],
            model=result.model,
            time=words.duration(max(1, drawn.seconds)),
        )
        pictures = [
            (str(path), ", ".join(filter(None, (str(one.seed), one.label))))
            for path, one in zip(drawn.shown, result.done, strict=True)
        ]
        read = "".join(
            f"<p{_WARNED if reading.doubtful else ''}>{sentence(words, reading.sentence)}.</p>"
            for reading in result.readings.values()
        )
        walk = "".join(
            f'<img src="/{RESULTS}/{drawn.job}/{path.name}" alt="{escape(words("sampling.walk"))}">'
            for path in result.sheets
            if path.suffix == ".webp"
        )
        files = [*(one.output for one in result.done), *result.sheets]
        return [
            f'<p role="status" class="done">{escape(said)}</p>{read}',
            gr.update(value=pictures, visible=True, selected_index=None),
            self._told(drawn.base),
            gr.update(visible=True),
            places,
            drawn.base,
            gr.update(value=walk, visible=bool(walk)),
            links(words, drawn.job, files),
        ]
