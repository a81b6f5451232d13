"""The command line. Each command is a thin face over `beyne.api`, in a file of its own.

Nothing heavy is imported before a command runs: ``beyne --help`` loads no torch.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from beyne.cli.app import app as window
from beyne.cli.augment import augment
from beyne.cli.blend import blend
from beyne.cli.check import check
from beyne.cli.compare import compare
from beyne.cli.evaluate import evaluate
from beyne.cli.generate import generate
from beyne.cli.info import info
from beyne.cli.models import models
from beyne.cli.train import train
from beyne.cli.translate import translate
from beyne.cli.upscale import upscale
from beyne.cli.weights import weights
from beyne.errors import foreseen

_DEBUG = "--debug"
_INTERRUPTED = 130  # 128 + SIGINT, what shells expect


class Commands(TyperGroup):
    """Ends every command in one line and an exit code, never in a traceback."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take ``--debug`` wherever it stands on the line."""
        ctx.obj = {"debug": _DEBUG in args}
        rest: list[str] = super().parse_args(ctx, [word for word in args if word != _DEBUG])
        return rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command; turn what it raises into a message."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _end("interrupted", _INTERRUPTED)
        except Exception as error:
            # Typer's own way out: an exit, a usage error (which can show itself), a closed pipe.
            own = isinstance(error, (typer.Exit, typer.Abort, BrokenPipeError))
            if own or hasattr(error, "show") or ctx.obj["debug"]:
                raise
            if known := foreseen(error):
                _end(str(known), known.exit_code)
            _end(f"an error nobody foresaw ({type(error).__name__}: {error}); add {_DEBUG}", 1)


def _end(message: str, exit_code: int) -> None:
    print(f"beyne: {message}", file=sys.stderr)
    raise typer.Exit(exit_code) from None


def _show_version(wanted: bool) -> None:
    if wanted:
        from beyne import __version__

        print(f"beyne {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="beyne",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    # Plain help and errors: loading rich for them would take as long as all the rest.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("-V", "--version", callback=_show_version, is_eager=True, help="Version."),
    ] = False,
    debug: Annotated[bool, typer.Option(_DEBUG, help="Show tracebacks.")] = False,
) -> None:
    """Train, compare and apply image GANs on small image sets."""


app.command()(upscale)
app.command()(translate)
app.command()(generate)
app.command()(train)
app.command()(check)
app.command()(evaluate)
app.command()(compare)
app.command()(augment)
app.command()(blend)
app.command()(info)
app.command("app")(window)
app.add_typer(models)
app.add_typer(weights)


def main() -> None:
    """The program ``beyne``."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # File names may hold bytes that are no text; they go out as they came in.
        sys.stdout.reconfigure(errors="surrogateescape")
    # Threads that wait for one another sleep instead of spinning: with another program on the
    # same cores that was five times faster, and alone it costs nothing. For OpenMP, before torch.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    app()
