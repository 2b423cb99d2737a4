"""Python in a process of its own: for what ends a process, and for thread settings that are fixed at start."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECONDS = 300
"""A child that takes longer hangs."""
HEARS_INTERRUPTS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
"""A shell starts background jobs deaf to SIGINT, and children inherit that; what is tested must not depend on it."""


def environment(**changes: str) -> dict[str, str]:
    """This process's environment, without its settings of threads, which a child makes anew from PTYSPEC_THREADS."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.endswith("_NUM_THREADS") and "OP_THREADS" not in k
    }
    return kept | changes


def start(code: str, *arguments: object, **changes: str) -> subprocess.Popen[str]:
    """Start `code`; `changes` go into its environment."""
    command = [sys.executable, "-c", HEARS_INTERRUPTS + textwrap.dedent(code), *map(str, arguments)]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(**changes),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for it; return exit code (negative: the signal that ended it), stdout and stderr."""
    try:
        out, err = process.communicate(timeout=SECONDS)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    return process.returncode, out, err


def run(code: str, *arguments: object, **changes: str) -> tuple[int, str, str]:
    return finish(start(code, *arguments, **changes))
