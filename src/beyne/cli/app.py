"""``beyne app``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def app(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 7860,
    lang: Annotated[
        str | None, typer.Option(metavar="kk|ru|uk|en", help="Default: the browser's.")
    ] = None,
    root: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Folder whose files may be opened; default: home."),
    ] = None,
    auth: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Who may come in: lines name:hash.")
    ] = None,
    make_hash: Annotated[
        bool, typer.Option("--hash", help="Ask for name and password, print a line for --auth.")
    ] = False,
    upload_limit: Annotated[
        int, typer.Option(metavar="MB", min=1, help="Largest file to be sent by the browser.")
    ] = 100,
    pixel_limit: Annotated[
        int | None,
        typer.Option(min=1, help="Most pixels of an input; default: what memory carries."),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address, open nothing.")
    ] = False,
    window: Annotated[
        bool, typer.Option("--window", help="A window of its own instead of the browser.")
    ] = False,
) -> None:
    """Open the window: pictures, training and comparisons without a command line."""
    from beyne.app.server import Settings, serve

    if make_hash:
        _print_hash()
        return
    users = {}
    if auth is not None:
        from beyne.app.passwords import read_users

        users = read_users(auth)
    serve(
        Settings(
            host=host,
            port=port,
            roots=root or (),
            language=lang,
            users=users,
            upload_limit=upload_limit,
            pixel_limit=pixel_limit,
            browser=not no_browser,
            window=window,
        )
    )


def _print_hash() -> None:
    from beyne.app.passwords import hashed

    name = typer.prompt("Name", err=True)
    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    print(f"{name}:{hashed(password)}")
