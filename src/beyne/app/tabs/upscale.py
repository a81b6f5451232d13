"""The tab that enlarges pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from beyne.app.batches import Batch, Inputs, Results, run
from beyne.app.context import Context
from beyne.app.jobs import Job, Work
from beyne.app.model_choice import choose_model
from beyne.app.panel import Panel
from beyne.bundle import read_card
from beyne.errors import BeyneError, UsageError


def build(context: Context) -> None:
    """Draw the tab inside the current `gr.Tab`."""
    words = context.words
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=320):
            inputs = Inputs(context)
            model = choose_model(context, "upscale")
            trust = gr.Checkbox(label=words("upscale.trust"), info=words("upscale.trust_info"))
            with gr.Accordion(words("upscale.more"), open=False):
                scale = gr.Dropdown(
                    [(words("upscale.scale_own"), 0), ("×4", 4), ("×3", 3), ("×2", 2)],
                    value=0,
                    label=words("upscale.scale"),
                )
                consistent = gr.Radio(
                    [(words(f"upscale.consistent_{name}"), name) for name in ("auto", "on", "off")],
                    value="auto",
                    label=words("upscale.consistency"),
                    info=words("upscale.consistency_info"),
                )
                ensemble = gr.Checkbox(
                    label=words("upscale.ensemble"), info=words("upscale.ensemble_info")
                )
                smooth = gr.Slider(
                    0,
                    3,
                    0,
                    step=0.1,
                    label=words("upscale.smooth"),
                    info=words("upscale.smooth_info"),
                )
                format = gr.Dropdown(
                    [
                        (words("upscale.format_own"), ""),
                        ("PNG", "png"),
                        ("TIFF", "tiff"),
                        ("JPEG", "jpg"),
                        ("WebP", "webp"),
                        ("COG (GeoTIFF)", "cog"),
                    ],
                    value="",
                    label=words("upscale.format"),
                    info=words("upscale.format_info"),
                )
                anonymize = gr.Checkbox(
                    label=words("upscale.anonymize"), info=words("upscale.anonymize_info")
                )
            panel = Panel(context, "upscale")
        with gr.Column(scale=3, min_width=320):
            results = Results(context, "upscale")

    def work(files: list[str] | None, path: str, name: str, *values: Any) -> Work:
        trust, scale, consistent, ensemble, smooth, format, anonymize = values
        sources, found = inputs.gathered(files, path), context.find(name, "upscale")
        if trust:
            _check_trust(context, found, scale or None, smooth, ensemble)
        options = {
            "model": str(found),
            "trust": trust,
            "scale": scale or None,
            "consistent": {"on": True, "off": False}.get(consistent),
            "ensemble": ensemble,
            "smooth": smooth,
            "format": format or None,
            "anonymize": anonymize,
            "pixel_limit": context.access.pixel_limit,
        }

        def enlarge(job: Job) -> Batch:
            from beyne.api import upscale_files

            return run(job, lambda folder, told: upscale_files(sources, folder, told, **options))

        return enlarge

    settings = [trust, scale, consistent, ensemble, smooth, format, anonymize]
    asked = [inputs.files, inputs.path, model, *settings]
    panel.run(asked, results.outputs, work, results.shown)


def _check_trust(
    context: Context, model: Path, scale: int | None, smooth: float, ensemble: bool
) -> None:
    """Refuse in the page's words what `beyne.api.upscale_files` would refuse.

    Raises:
        BeyneError: For this model, or for these settings, trust was not measured.
    """
    from beyne.trust.calibration import checked_trust

    try:
        checked_trust(read_card(model), scale, smooth, ensemble)
    except UsageError:
        known = ", ".join(one.card.name for one in context.models("upscale") if one.card.trust)
        problem = context.words("upscale.no_trust", models=known)
        raise BeyneError(problem, context.words("upscale.untrusted")) from None
