"""The tab that makes new pictures of noise."""

from __future__ import annotations

from typing import Any

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
            label=words("generate.label"), interactive=True, **_offered(model.value)
        )
        model.change(lambda name: gr.update(**_offered(name)), model, label, **QUIET)
        return model, {"label": label}

    def _offered(name: str | None) -> dict[str, Any]:
        try:
            known = read_card(context.find(name)).labels
        except BeyneError:  # said when the model is used
            known = []
        choices = [(words("generate.each"), ""), *((label, label) for label in known)]
        return {"choices": choices, "value": "", "visible": bool(known)}

    Sampling(context, "generate", ask)
