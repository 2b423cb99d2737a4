"""A campaign: the cases without a fault and under each one, in processes of their own, and what they left."""

import hashlib
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen
from typing import Any

from ptyspec.errors import PtyspecError
from ptyspec.faults.catalogue import fault
from ptyspec.faults.fault import Fault
from ptyspec.faults.result import Campaign, Mode, Row, Seen, Tier, judged, row
from ptyspec.files.disk import make_folder
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.runs.environment import FAULTS
from ptyspec.spec.cases import Case, state
from ptyspec.spec.clause import Clause

CLEAN = "clean"
"""The names of parts that ran without any fault begin with this."""


@dataclass
class Children:
    """Starts processes and waits for them; parts that ended before are kept.

    - seconds: limit for one fault. watch: is called while they run.
    """

    folder: Path
    most: int
    seconds: int
    watch: Callable[[], None] = lambda: None
    running: dict[int, tuple[Path, float]] = field(default_factory=dict)

    def start(self, name: str, begin: Callable[[Path], int]) -> None:
        """Start a process when there is room; `begin` gets the path of its part and returns the process's id."""
        part = self.folder / f"{name}.json"
        if not kept(part):
            self.wait(self.most - 1)
            self.running[begin(part)] = (part, time.monotonic())

    def wait(self, most: int = 0) -> None:
        """Wait until at most so many run; end those that take too long."""
        while len(self.running) > most:
            for child, (part, started) in list(self.running.items()):
                done, status = os.waitpid(child, os.WNOHANG)
                limit = 3600 if _is_clean(part) else self.seconds
                if not done and time.monotonic() - started > limit:
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)
                    write_json(part, {"status": "timeout", "reason": f"> {limit} s"})
                elif not done:
                    continue
                del self.running[child]
                if not part.exists():
                    write_json(part, _ended(os.waitstatus_to_exitcode(status), part))
            self.watch()
            time.sleep(0.02)

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Wait for all at the end, and end those that run where something is raised."""
        try:
            yield
            self.wait()
        except BaseException:
            for child in self.running:
                os.kill(child, signal.SIGTERM)
            raise


def kept(part: Path) -> bool:
    """Return whether a part need not run again; one that must is removed.

    Kept are cases that ran to their end and faults that cannot be applied. What broke around the
    cases may hold now, the limit of a timeout may be higher, and without the clean cases nothing
    can be judged.
    """
    if not part.exists():
        return False
    status = read_json(part).get("status")
    if status == "done" or (status == "invalid" and not _is_clean(part)):
        return True
    part.unlink()
    return False


def _is_clean(part: Path) -> bool:
    return part.name.partition("-")[0] == CLEAN


def _ended(code: int, part: Path) -> dict[str, str]:
    """What is told of a process that left no part: its code, and pytest's first words on what went wrong."""
    log, said = part.with_suffix(".log"), ""
    if log.exists():
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        errors = [one.removeprefix("E ") for one in lines if one.startswith(("ERROR: ", "E   "))]
        said = ": " + " ".join(line.strip() for line in errors[:3] or lines[-1:])
    # 2 to 4: the cases could not be collected or the fault not applied.
    status = "invalid" if code in (2, 3, 4) else "infrastructure"
    return {"status": status, "reason": f"the process ended with {code}{said}"[:300]}


Watch = Callable[[int, int], None]
"""Called with the number of faults that are done, and of all."""
PYTEST = (sys.executable, *["-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider"])


class CampaignError(PtyspecError):
    """The campaign could not run."""

    exit_code = 3


