"""What the pytest plugin costs a test that does not use it."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from benchmarks.measure import Row, child_or_raise, scratch

TESTS, TIMES = 4000, 3
BODY = f"import pytest\n@pytest.mark.parametrize('number', range({TESTS}))\ndef test_a_number_is_one(number): pass\n"
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:allure_pytest", "-p", "no:xdist")


def measure() -> list[Row]:
    """Run 4,000 empty tests with and without the plugin and divide the difference of CPU seconds."""
    with scratch() as folder:
        tests = folder / "tests" / "contract" / "test_many.py"
        tests.parent.mkdir(parents=True)
        tests.write_text(BODY, encoding="utf-8")
        switched_on = _cpu(folder, "[pytest]\nptyspec = true\n")
        switched_off = _cpu(folder, "[pytest]\n", "-p", "no:ptyspec")
    notes = {"with_cpu_s": switched_on, "without_cpu_s": switched_off, "tests": TESTS}
    return [Row("pytest plugin, overhead a test", 1e3 * (switched_on - switched_off) / TESTS, "ms", 0.5, notes=notes)]


def _cpu(folder: Path, configuration: str, *more: str) -> float:
    (folder / "pytest.ini").write_text(configuration, encoding="utf-8")
    words = (*PYTEST, "--rootdir", str(folder), "-c", str(folder / "pytest.ini"), *more, str(folder / "tests"))
    return statistics.median(child_or_raise(words).spent.cpu for _ in range(TIMES))
