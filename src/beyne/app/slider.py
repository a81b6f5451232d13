"""Before, after and trust in one frame, for mouse, touch and keyboard, with zoom."""

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


def slider(words: Words, name: str, before: str, after: str, overlay: str | None = None) -> str:
    """HTML of the slider.

    Args:
        words: For its labels.
        name: Of the picture.
        before: Address of a picture, as are ``after`` and ``overlay``, of the same size.
        overlay: Shown in the place of ``after`` when a switch is on; None: there is no switch.
    """
    title = escape(name)
    said = {key: escape(words(f"slider.{key}")) for key in ("before", "after", "line", "zoom")}

    def picture(kind: str, address: str, shows: str) -> str:
        return f'<img class="{kind}" src="{address}" alt="{title}: {shows}" draggable="false">'

    ranges = "".join(
        f'<label>{said[label]} <input type="range" class="{kind}" min="{low}" max="{high}" '
        f'step="{step}" value="{value}" oninput="{_SET.format(name=kind)}"></label>'
        for label, kind, low, high, step, value in (
            ("line", "at", 0, 100, 0.5, 50),
            ("zoom", "zoom", 1, 8, 0.5, 1),
        )
    )
    images, switch = picture("after", after, said["after"]), ""
    if overlay:
        label = escape(words("slider.trust"))
        images += picture("overlay", overlay, label)
        switch = f'<label><input type="checkbox" class="switch"> {label}</label>'
    images += picture("before", before, said["before"])
    return (
        f'<figure class="slider"><div class="frame" tabindex="0" aria-label="{title}">'
        f'<div class="stack" onpointerdown="{_DRAG}" onpointermove="{_DRAG}">{images}'
        f'<span class="line"></span></div></div>'
        f'<p class="sides"><span>{said["before"]}</span><span>{said["after"]}</span></p>'
        f"<figcaption>{ranges}{switch}</figcaption></figure>"
    )
