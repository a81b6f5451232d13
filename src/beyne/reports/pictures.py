"""Pictures as text inside a page: data URIs, together no larger than a page may be."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

from PIL import Image

from beyne.reports.document import Picture

#: Bytes that all pictures of a page may take as text, so that the page stays below 15 MB.
BUDGET = 13_000_000
_SMALL = 128**2  # pixels up to which a picture is kept exactly
_QUALITIES = (90, 80, 65, 50, 30)


def embedded(pictures: Sequence[Picture], budget: int = BUDGET) -> tuple[dict[int, str], int]:
    """Every picture as a WebP data URI, at the best quality that fits the budget.

    Args:
        pictures: As the page shows them; one may stand there more than once.
        budget: Bytes of text for all of them.

    Returns:
        ``id`` of the picture → URI; and the WebP quality of those that are not small.
    """
    different = {id(picture): picture for picture in pictures}
    for quality in _QUALITIES:
        uris = {key: _uri(picture, quality) for key, picture in different.items()}
        if sum(len(uris[id(picture)]) for picture in pictures) <= budget:
            break
    return uris, quality


def _uri(picture: Picture, quality: int) -> str:
    pixels = picture.pixels
    grey = pixels.shape[2] == 1
    image = Image.fromarray(pixels[:, :, 0] if grey else pixels)
    data = io.BytesIO()
    exact = image.width * image.height <= _SMALL
    image.save(data, "WEBP", lossless=exact, quality=quality)
    return "data:image/webp;base64," + base64.b64encode(data.getvalue()).decode()
