"""The contract tier runs without TensorFlow and Keras: an import of one there is an error that names the case.

A finder on sys.meta_path refuses to execute the frameworks while a contract module is collected or a
contract case runs; finding them stays possible, and child processes may use them. A framework that another tier has already loaded in this
process cannot be told from one that a contract case asked for: it is let be.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

import pytest

from ptyspec.errors import PtyspecError
from ptyspec.spec.cases import tier_of

FRAMEWORKS = ("tensorflow", "keras")


class TierError(PtyspecError):
    """A contract case, or a module of the contract tier, imports a framework."""


class Guard(Loader):
    """A finder that comes first and knows nothing but the frameworks; `case` is who is being watched, if anybody."""

    def __init__(self) -> None:
        self.case = ""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a framework's spec that this loader refuses, while a case is watched."""
        watched = self.case and name in FRAMEWORKS
        spec = PathFinder.find_spec(name, path, target) if watched else None
        if spec is not None:
            spec.loader = self
        return spec

    def exec_module(self, module: ModuleType) -> None:
        """Raise TierError."""
        raise TierError(
            f"the contract tier imports {module.__name__}",
            value=self.case,
            limit=f"no {' and no '.join(FRAMEWORKS)}",
            source="tests/contract",
            next_step="move the case to tests/parity, or import inside the code that needs it",
        )

    def pytest_sessionstart(self) -> None:
        """Stand before all other finders."""
        sys.meta_path.insert(0, self)

    def pytest_unconfigure(self) -> None:
        """Leave as if never been there."""
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Watch the import of a contract module."""
        contract = isinstance(collector, pytest.Module) and tier_of(collector.nodeid) == "contract"
        self.case = collector.nodeid if contract else ""
        try:
            return (yield)
        finally:
            self.case = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Watch a contract case from its fixtures to their end."""
        self.case = item.nodeid if item.get_closest_marker("contract") else ""
        try:
            return (yield)
        finally:
            self.case = ""
