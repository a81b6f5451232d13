"""How numbers are written, once for the whole page: decimal mark, thin spaces, a true minus."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from beyne.reports.document import Estimate

_MINUS, _NARROW = "\N{MINUS SIGN}", "\N{NARROW NO-BREAK SPACE}"
_NO_BREAK, _NOTHING = "\N{NO-BREAK SPACE}", "\N{EN DASH}"

_MARK: ContextVar[str] = ContextVar("decimal mark", default=".")


@contextmanager
def written_in(language: str) -> Iterator[None]:
    """Numbers written inside have that language's decimal mark: a comma in all but English."""
    before = _MARK.set("." if language == "en" else ",")
    try:
        yield
    finally:
        _MARK.reset(before)


def number(value: float | None, digits: int = 2, sign: bool = False) -> str:
    """``28.41``, ``+0.012`` with ``sign``, ``∞``, or a dash for what is missing."""
    if value is None or math.isnan(value):
        return _NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else f"{_MINUS}∞"
    value = round(value, digits) or 0.0  # no negative zero
    text = f"{value:{'+' if sign else ''},.{digits}f}".replace(",", _NARROW)
    return _marked(text)


def interval(estimate: Estimate, digits: int = 2, sign: bool = False) -> str:
    """``[28.02, 28.80]``, ``[28,02; 28,80]``; empty where there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    low, high = (number(end, digits, sign) for end in (estimate.low, estimate.high))
    between = "," if _MARK.get() == "." else ";"
    return f"[{low}{between}{_NO_BREAK}{high}]"


def count(value: float | None) -> str:
    """``1 250 000``."""
    return number(value, 0)


def percent(share: float, digits: int = 0) -> str:
    """``83 %`` for 0.83."""
    return f"{number(100 * share, digits)}{_NARROW}%"


def probability(p: float) -> str:
    """``p = 0.012`` or ``p < 0.001``."""
    text = "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
    return _marked(text).replace(" ", _NO_BREAK)


def ticks(values: Sequence[float]) -> list[str]:
    """Marks of an axis, all with as many decimal places."""
    texts = [short(value) for value in values]
    if any(not text[-1].isdigit() or "e" in text for text in texts):
        return texts
    digits = max((len(text.partition(_MARK.get())[2]) for text in texts), default=0)
    return [number(value, digits) for value in values]


def short(value: float) -> str:
    """For axes: ``0.002``, ``25``, ``250k``, ``1.5M``, ``1e−5``."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return _marked(f"{value / size:g}{letter}")
    if 0 < abs(value) < 1e-3:
        return _marked(f"{value:.0e}".replace("e-0", "e-"))
    return _marked(f"{value:.4g}")


def _marked(text: str) -> str:
    return text.replace(".", _MARK.get()).replace("-", _MINUS)
