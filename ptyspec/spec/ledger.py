"""The ledger: what test runs left of each case, in pytest's cache or in a file of results; and the code it belongs to.

States and margins travel as user properties of a case: they cross to the controller of pytest-xdist
and into JUnit files, and one process alone writes. Format, version 3: {"schema_version",
"environment", "cases": {node id: {"state", "expected", "note", "seconds", "when", "code", "clauses":
{id: state}, "margins": [[clause, what, used], ...]}}}; `code` is the stamp of what ran.

A case that passed with other code has not passed with this. The code of a case is its file and every
module that it reaches by imports, inside functions too, and by names of modules in strings, which
child processes and lazy imports use; with the data files that these name. Documents, a new scenario,
a new fault and a module that nothing mentions change no outcome.
"""

import glob
import hashlib
import itertools
import json
import math
import os
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import ptyspec
from ptyspec.contracts.stages import SUITE
from ptyspec.errors import PtyspecError
from ptyspec.files.jsonfile import read_json
from ptyspec.runs.environment import library_versions
from ptyspec.spec.finding import Finding, State

SCHEMA_VERSION = 3
RECORD = "ptyspec/outcomes"
"""The record's name in pytest's cache."""
FILE = Path(".pytest_cache/v") / RECORD
LOOSE, TIGHT = 0.01, 0.5
"""A tolerance of which less than 1 % is used tells little; one with over half used is tight."""
BEYOND = 1e6
"""Largest figure of a margin: what used infinitely much of its tolerance is written as this."""
CASE, STATE, MARGIN, NOTE, NAME = "state", "state:", "margin:", "state note", "case"
"""Names of the user properties."""


class LedgerError(PtyspecError):
    """The ledger is damaged."""

    exit_code = 3


@dataclass
class Outcome:
    """How one case ended when it last ran."""

    state: State = State.NOT_RUN
    clauses: dict[str, State] = field(default_factory=dict)
    """Each clause that the case is bound to, with the state that its own checks gave it."""
    expected: bool = False
    """Whether it failed and was expected to."""
    note: str = ""
    """Why it says nothing, or what is odd: the case was skipped, it passed unexpectedly."""
    seconds: float = 0.0
    when: str = ""
    margins: list[tuple[str, str, float]] = field(default_factory=list)
    """Clause, what was compared, and how much of the clause's tolerance it used."""
    ended: bool = True
    """False while it runs; for ever where the session was interrupted: its end is not known."""

    @property
    def unnamed(self) -> bool:
        """Whether it failed in a way that none of its clauses is to blame for."""
        bad, states = self.state is State.FAILED and not self.expected, {*self.clauses.values()}
        return bad and bool(states - {State.NOT_RUN}) and State.FAILED not in states

    def take(self, properties: Iterable[tuple[str, object]]) -> None:
        """Read states and margins back from a report's properties."""
        self.clauses, self.margins, self.note = {}, [], ""
        for name, value in properties:
            if name == CASE:
                self.state = State(str(value))
            elif name == "clause":
                self.clauses.setdefault(str(value), State.NOT_RUN)
            elif name.startswith(STATE):
                self.clauses[name.removeprefix(STATE)] = State(str(value))
            elif name == NOTE:
                self.note = str(value)
            elif name.startswith(MARGIN):
                used, _, what = str(value).partition(" ")
                self.margins.append((name.removeprefix(MARGIN), what, float(used)))

    def broke(self) -> None:
        """Note an error outside the checks: it says nothing of any clause that had not failed."""
        self.state = State.FAILED if self.state is State.FAILED else State.ERROR
        self.clauses = {
            name: state if state is State.FAILED else State.ERROR
            for name, state in self.clauses.items()
        }

    def as_json(self, code: str) -> dict[str, Any]:
        """Return the row as it is written; `code` is its stamp."""
        row = {key: value for key, value in vars(self).items() if key != "ended"}
        margins = [list(margin) for margin in self.margins]
        return {**row, "seconds": round(self.seconds, 4), "code": code, "margins": margins}


