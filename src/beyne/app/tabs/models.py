"""The tab that shows models, brings others' weights in and writes ONNX."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from beyne.app.context import Context
from beyne.app.downloads import RESULTS, links
from beyne.app.jobs import Job, Work
from beyne.app.model_choice import choose_model
from beyne.app.panel import QUIET, Panel, sentence
from beyne.errors import BeyneError
from beyne.zoo import BEST

if TYPE_CHECKING:
    from beyne.export import Export
    from beyne.zoo import Entry

#: Below a root: where weights that were fetched usually lie.
_FETCHED = tuple(f"{place}*{suffix}" for place in ("", "*/") for suffix in (".pth", ".pt"))
_SCORES = ("psnr", "ssim", "lpips", "kid")


def build(context: Context) -> None:
    """Draw the tab inside the current `gr.Tab`."""
    cards = gr.HTML(_cards(context), elem_classes="cards")
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320):
            _draw_import(context, cards)
        with gr.Column(min_width=320):
            _draw_export(context)
    context.page.load(lambda: _cards(context), None, cards, **QUIET)


def _draw_import(context: Context, cards: gr.HTML) -> None:
    words, access = context.words, context.access
    gr.Markdown(f"### {words('import.heading')}")
    source = gr.Dropdown(
        [],
        label=words("import.file"),
        info=words("import.file_info"),
        allow_custom_value=True,
        elem_id="import-file",
    )
    name = gr.Textbox(label=words("import.name"), info=words("import.name_info"), max_lines=1)
    licence = gr.Textbox(
        label=words("import.licence"), info=words("import.licence_info"), max_lines=1
    )
    panel = Panel(context, "import", "models")

    def work(typed: str | None, called: str, licence: str) -> Work:
        if not typed:
            raise BeyneError(words("import.none"), words("import.choose"))
        path = access.path(typed)
        stem = called.strip() or path.stem
        if Path(stem).name != stem or stem.startswith("."):
            raise BeyneError(words("train.bad_name", name=stem), words("train.choose_name"))
        target = access.place(str(context.home / "models" / f"{stem}.safetensors"))

        def bring(job: Job) -> Path:
            from beyne.zoo.community import UNKNOWN_LICENCE, import_model

            target.parent.mkdir(parents=True, exist_ok=True)
            return import_model(path, target, licence.strip() or UNKNOWN_LICENCE)

        return bring

    def shown(target: Path) -> list[Any]:
        said = words("import.done", name=target.stem, path=target)
        return [f'<p role="status" class="done">{escape(said)}</p>', _cards(context)]

    panel.run([source, name, licence], [cards], work, shown)
    assert context.tab
    offered = lambda: gr.update(choices=[str(path) for path in access.glob(*_FETCHED)])  # noqa: E731
    context.tab.select(offered, None, source, **QUIET)


def _draw_export(context: Context) -> None:
    words = context.words
    gr.Markdown(f"### {words('export.heading')}")
    model = choose_model(context)
    panel = Panel(context, "export", "models")
    files = gr.HTML(elem_classes="downloads")

    def work(name: str | None) -> Work:
        path = context.find(name)

        def write(job: Job) -> tuple[str, Path, Export]:
            from beyne.api import export_model

            # The card's name may be a path: whoever made the file chose it.
            name = path.parent.name if path.name == BEST else path.stem
            target = job.folder / RESULTS / f"{name}.onnx"
            target.parent.mkdir()
            return job.id, target, export_model(path, target)

        return write

    def shown(found: tuple[str, Path, Export]) -> list[Any]:
        job, target, proof = found
        said = words("export.done", difference=f"{proof.difference:.0e}", opset=proof.opset)
        return [f'<p role="status" class="done">{escape(said)}</p>', links(words, job, [target])]

    panel.run([model], [files], work, shown)


def _cards(context: Context) -> str:
    return f"<ul>{''.join(_card(context, one) for one in context.models())}</ul>"


def _card(context: Context, one: Entry) -> str:
    words, card = context.words, one.card
    size = f"×{card.scale}" if card.scale > 1 else ""
    if card.generates:
        size = f"{card.generator['width']}×{card.generator['height']}"
    millions, megabytes = f"{one.parameters / 1e6:.2f}", f"{one.size / 1e6:.1f}"
    facts = [
        words("models.weights", millions=millions, size=megabytes),
        words("models.channels", count=card.channels_out),
        *(words("models.scores", scores=text) for text in _scores(card.scores[:1])),
        words("models.licence", licence=card.licence),
        *([card.credit] if card.credit else []),
        str(one.path),
    ]
    rows = "".join(f"<p>{escape(fact)}</p>" for fact in facts)
    kind = ", ".join(filter(None, (words(f"{card.job}.tab"), size)))
    title = f"{escape(card.name)} <small>{escape(kind)}</small>"
    about = f"<p>{sentence(words, card.description)}</p>" if card.description else ""
    return f"<li><h3>{title}</h3>{about}<small>{rows}</small></li>"


def _scores(rows: Iterable[dict[str, Any]]) -> Iterable[str]:
    for row in rows:
        known = [f"{name.upper()} {row[name]:.3g}" for name in _SCORES if name in row]
        if known:
            yield ": ".join([*filter(None, [row.get("data")]), ", ".join(known)])
