"""Reports: a `Document` says what is shown, `write_report` makes one self-contained page of it."""

from __future__ import annotations

from beyne.reports.document import Document
from beyne.reports.page import render, write_report

__all__ = ["Document", "render", "write_report"]
