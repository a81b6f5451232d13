"""The tab that compares models: what with what, on which pictures, and the report."""

from __future__ import annotations

from html import escape
from itertools import count
from pathlib import Path
from typing import Any

import gradio as gr

from beyne.api import comparisons, runs
from beyne.api.comparisons import PLAIN, CompareCall, Comparison
from beyne.api.recipes import recipes
from beyne.app.context import Context
from beyne.app.documents import frame
from beyne.app.folders import choose_folder
from beyne.app.panel import QUIET, problem, understood
from beyne.errors import BeyneError

_SECONDS = 2.0  # between two looks
_RECIPE = "recipe:"
#: Those that may decide; which of them can be measured depends on the job.
_METRICS = ("psnr", "ssim", "ms_ssim", "lpips", "mae", "kid", "class_accuracy")


#: One after the other: what was found on opening the tab must not come after Start's comparison.
_IN_TURN: dict[str, Any] = QUIET | {"concurrency_id": "compare", "concurrency_limit": 1}


def build(context: Context) -> None:
    """Draw the tab inside the current `gr.Tab`."""
    words = context.words
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=320):
            arms = gr.Dropdown(
                [],
                multiselect=True,
                allow_custom_value=True,
                label=words("compare.arms"),
                info=words("compare.arms_info"),
                elem_id="compare-arms",
            )
            data = choose_folder(
                context, words("compare.data"), words("compare.data_info"), elem_id="compare-data"
            )
            with gr.Accordion(words("train.more"), open=False):
                scores = [(words(f"score.{name}"), name) for name in _METRICS]
                metric = gr.Dropdown(
                    [(words("compare.metric_auto"), ""), *scores],
                    value="",
                    label=words("compare.metric"),
                    info=words("compare.metric_info"),
                )
                seeds = gr.Slider(
                    1, 10, 3, step=1, label=words("compare.seeds"), info=words("compare.seeds_info")
                )
                with gr.Row():
                    budget = gr.Number(
                        None,
                        precision=0,
                        label=words("compare.budget"),
                        info=words("compare.budget_info"),
                        min_width=120,
                    )
                    unit = gr.Radio(
                        [(words("compare.minutes"), "minutes"), (words("train.images"), "images")],
                        value="minutes",
                        label=words("compare.unit"),
                        min_width=120,
                    )
            start = gr.Button(words("compare.start"), variant="primary", elem_id="compare-start")
        with gr.Column(scale=3, min_width=320):
            chosen = gr.Dropdown(
                [], label=words("compare.chosen"), interactive=True, elem_id="compare-chosen"
            )
            status = gr.HTML(elem_classes="status")
            with gr.Row():
                resume = gr.Button(words("train.resume"), interactive=False)
                stop = gr.Button(words("job.stop"), variant="stop", interactive=False)
            report = gr.HTML()
            seen, timer = gr.State(None), gr.Timer(_SECONDS, active=False)
    outputs = [seen, status, resume, stop, timer, report]
    window = Window(context)
    asked = [arms, data, metric, seeds, budget, unit]
    start.click(window.begin, asked, [chosen, *outputs], **_IN_TURN)
    timer.tick(window.look, [chosen, seen], outputs, **QUIET)
    chosen.change(window.look, [chosen, seen], outputs, **QUIET)
    stop.click(window.stop, chosen, outputs, **QUIET)
    resume.click(window.resume, chosen, outputs, **QUIET)
    assert context.tab
    context.tab.select(window.opened, chosen, [arms, chosen], **_IN_TURN)


