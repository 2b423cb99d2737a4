"""How a command ends when something goes wrong: a readable text on stderr and the right exit code."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from typing import NoReturn

import typer
from typer.core import TyperGroup

from ptyspec.errors import PtyspecError

VIOLATION, USAGE, BROKEN, INCOMPLETE, DOUBTFUL = 1, 2, 3, 4, 5
"""Exit codes beside 0: a requirement is violated; wrong input; run or suite error; incomplete
evidence; a result that is neither right nor wrong."""
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
            _end(
                ctx,
                "interrupted\n  next: the same command with --resume goes on from the last finished epoch",
                BROKEN,
            )
        except MemoryError:
            text = "out of memory\n  next: a smaller profile (--profile quick) or batch (--set inference.batch_size=4)"
            _end(ctx, text, BROKEN)
        except OSError as error:
            if (
                error.errno == errno.EPIPE
            ):  # the reader of a pipe closed it, as `head` does: not a failure
                # Python flushes stdout at exit, which would fail again, and loudly.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise typer.Exit(0) from None
            _end(ctx, f"{error.strerror or error}\n  value: {error.filename or '-'}", BROKEN)
        except Exception as error:
            if isinstance(error, typer.Exit | typer.Abort) or type(error).__module__.startswith(
                ("typer.", "click.")
            ):
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
