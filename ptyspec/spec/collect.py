"""Which cases exist, by really collecting them: `pytest --collect-only` in a child process writes its bindings.

A collection takes seconds (test modules import what they test), so its result is kept in pytest's cache under a digest of
everything it can depend on, and read from there while nothing of that has changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptyspec.errors import PtyspecError
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.runs.environment import library_versions

CACHE = Path(".pytest_cache/v/ptyspec/bindings")
SECONDS = 600
SOURCES = ("ptyspec", "tests", "golden", "specs", "benchmarks")
COLLECTED, NO_TESTS = 0, 5


class CollectionError(PtyspecError):
    """The suite cannot be collected."""

    exit_code = 3


@dataclass(frozen=True)
class Case:
    """One collected case and what it is bound to; `digest` is that of its function's source."""

    id: str
    clauses: tuple[str, ...]
    tier: str | None
    file: str
    line: int
    digest: str | None
    golden: tuple[str, ...] = ()
    """The golden files that it declares."""

    @property
    def function(self) -> str:
        """Its node id without the parameters."""
        return self.id.partition("[")[0]

    @property
    def source(self) -> str:
        """Where it stands: file and line."""
        return f"{self.file}:{self.line}"


def collect(root: Path) -> list[Case]:
    """Return every case of the checkout at `root`, in pytest's order; raises CollectionError with pytest's own words."""
    key, cache = state(root), root / CACHE
    content = read_json(cache) if cache.is_file() else {}
    if content.get("state") != key:
        content = {"state": key, **_collect(root)}
        # pytest's own folder, made by a former run: none is left where none was.
        if (root / CACHE.parts[0]).is_dir():
            cache.parent.mkdir(parents=True, exist_ok=True)
            write_json(cache, content)
    return [
        Case(id=name, **{**row, "clauses": tuple(row["clauses"]), "golden": tuple(row["golden"])})
        for name, row in content["cases"].items()
    ]


def state(root: Path) -> str:
    """Return a digest of everything that decides which cases exist and how they end: sources, documents, libraries."""
    found = hashlib.sha256(json.dumps([sys.version, library_versions()]).encode())
    below = [path for folder in SOURCES for path in sorted((root / folder).rglob("*"))]
    for path in [*sorted(root.glob("*.toml")), *below]:
        if path.is_file() and path.suffix != ".pyc":
            found.update(path.relative_to(root).as_posix().encode() + b"\0")
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _collect(root: Path) -> dict[str, Any]:
    # Without options meant for other runs; the checkout's own code comes first.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    paths = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bindings.json"
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, "--ptyspec-bindings", str(file)],
            cwd=root,
            env=kept | {"PYTHONPATH": paths},
            timeout=SECONDS,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode not in (COLLECTED, NO_TESTS) or not file.is_file():
            tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
            raise CollectionError(
                f"the suite cannot be collected (pytest ended with {done.returncode}):\n{tail}",
                source=root,
                next_step="python -m pytest --collect-only",
            )
        content: dict[str, Any] = read_json(file)
    return content
