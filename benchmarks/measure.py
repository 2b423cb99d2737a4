"""How anything is measured here: wall clock, CPU seconds, peak memory; a row beside its budget."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parents[1]
PTYSPEC = (sys.executable, "-c", "from ptyspec.cli.main import entry; entry()")
"""The command line of this interpreter, whether or not its script is on the path."""


@dataclass(frozen=True)
class Row:
    """One measured figure; `sense` says on which side of the budget it must lie."""

    what: str
    value: float
    unit: str
    budget: float | None = None
    sense: Literal["at least", "at most"] = "at most"
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """`ok`, `MISSED`, or a dash where the project has no budget."""
        if self.budget is None:
            return "–"
        fine = self.value >= self.budget if self.sense == "at least" else self.value <= self.budget
        return "ok" if fine else "MISSED"

    def line(self) -> str:
        """Return the row as a line of the printed table."""
        asked = "" if self.budget is None else f"{self.sense} {self.budget:,g}"
        notes = "  ".join(f"{key} {_short(value)}" for key, value in self.notes.items())
        measured = f"{_short(self.value)} {self.unit}"
        return (
            f"{self.what:<52} | {measured:>22} | {asked:>16} | {self.verdict:<6} | {notes}".rstrip(
                " |"
            )
        )

    def as_json(self) -> dict[str, Any]:
        """Return the row as data."""
        return {**asdict(self), "verdict": self.verdict}


@dataclass(frozen=True)
class Spent:
    """Seconds that something took."""

    wall: float
    cpu: float


def repeated(work: Callable[[], object], times: int = 5) -> Spent:
    """Return the medians of `times` runs after one that warms up; CPU seconds are those of all threads."""
    work()
    found = []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        found.append(Spent(time.perf_counter() - wall, time.process_time() - cpu))
    return Spent(statistics.median(s.wall for s in found), statistics.median(s.cpu for s in found))


def rate(what: str, count: int, spent: Spent, budget: float | None, unit: str = "patterns") -> Row:
    """Return a throughput row: things a CPU second, that is a second of one core."""
    notes = {"wall_s": spent.wall, "cpu_s": spent.cpu, "count": count}
    return Row(what, count / spent.cpu, f"{unit}/s a core", budget, "at least", notes)


@dataclass(frozen=True)
class Child:
    """A finished child process."""

    code: int
    stdout: str
    stderr: str
    spent: Spent
    peak_rss_mb: float


def child(words: Sequence[str], environment: Mapping[str, str] | None = None) -> Child:
    """Run a child process to its end and return what it said and used; the project's root is its folder.

    The peak is that of this very child: `os.wait4` reports one process, RUSAGE_CHILDREN the largest so far.
    """
    env = {**os.environ, **(environment or {})}
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(words, stdout=out, stderr=err, env=env, cwd=ROOT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        out.seek(0)
        err.seek(0)
        spent = Spent(wall, used.ru_utime + used.ru_stime)
        return Child(process.returncode, out.read(), err.read(), spent, _megabytes(used.ru_maxrss))


def child_or_raise(words: Sequence[str], environment: Mapping[str, str] | None = None) -> Child:
    """Run a child that must end well; raises RuntimeError with the end of what it said otherwise."""
    done = child(words, environment)
    if done.code:
        raise RuntimeError(f"{' '.join(words[1:])} ended with {done.code}: {done.stderr[-2000:]}")
    return done


def peak_rss_mb() -> float:
    """Return this process's largest resident memory so far, 10^6 bytes."""
    return _megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards; TMPDIR says where."""
    with tempfile.TemporaryDirectory(prefix="ptyspec-bench-") as folder:
        yield Path(folder)


def _megabytes(maxrss: int) -> float:
    return maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def _short(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
