"""Files that the browser sends: pictures only, told by name and content, or nothing is kept."""

from __future__ import annotations

import json
from pathlib import Path

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from beyne.app.access import Access
from beyne.errors import ImageError
from beyne.images import SUFFIXES
from beyne.images.files import check_family

_PATH = "/gradio_api/upload"


class Uploads:
    """Looks at what Gradio has stored, before the browser learns where.

    Args:
        app: The page.
        access: Its words and limits.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not scope["path"].endswith(_PATH):
            await self._app(scope, receive, send)
            return
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        await self._app(scope, receive, keep)
        refusal = self._refusal(kept)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        for message in kept:
            await send(message)

    def _refusal(self, kept: list[Message]) -> PlainTextResponse | None:
        words = self._access.words
        status = kept[0]["status"]
        if status == 413:
            limit = words("access.large", limit=self._access.upload_limit)
            return PlainTextResponse(f"{limit}; {words('access.by_path')}.", 413)
        if status != 200:
            return None
        stored = json.loads(b"".join(message.get("body", b"") for message in kept[1:]))
        refused = [path.name for path in map(Path, stored) if not _is_picture(path)]
        if not refused:
            return None
        for path in stored:
            Path(path).unlink(missing_ok=True)
        said = words("access.no_picture", names=", ".join(refused))
        return PlainTextResponse(f"{said}; {words('access.kinds')}.", 415)


def _is_picture(path: Path) -> bool:
    """Whether name and first bytes are a picture's; a DICOM file's name may be anything."""
    try:
        family = check_family(path)
    except ImageError:
        return False
    return family == "dicom" or path.suffix.lower() in SUFFIXES
