"""The Allure report of a small project: labels, steps, attachments and categories, as the files say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ptyspec.render.table import escape
from ptyspec.spec.clause import specification
from ptyspec.testing.allure_site import CATEGORIES
from tests.child import environment
from tests.plugin_project import session

pytest_plugins = ["pytester"]

CONFIG = """[tool.pytest]
ptyspec = true
strict = true
addopts = ["--import-mode=importlib", "-p", "no:hypothesispytest"]
"""
CLAUSES = [clause for clause in specification().values() if clause.level == "MUST"][:1]
SHOULD = [clause for clause in specification().values() if clause.level == "SHOULD"][:1]
BOUND, WEAK = CLAUSES[0], SHOULD[0]
MODULE = f'''
import pytest

@pytest.mark.clause("{BOUND.id}", "{WEAK.id}")
def test_bound():
    pass

def test_free():
    pass

@pytest.mark.clause("{WEAK.id}")
def test_weak():
    pass

class Thing:
    pass

@pytest.mark.parametrize("thing", [Thing(), Thing()], ids=["one", "two"])
def test_objects(thing):
    pass

@pytest.mark.parametrize(("a", "b"), [("", "x"), ("x", "")], ids=["empty-x", "x-empty"])
def test_swapped(a, b):
    pass

@pytest.mark.parametrize("case", [1, 2], ids=["first", "second"])
def test_whose_parameter_is_called_case(case):
    pass
'''


@pytest.fixture
def project(project: pytest.Pytester) -> pytest.Pytester:
    project.makepyprojecttoml(CONFIG)
    return project


def write(root: Path, **modules: str) -> None:
    folder = root / "tests" / "contract"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")


Results = dict[str, dict[str, Any]]


def report(root: Path, *options: str) -> Results:
    """Run with a report and return {case: result}, without what names this machine and process."""
    subprocess.run(
        [sys.executable, "-m", "pytest", f"--alluredir={root / 'report'}", *options],
        cwd=root,
        env=environment(PTYSPEC_HOME=str(root / "home"), PYTEST_ADDOPTS=""),
        capture_output=True,
        check=False,
    )
    found = {}
    for path in sorted((root / "report").glob("*-result.json")):
        result = json.loads(path.read_text())
        result["labels"] = [
            row for row in result["labels"] if row["name"] not in ("thread", "host")
        ]
        found[result["name"]] = result
    return found


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What one session of several files reports."""
    root = tmp_path_factory.mktemp("allure")
    (root / "pyproject.toml").write_text(CONFIG, encoding="utf-8")
    write(root, test_a=MODULE, test_looks=RUN, test_page=PAGE)
    for name in ("runs/made", "other"):
        write_small_run(root / "home" / name)
    return report(root)


def labels(result: dict[str, Any], name: str) -> set[str]:
    return {row["value"] for row in result["labels"] if row["name"] == name}


@pytest.mark.expensive
def test_labels_come_from_the_clauses_and_histories_hang_on_parametrization_ids_alone(
    project: pytest.Pytester, results: Results
) -> None:
    """Objects have another address each run; ("", "x") and ("x", "") have one history in Allure's own reckoning.

    Categories and environment are written once, by the controller of the workers.
    """
    write(project.path, test_a=MODULE)
    others = report(project.path, "-n", "2")
    names = [name for name in results if "[" in name]
    histories = {name: results[name]["historyId"] for name in names}
    assert histories == {name: others[name]["historyId"] for name in names}
    assert len({*histories.values()}) == len(names) == 6
    assert "0x" not in json.dumps([results[name]["parameters"] for name in names])
    written = json.loads((project.path / "report" / "categories.json").read_text())
    assert written == list(CATEGORIES)
    text = (project.path / "report" / "environment.properties").read_text()
    assert re.search(r"^tensorflow = \d", text, re.MULTILINE)
    assert "onednn = " in text

    bound = results["test_bound"]
    assert labels(bound, "epic") == {BOUND.document, WEAK.document}
    assert labels(bound, "feature") == {BOUND.section, WEAK.section}
    assert labels(bound, "story") == {BOUND.title, WEAK.title}
    assert labels(bound, "clause") == {BOUND.id, WEAK.id}
    assert labels(bound, "severity") == {"blocker"}
    assert labels(bound, "tag") == {"contract", BOUND.place, WEAK.place}
    assert labels(results["test_weak"], "severity") == {"normal"}
    free = results["test_free"]
    assert not labels(free, "epic") | labels(free, "clause") | labels(free, "severity")
    assert labels(free, "tag") == {"contract"}
    session(project, "--allure-label", f"clause={BOUND.id}").assert_outcomes(passed=1, deselected=8)