class Window:
    """What the tab does."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._folder = context.home / "comparisons"

    def opened(self, chosen: str | None) -> list[Any]:
        """What there is to compare, and the comparisons there are."""
        return [gr.update(choices=self._arms()), self._offered(chosen)]

    def begin(
        self,
        arms: list[str],
        data: str | None,
        metric: str,
        seeds: int,
        budget: int | None,
        unit: str,
    ) -> list[Any]:
        """Start a comparison in the next free folder."""
        words, access = self._context.words, self._context.access
        try:
            if not data:
                raise BeyneError(words("train.no_data"), words("train.choose_data"))
            call = CompareCall(
                arms=tuple(map(self._allowed, arms or [])),
                data=access.whole_path(data),
                seeds=seeds,
                budget=f"{unit}={budget}" if budget else None,
                metric=metric or None,
                language=words.language,
            )
            if budget and budget < 0:  # 0 is what an empty field sends
                field = words("compare.budget")
                wrong = words("train.bad_number", field=field, value=budget)
                raise BeyneError(wrong, words("train.above_zero"))
            if len(call.arms) < 2:
                raise BeyneError(words("compare.few"), words("compare.two"))
            names = (f"{call.data.name}-{number}" for number in count(1))
            free = next(name for name in names if not (self._folder / name).exists())
            folder = access.place(str(self._folder / free))
            comparisons.start(call, folder)
        except Exception as error:
            return [gr.skip(), *self._refused(understood(error))]
        return [self._offered(str(folder)), *self.look(str(folder), None)]

    def stop(self, chosen: str | None) -> list[Any]:
        """End a comparison; it can go on."""
        try:
            comparisons.stop(self._context.access.folder(chosen or ""))
        except BeyneError as error:
            return self._refused(error)
        return self.look(chosen, None)

    def resume(self, chosen: str | None) -> list[Any]:
        """Go on with a comparison, whose folder may come from elsewhere."""
        try:
            folder = self._context.access.folder(chosen or "")
            call = comparisons.look(folder).call
            self._context.access.whole_path(str(call.data))
            for arm in call.arms:
                self._allowed(arm)
            comparisons.start(call, folder)
        except BeyneError as error:
            return self._refused(error)
        return self.look(chosen, None)

    def look(self, chosen: str | None, seen: Any) -> list[Any]:
        """Values of the outputs; the report is sent once."""
        words = self._context.words
        if not chosen:
            off = gr.update(interactive=False)
            said = f"<p>{escape(words('compare.none'))}</p>"
            return [None, said, off, off, gr.Timer(active=False), ""]
        try:
            found = comparisons.look(self._context.access.folder(chosen))
        except BeyneError as error:
            return self._refused(error)
        now = [chosen, found.state]
        running = found.state == "running"
        resting = found.state in ("paused", "interrupted", "failed")
        page = frame(found.report, words("compare.report")) if found.report else ""
        return [
            now,
            self._told(found),
            gr.update(interactive=resting),
            gr.update(interactive=running),
            gr.Timer(active=running),
            gr.skip() if now == seen else page,
        ]

    def _told(self, found: Comparison) -> str:
        words, status = self._context.words, found.status
        arms = ", ".join(Path(arm).name if "/" in arm else arm for arm in found.call.arms)
        said = f"{words(f'compare.{found.state}')} {words('compare.about_it', arms=arms)}"
        lines = [f'<p role="status">{escape(said)}</p>']
        if found.state == "running":
            if status.total:
                share = round(100 * status.done / status.total)
                lines.append(f'<progress max="100" value="{share}" aria-hidden="true"></progress>')
            said = "".join(status.messages[-1:])
            lines.append(f'<p lang="en" class="said">{escape(said)}</p>')
            if status.seconds_left:
                left = words("compare.left", time=words.duration(status.seconds_left))
                lines.append(f"<p>{escape(left)}</p>")
        if status.problem:
            lines.append(problem(words, BeyneError(status.problem, status.remedy)))
        return "".join(lines)

    def _refused(self, error: BeyneError | None) -> list[Any]:
        said = problem(self._context.words, error)
        return [None, said, *[gr.skip()] * 4]

    def _arms(self) -> list[tuple[str, str]]:
        words, home = self._context.words, self._context.home
        models = self._context.choices("upscale", "translate", "generate", "illustrate")
        kept = [(run.name, str(run)) for run in runs.find(home / "runs")]
        trained = [(words("compare.recipe", name=name), f"{_RECIPE}{name}") for name in recipes()]
        plain = [(words(f"compare.{name}"), name) for name in PLAIN]
        return [*plain, *models, *kept, *trained]

    def _offered(self, chosen: str | None) -> Any:
        found = list(map(str, comparisons.find(self._folder)))
        first = chosen if chosen in found else next(iter(found), None)
        return gr.update(choices=[(Path(path).name, path) for path in found], value=first)

    def _allowed(self, arm: str) -> str:
        """An arm as `beyne.compare` takes it.

        Raises:
            BeyneError: It is none, or lies outside the roots.
        """
        if arm in PLAIN or arm.removeprefix(_RECIPE) in recipes():
            return arm
        path = Path(arm)
        if path.is_absolute() and self._context.access.path(arm).is_dir():
            return str(self._context.access.path(arm))
        return str(self._context.find(arm))
