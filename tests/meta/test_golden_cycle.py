"""From a missing golden file to an approved one, in a project of its own; and what is refused on the way."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.errors import OutputExistsError
from ptyspec.spec.cases import collect
from ptyspec.spec.checks import Check
from ptyspec.testing.golden import fixture
from ptyspec.testing.golden.files import GoldenError, problems, read_manifest
from ptyspec.testing.golden.proposal import (
    Proposal,
    Proposals,
    approve,
    propose,
    read_index,
    write_page,
)
from tests.plugin_project import ADDOPTS, session

pytest_plugins = ["pytester"]

CONFIG = f"[tool.pytest]\nptyspec = true\nstrict = true\n{ADDOPTS}"
MODULE = """
import numpy as np, pytest
from ptyspec.testing.golden.files import Tolerance
LIMIT = Tolerance(1e-6, 0, "derived")
SHIFT = 0.0

@pytest.mark.golden("a/{kind}.json", "a/{kind}.npz")
@pytest.mark.parametrize("kind", ["one", "two"])
def test_it(golden, kind):
    image = np.outer(np.arange(8.0), np.ones(8)) + (SHIFT if kind == "one" else 0)
    golden.numbers({"mean": image.mean()}, {"*": LIMIT}, facts={"shape": image.shape})
    golden.arrays({"image": image}, {"image": LIMIT})
