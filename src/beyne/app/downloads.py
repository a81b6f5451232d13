"""The files that a job made, for the visitor whose job it is."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from beyne.app.guard import COOKIE
from beyne.app.jobs import Jobs
from beyne.app.words import Words

#: Below a job's folder: what may be downloaded.
RESULTS = "results"
_ALL = "all.zip"
#: Links that are shown; the archive holds all.
_MOST_LINKS = 100


def links(words: Words, job: str, files: Sequence[Path]) -> str:
    """Links to files below ``results`` of a job's folder, as HTML; several come as a zip, too."""
    if not files:
        return ""
    rows = []
    if len(files) > 1:
        text = words("results.zip", count=len(files))
        rows.append(f'<a class="all" href="/files/{job}/{_ALL}" download>{escape(text)}</a>')
    for file in files[:_MOST_LINKS]:
        name = _name(file, job)
        size = words("results.size", size=f"{file.stat().st_size / 1e6:.1f}")
        link = f'<a href="/files/{job}/{quote(name)}" download>{escape(name)}</a>'
        rows.append(f"{link} <small>{escape(size)}</small>")
    items = "".join(f"<li>{row}</li>" for row in rows)
    return f"<h2>{escape(words('results.files'))}</h2><ul>{items}</ul>"


def _name(file: Path, job: str) -> str:
    parts = file.parts
    return "/".join(parts[parts.index(job) + 2 :])


def response(jobs: Jobs, request: Request) -> Response:
    """Answer ``/files/{job}/{name}``: a result of a job of the visitor who asks."""
    job = jobs.find(request.path_params["job"], request.cookies.get(COOKIE, ""))
    gone = PlainTextResponse("This file is gone.", 404)
    if job is None or not job.finished:
        return gone
    folder = (job.folder / RESULTS).resolve()
    name = request.path_params["name"]
    file = (folder / name).resolve()
    if name == _ALL:
        file = _archive(folder, job.folder / _ALL)
    elif not file.is_relative_to(folder):
        return gone
    if not file.is_file():
        return gone
    return FileResponse(file, filename=file.name, content_disposition_type="attachment")


def _archive(folder: Path, archive: Path) -> Path:
    if not archive.exists():
        part = archive.with_suffix(".part")
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as writer:  # pictures are compressed
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                writer.write(file, file.relative_to(folder))
        part.replace(archive)
    return archive
