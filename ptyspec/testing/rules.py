"""What a collected case must satisfy; a breach is a collection error of its file, which lists all of them.

Clause markers name known clauses, hypothesis markers known hypotheses, parametrize ids are slugs that stay different
when they become file names or the identity of a case in a report.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

import pytest

from ptyspec.experiments import registry as hypotheses
from ptyspec.spec.clause import UnknownClauseError
from ptyspec.spec.registry import specification

SLUG = re.compile(r"[A-Za-z0-9_.+-]+")
NOT_A_WORD = re.compile(r"\W")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a file or class with breaches into a collection error."""
    report = yield
    problems = list(_breaches_below(collector.nodeid, report.result or ()))
    if problems:
        report.outcome, report.result = "failed", []
        report.longrepr = "\n".join(problems)
    return report


def _breaches_below(name: str, nodes: Iterable[pytest.Item | pytest.Collector]) -> Iterator[str]:
    """Yield the breaches of a file or class under its name; where there are any, those of its classes too.

    Classes are otherwise judged when pytest collects them, which it no longer does below what has failed.
    """
    found = list(breaches([node for node in nodes if isinstance(node, pytest.Item)]))
    if found:
        yield f"{name}:"
        yield from (f"  {line}" for line in found)
        for node in nodes:
            if isinstance(node, pytest.Class):
                yield from _breaches_below(node.nodeid, list(node.collect()))


def breaches(cases: list[pytest.Item]) -> Iterator[str]:
    """Yield what is wrong with the cases of one file or class, each thing once with the cases it concerns."""
    if not cases:
        return
    found: dict[str, list[str]] = {}
    for case in cases:
        for problem in _markers(case):
            found.setdefault(problem, []).append(case.name)
        callspec = getattr(case, "callspec", None)
        if callspec is not None and callspec.id and not SLUG.fullmatch(callspec.id):
            found.setdefault("a parametrize id is a slug of letters, digits and -_.+", []).append(
                case.name
            )
    for problem, names in found.items():
        yield f"{problem} ({_some(names)})"
    yield from _collisions(cases)


def _markers(case: pytest.Item) -> Iterator[str]:
    known = specification()
    for mark in case.iter_markers("clause"):
        if not mark.args or mark.kwargs:
            yield "a clause marker names its clauses, and nothing else"
        for name in mark.args:
            if not isinstance(name, str) or name not in known:
                yield _unknown(name)
    for mark in case.iter_markers("hypothesis"):
        # The hypothesis library adds its own bare marker later, to property-based cases, and not in their source.
        if not mark.args or not all(isinstance(name, str) for name in mark.args):
            yield "a hypothesis marker names its hypotheses"
        yield from _unknown_hypotheses(mark.args, case.config.rootpath)


def _unknown(name: object) -> str:
    try:
        specification()[str(name)]
    except UnknownClauseError as error:
        return f"no clause is called {name!r}: {error.details['next']}"
    return f"{name!r} is no text"


def _unknown_hypotheses(names: Iterable[object], root: Path) -> Iterator[str]:
    """Hypotheses are those of the installation and those below the tests' own root."""
    known = {*hypotheses.names(), *hypotheses.names(root / "specs" / "hypotheses")}
    for name in names:
        if isinstance(name, str) and name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]}?" if near else "ptyspec hypotheses lists them"
            yield f"no hypothesis is called {name!r}: {hint}"


def _collisions(cases: Iterable[pytest.Item]) -> Iterator[str]:
    """Two cases whose names become one when what is no word character is replaced, as in the names of golden files."""
    seen: dict[str, str] = {}
    for case in cases:
        first = seen.setdefault(NOT_A_WORD.sub("_", case.name), case.name)
        if first != case.name:
            yield f"two cases would share one golden file: {first} and {case.name}"


def _some(names: list[str], most: int = 3) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
