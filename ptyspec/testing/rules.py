"""What a collected case must satisfy; a breach is a collection error of its file or class, which lists all of them.

Clause markers name known clauses, hypothesis markers known hypotheses, parametrize ids are slugs that stay different
when they become file names or the identity of a case in a report.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import pytest

from ptyspec.errors import PtyspecError
from ptyspec.experiments import registry as hypotheses
from ptyspec.spec.clause import specification
from ptyspec.testing.summary import some

SLUG = re.compile(r"[A-Za-z0-9_.+-]+")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a file or class with breaches into a collection error."""
    report = yield
    cases = [node for node in report.result or () if isinstance(node, pytest.Item)]
    if problems := [*breaches(cases)]:
        report.outcome, report.result = "failed", []
        report.longrepr = "\n".join([f"{collector.nodeid}:", *(f"  {line}" for line in problems)])
    return report


def breaches(cases: Sequence[pytest.Item]) -> Iterator[str]:
    """Yield what is wrong with the cases of one file or class, each thing once with the cases it concerns."""
    found: dict[str, list[str]] = {}
    seen: dict[str, str] = {}
    for case in cases:
        for problem in _of_case(case):
            found.setdefault(problem, []).append(case.name)
        # As in the names of files, where what is no word character is replaced.
        first = seen.setdefault(re.sub(r"\W", "_", case.name), case.name)
        if first != case.name:
            found[f"two cases would share one name in files: {first} and {case.name}"] = []
    for problem, names in found.items():
        yield f"{problem} ({some(names, 3)})" if names else problem


def _of_case(case: pytest.Item) -> Iterator[str]:
    for mark in case.iter_markers("clause"):
        if not mark.args or mark.kwargs:
            yield "a clause marker names its clauses, and nothing else"
        for name in mark.args:
            yield from _unknown(name, None)
    for mark in case.iter_markers("hypothesis"):
        # The hypothesis library adds its own bare marker later, to property-based cases, and not in their source.
        if not mark.args:
            yield "a hypothesis marker names its hypotheses"
        for name in mark.args:
            yield from _unknown(name, case.config.rootpath / "specs" / "hypotheses")
    name = getattr(getattr(case, "callspec", None), "id", "")
    if name and not SLUG.fullmatch(name):
        yield "a parametrize id is a slug of letters, digits and -_.+"


def _unknown(name: object, own: Path | None) -> Iterator[str]:
    """Hypotheses are those of the installation and those of the tests' `own` folder."""
    try:
        if own is None:
            specification()[str(name)]
        elif name not in {*hypotheses.names(), *hypotheses.names(own)}:
            hypotheses.hypothesis(str(name))
    except PtyspecError as error:
        yield f"{error.message}: {name!r}: {error.details['next']}"
