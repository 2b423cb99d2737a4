"""The campaign, end to end on two files of the contract tier: forked children, a real fault, one that nobody reaches."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ptyspec.faults.campaign import (
    PYTEST,
    CampaignError,
    Children,
    cases_of,
    read_campaign,
    run_parity,
    stamp_of,
)
from ptyspec.faults.catalogue import fault
from ptyspec.faults.result import markdown, write_campaign
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.spec.cases import Case
from ptyspec.spec.clause import specification
from tests.child import finish, start
from tests.plugin_project import OURS

pytestmark = pytest.mark.expensive

ROOT = Path(__file__).parents[2]
FILES = ("tests/contract/test_scale.py", "tests/contract/test_split_and_normalize.py")
NAMES = ("gain-by-energy", "twin-patches")
CASES = """
import pytest
from ptyspec.physics.scale import loader_gain

@pytest.mark.clause("NORM-001")
def test_that_a_fault_must_turn_red():
    assert loader_gain(4.0, 64) == 16.0

@pytest.mark.clause("COORDS-001")
def test_that_it_must_leave_green():
    pass

@pytest.mark.clause("INFER-006")
def test_of_another_fault():
    pass

def test_without_a_clause():
    pass
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A project of four cases, for what does not hang on the cases."""
    root = tmp_path / "project"
    (root / "tests" / "contract").mkdir(parents=True)
    (root / "pyproject.toml").write_text(OURS, encoding="utf-8")
    (root / "tests" / "contract" / "test_gain.py").write_text(CASES, encoding="utf-8")
    return root


def loop(folder: Path, *words: str, root: Path = ROOT, quick: bool = False) -> None:
    done = tried(folder, *words, root=root, quick=quick)
    assert done.returncode in (0, 5), done.stdout


def tried(
    folder: Path, *words: str, root: Path = ROOT, quick: bool = False
) -> subprocess.CompletedProcess[str]:
    told = {"folder": str(folder), "faults": NAMES, "children": 2, "seconds": 120, "quick": quick}
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [
            *PYTEST,
            *words,
            "-p",
            "ptyspec.faults.loop",
            f"--ptyspec-campaign={json.dumps(told)}",
            *(FILES if root is ROOT else ["tests"]),
        ],
        cwd=root,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def alone(folder: Path, chosen: dict[str, list[str]], root: Path = ROOT) -> None:
    def watch(done: int, total: int) -> None:
        assert done <= total

    run_parity(root, folder, chosen, children=1, seconds=120, watch=watch)


def test_a_fault_is_killed_by_the_cases_that_come_through_its_seam(tmp_path: Path) -> None:
    loop(tmp_path)
    parts = [json.loads(path.read_text()) for path in tmp_path.glob("clean-*.json")]
    names = [name for part in parts for name in part["cases"]]
    clause = "NORM-001"
    cases = [Case(name, (clause,), "contract", "", 0, None) for name in names]
    found = read_campaign(tmp_path, NAMES, cases, specification())
    killed, kept = found.faults
    assert not found.failing_without_a_fault
    assert killed.status == "killed"
    assert 0 < killed.reached < len(names)
    assert list(killed.red) == [clause]
    assert [line.seen.fault for line in found.clauses if line.seen] == [NAMES[0]]
    assert kept.status == "survived"  # these two files do not look at the object
    assert found.status == "violation"
    page = write_campaign(tmp_path / "out", found)
    assert page.read_text() == markdown(found)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"campaign.json", "campaign.md"}


def test_a_quick_campaign_runs_the_cases_of_declared_clauses_alone(
    tmp_path: Path, small: Path
) -> None:
    loop(tmp_path, root=small, quick=True)
    clean, under = (
        [name.rpartition("::")[2] for name in part_cases(tmp_path / f"{part}.json")]
        for part in ("clean-0", NAMES[0])
    )
    assert under == ["test_that_a_fault_must_turn_red", "test_that_it_must_leave_green"]
    assert clean == [*under, "test_of_another_fault"]


def test_a_fault_beyond_the_contract_tier_runs_in_a_process_of_its_own(
    tmp_path: Path, small: Path
) -> None:
    case = "tests/contract/test_gain.py::test_that_a_fault_must_turn_red"
    alone(tmp_path, {NAMES[0]: [case]}, small)
    cases = [
        Case(name, ("NORM-001",), "contract", "", 0, None)
        for name in part_cases(tmp_path / f"{NAMES[0]}.json")
    ]
    found = read_campaign(tmp_path, NAMES[:1], cases, specification(), "parity")
    (row,) = found.faults
    assert (row.status, list(row.red), found.tier) == ("killed", ["NORM-001"], "parity")
    assert row.reached == len(cases) > 0


def test_a_process_that_leaves_no_part_is_told_with_pytests_words(tmp_path: Path) -> None:
    children = Children(tmp_path, 1, 120)
    (tmp_path / "clean-0.log").write_text("collected 0\nERROR: not found: no_such_case\n")
    child = subprocess.Popen(["sh", "-c", "exit 4"])
    children.start("clean-0", lambda _: child.pid)
    children.wait()
    part = read_json(tmp_path / "clean-0.json")
    said = "the process ended with 4: ERROR: not found: no_such_case"
    assert (part["status"], part["reason"]) == ("invalid", said)
    with pytest.raises(CampaignError, match="do not run to their end"):
        read_campaign(tmp_path, [], [], specification(), "parity")


def part_cases(path: Path) -> list[str]:
    return list(json.loads(path.read_text())["cases"])


def part(status: str) -> dict[str, Any]:
    return {"status": status, "reason": "as it was"}


SAID: dict[str, tuple[str, bool]] = {
    "done": ("done", True),
    "invalid": ("invalid", True),
    "timeout": ("timeout", False),
    "infrastructure": ("infrastructure", False),
}


@pytest.mark.parametrize(("status", "stays"), SAID.values(), ids=SAID)
def test_a_part_of_which_the_cases_did_not_end_runs_again(
    tmp_path: Path, status: str, stays: bool
) -> None:
    write_json(tmp_path / f"{NAMES[0]}.json", part(status))
    alone(tmp_path, {NAMES[0]: []})
    assert (read_json(tmp_path / f"{NAMES[0]}.json") == part(status)) is stays


def test_a_forked_campaign_runs_again_what_did_not_end(tmp_path: Path, small: Path) -> None:
    write_json(tmp_path / "clean-0.json", part("invalid"))
    write_json(tmp_path / f"{NAMES[0]}.json", part("timeout"))
    write_json(tmp_path / f"{NAMES[1]}.json", part("invalid"))
    loop(tmp_path, root=small)
    found = {path.stem: read_json(path)["status"] for path in tmp_path.glob("*.json")}
    assert found == {"clean-0": "done", NAMES[0]: "done", NAMES[1]: "invalid"}


INTERRUPTED = """
from pathlib import Path