def run_campaign(
    root: Path,
    folder: Path,
    names: Sequence[str],
    cases: Sequence[Case],
    *,
    children: int,
    seconds: int,
    watch: Watch,
    mode: Mode = "full",
) -> None:
    """Run the contract tier under each fault, into `folder`; what ended there before is kept.

    `quick` runs the cases of the clauses that a fault declares red or green, `full` all that can
    notice it; without a fault those run that run under one. Raises CampaignError with pytest's own
    words.
    """
    make_folder(folder)
    told = {"folder": str(folder), "faults": list(names), "children": children}
    told |= {"seconds": seconds, "quick": mode == "quick"}
    log = folder / "pytest.log"
    files = dict.fromkeys(file_of(case.id) for case in cases if case.tier == "contract")
    child = _pytest(root, log, (), [*files, "-m", "contract"], told)
    try:
        while child.poll() is None:
            watch(_done(folder, names), len(names))
            time.sleep(0.5)
    except BaseException:
        child.terminate()
        child.wait()
        raise
    if child.returncode not in (0, 5):  # 5: pytest itself saw no case run
        tail = "\n".join(log.read_text(encoding="utf-8").strip().splitlines()[-15:])
        said = f"the campaign did not run to its end (pytest ended with {child.returncode})"
        raise CampaignError(f"{said}:\n{tail}", source=log)


def run_parity(
    root: Path,
    folder: Path,
    chosen: Mapping[str, Sequence[str]],
    *,
    children: int,
    seconds: int,
    watch: Watch,
) -> None:
    """Run each fault's cases without and then under it; what ended in `folder` before is kept.

    A process that loaded TensorFlow cannot fork: each fault has a pytest of its own, and runs a few
    cases (`cases_of`), since each costs seconds.
    """
    make_folder(folder)
    started: list[Popen[bytes]] = []  # one that nobody keeps is reaped too early

    def pytest(cases: Sequence[str], *faults: str) -> Callable[[Path], int]:
        def begin(part: Path) -> int:
            told = {"part": str(part), "watch": [] if faults else list(chosen)}
            started.append(_pytest(root, part.with_suffix(".log"), faults, cases, told))
            return started[-1].pid

        return begin

    every = dict.fromkeys(case for cases in chosen.values() for case in cases)
    files = groupby(sorted(every, key=file_of), file_of)
    told = Children(folder, children, seconds, lambda: watch(_done(folder, chosen), len(chosen)))
    with told.ending():
        for at, (_, cases) in enumerate(files):
            told.start(f"{CLEAN}-{at}", pytest(list(cases)))
        for name, mine in chosen.items():
            if mine:
                told.start(name, pytest(mine, name))
            elif not kept(folder / f"{name}.json"):
                write_json(folder / f"{name}.json", {"status": "done", "cases": {}})


def cases_of(one: Fault, cases: Sequence[Case]) -> list[str]:
    """Return the cases that a fault runs beyond the contract tier, in the order of the suite.

    At most two of a clause that must go red, one of a clause that must stay green: those that the
    fault names (`Fault.cases`) before others, and contract cases only where it has no other.
    """
    chosen: set[str] = set()
    for most, clauses in ((2, one.red), (1, one.green)):
        for clause in clauses:
            bound = [case for case in cases if clause in case.clauses]
            named = [case for case in bound if any(word in case.id for word in one.cases)]
            ranked = sorted(named or bound, key=lambda case: case.tier == "contract")
            chosen.update(case.id for case in ranked[:most])
    return [case.id for case in cases if case.id in chosen]


def file_of(case: str) -> str:
    """Return the file of a node id."""
    return case.partition("::")[0]


def _done(folder: Path, names: Collection[str]) -> int:
    return sum((folder / f"{name}.json").exists() for name in names)


def _pytest(
    root: Path, log: Path, faults: Sequence[str], words: Sequence[str], told: Mapping[str, Any]
) -> Popen[bytes]:
    """Start pytest with the plugin of the campaign: a store of its own, these faults alone."""
    others = os.environ.items()
    own = {name: one for name, one in others if not name.startswith(("PYTEST_", FAULTS))}
    own |= {"PTYSPEC_HOME": str(log.parent / "home"), FAULTS: ",".join(faults)}
    # With `=`: an existing path that stands alone among the words moves pytest's root there.
    option = f"--ptyspec-campaign={json.dumps(told)}"
    command = [*PYTEST, "-p", "ptyspec.faults.loop", option, *words]
    with log.open("w", encoding="utf-8") as out:
        return Popen(command, cwd=root, env=own, stdin=DEVNULL, stdout=out, stderr=STDOUT)


