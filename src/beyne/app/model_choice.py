"""The field in which a model is chosen."""

from __future__ import annotations

import gradio as gr

from beyne.app.context import Context
from beyne.app.panel import QUIET
from beyne.zoo import DEFAULTS


def choose_model(context: Context, *jobs: str) -> gr.Dropdown:
    """A list of the models for some jobs, renewed with the page; a path may be typed."""
    words = context.words
    roots = ", ".join(map(str, context.access.roots))
    field = gr.Dropdown(
        context.choices(*jobs),
        value=_first(context, *jobs),
        label=words("model.label"),
        info=words("model.info", roots=roots),
        allow_custom_value=True,
    )

    def found() -> gr.Dropdown:
        return gr.Dropdown(choices=context.choices(*jobs), value=_first(context, *jobs))

    context.page.load(found, None, field, **QUIET)
    return field


def _first(context: Context, *jobs: str) -> str | None:
    values = [value for _, value in context.choices(*jobs)]
    usual = [name for name in DEFAULTS.values() if name in values]
    return next(iter(usual + values), None)