def properties(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """Return what findings used of their tolerances as user properties."""
    return [
        (f"{MARGIN}{one.clause}", f"{min(one.used, BEYOND):.6g} {one.what}")
        for one in findings
        if one.used is not None
    ]


def document(environment: str, cases: Mapping[str, Any], pipeline: str = "") -> dict[str, Any]:
    """Return the record of these cases, in the order of their node ids; `pipeline` where it is not the reference."""
    rows = dict(sorted(cases.items()))
    named = {"pipeline": pipeline} if pipeline else {}
    return {"schema_version": SCHEMA_VERSION, "environment": environment, **named, "cases": rows}


def pipeline_of(root: Path) -> str:
    """Return the pipeline that the record of a folder speaks of; empty for the reference, or where there is no record."""
    path = root / FILE
    return str(read_json(path).get("pipeline", "")) if path.is_file() else ""


def merged(old: object, new: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """Return the cases of an old record that were not run now and whose file is still there, and those that were.

    An old record of another version, or none, counts as empty.
    """
    known = isinstance(old, dict) and old.get("schema_version") == SCHEMA_VERSION
    kept = old["cases"] if known and isinstance(old, dict) else {}
    there = {case for case in kept if (root / case.partition("::")[0]).exists()}
    return {**{case: row for case, row in kept.items() if case in there}, **new}


@dataclass(frozen=True)
class Ledger:
    """The last outcome of each case with the present code; empty where no test has run yet."""

    environment: str = ""
    cases: Mapping[str, Outcome] = field(default_factory=dict)
    outdated: frozenset[str] = frozenset()
    """Cases that ran with other code than the present one: what they said counts no more."""
    note: str = ""
    """Why there is nothing, although there is a file."""


def read(root: Path, stamp: Callable[[str], str]) -> Ledger:
    """Return what the test runs of the checkout at `root` left; `stamp` names the present code.

    A record of an older version counts as empty, and a note says so. Raises LedgerError for one of a
    newer version, or that is none.
    """
    from pydantic import TypeAdapter  # a session of tests writes a record, and reads none

    path = root / FILE
    if not path.is_file():
        return Ledger()
    content = read_json(path)
    try:
        version = int(content["schema_version"])
        if version < SCHEMA_VERSION:
            return Ledger(note=f"outcomes of version {version} were dropped: run the tests again")
        if version > SCHEMA_VERSION:
            raise ValueError(f"schema_version {version}, not {SCHEMA_VERSION}")
        rows = TypeAdapter(dict[str, Outcome]).validate_python(content["cases"])
        old = frozenset(name for name in rows if content["cases"][name]["code"] != stamp(name))
        current = {name: row for name, row in rows.items() if name not in old}
        return Ledger(content["environment"], current, old)
    except (KeyError, TypeError, ValueError) as error:
        what = f"not a record of outcomes: {error!r}"
        step = f"remove it (rm {path}) and run the tests again"
        raise LedgerError(what, source=path, next_step=step) from error


FRONT = os.path.abspath(ptyspec.__file__)
PACKAGE = os.path.dirname(FRONT)
WORD = re.compile(r"\w+")
DYNAMIC = ("import_module(", "iter_modules(")
"""A module with one of these depends on all modules of the packages that it names."""
ASKS = re.compile(r"^(?:def test_|@pytest\.fixture\b[^\n]*\ndef )\w*\(([^)]*)", re.M)
FIXTURES = {
    "clause": "ptyspec.spec.checks",
    "golden": "ptyspec.testing.golden.fixture",
    **dict.fromkeys(
        ("pipeline", "scenario", "finished_run", "outputs", "answers", "oracle_patches"),
        "ptyspec.testing.fixtures",
    ),
}
"""Modules behind the fixtures that a case asks for by name."""


class Stamps:
    """Stamps of the cases below a folder: each file as it is when it is first looked at.

    `pipeline`: MODULE:ATTR of what they judged, which every case depends on. `since`: when the cases began to run, in seconds since 1970. A file that was written later is not
    what ran, and gives a stamp that nothing else has.
    """

    def __init__(self, root: Path, since: float = math.inf, pipeline: str = "") -> None:
        self.root, self.since = os.path.abspath(root), since
        self.pipeline = "" if pipeline.startswith("cmd:") else pipeline.partition(":")[0]
        self._libraries = json.dumps(library_versions(), sort_keys=True)
        self._texts: dict[str, str] = {}
        self._digests: dict[str, bytes] = {}
        self._near: dict[str, frozenset[str]] = {}
        self._stamps: dict[str, str] = {}
        # What can be imported from the root, and this package.
        self._roots: dict[str, str] = {}
        for base in (f"{self.root}/src", self.root):
            for entry in os.scandir(base) if os.path.isdir(base) else ():
                if entry.name.endswith(".py") or (entry.is_dir() and entry.name.isidentifier()):
                    self._roots[entry.name.removesuffix(".py")] = entry.path
        self._roots[os.path.basename(PACKAGE)] = PACKAGE
        walked = [row for top in self._roots.values() for row in os.walk(top)]
        self._folders = {folder for folder, _, _ in walked}
        files = {f"{folder}/{name}" for folder, _, names in walked for name in names}
        self._modules = {file for file in files if file.endswith(".py")}
        scenarios = glob.glob(f"{PACKAGE}/scenarios/*.yaml")
        self._scenarios = {Path(file).stem: file for file in scenarios}
        roots = "|".join(map(re.escape, self._roots))
        self._imports = re.compile(rf"from +((?:{roots})\b[\w.]*) +import +(\([^)]*\)|[^\n]+)")
        self._words = re.compile(rf"(?:import +|-m +|[\"'])((?:{roots})\b(?:\.\w+)*)")

    def of(self, case: str) -> str:
        """Return 16 hexadecimal digits that name the code which can change how this case ends."""
        file = case.partition("::")[0]
        if file not in self._stamps:
            found = hashlib.sha256(self._libraries.encode())
            for path in sorted(self.code(file)):
                found.update(self._digests[path])
            self._stamps[file] = found.hexdigest()[:16]
        return self._stamps[file]

    def code(self, file: str) -> set[str]:
        """Return every file that a test file depends on, itself and its conftest files among them."""
        path = os.path.join(self.root, file)
        if file.startswith(SUITE) and not os.path.isfile(path):  # it ships with the package
            path = os.path.join(os.path.dirname(PACKAGE), file)
        folders = itertools.accumulate([self.root, *file.split("/")[:-1]], os.path.join)
        waiting = [path, *(f"{folder}/conftest.py" for folder in folders)]
        asked = {name for words in ASKS.findall(self._text(path)) for name in WORD.findall(words)}
        for word in asked & set(FIXTURES):
            waiting += self._files(FIXTURES[word])
        if self.pipeline:
            waiting += self._files(self.pipeline)
        reached: set[str] = set()
        while waiting:
            one = waiting.pop()
            if one not in reached and self._text(one):
                reached.add(one)
                waiting += self._reached(one)
        return reached

    def _reached(self, path: str) -> frozenset[str]:
        """The files that a file names."""
        if path not in self._near:
            text, folder = self._text(path), os.path.dirname(path)
            # The front of the package names all of it; whoever uses a name of it reaches that.
            names = set() if path == FRONT else {*self._names(text)}
            found = {file for name in names for file in self._files(name)}
            found |= {file for word, file in self._scenarios.items() if word in text}
            if any(word in text for word in DYNAMIC):
                packages = {os.path.dirname(one) for one in found if one.endswith("/__init__.py")}
                below = tuple(f"{one}/" for one in packages - {PACKAGE})
                found |= {one for one in self._modules if one.startswith(below)}
            if f"{folder}/templates" in self._folders:
                found |= {*glob.glob(f"{folder}/templates/*")}
            self._near[path] = frozenset(found)
        return self._near[path]

    def _names(self, text: str) -> Iterator[str]:
        """Dotted names that a text imports or holds as strings."""
        for module, names in self._imports.findall(text):
            yield from (f"{module}.{name}" for name in WORD.findall(names))
        yield from self._words.findall(text)

    def _files(self, name: str) -> Iterator[str]:
        """The file of a dotted name, or of the module that holds it, and those of its packages."""
        first, *rest = name.split(".")
        path = self._roots.get(first, "")
        yield path if path.endswith(".py") else f"{path}/__init__.py"
        for word in rest:
            if f"{path}/{word}" not in self._folders:
                if f"{path}/{word}.py" in self._modules:
                    yield f"{path}/{word}.py"
                elif path == PACKAGE:
                    yield from self._front
                return
            path = f"{path}/{word}"
            yield f"{path}/__init__.py"

    @cached_property
    def _front(self) -> frozenset[str]:
        """What a name of the package itself can lead to."""
        named = (name.split(".") for name in self._names(self._text(FRONT)))
        known = (".".join(words) for words in named if len(words) > 1 and words[1] != "__version__")
        own = self.__dict__["_front"] = frozenset()  # the front names itself
        return frozenset(file for name in known for file in self._files(name)) | own

    def _text(self, path: str) -> str:
        if path not in self._texts:
            content = Path(path).read_bytes() if os.path.isfile(path) else b""
            if content and os.stat(path).st_mtime > self.since:
                content += uuid.uuid4().bytes
            self._texts[path] = content.decode("utf-8", "replace")
            self._digests[path] = hashlib.sha256(os.path.basename(path).encode() + content).digest()
        return self._texts[path]
