"""A small project in a folder of its own, for tests that drive a real pytest with the plugin."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ptyspec.spec.clause import specification

UNUSED = '"-p", "no:hypothesispytest", "-p", "no:allure_pytest"'
"""Plugins that take half of what such a session takes; who tests them leaves them in."""
ADDOPTS = f'addopts = ["--import-mode=importlib", {UNUSED}]\n'
OURS = f'[tool.pytest]\nptyspec = true\nstrict = true\npythonpath = ["."]\n{ADDOPTS}'
THEIRS = "[tool.pytest]\nstrict = true\n"
TEST = "def test_it():\n    pass\n"
THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "PTYSPEC_THREADS")
SETTINGS = (*THREADS, "PYTEST_ADDOPTS", "PTYSPEC_HOME")
FIXED = {name: os.environ[name] for name in THREADS if name in os.environ}
"""The threads of this process, which cannot be changed any more."""
RECORD = Path(".pytest_cache/v/ptyspec/outcomes")

IDS = tuple(specification())
"""Clauses that a generated suite can bind: the first ones of the real specification."""


def write(project: pytest.Pytester, config: str, **files: str) -> None:
    """Write the configuration and test files; `__` in a name is a folder."""
    project.makepyprojecttoml(config)
    for name, text in files.items():
        path = project.path / "tests" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".py").write_text(text, encoding="utf-8")


def session(project: pytest.Pytester, *words: str) -> pytest.RunResult:
    """A session in this process, in a tenth of the time: for cases that start, load and end nothing."""

    class Keep:
        def pytest_unconfigure(self) -> None:
            note_imports(project)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        for name, value in FIXED.items():
            patch.setenv(name, value)
        found = project.runpytest_inprocess(*words, plugins=[Keep()], no_reraise_ctrlc=True)
    import_again()
    return found


IMPORTED: dict[str, ModuleType] = {}


def note_imports(project: pytest.Pytester) -> None:
    """Note what is imported from elsewhere than the project."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and not file.startswith(str(project.path)):
            IMPORTED[name] = module


def import_again() -> None:
    """Undo that pytester forgets all that was imported since it began: numpy cannot be loaded twice."""
    for name, module in IMPORTED.items():
        sys.modules.setdefault(name, module)


def record(project: pytest.Pytester, path: Path = RECORD) -> dict[str, Any]:
    """The outcomes that a session left."""
    content: dict[str, Any] = json.loads((project.path / path).read_text(encoding="utf-8"))
    return content