def read_campaign(
    folder: Path,
    names: Sequence[str],
    cases: Sequence[Case],
    clauses: Mapping[str, Clause],
    tier: Tier = "contract",
    mode: Mode = "full",
) -> Campaign:
    """Return what the processes of a campaign left in `folder`, held against the catalogue."""
    clauses_of = {case.id: case.clauses for case in cases}
    clean: dict[str, Any] = {}
    reached: Counter[str] = Counter()
    for part in clean_parts(folder):
        clean |= part["cases"]
        reached.update({name: len(through) for name, through in part["reached"].items()})
    healthy = {name for name, case in clean.items() if case["outcome"] == "passed"}
    unclean = [name for name, case in clean.items() if case["outcome"] == "failed"]
    # In the contract tier each case counts, also one that no fault's clauses asked for.
    known = {case.id for case in cases if tier == "contract" and case.tier == tier}
    bound = Counter(clause for name in {*clean, *known} for clause in clauses_of.get(name, ()))
    parts = {name: read_json(folder / f"{name}.json") for name in names}
    rows = []
    for name, part in parts.items():
        status, reason = part["status"], part.get("reason", "")
        red: dict[str, list[str]] = {}
        if status == "done" and not reached[name]:
            status, reason = "invalid", "no case that was run comes through its seam"
        elif status == "done":
            # Cases that fail without a fault say nothing of one.
            failed = (case for case, one in part["cases"].items() if one["outcome"] == "failed")
            for case in filter(healthy.__contains__, failed):
                for clause in clauses_of.get(case, ()):
                    red.setdefault(clause, []).append(case)
            status = "killed" if red else "survived"
        told = {"status": status, "reason": reason, "mode": mode, "reached": reached[name]}
        seconds = round(part.get("seconds", 0.0), 3)
        rows.append(row(fault(name), red, bound, clauses, seconds=seconds, **told))
    return judged(tier, rows, clauses, bound, unclean, _seen(rows, parts))


def clean_parts(folder: Path) -> list[dict[str, Any]]:
    """Return what ran without a fault; raises CampaignError where it did not run to its end."""
    parts = [read_json(file) for file in sorted(folder.glob(f"{CLEAN}-*.json"))]
    for part in parts:
        if "cases" not in part:
            what = "the cases do not run to their end without a fault"
            step = "see the logs there; the same command runs them again"
            raise CampaignError(what, value=part.get("reason"), source=folder, next_step=step)
    return parts


def _seen(rows: Sequence[Row], parts: Mapping[str, Mapping[str, Any]]) -> dict[str, Seen]:
    """For each red clause the case that tells most: of a fault that declares it and few others."""

    def rank(one: Row, clause: str) -> tuple[int, int, str]:
        declared = one.declared_red
        return (declared.index(clause) if clause in declared else 99, len(one.red), one.id)

    found = {}
    for clause in dict.fromkeys(name for one in rows for name in one.red):
        one = min((one for one in rows if clause in one.red), key=lambda one: rank(one, clause))
        messages = {case: parts[one.id]["cases"][case]["message"] for case in one.red[clause]}
        # A case that compared says what it saw; one that met an error says less.
        case = next((name for name, text in messages.items() if "observed" in text), None)
        case = case or next(iter(messages))
        found[clause] = Seen(fault=one.id, case=case, said=messages[case])
    return found


def stamp_of(root: Path, names: Sequence[str], tier: str, mode: Mode) -> str:
    """Return the name of a campaign's folder: equal for equal code, cases, faults and options."""
    return hashlib.sha256(",".join((state(root), tier, mode, *names)).encode()).hexdigest()[:16]
