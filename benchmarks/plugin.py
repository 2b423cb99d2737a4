"""What the pytest plugin costs: a test of this project, one bound to a clause, and the tests of other repositories."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Row, child_or_raise, scratch
from ptyspec.spec.clause import specification

TESTS, TIMES = 2000, 5
BODY = "import pytest\n{mark}\n@pytest.mark.parametrize('number', range({tests}))\ndef test_a_number_is_one(number): pass\n"
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:allure_pytest", "-p", "no:xdist")
ON, OFF = "[pytest]\nptyspec = true\n", "[pytest]\n"
BUDGET = 0.5
"""CPU milliseconds a test, from the start of the process to its end."""


def measure() -> list[Row]:
    """Run 2,000 empty tests with and without the plugin and divide the differences of CPU seconds."""
    plain = BODY.format(mark="", tests=TESTS)
    bound = BODY.format(mark=f"@pytest.mark.clause('{next(iter(specification()))}')", tests=TESTS)
    with scratch() as folder:
        without, unbound, clauses, elsewhere = _least(
            folder, [(plain, OFF, "no:ptyspec"), (plain, ON, ""), (bound, ON, ""), (plain, OFF, "")]
        )
    rows = (
        ("pytest plugin, overhead a test", unbound),
        ("pytest plugin, overhead a test bound to a clause", clauses),
        ("pytest plugin, overhead a test of another repository", elsewhere),
    )
    notes = {"without_cpu_s": without, "tests": TESTS}
    return [
        Row(
            what,
            1e3 * (spent - without) / TESTS,
            "ms",
            BUDGET,
            notes={"with_cpu_s": spent, **notes},
        )
        for what, spent in rows
    ]


def _least(folder: Path, cases: list[tuple[str, str, str]]) -> Iterator[float]:
    """Least CPU seconds of each case: other work on the machine only adds, and differences are small beside it."""
    found = [[_cpu(folder, *case) for case in cases] for _ in range(TIMES)]
    return (min(column) for column in zip(*found, strict=True))


def _cpu(folder: Path, body: str, configuration: str, blocked: str) -> float:
    tests = folder / "tests" / "contract" / "test_many.py"
    tests.parent.mkdir(parents=True, exist_ok=True)
    tests.write_text(body, encoding="utf-8")
    (folder / "pytest.ini").write_text(configuration, encoding="utf-8")
    more = ("-p", blocked) if blocked else ()
    words = (
        *PYTEST,
        "--rootdir",
        str(folder),
        "-c",
        str(folder / "pytest.ini"),
        *more,
        str(folder / "tests"),
    )
    return child_or_raise(words).spent.cpu
