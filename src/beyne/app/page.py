"""The page: its head, the tabs, how it looks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from beyne.app.context import Context
from beyne.app.tabs import TABS
from beyne.app.words import LANGUAGES, Words
from beyne.config import read_toml

_SYSTEM_FONTS = ("system-ui", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
#: Where the theme's own are too faint for WCAG AA.
_COLOURS = {
    "block_info_text_color": "*neutral_600",
    "block_info_text_color_dark": "*neutral_300",
    "block_label_text_color": "*neutral_700",
    "block_label_text_color_dark": "*neutral_200",
    "block_title_text_color": "*neutral_800",
    "block_title_text_color_dark": "*neutral_100",
    "body_text_color_subdued": "*neutral_600",
    "body_text_color_subdued_dark": "*neutral_300",
    "color_accent": "*primary_600",
    "button_primary_background_fill": "*primary_700",
    "button_primary_background_fill_dark": "*primary_700",
    "button_primary_background_fill_hover": "*primary_800",
    "button_primary_background_fill_hover_dark": "*primary_600",
    "button_primary_text_color": "white",
    "button_primary_text_color_dark": "white",
}

#: A language that Gradio does not speak → one that it speaks, whose words `Site` exchanges.
STAND_INS = {"kk": "uz"}

#: Of the browser's tab.
ICON = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    b'<rect width="16" height="16" rx="3" fill="#1d4ed8"/><path d="M4 12V4h4v4h4v4z" fill="#fff"/>'
    b"</svg>"
)


def build_page(context: Context) -> None:
    """Draw the page inside the current `gr.Blocks`."""
    words = context.words
    gr.HTML(_banner(words), elem_id="head")
    with gr.Tabs():
        for name, build in TABS.items():
            with gr.Tab(words(f"{name}.tab"), id=name, elem_id=f"tab-{name}") as tab:
                gr.Markdown(words(f"{name}.about"), elem_classes="about")
                build(replace(context, tab=tab))


def dress(words: Words) -> dict[str, Any]:
    """Looks and Gradio's own words, as arguments of `gr.mount_gradio_app`."""
    fonts = [gr.themes.Font(name) for name in _SYSTEM_FONTS]
    monospace = [gr.themes.Font("ui-monospace"), gr.themes.Font("monospace")]
    theme = gr.themes.Base(primary_hue="blue", font=fonts, font_mono=monospace).set(**_COLOURS)
    return {
        "theme": theme,
        "css_paths": Path(__file__).with_name("page.css"),
    }


def _banner(words: Words) -> str:
    links = " ".join(
        f'<a href="/{code}/" lang="{code}" hreflang="{code}"'
        f"{' aria-current=true' if code == words.language else ''}>{name}</a>"
        for code, name in LANGUAGES.items()
    )
    return f'<h1>beyne</h1><nav aria-label="{words("page.languages")}">{links}</nav>'


def spoken_by_gradio(language: str) -> bytes:
    """Gradio's own words in a language that it does not speak, as a module of JavaScript."""
    said = read_toml(Path(__file__).parent / "catalogues" / f"gradio-{language}.toml")
    return f"export default {json.dumps(said, ensure_ascii=False)};".encode()


def head(words: Words) -> str:
    """Scripts for the page's head: Gradio speaks the browser's language, this page its own."""
    said = json.dumps({"add": words("inputs.add")}, ensure_ascii=False)
    mended = Path(__file__).with_name("page.js").read_text(encoding="utf-8")
    language = json.dumps(words.language)
    told = json.dumps(STAND_INS.get(words.language, words.language))
    return f"""<script>
    Object.defineProperty(navigator, "language", {{ get: () => {told} }});
    Object.defineProperty(navigator, "languages", {{ get: () => [{told}] }});
    const root = document.documentElement, set = root.setAttribute.bind(root);
    root.setAttribute = (name, value) => set(name, name === "lang" ? {language} : value);
    document.cookie = "beyne-language=" + {language} + ";path=/;max-age=31536000;samesite=strict";
    const words = {said};
    {mended}</script>"""
