"""The campaign, end to end on two files of the contract tier: forked children, a real fault, one that nobody reaches."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from ptyspec.faults.campaign import CampaignError, read_campaign
from ptyspec.faults.catalogue import fault
from ptyspec.faults.matrix import markdown, write_campaign
from ptyspec.faults.parity import cases_of, run_parity
from ptyspec.spec.collect import Case, collect
from ptyspec.spec.registry import specification
from tests.child import finish, start

ROOT = Path(__file__).parents[2]
FILES = ("tests/contract/test_scale.py", "tests/contract/test_split_and_normalize.py")
NAMES = ("gain-by-energy", "twin-patches")


def loop(folder: Path, *words: str) -> None:
    command = [
        "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-p", "ptyspec.faults.loop",
        "--ptyspec-campaign", str(folder), "--ptyspec-faults", ",".join(NAMES), "--ptyspec-children", "2", *words, *FILES,
    ]  # fmt: skip
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 5), done.stdout


def test_a_fault_is_killed_by_the_cases_that_come_through_its_seam(tmp_path: Path) -> None:
    loop(tmp_path)
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


def test_a_quick_campaign_runs_the_cases_of_declared_clauses_alone(tmp_path: Path) -> None:
    loop(tmp_path, "--ptyspec-quick")
    part = json.loads((tmp_path / f"{NAMES[0]}.json").read_text())
    every = [name for path in tmp_path.glob("clean-*.json") for name in json.loads(path.read_text())["cases"]]
    declared = {*fault(NAMES[0]).red, *fault(NAMES[0]).green}
    wanted = {case.id for case in collect(ROOT) if case.file in FILES and declared & set(case.clauses)}
    assert set(part["cases"]) == wanted
    assert 0 < len(wanted) < len(every)


def test_a_fault_beyond_the_contract_tier_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    scale = f"{FILES[0]}::test_the_gain_undoes_any_factor_on_the_data"
    chosen = {NAMES[0]: [scale], NAMES[1]: [f"{FILES[0]}::no_such_case"]}
    run_parity(ROOT, tmp_path, chosen, children=1, seconds=120, watch=lambda done, total: None)
    with pytest.raises(CampaignError, match="do not run to their end"):
        read_campaign(tmp_path, NAMES, [], specification(), "parity")
    part = json.loads((tmp_path / f"{NAMES[1]}.json").read_text())
    assert part["status"] == "invalid"
    assert "pytest ended with 4" in part["reason"]
    for path in tmp_path.glob("*.json"):
        path.unlink()
    run_parity(ROOT, tmp_path, {NAMES[0]: [scale]}, children=1, seconds=120, watch=lambda done, total: None)
    cases = [Case(name, ("NORM-001",), "contract", "", 0, None) for name in part_cases(tmp_path / f"{NAMES[0]}.json")]
    found = read_campaign(tmp_path, NAMES[:1], cases, specification(), "parity")
    assert (found.rows[0].status, list(found.rows[0].red), found.tier) == ("killed", ["NORM-001"], "parity")
    assert found.rows[0].reached == len(cases) > 0


def part_cases(path: Path) -> list[str]:
    return list(json.loads(path.read_text())["cases"])


def test_cases_that_a_fault_names_come_before_others_and_contract_cases_last() -> None:
    one = dataclasses.replace(fault(NAMES[0]), red=("NORM-001",), green=("COORDS-001",), cases=("named",))
    cases = [
        Case(name, clauses, tier, "", 0, None)
        for name, clauses, tier in (
            ("a", ("NORM-001",), "contract"), ("b", ("NORM-001",), "parity"), ("c", ("NORM-001",), "parity"),
            ("d", ("NORM-001",), "parity"), ("e", ("COORDS-001",), "contract"), ("f", ("COORDS-001",), "contract"),
        )
    ]  # fmt: skip
    assert cases_of(one, cases) == ["b", "c", "e"]
    named = dataclasses.replace(cases[3], id="named[d]")
    assert cases_of(one, [*cases[:3], named, *cases[4:]]) == ["named[d]", "e"]


def test_the_command_line_says_that_faults_are_active() -> None:
    code, _, told = finish(start("from ptyspec.cli.main import entry; entry()", PTYSPEC_FAULT="no-such-fault"))
    assert code == 2
    assert "no fault is called no-such-fault" in told
    code, _, told = finish(start("from ptyspec.cli.main import entry; entry()", "--version", PTYSPEC_FAULT="gain-kept"))
    assert code == 0
    assert told == "faults are active: gain-kept\n"
