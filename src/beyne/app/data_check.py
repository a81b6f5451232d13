"""The look at a data folder that comes before a training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from beyne.api.runs import TrainCall
from beyne.app.batches import Follower
from beyne.app.jobs import Job
from beyne.app.panel import problem, sentence
from beyne.app.words import Words
from beyne.errors import BeyneError

if TYPE_CHECKING:
    from beyne.doctor import Diagnosis
    from beyne.training.preview import Seen

#: Findings that are shown, and files of each.
_FINDINGS, _FILES = 20, 5
_CLASSES = {"error": "problem", "warning": "note", "info": "done"}


@dataclass(frozen=True)
class Checked:
    """What came out.

    Attributes:
        key: What was checked, see `key_of`.
        diagnosis: Of the folder.
        seen: What the training would see; None if it could not begin.
        sheet: The first of it, as a picture.
        error: Why it could not begin.
    """

    key: str
    diagnosis: Diagnosis
    seen: Seen | None
    sheet: Path
    error: BeyneError | None

    @property
    def doubtful(self) -> bool:
        """Whether training is possible but unwise."""
        return any(finding.severity == "error" for finding in self.diagnosis.findings)


def key_of(call: TrainCall) -> str:
    """What of a training a check is about: recipe, folders and sizes."""
    about = [text for text in call.settings if text.startswith(("data.", "generator."))]
    return "\n".join([call.recipe, str(call.data), *about])


def check(call: TrainCall, job: Job) -> Checked:
    """Read the folder as `beyne check` and as the training would.

    Raises:
        BeyneError: There is no such folder, or not one picture.
    """
    from beyne.api import check as look
    from beyne.api import preview
    from beyne.api.recipes import recipes

    sheet = job.folder / "sheet.png"
    task = recipes()[call.recipe]
    diagnosis = look(call.data, task, settings=call.settings, watcher=Follower(job))
    try:
        seen, error = preview(call.data, sheet, call.recipe, call.settings, overwrite=True), None
    except BeyneError as wrong:
        seen, error = None, wrong
    return Checked(key_of(call), diagnosis, seen, sheet, error)


def told(words: Words, checked: Checked) -> str:
    """What was found, worst first, as HTML."""
    lines = []
    if checked.error:
        lines.append(problem(words, checked.error, "check.impossible"))
    findings = [f for f in checked.diagnosis.findings if f.kind != "layout"]  # was chosen
    for finding in findings[:_FINDINGS]:
        said = sentence(words, finding.problem, finding.remedy)
        severity = escape(words(f"check.{finding.severity}"))
        lines.append(
            f'<p class="{_CLASSES[finding.severity]}"><b>{severity}</b> '
            f"{said}.{_files(words, finding.files)}</p>"
        )
    if len(findings) > _FINDINGS:
        lines.append(f"<p>{escape(words('check.more', count=len(findings) - _FINDINGS))}</p>")
    if seen := checked.seen:
        counts = words("check.seen", train=seen.train, val=seen.val, test=seen.test)
        lines.append(f'<p role="status" class="done">{escape(counts)}</p>')
    return "".join(lines)


def _files(words: Words, files: Sequence[str]) -> str:
    if not files:
        return ""
    shown = ", ".join(files[:_FILES])
    rest = len(files) - _FILES
    more = " " + words("check.files", count=rest) if rest > 0 else ""
    return f"<br><small>{escape(shown + more)}</small>"
