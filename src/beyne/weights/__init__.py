"""Weights that others published for backbones: what is known, what is here, and fetching.

Files are looked for in the folder ``BEYNE_WEIGHTS`` names, then in the cache. That folder may hold
a table of its own, ``weights.toml``, in the form of ``known.toml`` beside this file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field

from beyne.config import Config, read_toml, validated
from beyne.errors import BeyneError, UsageError, did_you_mean
from beyne.files import write_whole

_TABLE = Path(__file__).with_name("known.toml")
_OWN_TABLE = "weights.toml"


class Weights(Config):
    """One known file of weights.

    Attributes:
        network: The backbone they are of, or ``lpips``.
        file: Name of the file.
        url: Where it is published; empty if nowhere.
        hash: ``sha256:`` or ``md5:`` with as many digits as its publisher states; empty if none.
        megabytes: About its size, in 10⁶ bytes.
        official: Whether it is the file, or the very numbers, that the network's users mean.
        fields: Settings of the network that belong to these weights.
        deepest: Last layer of the file; empty if it holds them all.
    """

    network: str
    file: str
    about: str = ""
    url: str = ""
    hash: str = Field("", pattern=r"^((sha256|md5):[0-9a-f]{8,})?$")
    megabytes: float | None = None
    licence: str = "not stated"
    official: bool = False
    fields: dict[str, Any] = Field({})
    deepest: str = ""


class MissingWeightsError(UsageError):
    """Known weights that are not on this machine, or whose place another file has.

    Attributes:
        instead: Settings of whoever asked that would use weights that are.
        others: Name of weights of the same network that can be fetched, where these can't.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.instead: dict[str, str] = {}
        self.others = ""

    def remedy_in(self, table: str) -> str:
        """The remedy, with `instead` or `others` as settings of a recipe's table.

        Args:
            table: Its name, such as ``losses.content``.
        """
        settings = [f"--set {table}.{key}={value}" for key, value in self.instead.items()]
        if settings:
            return f"{self.remedy}, or with what is here: {' '.join(settings)}"
        if self.others:
            fetch = f"beyne weights fetch {self.others}"
            return f"{self.remedy}, or others: {fetch}, then --set {table}.weights={self.others}"
        return self.remedy


def known() -> dict[str, Weights]:
    """Name → weights: beyne's table, then that of the folder ``BEYNE_WEIGHTS``.

    Raises:
        UsageError: The folder or its table is not what it should be.
    """
    folder = own_folder()
    table = folder / _OWN_TABLE if folder else None
    return _read_table(_TABLE) | (_read_table(table) if table and table.is_file() else {})


def _read_table(path: Path) -> dict[str, Weights]:
    entries = read_toml(path)
    return {name: validated(Weights, entry, f"{path}: {name}") for name, entry in entries.items()}


def own_folder() -> Path | None:
    """The folder that ``BEYNE_WEIGHTS`` names; None if it is not set.

    Raises:
        UsageError: There is no such folder.
    """
    text = os.environ.get("BEYNE_WEIGHTS")
    if text and not Path(text).is_dir():
        raise UsageError(f"BEYNE_WEIGHTS is {text}, which is not a folder", "set it to one")
    return Path(text) if text else None


def find(name: str) -> Weights:
    """The weights of that name.

    Raises:
        UsageError: There are none, with the nearest known name.
    """
    entries = known()
    if name not in entries:
        raise UsageError(f"there are no weights '{name}'", did_you_mean(name, entries))
    return entries[name]


def default(network: str) -> str:
    """Name of the first weights of ``network`` in the table."""
    return next(name for name, entry in known().items() if entry.network == network)


def _fetchable(network: str) -> str:
    """Name of the first weights of ``network`` that are whole and published; empty: none are."""
    entries = ((name, entry) for name, entry in known().items() if entry.network == network)
    return next((name for name, entry in entries if entry.url and not entry.deepest), "")


def located(name: str) -> Path | None:
    """Where the file is on this machine, unchecked; None if it is not."""
    entry = find(name)
    folders = [folder for folder in (own_folder(), _cache()) if folder]
    return next((f / entry.file for f in folders if (f / entry.file).is_file()), None)


def is_right(name: str, file: Path) -> bool:
    """Whether a file has the hash of these weights: as published, or as `fetch` kept it, if any."""
    return _has(file, _stated(find(name), file.parent))


