"""The campaign, end to end on two files of the contract tier: forked children, a real fault, one that nobody reaches."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ptyspec.faults.campaign import read_campaign
from ptyspec.faults.matrix import markdown, write_campaign
from ptyspec.spec.collect import Case
from ptyspec.spec.registry import specification
from tests.child import finish, start

ROOT = Path(__file__).parents[2]
FILES = ("tests/contract/test_scale.py", "tests/contract/test_split_and_normalize.py")
NAMES = ("gain-by-energy", "twin-patches")


def test_a_fault_is_killed_by_the_cases_that_come_through_its_seam(tmp_path: Path) -> None:
    words = [
        "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-p", "ptyspec.faults.loop",
        "--ptyspec-campaign", str(tmp_path), "--ptyspec-faults", ",".join(NAMES), "--ptyspec-children", "2", *FILES,
    ]  # fmt: skip
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 5), done.stdout
    parts = [json.loads(path.read_text()) for path in tmp_path.glob("clean-*.json")]
    names = [name for part in parts for name in part["cases"]]
    clause = "NORM-001"
    cases = [Case(name, (clause,), "contract", "", 0, None) for name in names]
    found = read_campaign(tmp_path, NAMES, cases, specification())
    killed, kept = found.rows
    assert not found.unclean
    assert killed.status == "killed"
    assert 0 < killed.reached < len(names)
    assert list(killed.red) == [clause]
    assert killed.to_first is not None
    assert kept.status == "survived"  # these two files do not look at the object
    assert found.status == "violation"
    page = write_campaign(tmp_path / "out", found)
    assert markdown(found) in page.read_text()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"campaign.json", "campaign.md", "campaign.png"}


def test_the_command_line_says_that_faults_are_active() -> None:
    code, _, told = finish(start("from ptyspec.cli.main import entry; entry()", PTYSPEC_FAULT="no-such-fault"))
    assert code == 2
    assert "no fault is called no-such-fault" in told
    code, _, told = finish(start("from ptyspec.cli.main import entry; entry()", "--version", PTYSPEC_FAULT="gain-kept"))
    assert code == 0
    assert told == "faults are active: gain-kept\n"