"""
REASON = "made for this test"


@pytest.fixture(scope="module", autouse=True)
def fonts() -> None:
    """Matplotlib's list of fonts, from its usual folder: in a project's home it would be made anew, for seconds."""
    import_module("matplotlib.font_manager")


@pytest.fixture
def project(project: pytest.Pytester) -> pytest.Pytester:
    project.makepyprojecttoml(CONFIG)
    (project.path / "golden").mkdir()
    return project


def write(project: pytest.Pytester, module: str) -> None:
    path = project.path / "tests" / "regression" / "test_a.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(module)


def made(project: pytest.Pytester) -> Proposals:
    return propose(project.path, project.path / "proposals")


def approve_all(project: pytest.Pytester, *names: str) -> list[Proposal]:
    return approve(project.path, project.path / "proposals", names, REASON)


def states(told: Proposals) -> dict[str, str]:
    return {proposal.name: proposal.status for proposal in told.proposals}


def wrong(project: pytest.Pytester) -> list[str]:
    declared = {name for case in collect(project.path) for name in case.golden}
    return problems(project.path, declared)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


NAMES = ("a/one.json", "a/one.npz", "a/two.json", "a/two.npz")


@pytest.mark.expensive
@pytest.mark.clause("GOLD-004")
def test_a_file_becomes_golden_by_proposal_and_approval_and_no_other_way(
    clause: Check, project: pytest.Pytester
) -> None:
    folder = project.path / "golden"
    write(project, MODULE)
    project.runpytest_subprocess("-n", "1").assert_outcomes(failed=2)
    clause.equal(files(folder), {}, "the golden folder after a test run")
    first = made(project)
    clause.equal(files(folder), {}, "the golden folder after a proposal")
    assert states(first) == dict.fromkeys(NAMES, "new")
    approve_all(project)
    assert set(files(folder)) == {*NAMES, "manifest.json"}
    assert {entry.reason for entry in read_manifest(folder).values()} == {REASON}
    assert wrong(project) == []
    before = files(folder)
    session(project).assert_outcomes(passed=2)
    assert made(project).status == "same"

    write(project, MODULE.replace("SHIFT = 0.0", "SHIFT = 1e-3"))
    session(project).assert_outcomes(passed=1, failed=1)
    second = made(project)
    clause.equal(files(folder), before, "the golden folder after drift and a second proposal")
    assert states(second) == dict(zip(NAMES, ("changed", "changed", "same", "same"), strict=True))
    page = write_page(second, folder, project.path / "proposals")
    text = page.read_text()
    assert text.count("data:image/png;base64,") == 1
    assert "derived" in text
    found = json.loads((page.parent / "proposals.json").read_text())
    numbers, arrays = (row["differences"] for row in found["proposals"][:2])
    assert second.status == "open"
    assert re.search(r"mean: observed .*, golden 3.5, off by 0.001, allowed 1e-06", numbers[1])
    assert "image" in "".join(arrays)
    assert [proposal.name for proposal in approve_all(project, "a/one.json")] == ["a/one.json"]
    assert states(read_index(project.path / "proposals"))["a/one.npz"] == "changed"

    # A file that no case declares is proposed for removal.
    write(project, MODULE.replace('["one", "two"]', '["one"]'))
    assert wrong(project) == [f"a/two.{kind}: no case reads it" for kind in ("json", "npz")]
    third = dict(zip(NAMES, ("changed", "same", "unread", "unread"), strict=True))
    assert states(made(project)) == third
    approve_all(project)
    assert set(files(folder)) == {"a/one.json", "a/one.npz", "manifest.json"}


def test_what_a_failing_case_observed_is_not_approved(project: pytest.Pytester) -> None:
    write(project, MODULE + "    assert kind != 'two'\n")
    found = made(project)
    assert states(found) == dict.fromkeys(NAMES[:2], "new")
    assert (found.status, len(found.failed)) == ("failed", 1)
    assert "test_a.py::test_it[two]" in found.failed[0]
    approve_all(project)
    assert set(files(project.path / "golden")) == {"a/one.json", "a/one.npz", "manifest.json"}


def test_an_approval_is_refused_where_something_changed_since(project: pytest.Pytester) -> None:
    write(project, MODULE)
    made(project)
    out, folder = project.path / "proposals", project.path / "golden"
    for reason in ("", "  ok "):
        with pytest.raises(GoldenError, match="says why"):
            approve(project.path, out, (), reason)
    with pytest.raises(GoldenError, match="no open proposal"):
        approve_all(project, "a/three.json")

    write(project, MODULE.replace("SHIFT = 0.0", "SHIFT = 1.0"))
    with pytest.raises(GoldenError, match="other code than the present"):
        approve_all(project)
    write(project, MODULE)
    kept = (out / "new/a/one.json").read_bytes()
    (out / "new/a/one.json").write_bytes(kept + b" ")
    with pytest.raises(GoldenError, match="changed after it was made"):
        approve_all(project)
    (out / "new/a/one.json").write_bytes(kept)
    assert files(folder) == {}
    (folder / "a").mkdir()
    (folder / "a/two.npz").write_bytes(b"by hand")
    with pytest.raises(GoldenError, match="golden file has changed since"):
        approve_all(project)
    assert set(files(folder)) == {"a/two.npz"}


def test_proposals_are_not_written_over_something_else(project: pytest.Pytester) -> None:
    write(project, MODULE)
    with pytest.raises(GoldenError, match="not written into the golden folder"):
        propose(project.path, project.path / "golden" / "proposals")
    with pytest.raises(OutputExistsError):
        propose(project.path, project.path / "tests")
    write(project, "def test_it():\n    pass\n")
    with pytest.raises(GoldenError, match="no case here declares"):
        made(project)


HEAD = "import pytest\n"
REFUSED = {
    "no-marker": ("def test_it(golden):\n    pass\n", "belong together"),
    "no-fixture": (
        '@pytest.mark.golden("a/x.json")\ndef test_it():\n    pass\n',
        "belong together",
    ),
    "around": ("def test_it(ndarrays_regression):\n    pass\n", "use the fixture golden instead"),
    "name": (
        '@pytest.mark.golden("X.json")\ndef test_it(golden):\n    pass\n',
        "not a name of a golden file",
    ),
    "parameter": (
        '@pytest.mark.golden("a/{b}.json")\ndef test_it(golden):\n    pass\n',
        "a parameter that it does not have",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_case_whose_marker_and_fixture_do_not_fit_is_a_usage_error(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    # Without the plugin that collects the whole process's garbage five times after each session.
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:unraisableexception")
    module, message = REFUSED[what]
    items = pytester.getitems(HEAD + module)
    with pytest.raises(pytest.UsageError, match=message):
        fixture.pytest_collection_modifyitems(items[0].config, items)


@pytest.mark.clause("GOLD-004")
@pytest.mark.parametrize("option", ["--force-regen", "--regen-all"])
def test_the_options_that_would_overwrite_golden_files_are_refused(
    clause: Check, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:unraisableexception")
    with pytest.raises(pytest.UsageError) as raised:
        fixture.pytest_configure(pytester.parseconfig(option))
    clause.holds(
        f"{option} is refused" in str(raised.value), f"pytest {option} is refused", raised.value
    )


@pytest.mark.clause("GOLD-003")
def test_a_declared_file_that_a_case_never_compares_fails_it(
    clause: Check, project: pytest.Pytester
) -> None:
    module = '@pytest.mark.golden("a/x.json")\ndef test_it(golden):\n    pass\n'
    write(project, HEAD + module)
    result = session(project)
    clause.equal(result.parseoutcomes().get("failed"), 1, "failed cases")
    result.stdout.fnmatch_lines("*declared and never compared: a/x.json*")


def test_the_command_line_says_what_it_did_and_ends_with_the_right_code(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*words: str) -> Any:
        return CliRunner().invoke(app, ["golden", *words])

    monkeypatch.chdir(project.path)
    write(project, MODULE)
    found = run("propose", "--out", "proposals", "--json")
    told = json.loads(found.stdout)
    assert (found.exit_code, told["status"], len(told["files"])) == (0, "open", 4)
    assert Path(told["page"]).read_text().startswith("<!doctype html>")
    approved = run("approve", "--all", "--reason", REASON, "--out", "proposals")
    assert (approved.exit_code, approved.stdout.splitlines()[0].split()) == (
        0,
        ["new", "a/one.json"],
    )
