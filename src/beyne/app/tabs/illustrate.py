"""The tab that makes pictures of what a sentence says."""

from __future__ import annotations

import gradio as gr

from beyne.app.context import Context
from beyne.app.model_choice import choose_model
from beyne.app.sampling import Sampling
from beyne.app.words import LANGUAGES, Words


def build(context: Context) -> None:
    """Draw the tab inside the current `gr.Tab`."""
    words = context.words

    def ask() -> tuple[gr.Dropdown, dict[str, gr.components.Component]]:
        model = choose_model(context, "illustrate")
        text = gr.Textbox(label=words("illustrate.text"), info=words("illustrate.text_info"))
        own = [words("illustrate.example"), words("illustrate.example_more")]
        others = [Words(code)("illustrate.example") for code in LANGUAGES if code != words.language]
        gr.Examples([[said] for said in own + others], text, label=words("illustrate.examples"))
        return model, {"text": text}

    Sampling(context, "illustrate", ask)
    gr.Markdown(words("illustrate.own", table="captions.csv", recipe="text-gan"))