def test_it() -> None:
    if Path(__file__).with_name("interrupted").exists():
        raise KeyboardInterrupt
"""


def test_an_interrupted_part_says_nothing_of_its_fault_and_runs_again(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:allure_pytest\n")
    (tmp_path / "test_one.py").write_text(INTERRUPTED)
    sign, parts = tmp_path / "interrupted", tmp_path / "parts"
    sign.touch()

    def states() -> dict[str, str]:
        chosen = {NAMES[0]: ["test_one.py::test_it"]}
        alone(parts, chosen, tmp_path)
        return {path.stem: read_json(path)["status"] for path in parts.glob("*.json")}

    assert states() == {"clean-0": "infrastructure", NAMES[0]: "infrastructure"}
    sign.unlink()
    assert states() == {"clean-0": "done", NAMES[0]: "done"}


SEAM = """
from ptyspec.faults.catalogue import fault
from ptyspec.faults.fault import Patch

one = fault("gain-by-energy")
one.patches[:] = [Patch(one.id, "ptyspec.physics.scale:{}", lambda original: 1 / 0, makes=True)]
"""


def test_a_seam_that_is_not_there_is_named_with_its_fault(tmp_path: Path, small: Path) -> None:
    (tmp_path / "seams.py").write_text(SEAM.format("loader_gian"))
    done = tried(tmp_path, "-p", "seams", root=small)
    assert done.returncode == 3
    for said in (done.stdout, read_json(tmp_path / "clean-0.json")["reason"]):
        assert f"the fault {NAMES[0]} has no seam ptyspec.physics.scale:loader_gian" in said


def test_the_clean_run_beyond_the_contract_tier_names_it_too(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:allure_pytest\n")
    (tmp_path / "conftest.py").write_text(SEAM.format("loader_gian"))
    (tmp_path / "test_one.py").write_text(
        "import ptyspec.physics.scale\n\ndef test_it() -> None: ...\n"
    )
    chosen, parts = {NAMES[0]: ["test_one.py::test_it"]}, tmp_path / "parts"
    alone(parts, chosen, tmp_path)
    found = read_json(parts / "clean-0.json")
    assert found["status"] == "invalid"
    assert f"the fault {NAMES[0]} has no seam ptyspec.physics.scale:loader_gian" in found["reason"]


def test_what_else_breaks_in_a_child_is_told_with_its_traceback(
    tmp_path: Path, small: Path
) -> None:
    (tmp_path / "seams.py").write_text(SEAM.format("loader_gain"))
    loop(tmp_path, "-p", "seams", root=small)
    found = read_json(tmp_path / f"{NAMES[0]}.json")
    assert (found["status"], found["reason"]) == (
        "infrastructure",
        "ZeroDivisionError: division by zero",
    )
    assert "seams.py" in found["traceback"]


READ = {
    "case": "tests/test_a.py",
    "recipes": "ptyspec/scenarios/_recipes.yaml",
    "template": "ptyspec/render/page.j2",
    "golden": "golden/manifest.json",
    "document": "specs/spec.md",
    "hypothesis": "specs/hypotheses/H-A.toml",
    "benchmark": "benchmarks/bench.py",
    "project": "pyproject.toml",
}


@pytest.mark.parametrize("name", READ.values(), ids=READ)
def test_a_campaign_is_another_one_when_a_file_that_cases_read_has_changed(
    tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("one")
    before = stamp_of(tmp_path, NAMES, "contract", "full")
    assert stamp_of(tmp_path, NAMES, "contract", "full") == before
    file.write_text("two")
    assert stamp_of(tmp_path, NAMES, "contract", "full") != before


def test_a_campaign_is_another_one_with_other_libraries_faults_tier_or_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        stamp_of(tmp_path, names, tier, mode)
        for names, tier, mode in (
            (NAMES, "contract", "full"),
            (NAMES[:1], "contract", "full"),
            (NAMES, "parity", "full"),
            (NAMES, "contract", "quick"),
        )
    ]
    monkeypatch.setattr("ptyspec.spec.cases.library_versions", lambda: {"numpy": "0.0"})
    found.append(stamp_of(tmp_path, NAMES, "contract", "full"))
    assert len(set(found)) == len(found)


def test_cases_that_a_fault_names_come_before_others_and_contract_cases_last() -> None:
    one = dataclasses.replace(
        fault(NAMES[0]), red=("NORM-001",), green=("COORDS-001",), cases=("named",)
    )
    cases = [
        Case(name, clauses, tier, "", 0, None)
        for name, clauses, tier in (
            ("a", ("NORM-001",), "contract"),
            ("b", ("NORM-001",), "parity"),
            ("c", ("NORM-001",), "parity"),
            ("d", ("NORM-001",), "parity"),
            ("e", ("COORDS-001",), "contract"),
            ("f", ("COORDS-001",), "contract"),
        )
    ]
    assert cases_of(one, cases) == ["b", "c", "e"]
    named = dataclasses.replace(cases[3], id="named[d]")
    assert cases_of(one, [*cases[:3], named, *cases[4:]]) == ["named[d]", "e"]


def test_the_command_line_says_that_faults_are_active() -> None:
    code, _, told = finish(
        start("from ptyspec.cli.main import entry; entry()", PTYSPEC_FAULT="no-such-fault")
    )
    assert code == 2
    assert "no fault is called no-such-fault" in told
    code, _, told = finish(
        start("from ptyspec.cli.main import entry; entry()", "--version", PTYSPEC_FAULT="gain-kept")
    )
    assert code == 0
    assert told == "faults are active: gain-kept\n"
