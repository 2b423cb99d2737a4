"""A copy of the tree that can be broken and mended, and runs of its cases."""

from __future__ import annotations

import compileall
import json
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.red.entries import Entry

LEFT_OUT = (
    ".venv",
    ".git",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    "allure-results",
    "allure-report",
    "runs",
    "build",
    "dist",
    "*.egg-info",
)
HERE = Path(__file__).parent
SECONDS = 600


@dataclass(frozen=True)
class Run:
    """What one run of pytest in a copy told."""

    code: int
    rows: list[dict[str, Any]] = field(default_factory=list)
    tail: str = ""

    @property
    def verdicts(self) -> list[dict[str, Any]]:
        return [row for row in self.rows if row.get("verdict")]

    @property
    def failures(self) -> list[dict[str, Any]]:
        return [row for row in self.rows if "case" in row]

    @property
    def collection_errors(self) -> list[dict[str, Any]]:
        return [row for row in self.rows if "collection" in row]


class Copy:
    """One copy in a temporary folder, with a run store and a compiled form of its own.

    Sources are compiled with their hash: two edits of one size in one second would otherwise be taken for each other.
    """

    def __init__(self, root: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ptyspec-red-"))
        self.tree = self.folder / "tree"
        shutil.copytree(root, self.tree, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
        for name in ("ptyspec", "tests"):
            mode = py_compile.PycInvalidationMode.CHECKED_HASH
            compileall.compile_dir(self.tree / name, quiet=2, invalidation_mode=mode)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def broken(self, entry: Entry) -> Iterator[None]:
        """Apply the edit, and take it back."""
        path = self.tree / entry.file
        before = path.read_bytes()
        path.write_text(before.decode().replace(entry.find, entry.replace, 1), encoding="utf-8")
        try:
            yield
        finally:
            path.write_bytes(before)

    def run(
        self, cases: Collection[str], *options: str, error: str = "", whole: bool = False
    ) -> Run:
        """Run the cases until the first verdict, or the whole of them."""
        told = self.folder / "told.jsonl"
        told.unlink(missing_ok=True)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "red_watch",
            "--tb=no",
        ]
        try:
            done = subprocess.run(
                [*command, *options, *cases],
                cwd=self.tree,
                env=self._environment(told, error, whole),
                text=True,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=SECONDS * (10 if whole else 1),
            )
        except subprocess.TimeoutExpired:
            return Run(-1, tail=f"no end after {SECONDS} s")
        rows = (
            [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]
            if told.is_file()
            else []
        )
        return Run(done.returncode, rows, _tail(done.stdout + done.stderr))

    def scrubbed(self, lines: Sequence[str]) -> list[str]:
        """Return lines without the paths of this copy."""
        return [line.replace(f"{self.tree}/", "").replace(str(self.folder), "…") for line in lines]

    def _environment(self, told: Path, error: str, whole: bool) -> dict[str, str]:
        dropped = ("PYTEST_", "OMP_NUM", "TF_NUM", "PTYSPEC_FAULT")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        return kept | {
            "PYTHONPATH": os.pathsep.join([str(self.tree), str(HERE)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PTYSPEC_HOME": str(self.folder / "store"),
            "PTYSPEC_RED_FILE": str(told),
            "PTYSPEC_RED_ERROR": error,
            "PTYSPEC_RED_ALL": "1" if whole else "",
        }


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-6:])
