"""Start, Stop and a line that tells how it goes on: the same in every tab."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from html import escape
from typing import Any

import gradio as gr

from beyne.app.context import Context
from beyne.app.guard import visitor
from beyne.app.jobs import Job, Work, log
from beyne.app.words import Words
from beyne.errors import BeyneError, foreseen
from beyne.languages import translated

#: Of events that redraw a field: no spinner, no entry in Gradio's public interface.
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

#: Of pictures: without the one that would send them to another machine.
BUTTONS: list[Any] = ["download", "fullscreen"]

#: Seconds between two looks at a job.
_PAUSE = 0.25


class Panel:
    """The controls of one tab's jobs, drawn where it is made.

    Args:
        context: Of the tab.
        tab: Its name, as in `beyne.app.tabs.TABS`.
        queue: As for `beyne.app.jobs.Jobs.start`.
    """

    def __init__(self, context: Context, tab: str, queue: str = "pictures") -> None:
        self._context = context
        self._tab = tab
        self._queue = queue
        words = context.words
        with gr.Row(elem_classes="controls"):
            self.start = gr.Button(words(f"{tab}.start"), variant="primary", scale=3)
            self.stop = gr.Button(words("job.stop"), variant="stop", interactive=False, scale=1)
        self.status = gr.HTML(elem_classes="status")
        self.stop.click(self._stop, queue=False, api_visibility="private")

    def run(
        self,
        inputs: Sequence[gr.components.Component],
        outputs: Sequence[gr.components.Component],
        work: Callable[..., Work],
        shown: Callable[[Any], Sequence[Any]],
        button: gr.Button | None = None,
    ) -> None:
        """Say what Start does; a page that is opened again finds the latest job.

        Args:
            inputs: Their values go to ``work``.
            outputs: What ``shown`` fills.
            work: Checks the values and returns what is to be done; may raise a `BeyneError`.
            shown: A result → HTML for the status line, and the values of ``outputs``.
            button: Another one than Start, which then is said already what to do.
        """

        async def started(request: gr.Request, *values: Any) -> AsyncIterator[list[Any]]:
            try:
                ready = await asyncio.to_thread(work, *values)
                job = self._context.jobs.start(self._tab, visitor(request), ready, self._queue)
            except Exception as error:
                yield self._line(self._problem(understood(error)), len(outputs))
                return
            async for update in self._watched(job, len(outputs), shown):
                yield update

        async def opened(request: gr.Request) -> AsyncIterator[list[Any]]:
            job = self._context.jobs.latest(self._tab, visitor(request))
            if job is None:
                yield [gr.skip() for _ in told]  # where nothing is yielded, all would be emptied
                return
            async for update in self._watched(job, len(outputs), shown):
                yield update

        told = [self.status, self.start, self.stop, *outputs]
        (button or self.start).click(started, inputs, told, concurrency_limit=None, **QUIET)
        if button is None:
            self._context.page.load(opened, None, told, concurrency_limit=None, **QUIET)

    async def _watched(
        self, job: Job, outputs: int, shown: Callable[[Any], Sequence[Any]]
    ) -> AsyncIterator[list[Any]]:
        while not job.finished:
            yield self._line(self._progress(job), outputs, busy=True)
            await asyncio.sleep(_PAUSE)
        if job.state == "done":
            sentence, *values = shown(job.result)
            yield [sentence, *_buttons(busy=False), *values]
        elif job.state == "stopped":
            yield self._line(self._note(self._context.words("job.stopped")), outputs)
        else:
            yield self._line(self._problem(job.error), outputs)

    def _stop(self, request: gr.Request) -> None:
        self._context.jobs.stop(self._tab, visitor(request))

    def _line(self, text: str, outputs: int, busy: bool = False) -> list[Any]:
        return [text, *_buttons(busy), *(gr.skip() for _ in range(outputs))]

    def _progress(self, job: Job) -> str:
        words = self._context.words
        if job.state == "waiting":
            return self._note(words("job.waiting", count=self._context.jobs.before(job)))
        percent = round(100 * job.share)
        text = words("job.running", percent=percent)
        if job.seconds_left is not None:
            text += " " + words("job.left", time=words.duration(job.seconds_left))
        bar = f'<progress max="100" value="{percent}" aria-label="{escape(text)}"></progress>'
        return f"<div>{bar}<p>{escape(text)}</p></div>"

    def _note(self, text: str) -> str:
        return f'<p role="status">{escape(text)}</p>'

    def _problem(self, error: BeyneError | None) -> str:
        return problem(self._context.words, error)


def understood(error: Exception) -> BeyneError | None:
    """As `foreseen`; what nobody foresaw is noted for whoever looks into the terminal."""
    known = foreseen(error)
    if known is None:
        log.error("an error nobody foresaw", exc_info=error)
    return known


def problem(words: Words, error: BeyneError | None, lead: str = "job.failed") -> str:
    """What went wrong and what to do, as HTML.

    Args:
        words: Of the page.
        error: None: one that nobody foresaw.
        lead: Key of the words before it.
    """
    if error is None:
        return alert(words(lead), escape(words("job.unforeseen")))
    return alert(words(lead), sentence(words, error.problem, error.remedy))


def alert(lead: str, said: str) -> str:
    """A line that is read out at once: plain text, then HTML."""
    return f'<p role="alert" class="problem"><b>{escape(lead)}</b> {said}.</p>'


def sentence(words: Words, problem: str, remedy: str = "") -> str:
    """A problem and its remedy in the page's language, as HTML; what stays English says so."""
    return "; ".join(_in_language(part, words.language) for part in (problem, remedy) if part)


def _in_language(text: str, language: str) -> str:
    said = translated(text, language)
    shown = escape(said.removesuffix("."))
    # The window's own sentences come in its language, and have no translation either.
    english = said == text and text.isascii()
    return f'<span lang="en">{shown}</span>' if english else shown


def _buttons(busy: bool) -> tuple[Any, Any]:
    return gr.update(interactive=not busy), gr.update(interactive=busy)
