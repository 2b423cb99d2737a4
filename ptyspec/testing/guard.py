"""The contract tier runs without TensorFlow and Keras: an import of one there is an error that names the case.

A finder on sys.meta_path refuses to *execute* the frameworks while a contract module is collected or a contract case
runs. Finding them stays possible (importlib.util.find_spec), and so does their use in child processes. A framework that
another tier has already loaded in this process cannot be told from one that a contract case asked for: it is let be.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

import pytest

from ptyspec.errors import PtyspecError
from ptyspec.spec.tiers import tier_of_path

FRAMEWORKS = ("tensorflow", "keras")


class TierError(PtyspecError):
    """A contract case, or a module of the contract tier, imports a framework."""


class Refusing(Loader):
    """Loads nothing: says who asked."""

    def __init__(self, case: str) -> None:
        self.case = case

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave the making of the module to the import system."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Raise TierError."""
        raise TierError(
            f"the contract tier imports {module.__name__}",
            value=self.case,
            limit=f"no {' and no '.join(FRAMEWORKS)}",
            source="tests/contract",
            next_step="move the case to tests/parity, or import inside the code that needs it",
        )


class Guard:
    """A finder that comes first and knows nothing but the frameworks; `case` is who is being watched, if anybody."""

    def __init__(self) -> None:
        self.case: str | None = None

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a framework's spec with a loader that refuses, while a case is watched."""
        if self.case is None or name not in FRAMEWORKS:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None:
            spec.loader = Refusing(self.case)
        return spec

    def pytest_sessionstart(self) -> None:
        """Stand before all other finders."""
        sys.meta_path.insert(0, self)

    def pytest_unconfigure(self) -> None:
        """Leave as if never been there."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    @contextmanager
    def _watching(self, case: str) -> Iterator[None]:
        self.case = case
        try:
            yield
        finally:
            self.case = None

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Watch the import of a contract module."""
        tier = tier_of_path(collector.nodeid.split("/")[:-1])
        if not isinstance(collector, pytest.Module) or tier != "contract":
            return (yield)
        with self._watching(collector.nodeid):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Watch a contract case from its fixtures to their end."""
        if item.get_closest_marker("contract") is None:
            return (yield)
        with self._watching(item.nodeid):
            return (yield)
