"""Report pages below the roots, shown by the browser without any power over the window."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from beyne.app.access import Access
from beyne.errors import BeyneError

#: What a training and a comparison call their page.
NAME = "report.html"
#: The page's own script sorts its tables; it belongs to no origin, so it reaches nothing of ours.
_POLICY = (
    "sandbox allow-scripts allow-popups; default-src 'none'; img-src data:; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'self'"
)


def address(report: Path) -> str:
    """Where the browser finds a report page."""
    return "/report/" + quote(report.as_posix().lstrip("/"))


def frame(report: Path, title: str) -> str:
    """A report page within the window, as HTML."""
    where, said = address(report), escape(title)
    return (
        f'<p><a href="{where}" target="_blank" rel="noopener">{said}</a></p>'
        f'<iframe class="report" src="{where}" title="{said}" sandbox="allow-scripts"></iframe>'
    )


def response(access: Access, request: Request) -> Response:
    """Answer ``/report/{path}``: a file ``report.html`` below the roots."""
    try:
        file = access.path(str(Path("/", request.path_params["path"])))
    except BeyneError as error:
        return PlainTextResponse(str(error), 404)
    if file.name != NAME or not file.is_file():
        return PlainTextResponse("This is no report.", 404)
    headers = {"content-security-policy": _POLICY, "cache-control": "no-store"}
    return FileResponse(file, media_type="text/html", headers=headers)
