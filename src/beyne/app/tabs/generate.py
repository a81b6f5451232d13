"""The tab that makes new pictures of noise."""

from __future__ import annotations

import gradio as gr

from beyne.app.context import Context
from beyne.app.model_choice import choose_model
from beyne.app.panel import QUIET
from beyne.app.sampling import Sampling
from beyne.bundle import read_card
from beyne.errors import BeyneError


def build(context: Context) -> None:
    """Draw the tab inside the current `gr.Tab`."""
    words = context.words

    def ask() -> tuple[gr.Dropdown, dict[str, gr.components.Component]]:
        model = choose_model(context, "generate")
        label = gr.Dropdown(
            _labels(model.value), value="", label=words("generate.label"), interactive=True
        )
        model.change(lambda name: gr.update(choices=_labels(name), value=""), model, label, **QUIET)
        return model, {"label": label}

    def _labels(name: str | None) -> list[tuple[str, str]]:
        try:
            known = read_card(context.find(name)).labels
        except BeyneError:  # said when the model is used
            known = []
        return [(words("generate.each"), ""), *((label, label) for label in known)]

    Sampling(context, "generate", ask)
