"""The fixture `golden` and what surrounds it: the marker that declares files, and no other way to make one."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from ptyspec.errors import PtyspecError
from ptyspec.testing.golden.names import MARKER, declared_by

if TYPE_CHECKING:
    from ptyspec.testing.golden.checks import Golden

REGENERATE = ("force_regen", "regen_all")
KINDS = ("data", "dataframe", "file", "image", "ndarrays", "num")
"""Fixtures of pytest-regressions, which create a missing file and have a tolerance by default."""
GOLDEN = pytest.StashKey["Golden"]()


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker; refuse the options by which pytest-regressions would overwrite golden files."""
    meaning = "the golden files that this case is compared with"
    config.addinivalue_line("markers", f"{MARKER}(*names): {meaning}")
    for option in REGENERATE:
        if config.getoption(option, False):
            raise pytest.UsageError(
                f"--{option.replace('_', '-')} is refused: a test run never writes golden files\n"
                "  next: ptyspec golden propose, look at the page, ptyspec golden approve NAME --reason TEXT"
            )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a case that declares no file and asks for one, or declares one and does not ask, or goes around us."""
    for item in items:
        try:
            declared = declared_by(item)
        except PtyspecError as error:
            raise pytest.UsageError(f"{item.nodeid}: {error}") from error
        asked = set(getattr(item, "fixturenames", ()))
        if bool(declared) != (MARKER in asked):
            raise pytest.UsageError(
                f"{item.nodeid}: the fixture golden and the marker golden(FILE) belong together; one of them is missing"
            )
        for name in sorted(asked & {f"{kind}_regression" for kind in KINDS}):
            raise pytest.UsageError(
                f"{item.nodeid}: use the fixture golden instead of {name}, which would write"
            )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """The golden files of this case; see ptyspec.testing.golden.checks.Golden."""
    from ptyspec.testing.golden.checks import Golden  # numpy: not before a case needs it
    from ptyspec.testing.golden.proposing import OUT

    found = request.node.stash[GOLDEN] = Golden(
        folder=request.config.rootpath / "golden",
        case=request.node.nodeid,
        declared=declared_by(request.node),
        array_check=lambda: request.getfixturevalue("ndarrays_regression").check,
        proposals=request.config.stash.get(OUT, None),
    )
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a case that passed without comparing every file that it declares: such a file would be read by nobody."""
    result = yield
    found = item.stash.get(GOLDEN, None)
    if found is not None and set(found.declared) - found.compared:
        missed = ", ".join(sorted(set(found.declared) - found.compared))
        raise AssertionError(f"declared and never compared: {missed}")
    return result