def present(network: str) -> dict[str, Weights]:
    """The weights of ``network`` that are on this machine, in the table's order."""
    here = {name: located(name) for name, entry in known().items() if entry.network == network}
    return {name: find(name) for name, file in here.items() if file and is_right(name, file)}


def chosen(network: str) -> str:
    """Name of the first weights of ``network`` that are here, official ones before others.

    Where there are none, that of the default, which whoever loads it will miss.
    """
    here = present(network)
    return min(here, key=lambda name: not here[name].official, default=default(network))


def path(name: str) -> Path:
    """The file, its hash checked where its publisher states one, or `fetch` kept one.

    Raises:
        MissingWeightsError: It is not on this machine, or the file is another one.
        UsageError: The name is unknown.
    """
    found = located(name)
    if found is None:
        entry = find(name)
        remedy = f"beyne weights fetch {name}" if entry.url else f"put {entry.file} into {_home()}"
        error = MissingWeightsError(f"the weights '{name}' are not here", remedy)
        error.others = "" if entry.url else _fetchable(entry.network)
        raise error
    _check(name, found, found.parent)
    return found


def fetch(name: str, message: Callable[[str], None] = lambda text: None) -> Path:
    """Download the file into the cache, unless it is here already.

    Where its publisher states no hash, that of the first download is kept beside it, in the form of
    ``sha256sum``, and later ones are held to it.

    Args:
        message: Is told in words that the file could not be checked.

    Returns:
        Where it is.

    Raises:
        UsageError: The name is unknown or the file is not published.
        BeyneError: The network or the disk refuses, or another file came.
    """
    if located(name):
        return path(name)
    entry = find(name)
    if not entry.url:
        raise UsageError(f"'{name}' is not published as a file", f"put {entry.file} into {_home()}")
    import pooch

    def download(url: str, file: str, whole: Any) -> None:
        pooch.HTTPDownloader(progressbar=sys.stderr.isatty())(url, file, whole)
        _check(name, Path(file), _cache())

    pooch.get_logger().setLevel("WARNING")
    try:
        pooch.retrieve(entry.url, None, entry.file, _cache(), downloader=download)
    except UsageError:  # another file came
        problem = f"{entry.url} gives another file than the one '{name}' names"
        raise BeyneError(problem, "nothing was kept; choose other weights") from None
    except OSError as error:  # those of requests are of this kind, too
        problem = f"'{name}' can't be fetched ({type(error).__name__})"
        raise BeyneError(problem, f"download {entry.url} and put it into {_home()}") from None
    kept, found = _kept(entry, _cache()), _cache() / entry.file
    if not (entry.hash or kept.is_file()):
        digest = _digest(found, "sha256", found.stat().st_mtime_ns)
        write_whole(kept, f"{digest}  {entry.file}\n".encode())
        message(f"no hash of '{name}' is published, so it could not be checked; sha256 {digest}")
    return found


def _kept(entry: Weights, folder: Path) -> Path:
    """Where the hash of a file is that was fetched into a folder without a published one."""
    return folder / f"{entry.file}.sha256"


def _stated(entry: Weights, folder: Path) -> str:
    """The hash that the publisher states, else the one that was kept; empty if there is neither."""
    kept = _kept(entry, folder)
    if entry.hash or not kept.is_file():
        return entry.hash
    return f"sha256:{kept.read_text(encoding='utf-8').split(' ')[0]}"


def _has(file: Path, stated: str) -> bool:
    kind, _, digits = stated.partition(":")
    return not digits or _digest(file, kind, file.stat().st_mtime_ns).startswith(digits)


def _check(name: str, file: Path, folder: Path) -> None:
    stated = _stated(find(name), folder)
    if not _has(file, stated):
        kind = stated.partition(":")[0].upper()
        raise MissingWeightsError(
            f"{file} is not the file that '{name}' names: its {kind} differs",
            f"remove it and fetch it again, or give it a name in {_OWN_TABLE}",
        )


@cache
def _digest(file: Path, kind: str, changed: int) -> str:
    import pooch

    digest: str = pooch.file_hash(str(file), alg=kind)
    return digest


def _cache() -> Path:
    import pooch

    return Path(pooch.os_cache("beyne")) / "weights"


def _home() -> Path:
    """Where files are put by hand."""
    return own_folder() or _cache()
