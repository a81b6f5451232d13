"""The tab that trains models: settings, the data check, and how trainings go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from beyne.api import background, runs
from beyne.app import data_check
from beyne.app.context import Context
from beyne.app.data_check import Checked
from beyne.app.jobs import Job, Work
from beyne.app.panel import QUIET, Panel, problem, understood
from beyne.app.training_call import call_of, run_of
from beyne.app.training_form import DATA, Form
from beyne.app.training_view import View
from beyne.errors import BeyneError


def build(context: Context) -> None:
    """Draw the tab inside the current `gr.Tab`."""
    words = context.words
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=320):
            form = Form(context)
            panel = Panel(context, "check", "check")
            sheet = gr.Image(
                label=words("check.sheet"),
                visible=False,
                interactive=False,
                height=260,
                buttons=["fullscreen"],
            )
            anyway = gr.Checkbox(label=words("check.anyway"), value=False, visible=False)
            checked = gr.State("")
            start = gr.Button(
                words("train.start"), variant="primary", interactive=False, elem_id="train-start"
            )
            refused = gr.HTML(elem_classes="status")
        with gr.Column(scale=3, min_width=320):
            view = View(context)

    def work(*values: Any) -> Work:
        call = call_of(context, form.named(values))

        def look(job: Job) -> Checked:
            return data_check.check(call, job)

        return look

    def shown(found: Checked) -> list[Any]:
        possible = found.error is None
        return [
            data_check.told(words, found),
            gr.update(value=str(found.sheet), visible=True)
            if possible
            else gr.update(visible=False),
            gr.update(value=False, visible=possible and found.doubtful),
            found.key if possible else "",
            gr.update(interactive=possible and not found.doubtful),
        ]

    panel.run(form.inputs, [sheet, anyway, checked, start], work, shown)
    anyway.input(lambda ticked: gr.update(interactive=ticked), anyway, start, **QUIET)
    for name in DATA:
        form.fields[name].change(lambda: gr.update(interactive=False), None, start, **QUIET)

    def begin(key: str, *values: Any) -> list[Any]:
        named = form.named(values)
        try:
            call, run = call_of(context, named), run_of(context, named)
            if data_check.key_of(call) != key:
                raise BeyneError(words("check.needed"), words("check.first"))
            _only_one(context, run)
            runs.start(call, run)
        except Exception as error:
            return [problem(words, understood(error)), gr.skip()]
        return ["", view.offer(str(run.parent), str(run))]

    start.click(begin, [checked, *form.inputs], [refused, view.chosen], **QUIET)
    place = form.fields["runs"]
    place.change(view.offer, [place, view.chosen], view.chosen, **QUIET)
    assert context.tab
    context.tab.select(view.offer, [place, view.chosen], view.chosen, **QUIET)
    known = [form.fields["recipe"], form.fields["size_out"]]
    context.tab.select(form.opened, known, form.filled, **QUIET)
    context.tab.select(form.starts, form.fields["job"], form.fields["start"], **QUIET)


def _only_one(context: Context, run: Path) -> None:
    """Two trainings at once would take more than twice the time of one, and the memory of two.

    Raises:
        BeyneError: Another one runs beside this one's folder.
    """
    for other in runs.find(run.parent):
        if other != run and background.is_at_work(other):
            words = context.words
            raise BeyneError(words("train.another", name=other.name), words("train.pause_first"))
