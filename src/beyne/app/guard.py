"""What stands before every request: who asks, from where, and how much is sent."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping

import gradio as gr
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from beyne.app.passwords import fits
from beyne.app.words import Words, language_of

COOKIE = "beyne-visitor"

_HARMLESS = ("GET", "HEAD")
#: The page fetches nothing from elsewhere, and no other page shows it.
_POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; frame-ancestors 'self'; form-action 'self'; "
    "object-src 'none'; base-uri 'self'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


def visitor(request: gr.Request) -> str:
    """The browser that asks, by the cookie that `Guard` gave it."""
    return str(request.cookies.get(COOKIE, ""))


class Guard:
    """Lets through what comes from the page itself.

    Args:
        app: What answers.
        hosts: Names and addresses under which the page is reached; empty: any.
        users: Name → Argon2 hash; empty: nobody has to say who they are.
        upload_limit: Megabytes (10⁶ bytes) that a request may send.
    """

    def __init__(
        self, app: ASGIApp, hosts: tuple[str, ...], users: Mapping[str, str], upload_limit: int
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._users = Users(users)
        self._upload_limit = upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = await self._refusal(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        number = None if _cookie(headers) else secrets.token_urlsafe(16)
        if number:
            scope["headers"] = [*scope["headers"], (b"cookie", f"{COOKIE}={number}".encode())]

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    given.setdefault(name, value)
                if number:
                    kept = f"{COOKIE}={number}; Path=/; HttpOnly; SameSite=Strict"
                    given.append("set-cookie", kept)
            await send(message)

        await self._app(scope, receive, sent)

    async def _refusal(self, scope: Scope, headers: Headers) -> PlainTextResponse | None:
        host = headers.get("host", "")
        if self._hosts and _without_port(host) not in self._hosts:
            return PlainTextResponse(f"This page is not known as {host}.", 421)
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            return PlainTextResponse("Another page may not use this one.", 403)
        if scope.get("method", "GET") not in _HARMLESS:
            if headers.get("sec-fetch-site", "same-origin") != "same-origin":
                return PlainTextResponse("Another page may not use this one.", 403)
            if int(headers.get("content-length", 0)) > self._upload_limit * 10**6:
                words = Words(language_of(scope["path"]))
                much = words("access.much", limit=self._upload_limit)
                return PlainTextResponse(f"{much}; {words('access.by_path')}.", 413)
        if not await self._users.know(headers.get("authorization", "")):
            ask = {"www-authenticate": 'Basic realm="beyne", charset="UTF-8"'}
            return PlainTextResponse("Who are you?", 401, headers=ask)
        return None


class Users:
    """Who may come in, by name and password (HTTP Basic)."""

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self._hashes = hashes
        self._secret = secrets.token_bytes(32)
        self._known: set[bytes] = set()
        self._one = asyncio.Lock()

    async def know(self, authorization: str) -> bool:
        """Whether an ``Authorization`` header is right; everybody is known where no names are."""
        if not self._hashes:
            return True
        digest = hmac.new(self._secret, authorization.encode(), hashlib.sha256).digest()
        if digest in self._known:
            return True
        name, password = _credentials(authorization)
        if not name:
            return False
        async with self._one:  # one guess at a time
            right = await asyncio.to_thread(self._right, name, password)
        if right:
            self._known.add(digest)
        return right

    def _right(self, name: str, password: str) -> bool:
        # An unknown name takes as long as a wrong password.
        stored = self._hashes.get(name) or next(iter(self._hashes.values()))
        return fits(password, stored) and name in self._hashes


def _credentials(authorization: str) -> tuple[str, str]:
    kind, _, rest = authorization.partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password


def _cookie(headers: Headers) -> str | None:
    """As a request will read it; other programs of this machine put theirs beside it."""
    return cookie_parser(headers.get("cookie", "")).get(COOKIE)


def _without_port(host: str) -> str:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return name.strip("[]")
