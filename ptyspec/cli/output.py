"""Where text goes: one console for stdout, one for stderr, and JSON that is nothing but JSON."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

PIPED_WIDTH = 120
"""Columns where no terminal sets them: a table in a log or a file need not be folded to 80."""


def stdout() -> Console:
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


def stderr() -> Console:
    """Return the console for progress and remarks."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def line(text: str, style: str = "", *, end: str = "\n") -> None:
    """Print one line of data as it is: nothing in it is markup, and nothing is folded."""
    stdout().print(text, markup=False, soft_wrap=True, style=style or None, end=end)


def print_json(data: object) -> None:
    """Print one JSON document on stdout."""
    from ptyspec.files.jsonfile import to_json

    typer.echo(to_json(data, "the output"), nl=False)


def place(out: Path | None) -> Path | None:
    """Return the folder that --out names, whole."""
    return None if out is None else out.expanduser().absolute()


def end(code: int) -> None:
    """End the command with this exit code, unless all is well."""
    if code:
        raise typer.Exit(code)


def fix_threads(threads: int | None = None) -> None:
    """Fix the threads before anything imports a numerical library; they are part of a stored run's name."""
    from ptyspec.runs.threads import default_threads, set_threads

    set_threads(threads or default_threads())