RUN = """
import os
from pathlib import Path
import pytest

STORE = Path(os.environ["PTYSPEC_HOME"])

@pytest.fixture
def made():
    return STORE / "runs" / "made"

def test_fails(made):
    assert False

def test_passes(made):
    pass

@pytest.mark.clause("NORM-001")
def test_opens(clause):
    (STORE / "runs" / "made" / "metrics.json").read_text()
    clause.equal(1, 2, "gain")

def test_opens_elsewhere():
    (STORE / "other" / "metrics.json").read_text()

@pytest.fixture
def part():
    folder = STORE / "part"
    folder.mkdir()
    (folder / "scenario.json").write_text("{}")
    return folder

def test_has_part_of_a_run(part):
    pass
"""
FIGURE = "amplitude: truth | reconstruction | error"


def write_small_run(folder: Path) -> None:
    (folder / "figures").mkdir(parents=True)
    (folder / "figures" / "amplitude.png").write_bytes(b"\x89PNG")
    array = {
        "shape": [4, 4],
        "dtype": "float32",
        "min": 0,
        "max": 1,
        "mean": 0.5,
        "std": 0,
        "energy": 1,
        "nan_count": 0,
    }
    names = ("train.amplitude", "train.network_input")
    arrays = {name: {**array, "mean": mean} for name, mean in zip(names, (0.5, 0.25), strict=True)}
    stage = {
        "name": "normalize",
        "seconds": 0.25,
        "cpu_seconds": 0.2,
        "peak_rss_mb": 300.0,
        "arrays": arrays,
        "numbers": {"gain": 0.162},
        "flags": {"fits_canvas": False},
    }
    (folder / "stages.json").write_text(json.dumps({"schema_version": 1, "stages": [stage]}))
    for name in ("scenario.json", "metrics.json"):
        (folder / name).write_text("{}")


def attached(result: dict[str, Any]) -> set[str]:
    return {row["name"] for row in result.get("attachments", ())}


def test_a_case_shows_the_runs_it_looked_at_stage_by_stage_and_figures_if_it_failed(
    results: Results,
) -> None:
    """A case looks by a fixture or by opening a file, one of them elsewhere; part of a run costs no case its result."""
    everything = {FIGURE, "metrics.json", "scenario.json", "stages.json"}
    assert attached(results["test_fails"]) == attached(results["test_opens"]) == everything
    assert attached(results["test_passes"]) == attached(results["test_opens_elsewhere"]) == set()

    line = "normalize · gain 0.162, fits_canvas no · 0.25 s"
    (run,) = results["test_passes"]["steps"]
    assert run["name"].startswith("run of made (made): incomplete")
    (step,) = run["steps"]
    assert step["name"] == line
    assert [row["name"] for row in step["steps"]] == [
        "train.amplitude: float32[4, 4], mean 0.5, 0 NaN",
        "train.network_input: float32[4, 4], mean 0.25, 0 NaN",
    ]
    (run,) = results["test_opens"]["steps"]
    assert [row["name"] for row in run["steps"]] == [f"✘ {line}"]
    assert "steps" not in results["test_opens_elsewhere"]
    assert results["test_has_part_of_a_run"]["status"] == "passed"
    assert "steps" not in results["test_has_part_of_a_run"]


