"""A finished run held against the clauses that its folder can judge: each finding goes red for its own reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.report.run_clauses import RunFinding, broken, judge
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.spec.registry import specification
from tests.fake_dashboard import GAIN, bad_run, good_run

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return good_run(tmp_path_factory.mktemp("good"))


@pytest.fixture
def run(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "run"))


def edited(folder: Path, name: str, change: Change) -> FinishedRun:
    content = read_json(folder / name)
    change(content)
    write_json(folder / name, content)
    return FinishedRun(folder)


def names(found: list[RunFinding]) -> list[str]:
    return [finding.clause for finding in found]


def test_a_good_run_breaks_nothing_and_every_finding_names_a_clause(good: Path) -> None:
    found = judge(FinishedRun(good))
    assert broken(found) == []
    assert len({finding.clause for finding in found}) >= 9
    assert set(names(found)) <= set(specification())


def test_a_gain_that_stayed_in_is_named_first_and_the_wrong_ratio_after_it(tmp_path: Path) -> None:
    found = broken(judge(FinishedRun(bad_run(tmp_path))))
    assert [(row.clause, row.stage) for row in found] == [
        ("NORMALIZATION-001", "normalize"),
        ("INFER-005", "score"),
    ]
    assert "1.000" in found[0].observed
    assert found[1].observed == f"{GAIN:.3f}"
    assert found[1].limit == "0.95 to 1.05"


def test_a_dark_object_whose_factor_is_not_the_gain_accuses_nobody(run: Path) -> None:
    found = judge(
        edited(
            run,
            "metrics.json",
            lambda m: m["amplitude"].update(mean_ratio=0.5, least_squares_scalar=4.0),
        )
    )
    [gain] = [row for row in found if row.clause == "NORMALIZATION-001"]
    assert gain.ok is None
    assert names(broken(found)) == ["INFER-005"]


def test_a_gain_near_one_cannot_be_told(run: Path) -> None:
    def near(content: dict[str, Any]) -> None:
        next(stage for stage in content["stages"] if stage["name"] == "normalize")["numbers"][
            "gain"
        ] = 1.02

    found = judge(edited(run, "stages.json", near))
    assert [row.ok for row in found if row.clause == "NORMALIZATION-001"] == [None]


def test_an_object_that_ends_at_a_ceiling_names_the_head(run: Path) -> None:
    with np.load(run / "reconstruction.npz") as file:
        arrays = dict(file)
    modulus = np.abs(arrays["object"])
    arrays["object"] = (arrays["object"] * np.minimum(1, 2.0 / modulus)).astype(np.complex64)
    np.savez(run / "reconstruction.npz", **arrays)
    found = {row.clause: row for row in broken(judge(FinishedRun(run)))}
    assert found["HEAD-001"].stage == "train"
    assert "largest amplitude, 2;" in found["HEAD-001"].observed + ";"
    assert "EVID-004" in found  # and that it is not the object that was scored


@pytest.mark.parametrize(
    ("name", "change", "clause", "stage"),
    [
        pytest.param(
            "metrics.json", lambda m: m.update(has_nan=True), "STITCH-003", "stitch", id="nan"
        ),
        pytest.param(
            "metrics.json",
            lambda m: m.update(fits_canvas=False),
            "CANVAS-003",
            "train",
            id="canvas",
        ),
        pytest.param(
            "metrics.json",
            lambda m: m["controls"].pop("trivial"),
            "SCORE-009",
            "score",
            id="control",
        ),
        pytest.param(
            "metrics.json",
            lambda m: m["amplitude"].update(highpass_pearson_r=0.01),
            "INFER-006",
            "score",
            id="detail",
        ),
        pytest.param(
            "metrics.json",
            lambda m: m["amplitude"]["prediction"].update(mean=9.0),
            "EVID-004",
            "evidence",
            id="scaled",
        ),
        pytest.param(
            "history.json",
            lambda h: h.update(first_nan={"epoch": 3, "step": 7, "metric": "loss"}),
            "HIST-004",
            "train",
            id="loss",
        ),
        pytest.param(
            "stages.json", lambda s: s["stages"].pop(2), "RUN-001", "run", id="stage-missing"
        ),
    ],
)
def test_each_finding_goes_red_for_its_own_reason(
    run: Path, name: str, change: Change, clause: str, stage: str
) -> None:
    found = {row.clause: row for row in broken(judge(edited(run, name, change)))}
    assert found[clause].stage == stage
    assert found[clause].observed
    assert found[clause].limit


def test_a_damaged_file_is_a_finding_and_no_failure(run: Path) -> None:
    (run / "reconstruction.npz").write_bytes(b"not an archive")
    assert "RUN-001" in names(broken(judge(FinishedRun(run))))
