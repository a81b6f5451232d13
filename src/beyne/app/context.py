"""What every tab gets: words, access to files, the job queue, the models there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from beyne.app.access import Access
from beyne.app.jobs import Jobs
from beyne.app.words import Words
from beyne.bundle import read_card
from beyne.errors import BeyneError, UsageError
from beyne.zoo import Entry, builtin, entry, find

#: Below a root: models right in it, in a folder of it, those of runs, and what the window made.
_PLACES = (
    "*.safetensors",
    "*/*.safetensors",
    "*/*/best.safetensors",
    "beyne/models/*.safetensors",
    "beyne/runs/*/best.safetensors",
)
_MOST = 200


@dataclass(frozen=True)
class Context:
    """What a tab is built with.

    Attributes:
        words: In the language of the page.
        access: Which files may be read, how large they may be.
        jobs: Where work is put.
        page: The page itself, for its ``load`` event.
        tab: The tab that is drawn, for its ``select`` event: what takes torch waits for that.
    """

    words: Words
    access: Access
    jobs: Jobs
    page: gr.Blocks
    tab: gr.Tab | None = None

    @property
    def home(self) -> Path:
        """Where the window keeps ``runs``, ``comparisons`` and ``models``."""
        return self.access.roots[0] / "beyne"

    def models(self, *jobs: str) -> list[Entry]:
        """Models of these jobs (all, if none is named): those that come with beyne, then others."""
        found = [one for one in self._entries() if not jobs or one.card.job in jobs]
        return found[:_MOST]

    def choices(self, *jobs: str) -> list[tuple[str, str]]:
        """The same for a drop-down: what to show, and what `find` takes."""
        return [(_shown(one), _value(one)) for one in self.models(*jobs)]

    def find(self, model: str | None, *jobs: str) -> Path:
        """The file of a model that the browser names: one that comes with beyne, or a path.

        Args:
            model: Its name or path.
            jobs: What it must have been made for; none: for anything.

        Raises:
            BeyneError: There is none, it lies outside the roots, or was made for another job.
        """
        words = self.words
        if not model:
            raise BeyneError(words("model.none"), words("model.choose"))
        try:
            found = find(model) if model in builtin() else find(str(self.access.path(model)))
            card = read_card(found)
        except UsageError as error:  # whose remedy is a command
            raise BeyneError(error.problem, words("model.bring")) from None
        if jobs and card.job not in jobs:
            tab = words(f"{card.job}.tab")
            raise BeyneError(words("model.other", model=card.name, tab=tab), words("model.there"))
        return found

    def _entries(self) -> Iterator[Entry]:
        for name in builtin():
            yield entry(name)
        for path in dict.fromkeys(self.access.glob(*_PLACES)):
            try:
                yield entry(str(path))
            except BeyneError:
                continue  # another program's weights


def _value(one: Entry) -> str:
    return one.card.name if _comes_with_beyne(one) else str(one.path)


def _shown(one: Entry) -> str:
    if _comes_with_beyne(one):
        return one.card.name
    parts = one.path.parts[-3:] if one.path.stem in ("best", "last") else one.path.parts[-2:]
    return "/".join(parts)


def _comes_with_beyne(one: Entry) -> bool:
    """Not by its name alone: a model trained by the recipe ``photo-x4`` has that name, too."""
    return one.card.name in builtin() and one.path == find(one.card.name)
