"""`ptyspec trace`, end to end on a project of one document and one module."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.spec.cases import collect
from ptyspec.spec.clause import specification
from tests.child import environment
from tests.plugin_project import ADDOPTS

FIRST, SECOND = list(specification())[
    :2
]  # the plugin knows the ids of the real specification alone
CONFIG = f"[tool.pytest]\nptyspec = true\nstrict = true\n{ADDOPTS}"
RULE = "### {} · Doubling {{r1}}\nDoubling MUST give twice as much.\n\n- Why: so.\n- Tolerance: exact\n- Place: run\n"
CASES = f"""import pytest
from tiny import double

@pytest.mark.clause("{FIRST}")
@pytest.mark.parametrize("number", [1, 2], ids=["one", "two"])
def test_doubling_gives_twice_as_much(number):
    assert double(number) == 2 * number, "not twice as much"

def test_something_else():
    pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("specs", "docs", "tests/contract", ".pytest_cache"):
        (tmp_path / name).mkdir(parents=True)
    write(tmp_path, "pyproject.toml", CONFIG)
    write(tmp_path, "specs/doc.md", f"# Title\n\n## Section\n\n{RULE.format(FIRST)}")
    write(tmp_path, "tiny.py", "def double(number):\n    return 2 * number\n")
    write(tmp_path, "tests/contract/test_tiny.py", CASES)
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    (root / name).write_text(text, encoding="utf-8")


def replace(root: Path, name: str, old: str, new: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    assert text.count(old) == 1
    write(root, name, text.replace(old, new))


def run_tests(root: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q"],
        cwd=root,
        env=environment(PYTHONPATH=str(root)),
        check=False,
        capture_output=True,
    )


def trace(root: Path, *words: str) -> Any:
    return CliRunner().invoke(app, ["trace", "--root", str(root), *words], env={"COLUMNS": "200"})


def strict(root: Path) -> tuple[int, dict[str, str]]:
    """Exit code, and what is wrong by clause."""
    result = trace(root, "--strict", "--json")
    findings = json.loads(result.stdout)["findings"]
    return result.exit_code, {
        row["clause"]: row["message"] for row in findings if row["severity"] != "note"
    }


@pytest.mark.expensive
def test_a_clause_goes_from_new_to_green(project: Path) -> None:
    assert strict(project)[0] == 1
    result = trace(project, "--all", "--reason", "read beside its cases")
    assert result.stdout == f"reviewed {FIRST} r1, 1 test functions\n"
    assert strict(project) == (4, {FIRST: "2 of 2 cases have not run"})
    run_tests(project)
    assert strict(project) == (0, {})
    result = trace(project, "--clause", FIRST)
    assert (
        "passed      tests/contract/test_tiny.py::test_doubling_gives_twice_as_much[one]"
        in result.stdout
    )
    assert "1 clauses: 1 passed; 2 of 3 cases are bound" in trace(project).stdout


@pytest.mark.expensive
def test_what_goes_wrong_later_ends_with_1_and_is_named(project: Path) -> None:
    """What ran with other code has not run."""
    trace(project, "--all", "--reason", "read")
    replace(project, "tiny.py", "2 * number", "number + 1")
    run_tests(project)
    assert strict(project) == (1, {FIRST: "1 of 2 cases failed"})
    replace(project, "tiny.py", "number + 1", "2 * number")
    unrun = {FIRST: "2 of 2 cases have not run (2 of them ran with other code)"}
    assert strict(project) == (4, unrun)
    write(project, "docs/page.md", f"See {FIRST}, {SECOND} and tests/contract/test_lost.py.\n")
    replace(project, "tests/contract/test_tiny.py", f'"{FIRST}"', f'"{FIRST}", "NO-SUCH-001"')
    wrong = {
        SECOND: "cited, and not in any document",
        "": "tests/contract/test_lost.py collects nothing",
        "NO-SUCH-001": "bound to, and not in any document",
    }
    assert strict(project) == (1, wrong | unrun)
    replace(project, "specs/doc.md", "{r1}", "{r2}")
    assert trace(project, "--review", FIRST, "--reason", "it is so").exit_code == 0


def test_a_suite_that_cannot_be_collected_is_exit_code_3_with_pytests_words(project: Path) -> None:
    replace(project, "tests/contract/test_tiny.py", "import double", "import triple")
    result = trace(project)
    assert result.exit_code == 3
    assert "cannot import name 'triple'" in result.stderr


def test_a_collection_is_kept_until_a_source_changes(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = collect(project)
    monkeypatch.setattr("ptyspec.spec.cases.sys.executable", "/no/such/python")
    assert collect(project) == before
    assert [case.source for case in before] == [
        f"tests/contract/test_tiny.py:{n}" for n in (4, 4, 9)
    ]
    write(project, "tests/contract/test_more.py", "")
    with pytest.raises(FileNotFoundError):
        collect(project)
