"""Where the program lies that renders Allure reports: one pinned version, installed once beside the run store."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from filelock import FileLock

from ptyspec.errors import PtyspecError
from ptyspec.runs.store import default_root

VERSION = "3.18.0"
"""The one place that names it. Histories are not portable between major versions."""
VARIABLE = "PTYSPEC_ALLURE"
"""An allure command to use instead: where no package can be installed."""
OPTIONS = [
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-package-lock",
    "--no-save",
    "--loglevel=error",
]
SECONDS = 600


class AllureToolError(PtyspecError):
    """The program that renders Allure reports is missing or failed."""

    exit_code = 3


def command(root: Path | None = None) -> list[str]:
    """Return the words that start Allure: PTYSPEC_ALLURE, else version VERSION below `root` (default: the run store).

    Installs it there first where it is missing; one process does, others wait. Raises AllureToolError where Node.js or
    npm is absent, or the package cannot be installed.
    """
    if asked := os.environ.get(VARIABLE):
        return [_existing(asked)]
    program = _program(root)
    folder = program.parents[2]
    node, npm = _found("node"), _found("npm")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock", timeout=SECONDS):
        if not program.is_file():
            _install(npm, folder)
    return [node, str(program)]


def installed(root: Path | None = None) -> bool:
    """Whether `command` would install nothing."""
    return bool(os.environ.get(VARIABLE)) or _program(root).is_file()


def _program(root: Path | None) -> Path:
    folder = (root or default_root()) / "tools" / f"allure-{VERSION}"
    return folder / "node_modules" / "allure" / "cli.js"


def _existing(asked: str) -> str:
    if (found := shutil.which(asked)) is not None:
        return found
    next_step = f"correct it, or unset {VARIABLE}"
    raise AllureToolError(
        "there is no such command", value=asked, source=VARIABLE, next_step=next_step
    )


def _found(program: str) -> str:
    if (found := shutil.which(program)) is not None:
        return found
    raise AllureToolError(
        f"{program} is not installed, and Allure {VERSION} runs on Node.js",
        source="PATH",
        limit="Node.js 20 or newer, with npm",
        next_step=f"install nodejs and npm, or name an allure command with {VARIABLE}",
    )


def _install(npm: str, folder: Path) -> None:
    """Install beside, then rename: an interrupted installation leaves nothing that looks whole."""
    partial = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    words = [npm, "install", *OPTIONS, "--prefix", str(partial), f"allure@{VERSION}"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode != 0:
            raise AllureToolError(
                f"npm could not install allure {VERSION}",
                value=(done.stderr or done.stdout).strip()[-400:],
                source=" ".join(words),
                next_step=f"look at npm's message, or name an allure command with {VARIABLE}",
            )
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
