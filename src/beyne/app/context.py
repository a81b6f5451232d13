"""What every tab gets: words, access to files, the job queue, the models there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from beyne.app.access import Access
from beyne.app.jobs import Jobs
from beyne.app.words import Words
from beyne.errors import BeyneError
from beyne.zoo import Entry, builtin, entry

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

    def find(self, model: str | None) -> Path:
        """The file of a model that the browser names: one that comes with beyne, or a path.

        Raises:
            BeyneError: There is none, or it lies outside the roots.
        """
        from beyne.zoo import find

        if not model:
            raise BeyneError(self.words("model.none"), self.words("model.choose"))
        return find(model) if model in builtin() else find(str(self.access.path(model)))

    def _entries(self) -> Iterator[Entry]:
        for name in builtin():
            yield entry(name)
        for path in dict.fromkeys(self.access.glob(*_PLACES)):
            try:
                yield entry(str(path))
            except BeyneError:
                continue  # another program's weights


def _value(one: Entry) -> str:
    return one.card.name if one.card.name in builtin() else str(one.path)


def _shown(one: Entry) -> str:
    if one.card.name in builtin():
        return one.card.name
    parts = one.path.parts[-3:] if one.path.stem in ("best", "last") else one.path.parts[-2:]
    return "/".join(parts)
