"""A user who may not read everything, as the one that runs the tests in a container may."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_NOBODY = 65534

posix_users = pytest.mark.skipif(not hasattr(os, "seteuid"), reason="no POSIX users on this system")


@contextmanager
def as_nobody() -> Iterator[None]:
    """While it lasts, root is nobody; others stay who they are."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)
