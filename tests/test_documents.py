"""What the documents tell to type can be typed, and what they point to is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from beyne.cli import app
from beyne.recipe import load_recipe

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def commands() -> list[tuple[str, str]]:
    """Document and command line of every call in a code block."""
    found = []
    for path in DOCUMENTS:
        for block in re.findall(r"^```\n(.*?)^```", path.read_text(encoding="utf-8"), re.S | re.M):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("beyne ") and " | " not in line:
                    found.append((str(path.relative_to(ROOT)), line))
    return found


def parsed(words: list[str]) -> dict[str, Any]:
    """What the command line understands; nothing is done."""
    command: Any = typer.main.get_command(app)
    while hasattr(command, "commands"):
        name, *words = words
        command = command.commands[name]
    with command.make_context(command.name, words) as context:
        return context.params


@pytest.mark.parametrize(("document", "line"), commands())
def test_commands_are_understood(document, line) -> None:
    words = shlex.split(line.partition(" > ")[0], comments=True)[1:]
    understood = parsed(words)
    if words[0] in ("train", "augment"):
        load_recipe(understood["recipe"], understood["settings"])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_first_steps_are_the_same_in_every_language() -> None:
    told = {
        path.stem: [
            re.sub(r"#.*|--lang \w+|--text \"[^\"]*\"", "", line).strip()
            for name, line in commands()
            if name == str(path.relative_to(ROOT))
        ]
        for path in DOCUMENTS
        if path.parent.name == "start"
    }
    assert set(told) == {"kk", "ru", "uk"}
    assert told["kk"] == told["ru"] == told["uk"] != []
