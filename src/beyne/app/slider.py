"""Before and after in one frame, for mouse, touch and keyboard, with zoom."""

from __future__ import annotations

from html import escape

from beyne.app.words import Words

_DRAG = (
    "if (event.buttons) { const box = this.getBoundingClientRect();"
    " const range = this.closest('figure').querySelector('.at');"
    " range.value = 100 * (event.clientX - box.left) / box.width;"
    " range.dispatchEvent(new Event('input')); }"
)
_SET = "this.closest('figure').style.setProperty('--{name}', this.value)"


def slider(words: Words, name: str, before: str, after: str) -> str:
    """HTML of the slider.

    Args:
        words: For its labels.
        name: Of the picture.
        before: Address of a picture, as is ``after``, of the same size.
    """
    title = escape(name)
    said = {key: escape(words(f"slider.{key}")) for key in ("before", "after", "line", "zoom")}
    ranges = "".join(
        f'<label>{said[label]} <input type="range" class="{kind}" min="{low}" max="{high}" '
        f'step="{step}" value="{value}" oninput="{_SET.format(name=kind)}"></label>'
        for label, kind, low, high, step, value in (
            ("line", "at", 0, 100, 0.5, 50),
            ("zoom", "zoom", 1, 8, 0.5, 1),
        )
    )
    return (
        f'<figure class="slider"><div class="frame" tabindex="0" aria-label="{title}">'
        f'<div class="stack" onpointerdown="{_DRAG}" onpointermove="{_DRAG}">'
        f'<img src="{after}" alt="{title}: {said["after"]}" draggable="false">'
        f'<img class="before" src="{before}" alt="{title}: {said["before"]}" draggable="false">'
        f'<span class="line"></span></div></div>'
        f'<p class="sides"><span>{said["before"]}</span><span>{said["after"]}</span></p>'
        f"<figcaption>{ranges}</figcaption></figure>"
    )
