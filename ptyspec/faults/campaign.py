"""The campaign of the contract tier: one pytest that forks a process a fault (`loop`), and what its processes left."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ptyspec.errors import PtyspecError
from ptyspec.faults.catalogue import fault
from ptyspec.faults.result import Mode, Result, Row
from ptyspec.files.disk import make_folder
from ptyspec.files.jsonfile import read_json
from ptyspec.runs.environment import FAULTS
from ptyspec.spec.clause import Clause
from ptyspec.spec.collect import Case, state

Watch = Callable[[int, int], None]
"""Called with the number of parts that are done, and of all."""


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
    """Run the contract tier under each fault, into `folder`; what ended there before is kept (`kept`).

    `quick` runs the cases of the clauses that a fault declares red or green, `full` all that can notice it.

    `watch(done, total)` is called while it runs. Raises CampaignError with pytest's own words.
    """
    make_folder(folder)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        "contract",
        "-p",
        "no:xdist",
        "-p",
        "no:cacheprovider",
        # With `=`: an existing path that stands alone among the words moves pytest's root there.
        "-p",
        "ptyspec.faults.loop",
        f"--ptyspec-campaign={folder}",
        f"--ptyspec-faults={','.join(names)}",
        f"--ptyspec-children={children}",
        f"--ptyspec-seconds={seconds}",
        *(["--ptyspec-quick"] if mode == "quick" else []),
    ]
    log = folder / "pytest.log"
    with log.open("w", encoding="utf-8") as out:
        child = subprocess.Popen(
            command,
            cwd=root,
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            env=environment(folder),
        )
        try:
            while True:
                try:
                    code = child.wait(timeout=0.5)
                    break
                except subprocess.TimeoutExpired:
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


def environment(folder: Path, *faults: str) -> dict[str, str]:
    """Return the environment of a process of the campaign in `folder`: a run store of its own, these faults alone."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", FAULTS))
    }
    return (
        kept
        | {"PTYSPEC_HOME": str(folder / "home")}
        | ({FAULTS: ",".join(faults)} if faults else {})
    )


def read_campaign(
    folder: Path,
    names: Sequence[str],
    cases: Sequence[Case],
    clauses: Mapping[str, Clause],
    tier: str = "contract",
    mode: Mode = "full",
) -> Result:
    """Return what the processes of a campaign left in `folder`, held against the catalogue."""
    bound = {case.id: case.clauses for case in cases}
    clean: dict[str, Any] = {}
    reached: dict[str, list[str]] = {}
    for file in sorted(folder.glob("clean-*.json")):
        part = read_json(file)
        if "cases" not in part:
            raise CampaignError(
                "the cases do not run to their end without a fault",
                value=part.get("reason"),
                source=folder,
                next_step="see the logs there; the same command runs them again",
            )
        clean |= part["cases"]
        for name, through in part["reached"].items():
            reached.setdefault(name, []).extend(through)
    healthy = {name for name, row in clean.items() if row["outcome"] == "passed"}
    unclean = tuple(name for name, row in clean.items() if row["outcome"] == "failed")
    rows = tuple(
        replace(
            _of(
                name, read_json(folder / f"{name}.json"), len(reached.get(name, ())), bound, healthy
            ),
            mode=mode,
        )
        for name in names
    )
    in_tier: dict[str, int] = {}
    for name in clean:
        for clause in bound.get(name, ()):
            in_tier[clause] = in_tier.get(clause, 0) + 1
    return Result(tier, rows, clauses, in_tier, unclean, mode)


def _of(
    name: str,
    part: Mapping[str, Any],
    reached: int,
    bound: Mapping[str, Sequence[str]],
    healthy: set[str],
) -> Row:
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
        return Row(
            fault(name),
            "invalid",
            "no case that was run comes through its seam",
            0,
            {},
            part["seconds"],
            None,
        )
    return Row(
        fault(name), "killed" if red else "survived", "", reached, red, part["seconds"], first
    )


def stamp_of(root: Path, names: Sequence[str], tier: str, mode: Mode) -> str:
    """Return the name of a campaign's folder: equal for equal code, cases, documents, libraries, faults, tier and mode."""
    return hashlib.sha256(",".join((state(root), tier, mode, *names)).encode()).hexdigest()[:16]
