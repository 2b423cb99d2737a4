"""Which cases exist, of which tier each is, and which clauses and golden files it is bound to.

As a pytest plugin this is the option `--ptyspec-bindings FILE`: every collected case is listed, bound or not, so that
a citation of any selector can be resolved. `collect` lets a child process write that file. A collection takes seconds
(test modules import what they test), so it is kept in pytest's cache under a digest of everything it can depend on.
"""

import ast
import hashlib
import inspect
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ptyspec
from ptyspec.contracts.stages import REFERENCE, SUITE
from ptyspec.errors import PtyspecError
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.runs.environment import library_versions
from ptyspec.spec.clause import Clause, own_documents, specification

if TYPE_CHECKING:
    import pytest

TIERS = {
    "contract": "one component against its contract; no TensorFlow",
    "parity": "A beside B: two implementations of one clause",
    "regression": "a result beside its approved golden file",
    "meta": "the instrument itself: harness by a pytest inside pytest, audits by their controls",
    "conformance": "the pipeline under test beside the specification; ships with the package",
}
SCHEMA_VERSION = 1
GOLDEN = "golden"
"""The marker that declares the golden files of a case."""
EVIDENCE = "evidence"
EVIDENCE_MEANING = "cases that judge a hypothesis: all that carry `hypothesis` with ids"


def tier_of(case: str) -> str | None:
    """Return the tier in whose folder a file or node id lies, the innermost one; None where none is."""
    folders = case.partition("::")[0].split("/")[:-1]
    return next((name for name in reversed(folders) if name in TIERS), None)


def name_of(item: "pytest.Item") -> str:
    """Return a case's node id; one of the suite that ships has the same wherever it is installed, and however it is asked for."""
    if item.path.parent != Path(ptyspec.__file__).parent / SUITE.split("/")[1]:
        return item.nodeid
    return f"{SUITE}{item.path.name}::{item.nodeid.partition('::')[2]}"


def names_of(item: "pytest.Item") -> list[str]:
    """Return the ids in a case's markers, nearest marker first, each once."""
    return list(dict.fromkeys(n for mark in item.iter_markers("clause") for n in mark.args))


def clauses_of(item: "pytest.Item", known: bool = False) -> tuple[Clause, ...]:
    """Return a case's clauses; raises UnknownClauseError for an unknown id, `known` leaves it out."""
    rules = specification()
    return tuple(rules[name] for name in names_of(item) if not known or name in rules)


def golden_of(item: "pytest.Item") -> list[str]:
    """Return the golden files that a case declares: its markers' texts, {parameter} filled from its parameters."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    texts = [text for mark in item.iter_markers(GOLDEN) for text in mark.args]
    return list(dict.fromkeys(text.format(**parameters) for text in texts))


def pytest_collection_finish(session: "pytest.Session") -> None:
    """Write the file named by the option, once collection and deselection are done."""
    root, rows = session.config.rootpath, {}
    for item in session.items:
        path, line, _ = item.reportinfo()
        file = Path(path)
        name = name_of(item)
        rows[name] = {
            "clauses": list(map(str, names_of(item))),
            "tier": tier_of(name),
            "file": (file.relative_to(root) if file.is_relative_to(root) else file).as_posix(),
            "line": (line or 0) + 1,
            "digest": _digest(getattr(item, "function", None)),
            "golden": golden_of(item),
        }
    content = {"schema_version": SCHEMA_VERSION, "cases": rows}
    write_json(Path(session.config.getoption("ptyspec_bindings")), content)


@cache
def _digest(function: Any) -> str | None:
    """Of the source without comments and layout; once for all cases of a function."""
    tree = source_tree(function)
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()[:12] if tree else None


def source_tree(function: Any) -> ast.Module | None:
    """Return the syntax tree of a function's source; None where it was not written in a file."""
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, TypeError, SyntaxError):
        return None


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


def collect(root: Path, *, whole: bool = True) -> list[Case]:
    """Return every case of the checkout at `root`, in pytest's order; raises CollectionError with pytest's own words.

    Not `whole`: the suite that ships, and the cases of the folder where it has documents of its own.
    """
    words = () if whole else _suite(root)
    key, kept = state(root, words), root / CACHE
    content = read_json(kept) if kept.is_file() else {}
    if content.get("state") != key:
        content = {"state": key, **_collect(root, words)}
        # pytest's own folder, made by a former run: none is left where none was.
        if (root / CACHE.parts[0]).is_dir():
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_json(kept, content)
    return [
        Case(id=name, **{**row, "clauses": tuple(row["clauses"]), "golden": tuple(row["golden"])})
        for name, row in content["cases"].items()
    ]


def _suite(root: Path) -> tuple[str, ...]:
    """What pytest is asked for where the suite is not a part of the folder."""
    own = ("tests",) if own_documents(root / "specs") and (root / "tests").is_dir() else ()
    return ("--pyargs", SUITE.strip("/").replace("/", "."), *own, "--ptyspec-pipeline", REFERENCE)


def state(root: Path, words: Sequence[str] = ()) -> str:
    """Return a digest of everything that decides which cases exist and how they end: sources, documents, libraries."""
    found = hashlib.sha256(json.dumps([sys.version, library_versions(), *words]).encode())
    package = sorted(Path(ptyspec.__file__).parent.rglob("*.py")) if words else ()
    found.update(b"".join(path.read_bytes() for path in package))
    below = [path for folder in SOURCES for path in sorted((root / folder).rglob("*"))]
    for path in [*sorted(root.glob("*.toml")), *below]:
        if path.is_file() and path.suffix != ".pyc":
            found.update(path.relative_to(root).as_posix().encode() + b"\0")
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _collect(root: Path, words: Sequence[str]) -> dict[str, Any]:
    # Without options meant for other runs; the checkout's own code comes first.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    paths = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bindings.json"
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, *words, f"--ptyspec-bindings={file}"],
            cwd=root,
            env=kept | {"PYTHONPATH": paths},
            timeout=SECONDS,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode not in (COLLECTED, NO_TESTS) or not file.is_file():
            tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
            what = f"the suite cannot be collected (pytest ended with {done.returncode}):\n{tail}"
            step = "python -m pytest --collect-only"
            if "No module named pytest" in done.stderr:
                step = "pip install 'ptyspec[test]'"
            raise CollectionError(what, source=root, next_step=step)
        content: dict[str, Any] = read_json(file)
    return content
