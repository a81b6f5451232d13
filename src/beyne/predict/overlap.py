"""Work that is begun one item ahead of whoever takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def one_ahead(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Sequence[Item]
) -> Iterator[tuple[Item, Future[Result]]]:
    """Each item with its work, begun when the item before was handed out."""
    upcoming: tuple[Item, Future[Result]] | None = None
    for item in items:
        following = item, pool.submit(work, item)
        if upcoming is not None:
            yield upcoming
        upcoming = following
    if upcoming is not None:
        yield upcoming
