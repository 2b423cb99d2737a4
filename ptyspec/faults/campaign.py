"""The campaign: which clauses go red under which fault, computed from what the forked processes of `loop` left."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ptyspec.errors import PtyspecError
from ptyspec.faults.catalogue import fault
from ptyspec.faults.fault import Fault
from ptyspec.io.disk import make_folder
from ptyspec.io.jsonfile import read_json
from ptyspec.io.runkey import source_digest
from ptyspec.observe.environment import FAULTS
from ptyspec.spec.clause import PLACES, Clause
from ptyspec.spec.collect import Case

SCHEMA_VERSION = 1
Status = Literal["killed", "survived", "invalid", "timeout", "infrastructure"]


class CampaignError(PtyspecError):
    """The campaign could not run."""

    exit_code = 3


@dataclass(frozen=True)
class Row:
    """One fault in the matrix."""

    fault: Fault
    status: Status
    reason: str
    """Why it is neither killed nor survived; empty otherwise."""
    reached: int
    """Cases that came through one of its seams."""
    red: Mapping[str, Sequence[str]]
    """Clauses that went red, and the cases that did it."""
    seconds: float
    to_first: float | None
    """Seconds of cases until the first red one."""

    @property
    def blind(self) -> list[str]:
        """Clauses that should have stayed green and did not."""
        return [name for name in self.fault.green if name in self.red]

    @property
    def missed(self) -> list[str]:
        """Clauses that should have gone red and did not."""
        return [name for name in self.fault.red if name not in self.red]

    def first_stage(self, clauses: Mapping[str, Clause]) -> str | None:
        """Return the earliest place, in the order of a run, of a clause that went red."""
        places = {clauses[name].place for name in self.red if name in clauses}
        return next((place for place in PLACES if place in places), None)


@dataclass(frozen=True)
class Result:
    """A finished campaign."""

    tier: str
    rows: tuple[Row, ...]
    clauses: Mapping[str, Clause]
    bound: frozenset[str]
    """Clauses that have a case in this tier."""
    unclean: tuple[str, ...]
    """Cases that fail without any fault."""

    def of(self, status: Status) -> list[Row]:
        """Return the faults of one status."""
        return [row for row in self.rows if row.status == status]

    @property
    def valid(self) -> list[Row]:
        """Faults that were applied and reached."""
        return [*self.of("killed"), *self.of("survived")]

    @property
    def kill_rate(self) -> float | None:
        """Killed among valid faults."""
        return len(self.of("killed")) / len(self.valid) if self.valid else None

    @property
    def localised(self) -> float | None:
        """Among killed faults, those whose first red clause names their stage."""
        killed = self.of("killed")
        right = [row for row in killed if row.first_stage(self.clauses) == row.fault.stage]
        return len(right) / len(killed) if killed else None

    @property
    def unkilled(self) -> list[str]:
        """MUST clauses with a case in this tier that no fault turned red."""
        red = {name for row in self.rows for name in row.red}
        return [name for name in self.clauses if name in self.bound - red and self.clauses[name].level == "MUST"]

    @property
    def status(self) -> Literal["ok", "violation", "incomplete"]:
        """A violation: a fault survived, a blind clause went red, or the suite is not green without faults."""
        if self.of("survived") or any(row.blind for row in self.rows) or self.unclean:
            return "violation"
        return "incomplete" if len(self.valid) < len(self.rows) else "ok"

    def as_json(self) -> dict[str, Any]:
        """Return the campaign as JSON values, its headline on top."""
        return {
            "schema_version": SCHEMA_VERSION, "status": self.status, "kill_rate": self.kill_rate, "tier": self.tier,
            "localised": self.localised, "survivors": [row.fault.id for row in self.of("survived")],
            "blind_red": {row.fault.id: row.blind for row in self.rows if row.blind},
            "must_clauses_without_a_kill": self.unkilled, "failing_without_a_fault": list(self.unclean),
            "faults": [_row(row, self.clauses) for row in self.rows],
        }  # fmt: skip


def _row(row: Row, clauses: Mapping[str, Clause]) -> dict[str, Any]:
    return {
        "id": row.fault.id, "stage": row.fault.stage, "story": row.fault.story, "status": row.status, "reason": row.reason,
        "reached": row.reached, "red": {name: list(cases) for name, cases in row.red.items()},
        "first_red_stage": row.first_stage(clauses), "missed": row.missed, "blind_red": row.blind,
        "seconds": round(row.seconds, 3), "seconds_to_first_red": row.to_first,
    }  # fmt: skip


def run_campaign(
    root: Path, folder: Path, names: Sequence[str], *, children: int, seconds: int, watch: Callable[[int, int], None]
) -> None:
    """Run the contract tier under each fault, into `folder`; what lies there already is kept.

    `watch(done, total)` is called while it runs. Raises CampaignError with pytest's own words.
    """
    make_folder(folder)
    total = len(names) + children
    command = [
        sys.executable, "-m", "pytest", "-q", "-m", "contract", "-p", "no:xdist", "-p", "no:cacheprovider",
        # With `=`: an existing path that stands alone among the words moves pytest's root there.
        "-p", "ptyspec.faults.loop", f"--ptyspec-campaign={folder}", f"--ptyspec-faults={','.join(names)}",
        f"--ptyspec-children={children}", f"--ptyspec-seconds={seconds}",
    ]  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", FAULTS))}
    log = folder / "pytest.log"
    with log.open("w", encoding="utf-8") as out:
        child = subprocess.Popen(
            command, cwd=root, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
            env=kept | {"PTYSPEC_HOME": str(folder / "home")},
        )  # fmt: skip
        try:
            while True:
                try:
                    code = child.wait(timeout=0.5)
                    break
                except subprocess.TimeoutExpired:
                    watch(len(list(folder.glob("*.json"))), total)
        except BaseException:
            child.terminate()
            child.wait()
            raise
    if code not in (0, 5):  # 5: pytest itself saw no case run
        tail = "\n".join(log.read_text(encoding="utf-8").strip().splitlines()[-15:])
        raise CampaignError(f"the campaign did not run to its end (pytest ended with {code}):\n{tail}", source=log)


def read_campaign(
    folder: Path, names: Sequence[str], cases: Sequence[Case], clauses: Mapping[str, Clause], children: int
) -> Result:
    """Return what the processes of a campaign left in `folder`, held against the catalogue."""
    bound = {case.id: case.clauses for case in cases}
    clean: dict[str, Any] = {}
    reached: dict[str, list[str]] = {}
    for at in range(children):
        part = read_json(folder / f"clean-{at}.json")
        clean |= part["cases"]
        for name, through in part["reached"].items():
            reached.setdefault(name, []).extend(through)
    healthy = {name for name, row in clean.items() if row["outcome"] == "passed"}
    unclean = tuple(name for name, row in clean.items() if row["outcome"] == "failed")
    rows = tuple(
        _of(name, read_json(folder / f"{name}.json"), len(reached.get(name, ())), bound, healthy) for name in names
    )
    in_tier = frozenset(clause for name in clean for clause in bound.get(name, ()))
    return Result("contract", rows, clauses, in_tier, unclean)


def _of(name: str, part: Mapping[str, Any], reached: int, bound: Mapping[str, Sequence[str]], healthy: set[str]) -> Row:
    if part["status"] != "done":
        return Row(fault(name), part["status"], part["reason"], reached, {}, 0.0, None)
    red: dict[str, list[str]] = {}
    elapsed, first = 0.0, None
    for case, row in part["cases"].items():
        elapsed += row["seconds"]
        if row["outcome"] == "failed" and case in healthy:
            for clause in bound.get(case, ()):
                red.setdefault(clause, []).append(case)
            if first is None and bound.get(case):
                first = round(elapsed, 3)
    if not reached:
        return Row(fault(name), "invalid", "no case of this tier comes through its seam", 0, {}, part["seconds"], None)
    return Row(fault(name), "killed" if red else "survived", "", reached, red, part["seconds"], first)


def stamp_of(root: Path, names: Sequence[str]) -> str:
    """Return the name of a campaign's folder: equal for equal code, cases, documents and faults."""
    return source_digest(root, ("ptyspec", "tests"), extra=",".join(names))
