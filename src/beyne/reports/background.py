"""The parts of a report that stand behind its numbers: data, protocol, costs, settings, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from beyne.reports.document import Section


@dataclass(frozen=True)
class Finding:
    """Something found in the data, and what to do about it."""

    kind: str
    severity: Literal["info", "warning", "error"]
    files: tuple[str, ...]
    problem: str
    remedy: str


@dataclass(frozen=True)
class Findings(Section):
    """What the data check found; none is a result, too."""

    kind = "findings"
    findings: tuple[Finding, ...]


FactName = Literal[
    "data",
    "split",
    "pictures",
    "metrics",
    "seeds",
    "versions",
    "hardware",
    "precision",
    "command",
]


@dataclass(frozen=True)
class Protocol(Section):
    """How the numbers came about, in the words of whoever made them.

    Attributes:
        groups: Over which pictures were averaged; None: over none.
        tested: Whether differences were, by the rule of `beyne.evaluation.statistics`.
    """

    kind = "protocol"
    facts: Mapping[FactName, str]
    groups: int | None = None
    tested: bool = False


@dataclass(frozen=True)
class Cost:
    """What an arm took; None where it does not apply.

    Attributes:
        parameters: Of the network that is used.
        images: Training images seen.
        seconds: Of training.
        picture_seconds: Of applying it to one picture.
    """

    arm: str
    parameters: int | None = None
    images: int | None = None
    seconds: float | None = None
    picture_seconds: float | None = None


@dataclass(frozen=True)
class Costs(Section):
    """Time and size of every arm."""

    kind = "costs"
    costs: tuple[Cost, ...]


@dataclass(frozen=True)
class Recipes(Section):
    """The settings of every arm: name → TOML."""

    kind = "recipes"
    recipes: Mapping[str, str]


LimitName = Literal["sample", "detail", "scores", "chosen", "few", "classifier", "seeds"]


@dataclass(frozen=True)
class Limits(Section):
    """What the report does not show: sentences of the catalogue, then others."""

    kind = "limits"
    known: tuple[LimitName, ...]
    others: tuple[str, ...] = ()
