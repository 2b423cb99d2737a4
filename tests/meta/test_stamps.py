"""A stamp changes with the code that can change how a case ends, and with nothing else."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ptyspec.spec.ledger import Stamps
from tests.child import ROOT

CASE = "tests/contract/test_it.py"
FILES = {
    CASE: "from tests.helper import made\ndef test_it(clause): made()\n",
    "tests/helper.py": "def made():\n    import mine.deep\n    return 'mine.named', 'gs1_custom'\n",
    "tests/conftest.py": "import pytest\n",
    "tests/other.py": "X = 1\n",
    "mine/__init__.py": "",
    "mine/deep.py": "from mine.inner import (\n    x,\n    y,\n)\n",
    "mine/inner.py": "x = y = 1\n",
    "mine/named.py": "",
    "mine/beside.py": "",
}
CHANGES = {
    CASE: True,
    "tests/helper.py": True,
    "tests/conftest.py": True,
    "mine/deep.py": True,
    "mine/inner.py": True,
    "mine/named.py": True,
    "tests/other.py": False,
    "mine/beside.py": False,
    "mine/new.py": False,
    "docs/page.md": False,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        write(tmp_path / name, text)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(("name", "changes"), CHANGES.items(), ids=[Path(n).stem for n in CHANGES])
def test_a_stamp_changes_with_what_the_case_reaches_alone(
    project: Path, name: str, changes: bool
) -> None:
    before = Stamps(project).of(f"{CASE}::test_it[a]")
    write(project / name, f"{FILES.get(name, '')}# edited\n")
    assert (Stamps(project).of(f"{CASE}::test_it[b]") != before) is changes


def test_what_was_edited_while_the_cases_ran_has_not_been_tested(project: Path) -> None:
    begin = time.time()
    late = (project / "mine" / "inner.py").stat().st_mtime - 1
    assert Stamps(project, since=begin + 1).of(CASE) == Stamps(project).of(CASE)
    assert Stamps(project, since=late).of(CASE) != Stamps(project).of(CASE)


REACHED = {
    "tests/contract/test_grouping.py": ("ptyspec/pipeline/group.py", "ptyspec/spec/checks.py"),
    "ptyspec/conformance/test_stages.py": (
        "ptyspec/testing/fixtures.py",
        "ptyspec/runs/run.py",
        "ptyspec/scenarios/gs2_custom.yaml",
    ),
    "tests/meta/test_dashboard.py": ("ptyspec/report/dashboard/templates/page.html.j2",),
    "tests/meta/test_faults.py": ("ptyspec/faults/catalogue/__init__.py",),
}


@pytest.mark.parametrize(("case", "files"), REACHED.items(), ids=[Path(n).stem for n in REACHED])
def test_real_cases_reach_the_code_that_they_run(case: str, files: tuple[str, ...]) -> None:
    reached = Stamps(ROOT).code(case)
    assert [name for name in files if str(ROOT / name) not in reached] == []


def test_a_case_of_the_stages_depends_on_no_fault_and_no_scenario() -> None:
    for name in ("grouping", "stitch", "simulate"):
        reached = Stamps(ROOT).code(f"tests/contract/test_{name}.py")
        assert not [path for path in reached if "/faults/" in path or "/scenarios/" in path]
