"""Where text goes and how a command ends: a console for stdout, one for stderr, JSON that is nothing but JSON, exit codes."""

import errno
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer
from typer.core import TyperGroup

from ptyspec.errors import PtyspecError

if TYPE_CHECKING:
    from rich.console import Console

    from ptyspec.cli.progress import RichProgress

PIPED_WIDTH = 120
"""Columns where no terminal sets them: a table in a log or a file need not be folded to 80."""


def stdout() -> "Console":
    """Return the console for data; colours only where a terminal shows them and NO_COLOR is unset."""
    from rich.console import Console

    class Data(Console):
        def on_broken_pipe(self) -> None:
            # The reader of a pipe closed it, as `head` does: not a failure, which rich would make of it.
            self.quiet = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(0)

    console = Data(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, PIPED_WIDTH)
    return console


def stderr() -> "Console":
    """Return the console for progress and remarks."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def progress() -> "RichProgress":
    """Return what tells on stderr how far the work is."""
    from ptyspec.cli.progress import RichProgress

    return RichProgress(stderr())


def line(text: str, style: str = "", *, end: str = "\n") -> None:
    """Print one line of data as it is: nothing in it is markup, and nothing is folded."""
    stdout().print(text, markup=False, soft_wrap=True, style=style or None, end=end)


def print_json(data: object) -> None:
    """Print one JSON document on stdout."""
    from ptyspec.files.jsonfile import to_json

    typer.echo(to_json(data, "the output"), nl=False)


def whole(out: Path | None) -> Path | None:
    """Return the folder that --out names, whole."""
    return None if out is None else out.expanduser().absolute()


def fix_threads(threads: int | None = None) -> None:
    """Fix the threads before anything imports a numerical library; they are part of a stored run's name."""
    from ptyspec.runs.threads import default_threads, set_threads

    set_threads(threads or default_threads())


VIOLATION, BROKEN, INCOMPLETE = 1, 3, 4
"""Exit codes beside 0 and 2 (wrong input): a requirement is violated; run or suite error; incomplete evidence."""
CODES = {"ok": 0, "violation": VIOLATION, "defect": BROKEN, "incomplete": INCOMPLETE, "doubtful": 5}
DEBUG = "ptyspec.debug"


class Commands(TyperGroup):
    """Runs a command; what it raises becomes text and an exit code, never a traceback unless asked for."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]  # typer ships its own click
        """Run the command; raises Exit with 2 for wrong input and 3 for a run that broke."""
        try:
            return super().invoke(ctx)
        except PtyspecError as error:
            _end(ctx, str(error), error.exit_code)
        except KeyboardInterrupt:
            # Training stopped by hand arrives as TrainingInterruptedError, which names its checkpoint.
            text = "interrupted\n  next: the same command with --resume goes on from the last finished epoch"
            _end(ctx, text, BROKEN)
        except MemoryError:
            text = "out of memory\n  next: a smaller profile (--profile quick) or batch (--set inference.batch_size=4)"
            _end(ctx, text, BROKEN)
        except OSError as error:
            # The reader of a pipe closed it, as `head` does: not a failure.
            if error.errno == errno.EPIPE:
                # Python flushes stdout at exit, which would fail again, and loudly.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise typer.Exit(0) from None
            _end(ctx, f"{error.strerror or error}\n  value: {error.filename or '-'}", BROKEN)
        except Exception as error:
            own = type(error).__module__.startswith(("typer.", "click."))
            if own or isinstance(error, typer.Exit | typer.Abort):
                raise
            traceback.print_exc()
            _end(ctx, "this is a defect of ptyspec: please report it with the lines above", BROKEN)


def debug(ctx: typer.Context, wanted: bool) -> None:
    """Show tracebacks from here on, if wanted."""
    if wanted:
        ctx.meta[DEBUG] = True


def _end(ctx: typer.Context, text: str, code: int) -> NoReturn:
    if ctx.meta.get(DEBUG) and sys.exc_info()[0] is not None:
        traceback.print_exc()
    typer.echo(f"error: {text}", err=True)
    raise typer.Exit(code) from None
