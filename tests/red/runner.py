"""Break each clause in a copy of the tree and see whether one of its own cases notices."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

from ptyspec.errors import PtyspecError
from ptyspec.spec.clause import Clause
from ptyspec.spec.collect import Case
from tests.red.copies import Copy, Run
from tests.red.entries import Entry

Status = Literal["killed", "survived", "invalid"]
SCRATCH = re.compile(r"/\S*?/pytest-of-[\w.-]+/pytest-\d+/|/tmp/(?:tmp\w+|ptyspec-red-\w+)/")
ADDRESS = re.compile(r"0x[0-9a-f]{8,}")


class UnbrokenError(PtyspecError):
    """The unbroken copy's cases cannot be run: no edit would prove anything."""

    exit_code = 3


@dataclass(frozen=True)
class Result:
    """What became of one entry: killed by `case` with `text`, survived, or invalid for a `reason`."""

    entry: Entry
    status: Status
    seconds: float = 0.0
    case: str = ""
    text: tuple[str, ...] = ()
    reason: str = ""


def missing(clauses: Mapping[str, Clause], entries: Collection[Entry]) -> list[str]:
    """Return the clauses that no entry breaks."""
    broken = {entry.clause for entry in entries}
    return [name for name in clauses if name not in broken]


def run(
    root: Path,
    entries: Collection[Entry],
    clauses: Mapping[str, Clause],
    cases: Collection[Case],
    jobs: int = 1,
    tell: Callable[[str], None] = print,
) -> Iterator[Result]:
    """Yield one result an entry, in order; cases that are red in the unbroken copy prove nothing and are left out."""
    with _copies(root, jobs) as copies:
        red = _red_unbroken(copies, entries, cases, jobs, tell)

        def one(entry: Entry) -> Result:
            copy = copies.get()
            try:
                result = _try(copy, entry, clauses, cases, red)
            finally:
                copies.put(copy)
            tell(
                f"{result.status:<8} {entry.clause} ({result.seconds:.1f} s) {result.reason or result.case}"
            )
            return result

        with ThreadPoolExecutor(jobs) as pool:
            yield from pool.map(one, entries)


@contextmanager
def _copies(root: Path, jobs: int) -> Iterator[SimpleQueue[Copy]]:
    made = [Copy(root) for _ in range(jobs)]
    queue: SimpleQueue[Copy] = SimpleQueue()
    for copy in made:
        queue.put(copy)
    try:
        yield queue
    finally:
        for copy in made:
            copy.remove()


def _red_unbroken(
    copies: SimpleQueue[Copy],
    entries: Collection[Entry],
    cases: Collection[Case],
    jobs: int,
    tell: Callable[[str], None],
) -> set[str]:
    """Run all cases of the entries once in an unbroken copy; return those that fail there."""
    wanted = list(dict.fromkeys(case.function for entry in entries for case in entry.chosen(cases)))
    if not wanted:
        return set()
    copy = copies.get()
    parallel = ("-n", str(jobs)) if jobs > 1 else ()
    told = copy.run(wanted, *parallel, whole=True)
    copies.put(copy)
    red = {str(row["case"]) for row in told.failures}
    tell(f"unbroken: {len(wanted)} test functions, {len(red)} cases red {sorted(red) or ''}")
    if told.code not in (0, 1):
        raise UnbrokenError(
            f"the cases do not run to their end in an unbroken copy:\n{told.tail}",
            value=f"exit code {told.code}",
            next_step="python -m pytest must be able to collect and to end first",
        )
    return red


def _try(
    copy: Copy, entry: Entry, clauses: Mapping[str, Clause], cases: Collection[Case], red: set[str]
) -> Result:
    chosen = [case.id for case in entry.chosen(cases) if case.id not in red]
    reason = entry.problem(copy.tree)
    if entry.clause not in clauses:
        reason = f"no document has the clause {entry.clause}"
    elif not chosen:
        reason = f"no green case of the clause{f' at {entry.case}' if entry.case else ''}"
    if reason:
        return Result(entry, "invalid", reason=reason)
    before = time.monotonic()
    with copy.broken(entry):
        told = copy.run(chosen, error=entry.error)
    return _judged(copy, entry, told, time.monotonic() - before)


def _judged(copy: Copy, entry: Entry, told: Run, seconds: float) -> Result:
    def invalid(reason: str) -> Result:
        return Result(entry, "invalid", seconds, reason=_clean(copy, [reason])[0])

    if told.verdicts:
        row = told.verdicts[0]
        return Result(entry, "killed", seconds, str(row["case"]), tuple(_clean(copy, row["text"])))
    if told.collection_errors or told.code in (2, 3, 4, -1):
        lines: list[Any] = told.collection_errors[:1]
        return invalid(
            f"not a verdict: {lines[0]['text'][-1] if lines and lines[0]['text'] else told.tail}"
        )
    if told.failures:
        row = told.failures[0]
        text = row["text"][0] if row["text"] else ""
        return invalid(f"{row['case']} ended with {row['error']}, which is no verdict: {text}")
    if told.code == 0:
        return Result(entry, "survived", seconds, reason=f"green although broken: {entry.story}")
    return invalid(f"pytest ended with {told.code}: {told.tail}")


def _clean(copy: Copy, lines: list[str]) -> list[str]:
    """Return lines without what differs from run to run."""
    return [ADDRESS.sub("0x…", SCRATCH.sub("", line)) for line in copy.scrubbed(lines)]


def counts(results: Collection[Result], lacking: Collection[str]) -> dict[str, int]:
    """Return how many entries were killed, survived or were invalid, and how many clauses have none."""
    found = Counter(result.status for result in results)
    return {status: found[status] for status in ("killed", "survived", "invalid")} | {
        "missing": len(lacking)
    }
