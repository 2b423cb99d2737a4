"""A case that needs a package of an extra is skipped, and its reason is the sentence with the command.

Skipped is not passed: `ptyspec trace --strict` asks that a case of every MUST has passed.
"""

from collections.abc import Generator

import pytest

from ptyspec.errors import MissingPackageError


def _skipping() -> Generator[None, object, object]:
    try:
        return (yield)
    except MissingPackageError as error:
        pytest.skip(error.sentence)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Skip a case whose fixture met a missing package, now or in a case before it."""
    return (yield from _skipping())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Skip a case that met a missing package."""
    return (yield from _skipping())


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Skip a file that cannot be imported without a package."""
    report = yield
    raised = getattr(getattr(report, "call", None), "excinfo", None)
    if raised is not None and isinstance(raised.value, MissingPackageError):
        report.outcome = "skipped"
        report.longrepr = (str(collector.path), 0, f"Skipped: {raised.value.sentence}")
    return report