PAGE = f'''
import numpy as np
import pytest

@pytest.mark.clause("{BOUND.id}", "INFER-005")
def test_held(clause):
    """What <b>this</b> case is about."""
    clause("INFER-005").within_ratio(1.01, 1.0, "mean ratio")
    clause.finite(np.ones(3), "object | [link](http://x)")
    with pytest.raises(AssertionError):
        clause.equal(1, 2, "seen to fail on purpose")

@pytest.mark.clause("INFER-005")
def test_violated(clause):
    clause.within_ratio(1.2, 1.0, "mean ratio")

def test_says_nothing():
    pass
'''


def test_a_page_says_rule_observation_tolerance_and_how_to_run_the_case_again(
    results: Results,
) -> None:
    held, violated, free = (
        results[name]["description"] for name in ("test_held", "test_violated", "test_says_nothing")
    )
    assert held.startswith("What &lt;b&gt;this&lt;/b&gt; case is about.")
    assert f"> {escape(BOUND.statement, 800)}" in held
    assert (
        "✔ INFER-005 · mean ratio: observed **1.01**, expected **1.0 within 0.05 ratio**, 20.0% of the tolerance used"
        in held
    )
    assert "**INFER-005: passed**" in held
    assert "**INFER-005: failed**" in violated
    assert labels(results["test_violated"], "state") == {"INFER-005: failed"}
    assert "object \\| \\[link\\]" in held
    assert "on purpose" not in held
    assert "✘ mean ratio: observed **1.2**, expected **1.0 within 0.05 ratio**" in violated
    assert ", 400.0% of the tolerance used" in violated
    (link,) = results["test_violated"]["links"]
    # `ptyspec allure` leads this address to its own page.
    assert link["url"] == "https://clauses.invalid/#INFER-005"
    assert link["name"].startswith("INFER-005 · ")
    assert "pytest 'tests/contract/test_page.py::test_violated'" in violated
    assert (
        free == "Reproduce:\n\n```sh\npytest 'tests/contract/test_page.py::test_says_nothing'\n```"
    )


GOLDEN = "ptyspec.testing.golden"
MESSAGES = {
    "violation": ("failed", "ClauseViolation: NORM-001\nobserved 1", "Spec violation"),
    "bare": ("failed", "assert 1 == 2", "Spec violation"),
    "drift": ("failed", f"{GOLDEN}.checks.GoldenDrift: a/b.json:\n  mean: NaN", "Golden drift"),
    "edited": ("broken", f"{GOLDEN}.tolerance.GoldenError: a/b.json was changed", "Golden drift"),
    "nan": ("failed", "object: 3 of 9 values are not finite", "Numerical instability"),
    "diverged": ("broken", "TrainingDivergedError: epoch 3", "Numerical instability"),
    "module": ("broken", "ModuleNotFoundError: No module named 'jax'", "Environment"),
    "data": ("skipped", "Skipped: siemens.npz is not in ../shared/data", "Environment"),
    "fixture": ("broken", "TypeError: fixture exploded\nat line 3", "Infrastructure"),
    "expected": ("skipped", "XFAIL ImportError: no such module\n\nAssertionError", "Known issue"),
}


@pytest.mark.parametrize("what", MESSAGES)
def test_every_failure_falls_into_exactly_one_category(what: str) -> None:
    status, message, expected = MESSAGES[what]
    found = [
        row["name"]
        for row in CATEGORIES
        if status in row["matchedStatuses"] and re.fullmatch(row["messageRegex"], message)
    ]
    assert found == [expected]


def test_without_a_report_allure_is_not_touched(project: pytest.Pytester) -> None:
    check = "import sys\ndef test_it():\n    assert not [m for m in sys.modules if m.split('.')[0] in ('allure', 'allure_commons')]\n"
    write(project.path, test_a=check)
    project.runpytest_subprocess("-p", "no:allure_pytest").assert_outcomes(passed=1)
