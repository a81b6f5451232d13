"""A field for a folder: a path to type, or to pick step by step below the roots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from beyne.app.context import Context
from beyne.app.panel import QUIET
from beyne.errors import BeyneError

#: Folders of a folder that are offered.
_MOST = 300


def choose_folder(context: Context, label: str, info: str = "", **fields: Any) -> gr.Dropdown:
    """A path that may be typed; the list offers the folders in the one that stands there.

    Args:
        context: Of the tab.
        label: Of the field, as is ``info`` what it is for.
        fields: Further arguments of `gr.Dropdown`.
    """
    field = gr.Dropdown(
        _offered(context, fields.get("value")),
        label=label,
        info=info or None,
        allow_custom_value=True,
        **({"value": None} | fields),
    )

    def entered(typed: str | None) -> Any:
        return gr.update(choices=_offered(context, typed))

    field.change(entered, field, field, **QUIET)
    return field


def _offered(context: Context, typed: str | None) -> list[str]:
    """The folder above and those within, as far as they are below the roots."""
    access = context.access
    roots = [str(root) for root in access.roots]
    if not typed:
        return roots if len(roots) > 1 else [*roots, *_within(access.roots[0])]
    try:
        folder = access.folder(typed)
        above = [str(access.folder(str(folder.parent)))]
    except BeyneError:
        return roots
    return [str(folder), *above, *_within(folder)]


def _within(folder: Path) -> list[str]:
    try:
        children = sorted(folder.iterdir())
    except OSError:  # not ours to read
        return []
    seen = (path for path in children if path.is_dir() and not path.name.startswith("."))
    return [str(path) for path in seen][:_MOST]
