"""The fixture of all tests that drive a real pytest."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.plugin_project import FIXED, SETTINGS, THREADS, import_again, note_imports


@pytest.fixture
def imported_once() -> Iterator[None]:
    """After pytester's end, what the test imported is there as before."""
    yield
    import_again()


@pytest.fixture
def project(
    imported_once: None, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.Pytester]:
    """An empty project, and an environment without this run's settings."""
    # Here too: where this file is named on the command line, it is imported before they are fixed.
    FIXED.update({name: os.environ[name] for name in THREADS if name in os.environ})
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    yield pytester
    note_imports(pytester)


@pytest.fixture(autouse=True)
def no_stale_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is edited within a second and keeps its size would be taken from its old bytecode."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
