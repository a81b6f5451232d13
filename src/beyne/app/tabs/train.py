"""The tab train."""

from __future__ import annotations

from beyne.app.context import Context


def build(context: Context) -> None:
    """Draw the tab inside the current `gr.Tab`."""
