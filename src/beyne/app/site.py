"""One page a language, each built when it is first asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from beyne.app import documents
from beyne.app.access import LOOPBACK, Access
from beyne.app.answers import Answers
from beyne.app.context import Context
from beyne.app.downloads import RESULTS, SHOWN, response
from beyne.app.guard import Guard
from beyne.app.jobs import Jobs
from beyne.app.page import ICON, STAND_INS, build_page, dress, head, spoken_by_gradio
from beyne.app.words import LANGUAGES, Words, preferred

if TYPE_CHECKING:
    from beyne.app.server import Settings

_COOKIE = "beyne-language"
#: Largest files that may be sent at once.
_TOGETHER = 20


class Site:
    """The pages as an ASGI application: ``/`` leads to ``/en/``, ``/kk/`` ….

    Args:
        settings: As for `beyne.app.server.serve`.
        roots: Folders, resolved, whose files may be opened.
        folder: For what jobs make.
    """

    def __init__(self, settings: Settings, roots: list[Path], folder: Path) -> None:
        self._settings = settings
        self._roots = roots
        self._jobs = Jobs(folder / "jobs")
        self._app = FastAPI(openapi_url=None)
        for kind in (RESULTS, SHOWN):
            self._app.add_route(f"/{kind}/{{job}}/{{name:path}}", self._file)
        self._app.add_route("/report/{path:path}", self._report)
        self._app.add_route("/favicon.ico", _icon)
        for language, other in STAND_INS.items():
            self._app.add_route(f"/{language}/assets/{other}-{{rest}}", _spoken)
        self._pages: dict[str, Answers] = {}
        self._one = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            language = scope["path"].split("/")[1]
            if language == "":
                await self._lead(Request(scope))(scope, receive, send)
                return
            if language in LANGUAGES:
                async with self._one:
                    page = await self._built(language)
                await page(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def close(self) -> None:
        """Stop all work and wait for it."""
        self._jobs.close()

    def _lead(self, request: Request) -> RedirectResponse:
        headers = Headers(scope=request.scope)
        chosen = request.cookies.get(_COOKIE) or self._settings.language
        if chosen not in LANGUAGES:
            chosen = preferred(headers.get("accept-language", ""))
        return RedirectResponse(f"/{chosen}/")

    def _file(self, request: Request) -> Response:
        return response(self._jobs, request)

    def _report(self, request: Request) -> Response:
        language = request.cookies.get(_COOKIE)
        words = Words(language if language in LANGUAGES else "en")
        return documents.response(Access(self._roots, words), request)

    async def _built(self, language: str) -> Answers:
        """The page of a language; the first request builds it, which takes a part of a second."""
        if language in self._pages:
            return self._pages[language]
        words = Words(language)
        access = Access(self._roots, words, self._settings.upload_limit, self._settings.pixel_limit)
        with gr.Blocks(title="beyne", analytics_enabled=False) as page:
            build_page(Context(words, access, self._jobs, page))
        page.queue(default_concurrency_limit=None)
        gr.mount_gradio_app(
            self._app,
            page,
            path=f"/{language}",
            max_file_size=self._settings.upload_limit * 10**6,
            footer_links=[],
            run_history=False,
            enable_monitoring=False,
            show_error=True,
            **dress(words),
        )
        # Otherwise Gradio would take any path on this machine for a file that was sent.
        page.has_launched = True
        page.run_startup_events()
        await page.run_extra_startup_events()
        self._pages[language] = Answers(self._app, access, head(words))
        return self._pages[language]


@contextmanager
def guarded_site(settings: Settings, roots: list[Path], folder: Path) -> Iterator[Guard]:
    """The site behind its guard; at the end all work stops. Arguments as for `Site`."""
    site = Site(settings, roots, folder)
    hosts = LOOPBACK if settings.host in LOOPBACK else ()
    try:
        yield Guard(site, hosts, settings.users, _TOGETHER * settings.upload_limit)
    finally:
        site.close()


def _spoken(request: Request) -> Response:
    language = request.url.path.split("/")[1]
    return Response(spoken_by_gradio(language), media_type="text/javascript")


def _icon(request: Request) -> Response:
    return Response(ICON, media_type="image/svg+xml")
