"""Typed settings: strict pydantic models, TOML, and `key.sub=value` from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from beyne.errors import UsageError, did_you_mean

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class Config(BaseModel):
    """Base of every settings class: frozen; an unknown key, ∞ and NaN are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


ConfigType = TypeVar("ConfigType", bound=Config)
Entry = TypeVar("Entry")
Part = TypeVar("Part")
Tree = dict[str, Any]


def validated(cls: type[ConfigType], values: Mapping[str, Any], where: str = "") -> ConfigType:
    """Build ``cls`` from plain values.

    Args:
        values: Nested plain values, as read from TOML or JSON.
        where: Prefix of the keys in messages, such as ``"generator"``.

    Raises:
        UsageError: A key is unknown (with the nearest known one) or a value does not fit.
    """
    try:
        return cls.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        path = [str(part) for part in first["loc"]]
        key = ".".join(([where] if where else []) + path)
        if first["type"] == "extra_forbidden":
            known = _fields_at(cls, path[:-1])
            raise UsageError(f"{key}: unknown key", did_you_mean(path[-1], known)) from None
        message = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"{key}: {message[:1].lower()}{message[1:]}" if key else message) from None


def of_kind(table: Mapping[str, Entry], kind: str, where: str) -> Entry:
    """What ``table`` holds under the ``kind`` that the recipe's table ``where`` names.

    Raises:
        UsageError: The kind is unknown, with the nearest known one.
    """
    if kind not in table:
        raise UsageError(f"{where}.kind: unknown kind '{kind}'", did_you_mean(kind, table))
    return table[kind]


class Kinds(dict[str, tuple[type[ConfigType], Callable[[Any], Part]]], Generic[ConfigType, Part]):
    """Parts of one sort: kind, as recipes and model files name it → its configuration and class.

    Args:
        where: The recipe's table that names the kind, such as ``"generator"``.
        entries: What there is.
    """

    def __init__(
        self, where: str, entries: Mapping[str, tuple[type[ConfigType], Callable[[Any], Part]]]
    ) -> None:
        super().__init__(entries)
        self.where = where

    def configured(self, kind: str, fields: Mapping[str, Any]) -> ConfigType:
        """The configuration of the part named ``kind``; arguments and errors as for `build`."""
        config_class, _ = of_kind(self, kind, self.where)
        return validated(config_class, fields, where=self.where)

    def build(self, kind: str, fields: Mapping[str, Any]) -> Part:
        """Make the part named ``kind`` with freshly initialised weights.

        Args:
            kind: A key of this table.
            fields: Values of its configuration; what is left out takes its default.

        Raises:
            UsageError: The kind or a field is unknown, or a value does not fit.
        """
        config = self.configured(kind, fields)
        return self[kind][1](config)


def _fields_at(cls: type[BaseModel], path: list[str]) -> list[str]:
    fields: type[BaseModel] = cls
    for part in path:
        field = fields.model_fields.get(part)
        tables = _tables(field.annotation) if field else []
        if not tables:
            break
        fields = tables[0]
    return list(fields.model_fields)


def _tables(annotation: Any) -> list[type[BaseModel]]:
    """The configurations that a field may hold: of ``X`` and ``X | None`` it is X."""
    kinds = get_args(annotation) or (annotation,)
    return [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]


def read_toml(path: Path) -> Tree:
    """Read a TOML file.

    Raises:
        UsageError: The file is missing or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist", "check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read ({error})") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not valid TOML ({error})") from None


def write_toml(values: Mapping[str, Any]) -> str:
    """Plain nested values as TOML text; ``None`` values are left out, as TOML has none."""
    lines: list[str] = []
    _write_table(values, "", lines)
    return "\n".join(lines).strip() + "\n"


def _write_table(values: Mapping[str, Any], prefix: str, lines: list[str]) -> None:
    for key, value in values.items():
        if value is not None and not isinstance(value, Mapping):
            # JSON strings, numbers, booleans and flat lists are TOML too.
            lines.append(f"{_key(key)} = {json.dumps(value, ensure_ascii=False)}")
    for key, value in values.items():
        if isinstance(value, Mapping):
            lines.extend(["", f"[{prefix}{_key(key)}]"])
            _write_table(value, f"{prefix}{_key(key)}.", lines)


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if bare else json.dumps(key, ensure_ascii=False)


def parse_setting(text: str) -> Tree:
    """``"train.batch=8"`` → ``{"train": {"batch": 8}}``; a value that is not TOML is a string.

    Raises:
        UsageError: There is no ``=`` or a key is empty.
    """
    path, sign, value = text.partition("=")
    keys = [key.strip() for key in path.split(".")]
    if not sign or not all(keys):
        raise UsageError(f"--set {text}: not of the form key.sub=value", "--set train.batch=8")
    try:
        tree: Any = tomllib.loads(f"value = {value.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        tree = value.strip()
    for key in reversed(keys):
        tree = {key: tree}
    return dict(tree)


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> Tree:
    """``base`` with ``changes`` laid over it, table by table.

    A table of another ``kind`` replaces the one before it, whose keys mean nothing to it.
    """
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            same = value.get("kind", old.get("kind")) == old.get("kind")
            result[key] = merged(old, value) if same else value
        else:
            result[key] = value
    return result
