"""The fixture `golden` and what surrounds it: the marker that declares files, and proposals."""

import re
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ptyspec.spec.cases import GOLDEN, golden_of

if TYPE_CHECKING:
    from ptyspec.testing.golden.checks import Golden
    from ptyspec.testing.golden.proposal import Proposal

NAME = re.compile(r"(?:[a-z0-9][a-z0-9_-]*/)+[a-z0-9][a-z0-9_.-]*\.(?:json|npz)")
OPTION = "ptyspec_proposals"
OF_CASE = pytest.StashKey["Golden"]()
REGENERATE = ("force_regen", "regen_all")
"""Options of pytest-regressions, which would overwrite golden files."""
PROPOSED: "pytest.StashKey[list[Proposal]]" = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker; refuse the options that would overwrite golden files."""
    meaning = "the golden files that this case is compared with"
    config.addinivalue_line("markers", f"{GOLDEN}(*names): {meaning}")
    config.stash[PROPOSED] = []
    for option in REGENERATE:
        if config.getoption(option, False):
            raise pytest.UsageError(
                f"--{option.replace('_', '-')} is refused: a test run never writes golden files\n"
                "  next: ptyspec golden propose, then ptyspec golden approve NAME --reason TEXT"
            )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse a case that declares no file and asks for one, or declares one and does not ask.

    Where proposals are made, leave out the cases that declare none.
    """
    for item in items:
        if wrong := _wrong(item):
            raise pytest.UsageError(f"{item.nodeid}: {wrong}")
    if config.getoption(OPTION):
        config.hook.pytest_deselected(items=[item for item in items if not golden_of(item)])
        items[:] = [item for item in items if golden_of(item)]


def _wrong(item: pytest.Item) -> str:
    try:
        declared = golden_of(item)
    except (KeyError, IndexError) as error:
        return f"its golden marker names a parameter that it does not have: {error}"
    if bad := [name for name in declared if NAME.fullmatch(name) is None]:
        return (
            f"{bad[0]} is not a name of a golden file: FOLDER/NAME.json or .npz; a-z, digits, - _ ."
        )
    fixtures = getattr(item, "fixturenames", ())
    if bool(declared) != (GOLDEN in fixtures):
        return (
            "the fixture golden and the marker golden(FILE) belong together; one of them is missing"
        )
    around = [name for name in fixtures if name.endswith("_regression")]
    return f"use the fixture golden instead of {around[0]}, which would write" if around else ""


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> "Golden":
    """The golden files of this case; see ptyspec.testing.golden.checks.Golden."""
    from ptyspec.testing.golden.checks import Golden  # numpy: not before a case needs it

    proposals, config = request.config.getoption(OPTION), request.config
    found = request.node.stash[OF_CASE] = Golden(
        folder=config.rootpath / "golden",
        case=request.node.nodeid,
        declared=tuple(golden_of(request.node)),
        array_check=lambda: request.getfixturevalue("ndarrays_regression").check,
        proposals=Path(proposals) if proposals else None,
    )
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a case that passed without comparing every file that it declares: nobody would read such a file.

    What a failed case observed is not proposed.
    """
    result = yield
    found = item.stash.get(OF_CASE, None)
    if found is not None:
        if missed := set(found.declared) - found.compared:
            raise AssertionError(f"declared and never compared: {', '.join(sorted(missed))}")
        item.config.stash[PROPOSED] += found.proposed
    return result


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what was proposed."""
    if out := session.config.getoption(OPTION):
        from ptyspec.files.jsonfile import write_json
        from ptyspec.runs.environment import fingerprint
        from ptyspec.testing.golden.proposal import INDEX, Proposals

        declared = [name for item in session.items for name in golden_of(item)]
        proposed = session.config.stash[PROPOSED]
        told = Proposals(environment=fingerprint(), declared=declared, proposals=proposed)
        write_json(Path(out) / INDEX, told)
