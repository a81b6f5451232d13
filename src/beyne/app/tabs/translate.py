"""The tab that turns pictures into those of another kind."""

from __future__ import annotations

import gradio as gr

from beyne.app.batches import Batch, Inputs, Results, run
from beyne.app.context import Context
from beyne.app.jobs import Job, Work
from beyne.app.model_choice import choose_model
from beyne.app.panel import Panel


def build(context: Context) -> None:
    """Draw the tab inside the current `gr.Tab`."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=320):
            inputs = Inputs(context)
            model = choose_model(context, "translate")
            panel = Panel(context, "translate")
        with gr.Column(scale=3, min_width=320):
            results = Results(context, "translate")

    def work(files: list[str] | None, path: str, name: str) -> Work:
        sources, limit = inputs.gathered(files, path), context.access.pixel_limit
        found = str(context.find(name, "translate"))

        def translate(job: Job) -> Batch:
            from beyne.api import translate_files

            return run(
                job,
                lambda folder, told: translate_files(
                    sources, folder, told, model=found, pixel_limit=limit
                ),
            )

        return translate

    panel.run([inputs.files, inputs.path, model], results.outputs, work, results.shown)
