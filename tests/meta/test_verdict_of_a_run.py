"""The verdict of a finished run: one status, the first broken clause, and the reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ptyspec.checks.verdict import CODES, verdict_of
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.runs.finished_run import FinishedRun
from tests.fake_dashboard import bad_run, good_run

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return good_run(tmp_path_factory.mktemp("good"))


def test_a_gain_that_stayed_in_is_wrong_at_normalize(tmp_path: Path) -> None:
    verdict = verdict_of(FinishedRun(bad_run(tmp_path)))
    assert (verdict.status, verdict.clause, verdict.stage) == (
        "wrong",
        "NORMALIZATION-001",
        "normalize",
    )
    assert verdict.code == CODES["wrong"] == 1


@pytest.mark.parametrize(
    ("name", "change", "status", "clause"),
    [
        pytest.param("metrics.json", lambda m: m.update(has_nan=True), "wrong", "STITCH-003"),
        pytest.param(
            "metrics.json",
            lambda m: m["amplitude"].update(mean_ratio=None, reason="no pixel"),
            "incomplete",
            "",
        ),
    ],
    ids=["nan", "nothing-scored"],
)
def test_each_status_has_its_reason(
    good: Path, tmp_path: Path, name: str, change: Change, status: str, clause: str
) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "run"))
    content = read_json(folder / name)
    change(content)
    write_json(folder / name, content)
    verdict = verdict_of(FinishedRun(folder))
    assert (verdict.status, verdict.clause) == (status, clause)
