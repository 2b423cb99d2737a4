"""The campaign beyond the contract tier: a pytest for each fault.

A process that loaded TensorFlow cannot fork. Each case costs seconds there, so a fault runs a few
cases of the clauses that it declares red or green, and no other.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import groupby
from pathlib import Path

from ptyspec.faults.campaign import PYTEST, Watch, environment
from ptyspec.faults.fault import Fault
from ptyspec.faults.seen import CLEAN, file_of, kept
from ptyspec.files.disk import make_folder
from ptyspec.files.jsonfile import write_json
from ptyspec.spec.collect import Case

MOST_RED, MOST_GREEN = 2, 1
"""Cases that are run of a clause that must go red, and of one that must stay green."""
CLEAN_SECONDS = 3600


def cases_of(fault: Fault, cases: Sequence[Case]) -> list[str]:
    """Return the cases that a fault runs, in the order of the suite.

    Of each declared clause those that the fault names (`Fault.cases`) before others, and contract
    cases only where the clause has no other.
    """
    chosen: set[str] = set()
    for most, clauses in ((MOST_RED, fault.red), (MOST_GREEN, fault.green)):
        for clause in clauses:
            bound = [case for case in cases if clause in case.clauses]
            named = [case for case in bound if any(word in case.id for word in fault.cases)]
            ranked = sorted(named or bound, key=lambda case: case.tier == "contract")
            chosen.update(case.id for case in ranked[:most])
    return [case.id for case in cases if case.id in chosen]


def run_parity(
    root: Path,
    folder: Path,
    chosen: Mapping[str, Sequence[str]],
    *,
    children: int,
    seconds: int,
    watch: Watch,
) -> None:
    """Run each fault's cases without and then under it; what ended in `folder` before is kept."""
    make_folder(folder)
    every = list(dict.fromkeys(case for cases in chosen.values() for case in cases))
    watching = f"--ptyspec-watch={','.join(chosen)}"
    work: list[tuple[str, Sequence[str], int, list[str], tuple[str, ...]]] = [
        (f"{CLEAN}-{at}", part, CLEAN_SECONDS, [watching], ())
        for at, part in enumerate(_divided(every, children))
    ]
    work += [(name, cases, seconds, [], (name,)) for name, cases in chosen.items()]
    with ThreadPoolExecutor(children) as pool:
        try:
            waiting = [pool.submit(_run, root, folder, *one) for one in work]
            for done, one in enumerate(as_completed(waiting), start=1):
                one.result()
                watch(done, len(waiting))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _divided(cases: Sequence[str], parts: int) -> list[list[str]]:
    """The cases in so many parts; those of one file stay together: they share what they train."""
    made: list[list[str]] = [[] for _ in range(parts)]
    files = [list(part) for _, part in groupby(sorted(cases, key=file_of), file_of)]
    for together in sorted(files, key=len, reverse=True):
        min(made, key=len).extend(together)
    return made


def _run(
    root: Path,
    folder: Path,
    name: str,
    cases: Sequence[str],
    seconds: int,
    words: Sequence[str],
    faults: Sequence[str],
) -> None:
    part = folder / f"{name}.json"
    if kept(part):
        return
    if not cases:
        write_json(part, {"status": "done", "seconds": 0.0, "cases": {}, "reached": {}})
        return
    command = [*PYTEST, "-p", "ptyspec.faults.part", f"--ptyspec-part={part}", *words, *cases]
    log = folder / f"{name}.log"
    started = time.perf_counter()
    with log.open("w", encoding="utf-8") as out:
        try:
            code = subprocess.run(
                command,
                cwd=root,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                timeout=seconds,
                env=environment(folder, *faults),
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            write_json(part, {"status": "timeout", "reason": f"> {seconds} s"})
            return
    if not part.exists():
        # 2 to 4: the cases could not be collected or the fault not applied (for an interrupt, also
        # 2, the plugin has left a part); anything else ended the process.
        status = "invalid" if code in (2, 3, 4) else "infrastructure"
        reason = (
            f"pytest ended with {code} after {time.perf_counter() - started:.0f} s: {_said(log)}"
        )
        write_json(part, {"status": status, "reason": reason[:300]})


def _said(log: Path) -> str:
    """Pytest's first words on what went wrong, else its last line."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    errors = [line.removeprefix("E ") for line in lines if line.startswith(("ERROR: ", "E   "))]
    return " ".join(line.strip() for line in errors[:3] or lines[-1:])
