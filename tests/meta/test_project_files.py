"""The files around the code: the workflow names real targets, versions agree, links lead somewhere."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import ptyspec
from ptyspec.errors import PAGE, ConfigError, led

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))
JOBS: dict[str, Any] = WORKFLOW["jobs"]
COMMANDS = [step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step]
PAGES = ["CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"]
FOR_A_CHECKOUT = {"docs/faults.md", "docs/seen-red.md", "docs/verdict.md"}
"""Faults are written in a checkout; the last stands in verdicts that are kept, as the source of a limit."""


@pytest.mark.parametrize("command", COMMANDS, ids=range(len(COMMANDS)))
def test_the_workflow_runs_what_exists(command: str) -> None:
    if command.startswith("make "):
        command = command.replace("make ", "make -n ", 1)
    else:
        script = command.split()[-1]  # settings may stand before it
        assert (ROOT / script).is_file()
        command = f"bash -n {script}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for folder in re.findall(r"tests/\w+", command):
        assert (ROOT / folder).is_dir()


def test_pushes_run_contract_and_parity_and_the_schedule_runs_everything() -> None:
    events = WORKFLOW[True]  # YAML 1.1 reads the key `on` as a truth value
    assert {"push", "pull_request", "schedule"} <= set(events)
    [pushed] = [one["run"] for one in JOBS["contract-and-parity"]["steps"] if "run" in one]
    assert "tests/contract tests/parity" in pushed
    assert [one["run"] for one in JOBS["everything"]["steps"] if "run" in one] == [".ci/run"]


def test_the_workflow_tries_every_python_that_the_project_names() -> None:
    named = [
        one.rpartition(" :: ")[2]
        for one in PROJECT["classifiers"]
        if re.fullmatch(r".*Python :: 3\.\d+", one)
    ]
    assert f">={named[0]}" == PROJECT["requires-python"]
    for job in ("contract-and-parity", "everything"):
        assert JOBS[job]["strategy"]["matrix"]["python-version"] == named


def test_hooks_are_local_and_call_installed_tools() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert {repo["repo"] for repo in hooks["repos"]} == {"local"}
    entries = [hook["entry"].split()[0] for repo in hooks["repos"] for hook in repo["hooks"]]
    assert set(entries) == {".venv/bin/ruff", ".venv/bin/mypy"}


def test_the_citation_has_the_version_and_the_licence_of_the_project() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["version"], citation["license"]) == (ptyspec.__version__, PROJECT["license"])


@pytest.mark.parametrize("page", PAGES)
def test_links_of_a_project_page_lead_to_files(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_extra_is_installed_by_the_makefile_but_the_other_backend() -> None:
    extras = ",".join(name for name in PROJECT["optional-dependencies"] if name != "jax")
    assert f".[{extras}]" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_page_to_which_a_message_leads_comes_with_the_package() -> None:
    """Beside a checkout `led` finds it in docs; who installed the package has what the wheel includes."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = wheel["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    named = set()
    for path in (ROOT / "ptyspec").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        said = [str(one.value) for one in texts if id(one) not in prose]
        named |= {page for text in said for page in PAGE.findall(text)}
    assert named - set(included) == FOR_A_CHECKOUT
    assert {page: f"ptyspec/{page}" for page in included if page != "specs"} == {
        page: place for page, place in included.items() if page != "specs"
    }


def test_a_message_leads_to_a_page_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Path(led("docs/clauses.md")).resolve() == ROOT / "docs" / "clauses.md"
    monkeypatch.setattr("ptyspec.errors.__file__", str(tmp_path / "ptyspec" / "errors.py"))
    page = tmp_path / "ptyspec" / "docs" / "clauses.md"
    page.parent.mkdir(parents=True)
    page.touch()
    assert led("see docs/clauses.md, docs/none.md") == f"see {page}, docs/none.md"
    told = ConfigError("wrong", next_step="see docs/clauses.md")
    assert f"next: see {page}" in str(told)
