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
from beyne.files import whole_or_nothing

#: Below a job's folder: what may be downloaded, and what the page shows.
RESULTS, SHOWN = "results", "shown"
_ALL = "all.zip"
#: Links that are shown; the archive holds all.
_MOST_LINKS = 100


def links(words: Words, job: str, files: Sequence[Path]) -> str:
    """Links to files below ``results`` of a job's folder, as HTML; several come as a zip, too."""
    if not files:
        return ""
    rows = [_row(words, job, file) for file in files[:_MOST_LINKS]]
    listed = f"<ul>{''.join(rows)}</ul>"
    if len(files) > 1:
        everything = escape(words("results.zip", count=len(files)))
        singly = escape(words("results.singly"))
        listed = (
            f'<p><a href="/{RESULTS}/{job}/{_ALL}" download>{everything}</a></p>'
            f"<details><summary>{singly}</summary>{listed}</details>"
        )
    return f"<h2>{escape(words('results.files'))}</h2>{listed}"


def _row(words: Words, job: str, file: Path) -> str:
    name, size = _name(file, job), file.stat().st_size
    unit, divisor = ("megabytes", 1e6) if size >= 1e6 else ("kilobytes", 1e3)
    told = words(f"results.{unit}", size=f"{size / divisor:.1f}")
    link = f'<a href="/{RESULTS}/{job}/{quote(name)}" download>{escape(name)}</a>'
    return f"<li>{link} <small>{escape(told)}</small></li>"


def _name(file: Path, job: str) -> str:
    parts = file.parts
    return "/".join(parts[parts.index(job) + 2 :])


def response(jobs: Jobs, request: Request) -> Response:
    """A file of ``/results/{job}/{name}`` or ``/shown/{job}/{name}``, for the job's visitor."""
    kind = request.url.path.split("/")[1]
    job = jobs.find(request.path_params["job"], request.cookies.get(COOKIE, ""))
    gone = PlainTextResponse("This file is gone.", 404)
    if job is None or not job.finished:
        return gone
    folder, name = (job.folder / kind).resolve(), request.path_params["name"]
    if kind == RESULTS and name == _ALL:
        return FileResponse(_archive(folder, job.folder / _ALL), filename=f"{job.tab}.zip")
    file = (folder / name).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        return gone
    return FileResponse(file, filename=file.name if kind == RESULTS else None)


def _archive(folder: Path, archive: Path) -> Path:
    if not archive.exists():
        with whole_or_nothing(archive) as file, zipfile.ZipFile(file, "w") as writer:
            for made in sorted(path for path in folder.rglob("*") if path.is_file()):
                writer.write(made, made.relative_to(folder))
    return archive
