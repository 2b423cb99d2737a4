"""What an outcome belongs to: the code that can change it.

A case that passed with other code has not passed with this. The code of a case is its file and every
module that it reaches by imports, inside functions too, and by names of modules in strings, which
child processes and lazy imports use; with the data files that these name. Documents, a new scenario,
a new fault and a module that nothing mentions change no outcome.
"""

from __future__ import annotations

import glob
import hashlib
import itertools
import json
import math
import os
import re
import uuid
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import ptyspec
from ptyspec.runs.environment import library_versions

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
        ("pipeline", "scenario", "finished_run", "outputs", "oracle_patches"),
        "ptyspec.testing.fixtures",
    ),
}
"""Modules behind the fixtures that a case asks for by name."""


class Stamps:
    """Stamps of the cases below a folder: each file as it is when it is first looked at.

    `since`: when the cases began to run, in seconds since 1970. A file that was written later is not
    what ran, and gives a stamp that nothing else has.
    """

    def __init__(self, root: Path, since: float = math.inf) -> None:
        self.root, self.since = os.path.abspath(root), since
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
        folders = itertools.accumulate([self.root, *file.split("/")[:-1]], os.path.join)
        waiting = [path, *(f"{folder}/conftest.py" for folder in folders)]
        asked = {name for words in ASKS.findall(self._text(path)) for name in WORD.findall(words)}
        for word in asked & set(FIXTURES):
            waiting += self._files(FIXTURES[word])
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
