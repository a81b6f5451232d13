"""Which files may be reached, who may come in, and from where."""

from __future__ import annotations

import base64
import socket
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beyne.app.access import Access, resolved_roots
from beyne.app.words import Words
from beyne.cli import app
from beyne.errors import BeyneError, UsageError

pytest.importorskip("gradio")
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from beyne.app.guard import COOKIE, Guard
from beyne.app.passwords import hashed, read_users


@pytest.fixture
def access(tmp_path) -> Access:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "a.png").write_bytes(b"")
    (tmp_path / "secret.png").write_bytes(b"")
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    (root / "ring").symlink_to(root / "ring")
    return Access([root.resolve()], Words("en"))


@pytest.mark.parametrize("typed", ["sub/a.png", "./sub/../sub/a.png", " 'sub/a.png' "])
def test_paths_below_a_root_are_opened(access, typed) -> None:
    assert access.path(typed) == access.roots[0] / "sub" / "a.png"
    assert access.path(str(access.roots[0] / "sub")).is_dir()


@pytest.mark.parametrize(
    "typed", ["../secret.png", "/etc/passwd", "link.png", "sub/../../secret.png", "~root", "/"]
)
def test_paths_outside_are_refused_whether_they_exist_or_not(access, typed) -> None:
    with pytest.raises(BeyneError, match="outside the folders that may be opened"):
        access.path(typed)


@pytest.mark.parametrize("typed", ["none.png", "a\0b", "ring", "~nobody-here/a", "x" * 5000])
def test_what_is_not_there_is_said(access, typed) -> None:
    with pytest.raises(BeyneError, match="does not exist"):
        access.path(typed)


def test_no_link_in_a_folder_leads_outside(access) -> None:
    assert access.whole_path("sub") == access.roots[0] / "sub"
    (access.roots[0] / "sub" / "inside.png").symlink_to(access.roots[0] / "sub" / "a.png")
    assert access.whole_path("sub/a.png") == access.roots[0] / "sub" / "a.png"
    (access.roots[0] / "ring").unlink()
    with pytest.raises(BeyneError, match="link.png lies outside"):
        access.whole_path(".")


def test_only_what_lies_below_a_root_is_found(access) -> None:
    assert list(access.glob("*.png", "*/*.png")) == [access.roots[0] / "sub" / "a.png"]


def test_the_root_is_the_home_folder_or_must_be_a_folder(tmp_path) -> None:
    assert resolved_roots([]) == [Path.home().resolve()]
    with pytest.raises(UsageError, match="is not a folder"):
        resolved_roots([tmp_path / "none"])


def client(users=(), hosts=("testserver",)) -> TestClient:
    async def cookie(request):
        return PlainTextResponse(request.cookies[COOKIE])

    site = Starlette(routes=[Route("/", cookie, methods=["GET", "POST"])])
    return TestClient(Guard(site, hosts, dict(users), 1))


def test_every_visitor_has_a_cookie_from_the_first_request_on() -> None:
    visitor = client()
    first = visitor.get("/")
    assert "HttpOnly; SameSite=Strict" in first.headers["set-cookie"]
    assert visitor.get("/").text == first.text
    assert client().get("/").text != first.text


@pytest.mark.parametrize("other", ['a={"x": 1}', "a/b=c", "a=қ"])
def test_cookies_of_other_programs_at_this_address_change_nothing(other) -> None:
    headers = {"cookie": f"{other}; {COOKIE}=visitor".encode()}
    answer = client().get("/", headers=headers)
    assert (answer.text, "set-cookie" in answer.headers) == ("visitor", False)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://testserver"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://testserver.evil.example"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"host": "evil.example"}, 421),
        ({"content-length": "1000001"}, 413),
    ],
)
def test_only_the_page_itself_may_change_anything(headers, status) -> None:
    answer = client().post("/", headers=headers)
    assert answer.status_code == status
    assert status == 200 or answer.text.endswith(".")


def test_the_page_may_fetch_nothing_from_elsewhere() -> None:
    headers = client().get("/").headers
    assert headers["content-security-policy"].startswith("default-src 'self' data: blob:;")
    assert headers["x-content-type-options"] == "nosniff"


def basic(name: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def test_users_come_in_with_their_password(tmp_path) -> None:
    (tmp_path / "users").write_text(f"\nайгерім:{hashed('тары')}\n", encoding="utf-8")
    visitor = client(read_users(tmp_path / "users"))
    assert visitor.get("/").status_code == 401
    for wrong in (basic("айгерім", "бидай"), basic("x", "тары"), {"authorization": "Basic ?"}):
        assert visitor.get("/", headers=wrong).status_code == 401
    assert visitor.get("/", headers=basic("айгерім", "тары")).status_code == 200
    assert visitor.get("/", headers=basic("айгерім", "тары")).status_code == 200


@pytest.mark.parametrize(
    ("text", "problem"),
    [("name:password", "line 1 is not"), ("", "names nobody"), (None, "can't be read")],
)
def test_a_wrong_file_of_users_is_refused(tmp_path, text, problem) -> None:
    if text is not None:
        (tmp_path / "users").write_text(text)
    with pytest.raises(UsageError, match=problem):
        read_users(tmp_path / "users")


def test_hash_prints_a_line_for_the_file(tmp_path) -> None:
    done = CliRunner().invoke(app, ["app", "--hash"], input="ann\nsecret\nsecret\n")
    (tmp_path / "users").write_text(done.stdout.splitlines()[-1])
    assert read_users(tmp_path / "users").keys() == {"ann"}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--host", "0.0.0.0"], "nobody has to say who they are; add --auth FILE"),
        (["--root", "/none"], "--root /none is not a folder"),
        (["--lang", "de"], "--lang de is unknown"),
        (["--auth", "/none"], "--auth /none can't be read"),
    ],
)
def test_wrong_calls_end_in_a_sentence(words, problem) -> None:
    done = CliRunner().invoke(app, ["app", "--no-browser", *words])
    assert done.exit_code == 2
    assert problem in done.stderr


def test_what_a_window_of_its_own_needs_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "webview", None)
    done = CliRunner().invoke(app, ["app", "--window", "--port", "0"])
    assert done.exit_code == 2
    assert "pywebview is not installed; pip install 'beyne[window]'" in done.stderr


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = CliRunner().invoke(app, ["app", "--no-browser", "--port", str(port)])
    assert result.exit_code == 2
    assert f"port {port} can't be used" in result.output
