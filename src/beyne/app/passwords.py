"""Who may come in: names and Argon2 hashes of passwords."""

from __future__ import annotations

from pathlib import Path

from beyne.errors import MissingExtraError, UsageError

try:
    from argon2 import PasswordHasher, extract_parameters
    from argon2.exceptions import InvalidHashError, VerificationError
except ModuleNotFoundError:
    raise MissingExtraError("argon2-cffi", "app") from None


def read_users(path: Path) -> dict[str, str]:
    """Name → hash, of lines ``name:hash``, as ``beyne app --hash`` prints.

    Raises:
        UsageError: The file can't be read, or a line is not of that form.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"--auth {path} can't be read", "check the path") from None
    users = {}
    for number, line in enumerate(lines, start=1):
        name, _, stored = line.strip().partition(":")
        if not name:
            continue
        try:
            extract_parameters(stored)
        except InvalidHashError:
            problem = f"--auth {path}, line {number} is not a name, a colon and a hash"
            raise UsageError(problem, "beyne app --hash makes such a line") from None
        users[name] = stored
    if not users:
        raise UsageError(f"--auth {path} names nobody", "beyne app --hash makes a line")
    return users


def hashed(password: str) -> str:
    """The Argon2 hash of a password, for `read_users`."""
    return PasswordHasher().hash(password)


def fits(password: str, stored: str) -> bool:
    """Whether a hash is that of a password."""
    try:
        return PasswordHasher().verify(stored, password)
    except VerificationError:
        return False
