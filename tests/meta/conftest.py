"""The fixture of all tests that drive a real pytest."""

from __future__ import annotations

import pytest

from tests.plugin_project import SETTINGS


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An empty project, and an environment without this run's settings."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    return pytester


@pytest.fixture(autouse=True)
def no_stale_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is edited within a second and keeps its size would be taken from its old bytecode."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
