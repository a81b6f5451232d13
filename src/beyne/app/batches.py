"""A model over files: what Upscale and Translate have in common, from the inputs to the results."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from beyne.app.context import Context
from beyne.app.downloads import RESULTS, SHOWN, links
from beyne.app.jobs import Job
from beyne.app.panel import QUIET, alert, sentence
from beyne.app.slider import slider
from beyne.errors import BeyneError

if TYPE_CHECKING:
    from beyne.predict.batch import Done, Report
    from beyne.predict.beside import Assessment
    from beyne.predict.files import Failure

#: Pictures of a batch that are shown; all are there to be downloaded.
_MOST_SHOWN = 30


@dataclass
class Batch:
    """A finished batch.

    Attributes:
        job: Number of the job.
        report: What became of each picture.
        seconds: Time it took.
        views: Name → the picture before and after and, if asked for, its overlay, as files to show.
        files: The results.
    """

    job: str
    report: Report
    seconds: float
    views: dict[str, list[Path]] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)


class Follower:
    """A `beyne.predict.batch.Listener` that tells a job how a batch goes on."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._pictures = 1
        self._finished = 0.0

    def begin(self, pictures: int) -> None:
        """The batch starts."""
        self._pictures = max(pictures, 1)

    def advance(self, pictures: float, megapixels: float) -> None:
        """Part of a picture has been computed."""
        self._finished += pictures
        self._job.advance(self._finished / self._pictures)

    def done(self, done: Done) -> None:
        """An output has been written."""
        self._job.advance(self._finished / self._pictures)

    def failed(self, failure: Failure) -> None:
        """An input came to nothing."""
        self._pictures = max(self._pictures - 1, 1)


class Inputs:
    """Files dropped onto the page, or a path below the roots."""

    def __init__(self, context: Context) -> None:
        words = context.words
        self._context = context
        limit, roots = context.access.upload_limit, ", ".join(map(str, context.access.roots))
        self.files = gr.File(
            label=words("inputs.files", limit=limit),
            file_count="multiple",
            height=150,
        )
        self.path = gr.Textbox(
            label=words("inputs.path"), info=words("inputs.path_info", roots=roots), max_lines=1
        )

    def gathered(self, files: Sequence[str] | None, path: str) -> list[str]:
        """What is to be done, as inputs of `beyne.api.upscale_files`.

        Raises:
            BeyneError: There is nothing, or the path may not be opened.
        """
        typed = [str(self._context.access.whole_path(path))] if path.strip() else []
        if not files and not typed:
            raise BeyneError(self._context.words("inputs.none"), self._context.words("inputs.drop"))
        return [*(files or ()), *typed]


class Results:
    """Before and after under a slider, where to trust it, and the files to download."""

    def __init__(self, context: Context, tab: str) -> None:
        words = context.words
        self._context = context
        self._tab = tab
        self._slider = gr.HTML()
        self._which = gr.Dropdown(label=words("results.which"), visible=False, interactive=True)
        self._sliders = gr.State({})
        self.files = gr.HTML(words("results.empty"), elem_classes="downloads")
        self.outputs = [self._slider, self._which, self._sliders, self.files]
        self._which.input(
            lambda name, sliders: sliders.get(name, ""),
            [self._which, self._sliders],
            self._slider,
            **QUIET,
        )

    def shown(self, batch: Batch) -> list[Any]:
        """The status line and the values of ``outputs``."""
        names = list(batch.views)
        sliders = {name: self._slid(batch.job, name, views) for name, views in batch.views.items()}
        return [
            self._told(batch),
            sliders[names[0]] if names else "",
            gr.update(choices=names, value=names[0] if names else None, visible=len(names) > 1),
            sliders,
            links(self._context.words, batch.job, batch.files),
        ]

    def _slid(self, job: str, name: str, views: list[Path]) -> str:
        return slider(self._context.words, name, *(f"/{SHOWN}/{job}/{view.name}" for view in views))

    def _told(self, batch: Batch) -> str:
        words, report = self._context.words, batch.report
        lines = []
        if report.done:
            said = words(
                f"{self._tab}.done",
                count=len(report.done),
                scale=report.done[0].scale,
                model=report.model,
                time=words.duration(max(1, batch.seconds)),
            )
            if report.consistent == len(report.done):
                said += " " + words("upscale.consistent")
            lines.append(f'<p role="status" class="done">{escape(said)}</p>')
        for done in report.done:
            name = escape(Path(done.output).name)
            if done.trust is not None:
                lines.append(self._trusted(name, done.trust))
            lines += [
                f'<p class="note">{name}: {sentence(words, text)}.</p>' for text in done.warnings
            ]
        for failure in report.failed:
            said = sentence(words, failure.problem, failure.remedy)
            lines.append(alert(f"{Path(failure.input).name}:", said))
        return "".join(lines)

    def _trusted(self, name: str, trust: Assessment) -> str:
        """How far a result can be trusted; a click shows where."""
        right, invented = _percent(trust.mean), _percent(trust.invented)
        words = self._context.words
        said = escape(words("upscale.trusted", right=right, invented=invented))
        where = f"<p>{sentence(words, trust.sentence)}.</p>"
        return f"<details><summary><b>{name}:</b> {said}</summary>{where}</details>"


def _percent(part: float) -> str:
    """``87``; ``<1`` of what is little and not nothing."""
    return "<1" if 0 < part < 0.01 else f"{100 * part:.0f}"


def run(job: Job, apply: Callable[[str, Follower], Report]) -> Batch:
    """Apply a model in a job's thread.

    Args:
        job: Whose folder takes the results.
        apply: Output folder, listener → report, such as `beyne.api.upscale_files` with the rest
            of its arguments.
    """
    from beyne.app.previews import preview

    start = time.monotonic()
    report = apply(f"{job.folder / RESULTS}/", Follower(job))
    batch = Batch(job.id, report, time.monotonic() - start)
    for number, done in enumerate(report.done):
        result, overlay = Path(done.output), None
        batch.files.append(result)
        if done.trust is not None:
            overlay = Path(done.trust.overlay)
            batch.files += [Path(done.trust.map), overlay]
        if number < _MOST_SHOWN:
            views = preview(Path(done.input), result, job.folder / SHOWN / str(number), overlay)
            if views:
                batch.views[str(result.relative_to(job.folder / RESULTS))] = views
    return batch
