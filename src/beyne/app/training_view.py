"""How a training goes on: its state in words, curves, newest samples, Pause, Resume, Stop."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from beyne.api import runs
from beyne.api.runs import Run
from beyne.app.context import Context
from beyne.app.documents import address
from beyne.app.panel import QUIET, problem
from beyne.app.training_call import check_call
from beyne.errors import BeyneError

_SECONDS = 2.0  # between two looks
_SAMPLES = 12  # sheets that are shown, newest first
#: What of a record is no curve beside the losses.
_WITHOUT = {"images", "learning_rate", "discriminator_rate"}
#: States from which a run can go on.
_RESTING = ("paused", "interrupted", "failed")


class View:
    """One of the trainings there are, drawn where it is made; it keeps itself up to date."""

    def __init__(self, context: Context) -> None:
        self._context = context
        words = context.words
        self.chosen = gr.Dropdown(
            [], label=words("train.chosen"), interactive=True, elem_id="train-chosen"
        )
        self._status = gr.HTML(elem_classes="status")
        with gr.Row():
            self._pause = gr.Button(words("train.pause"), interactive=False, min_width=110)
            self._resume = gr.Button(words("train.resume"), interactive=False, min_width=110)
            self._stop = gr.Button(
                words("job.stop"), variant="stop", interactive=False, min_width=110
            )
        gr.HTML(f"<small>{escape(words('train.ends'))}</small>", padding=True)
        seen = words("train.seen")
        plot: dict[str, Any] = {"x": "images", "y": "value", "x_title": seen, "y_title": " "}
        self._losses = gr.LinePlot(
            color="curve",
            color_title=" ",
            title=words("train.losses"),
            height=260,
            visible=False,
            elem_id="train-losses",
            **plot,
        )
        self._scores = gr.LinePlot(
            label=words("train.scores"),
            height=310,
            visible=False,
            elem_id="train-scores",
            **plot,
        )
        self._samples = gr.Gallery(
            label=words("train.samples"),
            visible=False,
            columns=1,
            preview=True,
            object_fit="contain",
            interactive=False,
            format="png",
            height=420,
            buttons=["download", "fullscreen"],
            elem_id="train-samples",
        )
        self._seen = gr.State(None)
        self._timer = gr.Timer(_SECONDS, active=False)
        controls = [self._pause, self._resume, self._stop, self._timer]
        pictures = [self._losses, self._scores, self._samples]
        self._outputs = [self._seen, self._status, *controls, *pictures]
        asked = [self.chosen, self._seen]
        self._timer.tick(self._look, asked, self._outputs, **QUIET)
        self.chosen.change(self._look, asked, self._outputs, **QUIET)
        for button, act in (
            (self._pause, runs.pause),
            (self._resume, runs.resume),
            (self._stop, runs.stop),
        ):
            button.click(self._acted(act), asked, self._outputs, **QUIET)

    def offer(self, folder: str | None, chosen: str | None = None) -> Any:
        """The trainings of a folder for the list; chosen stays what is, else it is the youngest."""
        try:
            found = list(map(str, runs.find(self._context.access.folder(folder or ""))))
        except BeyneError:  # none was begun there yet
            found = []
        first = chosen if chosen in found else next(iter(found), None)
        return gr.update(choices=[(Path(path).name, path) for path in found], value=first)

    def _acted(self, act: Any) -> Any:
        def done(chosen: str | None, seen: Any) -> list[Any]:
            try:
                run = self._context.access.folder(chosen or "")
                call = runs.look(run).call
                if act is runs.resume and call:  # its folder may come from elsewhere
                    check_call(self._context, call)
                act(run)
            except BeyneError as error:
                return self._refused(error)
            return self._look(chosen, None)

        return done

    def _refused(self, error: BeyneError) -> list[Any]:
        said = problem(self._context.words, error)
        return [None, said, *(gr.skip() for _ in self._outputs[2:])]

    def _look(self, chosen: str | None, seen: Any) -> list[Any]:
        """Values of the outputs; what is the same as at the last look is left as it is."""
        if not chosen:
            empty = f"<p>{escape(self._context.words('train.no_run'))}</p>"
            hidden = [gr.update(visible=False)] * 3
            return [None, empty, *self._controls(), *hidden]
        try:
            run = runs.look(self._context.access.folder(chosen))
        except BeyneError as error:
            return self._refused(error)
        shown = [chosen, run.state, len(run.records), len(run.previews)]
        now = [shown, run.done]
        if now == seen:
            return [gr.skip()] * len(self._outputs)
        told = [now, self.told(run), *self._controls(run)]
        if seen and shown == seen[0]:
            return [*told, *[gr.skip()] * 3]
        return [*told, *self._pictures(run)]

    def _controls(self, run: Run | None = None) -> list[Any]:
        """Pause, Resume, Stop and the clock, as the run's state allows them."""
        running = run is not None and run.state == "running"
        resting = run is not None and run.state in _RESTING and run.call is not None
        allowed = [gr.update(interactive=now) for now in (running, resting, running)]
        return [*allowed, gr.Timer(active=running)]

    def _pictures(self, run: Run) -> list[Any]:
        import pandas as pd

        losses = pd.DataFrame(self._curves(run), columns=["images", "value", "curve"])
        points = [(r["images"], r[run.select]) for r in run.records if run.select in r]
        scores = pd.DataFrame(points, columns=["images", "value"])
        title = f"{self._context.words('train.scores')}: {self._name('score', run.select)}"
        samples = [
            (_picture(path), self._context.words("train.sample", images=_count(int(path.stem))))
            for path in reversed(run.previews[-_SAMPLES:])
        ]
        return [
            gr.update(value=losses, visible=losses["images"].nunique() > 1),
            gr.update(value=scores, visible=len(scores) > 1, label=title),
            gr.update(value=samples, visible=bool(samples), selected_index=0 if samples else None),
        ]

    def _curves(self, run: Run) -> Iterator[tuple[int, float, str]]:
        for record in run.records:
            if "learning_rate" in record or "accuracy" in record:
                for name in sorted(record.keys() - _WITHOUT):
                    yield record["images"], record[name], self._name("curve", name)

    def _name(self, table: str, name: str) -> str:
        words, key = self._context.words, f"{table}.{name}"
        return words(key) if key in words else name

    def told(self, run: Run) -> str:
        """How it stands, as HTML."""
        words = self._context.words
        lines = [f'<p role="status"><b>{escape(words(f"train.{run.state}"))}</b>']
        if run.total:
            share = round(100 * run.done / run.total)
            seen = {"done": _count(run.done), "total": _count(run.total), "percent": share}
            lines[0] += " " + escape(words("train.progress", **seen))
            lines.append(f'<progress max="100" value="{share}" aria-hidden="true"></progress>')
        if run.seconds_left:
            left = words("job.left", time=words.duration(run.seconds_left))
            lines[0] += " " + escape(left)
        lines[0] += "</p>"
        for warning in run.warnings:
            percent = f"{100 * warning.value:.0f}"
            said = words(f"train.warn_{warning.kind}", percent=percent)
            lines.append(f'<p class="note" role="alert">{escape(said)}</p>')
        if run.problem:
            lines.append(problem(words, BeyneError(run.problem, run.remedy)))
        if run.state == "running" and run.messages:
            lines.append(f'<p lang="en" class="said">{escape(run.messages[-1])}</p>')
        if run.model:
            said = words("train.model", model=run.model)
            lines.append(f"<p>{escape(said)}</p>")
        if run.report:
            link, said = address(run.report), escape(words("train.report"))
            lines.append(f'<p><a href="{link}" target="_blank" rel="noopener">{said}</a></p>')
        return "".join(lines)


def _picture(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def _count(number: int) -> str:
    """With thin spaces, which every language reads."""
    return f"{number:,}".replace(",", "\u202f")
