"""Run the cases that have golden files, let them write what they observe, and say what differs from the approved."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ptyspec.errors import PtyspecError
from ptyspec.files.jsonfile import read_json
from ptyspec.runs.environment import fingerprint
from ptyspec.testing.golden.manifest import Entry, read_manifest
from ptyspec.testing.golden.proposal import Proposal, check_folder, code_of, write_index, written
from ptyspec.testing.golden.proposing import LIST, OPTION, OUTCOME
from ptyspec.testing.golden.tolerance import GoldenError

CASES = "tests/regression"
DECLARED = "declared.json"


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
    write_index(
        out, []
    )  # marks the folder, so that a proposal that was interrupted can be made again
    done = run_cases(root, [OPTION, str(out), LIST, str(out / DECLARED)], selectors)
    if done.returncode not in (0, 1) or not (out / OUTCOME).is_file():
        raise _broken(done, selectors)
    failed = read_json(out / OUTCOME)["failed"]
    found = [
        made.model_copy(update={"status": "refused", "note": failed[made.producer]})
        if made.producer in failed
        else made
        for made in written(out)
    ]
    if not selectors:
        found += _unread(root, golden, set(read_json(out / DECLARED)))
    found.sort(key=lambda made: made.name)
    write_index(out, found)
    missing = {
        case: text for case, text in failed.items() if case not in {made.producer for made in found}
    }
    if missing:
        case, text = next(iter(missing.items()))
        raise ChildRunError(
            f"{len(missing)} cases failed before they had anything to propose",
            value=case,
            limit=text,
            next_step=f'see it fail: pytest "{case}"',
        )
    return found


def declared(root: Path) -> dict[str, list[str]]:
    """Return {golden file: cases that declare it} of all cases below tests/regression, by collecting them."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "declared.json"
        done = run_cases(root, [LIST, str(path), "--collect-only"], ())
        if not path.is_file():
            raise _broken(done, ())
        return dict(read_json(path))


def run_cases(
    root: Path, options: Sequence[str], selectors: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    """Run pytest on the cases in a process of its own, with this project's plugin for proposals."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "ptyspec.testing.golden.proposing",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        *options,
        *(selectors or [CASES]),
    ]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def _broken(done: subprocess.CompletedProcess[str], selectors: Sequence[str]) -> PtyspecError:
    if done.returncode == 5:
        return GoldenError(
            "no case here declares a golden file",
            value=list(selectors) or CASES,
            next_step='mark one: @pytest.mark.golden("folder/name.json")',
        )
    lines = (done.stdout + done.stderr).strip().splitlines()
    return ChildRunError(
        "pytest could not run the cases",
        value=f"exit code {done.returncode}",
        limit="\n  ".join(lines[-8:]),
        next_step=f"run it: pytest {' '.join(selectors) or CASES}",
    )


def _unread(root: Path, golden: Path, known: set[str]) -> list[Proposal]:
    return [
        _removal(name, entry, root)
        for name, entry in read_manifest(golden).items()
        if name not in known
    ]


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
