"""A small project in a folder of its own, for tests that drive a real pytest with the plugin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ptyspec.spec.clause import specification

OURS = '[tool.pytest]\nptyspec = true\nstrict = true\npythonpath = ["."]\naddopts = ["--import-mode=importlib"]\n'
THEIRS = "[tool.pytest]\nstrict = true\n"
TEST = "def test_it():\n    pass\n"
SETTINGS = (
    "TF_NUM_INTRAOP_THREADS",
    "OMP_NUM_THREADS",
    "PTYSPEC_THREADS",
    "PYTEST_ADDOPTS",
    "PTYSPEC_HOME",
)
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


def record(project: pytest.Pytester, path: Path = RECORD) -> dict[str, Any]:
    """The outcomes that a session left."""
    content: dict[str, Any] = json.loads((project.path / path).read_text(encoding="utf-8"))
    return content
