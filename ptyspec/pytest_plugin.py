"""The pytest plugin: hooks only. It acts where the configuration says `ptyspec = true` and nowhere else.

pytest loads it in every repository of an environment that has ptyspec, so importing it costs nothing: whatever is
heavy is imported inside the hook that needs it.
"""

from __future__ import annotations

import pytest

TIERS = {
    "contract": "one component against its contract; no TensorFlow",
    "parity": "A beside B: two implementations of one clause",
    "regression": "a result beside its approved golden file",
    "meta": "the harness itself, by a pytest inside pytest",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the switch that makes the plugin act."""
    parser.addini("ptyspec", "this project's tests follow ptyspec's clauses and tiers", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Fix the threads before any test module can import a numerical library; declare the tiers' markers."""
    if not config.getini("ptyspec"):
        return
    from ptyspec.errors import PtyspecError
    from ptyspec.observe.threads import default_threads, set_threads

    try:
        set_threads(default_threads())
    except PtyspecError as error:
        raise pytest.UsageError(str(error)) from error
    for tier, meaning in TIERS.items():
        config.addinivalue_line("markers", f"{tier}: {meaning}")
    config.addinivalue_line("markers", "clause(*ids): the clauses of specs/ that this case holds the code to")
    from ptyspec.spec import fixtures

    config.pluginmanager.register(fixtures, "ptyspec.fixtures")


def pytest_report_header(config: pytest.Config) -> str | None:
    """Name what changes bits: versions, threads, oneDNN, CPU."""
    if not config.getini("ptyspec"):
        return None
    from ptyspec.observe.environment import fingerprint

    return f"ptyspec: {fingerprint()}"


@pytest.hookimpl(tryfirst=True)  # before `-m` deselects
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each test the marker of the tier whose folder it lies in."""
    if not config.getini("ptyspec"):
        return
    for item in items:
        folders = item.nodeid.partition("::")[0].split("/")[:-1]
        for tier in TIERS:
            if tier in folders:
                item.add_marker(tier)
    from ptyspec.errors import PtyspecError
    from ptyspec.spec.binding import clauses_of

    for item in items:
        try:
            clauses_of(item)
        except PtyspecError as error:
            raise pytest.UsageError(f"{item.nodeid}: {error}") from error
