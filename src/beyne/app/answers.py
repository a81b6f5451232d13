"""What Gradio answers, looked at before it goes out: the page itself, and stored uploads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from gradio.utils import get_upload_folder
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from beyne.app.access import Access
from beyne.errors import DISK_FULL, is_disk_full
from beyne.images import is_dicom, is_picture
from beyne.languages import translated
from beyne.predict.files import PICTURES, suffix_of

#: Status of an answer: no room to store what was sent.
_FULL = 507

#: The body of an answer → another one, or None to leave it as it is.
Look = Callable[[int, bytes], Response | None]


class Answers:
    """Gradio's page in one language.

    Args:
        app: Gradio.
        access: Words and limits of the page.
        head: HTML to stand in its head before all else.
    """

    def __init__(self, app: ASGIApp, access: Access, head: str) -> None:
        self._app = app
        self._access = access
        self._head = head
        root = f"/{access.words.language}"
        self._looks: dict[str, Look] = {
            f"{root}/": self._headed,
            f"{root}/gradio_api/upload": self._checked,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        look = self._looks.get(scope["path"])
        if look is None:
            await self._app(scope, receive, send)
            return
        kept: list[Message] = []
        heard = full = False

        async def hear() -> Message:
            nonlocal heard
            message = await receive()
            heard = not message.get("more_body", False)
            return message

        async def keep(message: Message) -> None:
            kept.append(message)

        plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        try:
            await self._app({**scope, "headers": plain}, hear, keep)
        except OSError as error:
            if not is_disk_full(error):
                raise
            full = True
        while not heard:  # browsers that are still sending do not hear an answer
            await hear()
        body = b"".join(message.get("body", b"") for message in kept)
        status = next(message["status"] for message in kept if "status" in message)
        other = look(_FULL if full else status, body)
        if other is not None:
            await other(scope, receive, send)
            return
        for message in kept:
            await send(message)

    def _headed(self, status: int, body: bytes) -> Response | None:
        """The page in its language: Gradio writes English, and its ``head`` comes too late."""
        if status != 200:
            return None
        text = body.decode().replace('lang="en"', f'lang="{self._access.words.language}"', 1)
        # Told of it, Gradio would refuse large files in the browser already, but in English.
        text = re.sub(r'"max_file_size":\d+', '"max_file_size":null', text, count=1)
        return Response(text.replace("<head>", f"<head>{self._head}", 1), media_type="text/html")

    def _checked(self, status: int, body: bytes) -> Response | None:
        """Uploads that are no pictures are deleted before the browser learns where they are."""
        words = self._access.words
        if status == 413:
            large = words("access.large", limit=self._access.upload_limit)
            return PlainTextResponse(f"{large}; {words('access.by_path')}.", 413)
        if status == _FULL:
            for part in Path(get_upload_folder()).glob("tmp*"):  # of what is being received
                part.unlink(missing_ok=True)
            full = translated(DISK_FULL[0], words.language)
            return PlainTextResponse(f"{full}; {words('access.by_path')}.", _FULL)
        if status != 200:
            return None
        stored = [Path(path) for path in json.loads(body)]
        refused = [path.name for path in stored if not _taken(path)]
        if not refused:
            return None
        for path in stored:
            path.unlink(missing_ok=True)
        said = words("access.no_picture", names=", ".join(refused))
        return PlainTextResponse(f"{said}; {words('access.kinds')}.", 415)


def _taken(path: Path) -> bool:
    """Whether name and first bytes are a picture's; a DICOM file's name may be anything."""
    return is_dicom(path) or (suffix_of(path) in PICTURES and is_picture(path))
