"""The Allure report as its reader meets it: find a clause, open what failed, see the figures, follow the link to the rule."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ptyspec.errors import PtyspecError
from ptyspec.spec.clause import specification
from ptyspec.testing.allure_site import command, render
from tests.child import ROOT, environment
from tests.fake_run import written_run
from tests.meta.browser.conftest import Visit, absent

pytestmark = pytest.mark.expensive

CONFIG = '[tool.pytest]\nptyspec = true\nstrict = true\naddopts = ["--import-mode=importlib"]\n'
RULE = specification()["NORM-002"]
MODULE = """
import json, os
from pathlib import Path
import pytest

@pytest.fixture
def run():
    return Path(os.environ["PTYSPEC_HOME"]) / "runs" / "made"

@pytest.mark.clause("NORM-002")
def test_the_gain_is_the_training_splits(clause):
    clause.equal("0.162", "0.162", "gain")

@pytest.mark.clause("INFER-005")
def test_the_amplitude_is_right(clause, run):
    clause.within_ratio(1.02, 1.0, "mean ratio of a good run")
    ratio = json.loads((run / "metrics.json").read_text())["amplitude"]["mean_ratio"]
    clause.within_ratio(ratio / 4, 1.0, "mean ratio <script>document.title = 'broken in'</script>")

def test_free():
    pass
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second of two reports of equal sessions: one case green, one red that looked at a finished run, one without a clause."""
    try:
        tool = command()
    except PtyspecError as error:
        absent(error.message)
    base = tmp_path_factory.mktemp("allure")
    project, results = base / "project", base / "results"
    (project / "tests" / "parity").mkdir(parents=True)
    (project / "pyproject.toml").write_text(CONFIG)
    (project / "tests" / "parity" / "test_a.py").write_text(MODULE)
    shutil.copytree(written_run(base), base / "home" / "runs" / "made")
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--alluredir={results}",
    ]
    child = environment(PTYSPEC_HOME=str(base / "home"), PYTHONPATH=str(ROOT), PYTEST_ADDOPTS="")
    done = subprocess.run(
        words, cwd=project, env=child, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    for _ in range(2):
        render(results, base / "report", base / "history.jsonl", {}, tool)
    return base


@pytest.fixture
def opened(folder: Path, visit: Callable[..., Visit], serve: Callable[[Path], str]) -> Visit:
    found = visit(serve(folder / "report") + "index.html")
    found.page.get_by_placeholder("Search tests").wait_for()
    return found


def cases(page: Any) -> set[str]:
    names = ("test_the_gain_is_the_training_splits", "test_the_amplitude_is_right", "test_free")
    return {name for name in names if page.get_by_text(name, exact=True).count()}


def settle(page: Any, wanted: set[str]) -> None:
    """Wait until the list shows these cases and no other."""
    for _ in range(300):
        if cases(page) == wanted:
            return
        page.wait_for_timeout(100)
    assert cases(page) == wanted


def unfold(page: Any) -> None:
    """Open the groups of green cases, which the report keeps closed."""
    for group in (
        "spec-ptycho-core.md",
        f"{RULE.id} · {RULE.title}",
        "no clause",
        "tests/parity/test_a.py",
    ):
        page.get_by_text(group, exact=True).first.click()


def test_cases_are_found_by_their_clause(
    opened: Visit, screenshot: Callable[[Any, str], Path]
) -> None:
    page = opened.page
    unfold(page)
    settle(
        page, {"test_the_gain_is_the_training_splits", "test_the_amplitude_is_right", "test_free"}
    )
    screenshot(page, "allure-start")
    page.get_by_placeholder("Search tests").fill("INFER-005")
    settle(page, {"test_the_amplitude_is_right"})
    screenshot(page, "allure-clause")
    assert (opened.complaints, opened.requests) == ([], [])


def test_a_failed_case_shows_rule_observation_stages_and_figures(
    opened: Visit, screenshot: Callable[[Any, str], Path]
) -> None:
    page = opened.page
    page.get_by_text("test_the_amplitude_is_right", exact=True).first.click()
    page.get_by_text("Category: Spec violation").wait_for()
    told = page.frame_locator('[data-testid="test-result-description-frame"]').locator("body")
    text = told.inner_text()
    rule = specification()["INFER-005"]
    assert rule.statement in text
    assert "mean ratio <script>" in text, (
        "what a test says is shown as it is said, and runs nothing"
    )
    assert (
        "✔ mean ratio of a good run: observed 1.02, expected 1.0 within 0.05 ratio, 40.0% of the tolerance used"
        in text
    )
    assert "pytest 'tests/parity/test_a.py::test_the_amplitude_is_right'" in text
    titles = page.get_by_test_id("test-result-step-title")
    titles.filter(has_text="run of synthetic").click()
    titles.filter(has_text="normalize · ").wait_for()
    assert "gain 0." in titles.filter(has_text="normalize · ").inner_text()
    page.get_by_test_id("test-result-description-frame").scroll_into_view_if_needed()
    screenshot(page, "allure-case")
    page.get_by_text("amplitude: truth | reconstruction | error").first.click()
    picture = page.locator('img[src^="blob:"], img[src*="attachments"]').first
    picture.wait_for()
    picture.scroll_into_view_if_needed()
    screenshot(page, "allure-figures")
    assert picture.evaluate("image => image.naturalWidth") > 400
    assert page.title() != "broken in"
    assert (opened.complaints, opened.requests) == ([], [])


def test_a_case_knows_its_last_session_and_leads_to_its_rule(
    opened: Visit, screenshot: Callable[[Any, str], Path]
) -> None:
    page = opened.page
    page.get_by_text("test_the_amplitude_is_right", exact=True).first.click()
    page.get_by_test_id("test-result-tab-history").click()
    page.wait_for_timeout(300)
    screenshot(page, "allure-history")
    assert page.get_by_test_id("test-result-history-item").count() == 1
    page.get_by_test_id("test-result-tab-overview").click()
    with page.expect_popup() as popup:
        page.get_by_test_id("test-result-meta-link").locator("a").first.click()
    rule = popup.value
    rule.wait_for_load_state()
    assert rule.url.endswith("/clauses.html#INFER-005")
    assert specification()["INFER-005"].statement in rule.locator("section:target").inner_text()
    screenshot(rule, "allure-rule")
    assert (opened.complaints, opened.requests) == ([], [])


def test_the_single_file_opens_from_the_disk(folder: Path, visit: Callable[..., Visit]) -> None:
    found = visit((folder / "report" / "index.html").as_uri())
    found.page.get_by_text("test_the_amplitude_is_right", exact=True).first.click()
    found.page.get_by_text("Category: Spec violation").wait_for()
    link = found.page.get_by_test_id("test-result-meta-link").locator("a").first
    assert (
        link.evaluate("link => link.href")
        == (folder / "report" / "clauses.html").as_uri() + "#INFER-005"
    )
    assert (found.complaints, found.requests) == ([], [])
