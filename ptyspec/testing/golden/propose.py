"""Run the cases that have golden files, let them write what they observe, and say what differs."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ptyspec.errors import PtyspecError
from ptyspec.files.jsonfile import read_json
from ptyspec.runs.environment import fingerprint
from ptyspec.testing.golden.manifest import Entry, read_manifest
from ptyspec.testing.golden.proposal import Proposal, check_folder, code_of, kept, write_index
from ptyspec.testing.golden.proposing import OPTION, OUTCOME
from ptyspec.testing.golden.tolerance import GoldenError

CASES = "tests/regression"


class ChildRunError(PtyspecError):
    """The pytest that was started for golden files broke."""

    exit_code = 3


def propose(root: Path, out: Path, selectors: Sequence[str] = ()) -> list[Proposal]:
    """Fill `out` with a proposal a declared golden file and return them; the golden folder stays as it is.

    `selectors` are what pytest takes: files, case ids; without them all cases of tests/regression are run, and files
    that no case declares are proposed for removal. What a failing case observed is kept and marked `refused`.
    Raises GoldenError where no case declares a golden file, OutputExistsError, ChildRunError.
    """
    golden = root / "golden"
    check_folder(out, golden)
    if out.exists():
        shutil.rmtree(out)
    out.mkdir(parents=True)
    write_index(out, [])  # marks the folder: an interrupted proposal can be made again
    outcome = _run(root, out, *(selectors or [CASES]))
    failed = outcome["failed"]
    proposals = [
        one.model_copy(update={"status": "refused", "note": failed[one.producer]})
        if one.producer in failed
        else one
        for one in kept(out)
    ]
    if not selectors:
        gone = [row for row in read_manifest(golden).items() if row[0] not in outcome["declared"]]
        proposals += [_removal(name, entry, root) for name, entry in gone]
    proposals.sort(key=lambda one: one.name)
    write_index(out, proposals)
    missing = {*failed} - {one.producer for one in proposals}
    for case in sorted(missing):
        raise ChildRunError(
            f"{len(missing)} cases failed before they had anything to propose",
            value=case,
            limit=failed[case],
            next_step=f'see it fail: pytest "{case}"',
        )
    return proposals


def declared(root: Path) -> dict[str, list[str]]:
    """Return {golden file: cases that declare it} of all cases below tests/regression, by collecting them."""
    with tempfile.TemporaryDirectory() as scratch:
        names: dict[str, list[str]] = _run(root, Path(scratch), CASES, "--collect-only")["declared"]
        return names


def _run(root: Path, out: Path, *words: str) -> dict[str, Any]:
    """Run pytest in a process of its own, with this project's plugin for proposals; return its outcome."""
    plugins = ("ptyspec.testing.golden.proposing", "no:cacheprovider", "no:randomly")
    options = [word for name in plugins for word in ("-p", name)]
    command = [sys.executable, "-m", "pytest", "-q", *options, OPTION, str(out), *words]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode == 5 and "--collect-only" not in words:
        raise GoldenError(
            "no case here declares a golden file",
            value=" ".join(words),
            next_step='mark one: @pytest.mark.golden("folder/name.json")',
        )
    if done.returncode not in (0, 1, 5) or not (out / OUTCOME).is_file():
        lines = (done.stdout + done.stderr).strip().splitlines()
        raise ChildRunError(
            "pytest could not run the cases",
            value=f"exit code {done.returncode}",
            limit="\n  ".join(lines[-8:]),
            next_step=f"run it: pytest {' '.join(words)}",
        )
    return dict(read_json(out / OUTCOME))


def _removal(name: str, entry: Entry, root: Path) -> Proposal:
    return Proposal(
        name=name,
        status="unread",
        producer=entry.producer,
        environment=fingerprint(),
        base=entry.sha256,
        code=code_of(entry.producer, root),
        sha256=None,
        note="no case declares it",
    )
