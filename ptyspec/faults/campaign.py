"""The campaign of the contract tier: a pytest that forks a process a fault, and what it left."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ptyspec.errors import PtyspecError
from ptyspec.faults.catalogue import fault
from ptyspec.faults.result import Campaign, Mode, Row, Seen, Tier, judged, row
from ptyspec.faults.seen import CLEAN
from ptyspec.files.disk import make_folder
from ptyspec.files.jsonfile import read_json
from ptyspec.runs.environment import FAULTS
from ptyspec.spec.clause import Clause
from ptyspec.spec.collect import Case, state

Watch = Callable[[int, int], None]
"""Called with the number of parts that are done, and of all."""
PYTEST = (sys.executable, *["-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider"])


class CampaignError(PtyspecError):
    """The campaign could not run."""

    exit_code = 3


def run_campaign(
    root: Path,
    folder: Path,
    names: Sequence[str],
    *,
    children: int,
    seconds: int,
    watch: Watch,
    mode: Mode = "full",
) -> None:
    """Run the contract tier under each fault, into `folder`; what ended there before is kept.

    `quick` runs the cases of the clauses that a fault declares red or green, `full` all that can
    notice it. `watch(done, total)` is called while it runs. Raises CampaignError with pytest's own
    words.
    """
    make_folder(folder)
    # With `=`: an existing path that stands alone among the words moves pytest's root there.
    options = [
        f"--ptyspec-campaign={folder}",
        f"--ptyspec-faults={','.join(names)}",
        f"--ptyspec-children={children}",
        f"--ptyspec-seconds={seconds}",
        *(["--ptyspec-quick"] if mode == "quick" else []),
    ]
    log = folder / "pytest.log"
    with log.open("w", encoding="utf-8") as out:
        child = subprocess.Popen(
            [*PYTEST, "-m", "contract", "-p", "ptyspec.faults.loop", *options],
            cwd=root,
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            env=environment(folder),
        )
        try:
            while (code := _ended(child)) is None:
                watch(sum((folder / f"{name}.json").exists() for name in names), len(names))
        except BaseException:
            child.terminate()
            child.wait()
            raise
    if code not in (0, 5):  # 5: pytest itself saw no case run
        tail = "\n".join(log.read_text(encoding="utf-8").strip().splitlines()[-15:])
        raise CampaignError(
            f"the campaign did not run to its end (pytest ended with {code}):\n{tail}", source=log
        )


def _ended(child: subprocess.Popen[str]) -> int | None:
    try:
        return child.wait(timeout=0.5)
    except subprocess.TimeoutExpired:
        return None


def environment(folder: Path, *faults: str) -> dict[str, str]:
    """Return the environment of a campaign's process: a store of its own, these faults alone."""
    own = {"PTYSPEC_HOME": str(folder / "home")} | ({FAULTS: ",".join(faults)} if faults else {})
    others = os.environ.items()
    return {name: one for name, one in others if not name.startswith(("PYTEST_", FAULTS))} | own


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
    bound = Counter(clause for name in clean for clause in clauses_of.get(name, ()))
    parts = {name: read_json(folder / f"{name}.json") for name in names}
    rows = []
    for name, part in parts.items():
        told = {"reached": reached[name], "mode": mode} | _told(part, reached[name])
        noticed = part.get("cases", {}) if told["status"] == "killed" else {}
        red, first = _red(noticed, clauses_of, healthy)
        if told["status"] == "killed" and not red:
            told["status"] = "survived"
        told["seconds_to_first_red"] = first
        rows.append(row(fault(name), red, bound, clauses, **told))
    return judged(tier, rows, clauses, bound, unclean, _seen(rows, parts))


def clean_parts(folder: Path) -> list[dict[str, Any]]:
    """Return what ran without a fault; raises CampaignError where it did not run to its end."""
    parts = [read_json(file) for file in sorted(folder.glob(f"{CLEAN}-*.json"))]
    for part in parts:
        if "cases" not in part:
            raise CampaignError(
                "the cases do not run to their end without a fault",
                value=part.get("reason"),
                source=folder,
                next_step="see the logs there; the same command runs them again",
            )
    return parts


def _told(part: Mapping[str, Any], reached: int) -> dict[str, Any]:
    """Status, reason and seconds of a part; killed where its cases can say so."""
    if part["status"] != "done":
        return {"status": part["status"], "reason": part["reason"]}
    if not reached:
        reason = "no case that was run comes through its seam"
        return {"status": "invalid", "reason": reason, "seconds": part["seconds"]}
    return {"status": "killed", "seconds": part["seconds"]}


def _red(
    cases: Mapping[str, Any], clauses_of: Mapping[str, Sequence[str]], healthy: set[str]
) -> tuple[dict[str, list[str]], float | None]:
    """Clauses with the healthy cases that failed, and the seconds of cases until the first of them."""
    red: dict[str, list[str]] = {}
    elapsed, first = 0.0, None
    for case, outcome in cases.items():
        elapsed += outcome["seconds"]
        if outcome["outcome"] == "failed" and case in healthy:
            for clause in clauses_of.get(case, ()):
                red.setdefault(clause, []).append(case)
                first = round(elapsed, 3) if first is None else first
    return red, first


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
