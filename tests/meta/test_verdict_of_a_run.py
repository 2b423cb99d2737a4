"""One verdict of a run: the right one, and the same wherever a user meets it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from ptyspec.checks.finished_cause import reasons_of
from ptyspec.checks.verdict import CODES, Verdict, verdict_of, worst
from ptyspec.cli.main import app
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.report import figures, pages
from ptyspec.report.dashboard.document import wrong
from ptyspec.report.dashboard.gather import card as card_of
from ptyspec.report.sections import HEADS
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.spec.clause import specification
from ptyspec.spec.finding import Finding, State
from tests import verdict_runs
from tests.fake_dashboard import GAIN, bad_run, good_run

Change = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class Wanted:
    """What the verdict on a run of this kind has to be."""

    status: str
    clause: str = ""
    stage: str = ""
    cause: str = ""


TABLE = {
    "gs1_ideal": Wanted("right"),
    "gs1_custom": Wanted("right"),
    "gs2_ideal": Wanted("right"),
    "gs2_custom": Wanted("right"),
    "january": Wanted("wrong", "NORMALIZATION-001", "normalize", "the gain stayed in"),
    "trivial": Wanted("wrong", "INFER-006", "infer", "the trivial baseline"),
    "untrained": Wanted("wrong", "INFER-003", "infer", "the untrained network, bit by bit"),
    "offsets": Wanted("wrong", "COORDS-003", "group", "sign of the offsets within a group"),
    "twin": Wanted("wrong", "INFER-006", "infer", "the patches are twins"),
    "transposed": Wanted("wrong", "STITCH-005", "stitch", "the patches are transposed"),
    "shifted": Wanted("wrong", "STITCH-001", "stitch", "pixels [x, y] off its place"),
    "gain": Wanted("wrong", "NORMALIZATION-001", "normalize", "the gain stayed in"),
    "probe": Wanted("wrong", "SCALE-002", "simulate", "amplitudes off by 1.200"),
    "nan": Wanted("wrong", "STITCH-003", "stitch"),
    "nothing-scored": Wanted("incomplete"),
    "measured": Wanted("right"),
    "measured-swapped": Wanted("wrong", "COORDS-001", "simulate", "x and y of the positions are"),
    "measured-probe": Wanted("wrong", "DATA-007", "simulate"),
}
KINDS = list(TABLE)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("verdicts")


@cache
def judged(base: Path, kind: str) -> Verdict:
    return verdict_of(FinishedRun(verdict_runs.made(base, kind)))


@pytest.fixture
def answered(base: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command line; the pipeline answers each request with the next of these kinds."""

    def run(kinds: list[str], *options: str) -> Result:
        folders = [verdict_runs.made(base, kind) for kind in kinds]
        monkeypatch.setattr("ptyspec.front.run.produce", lambda *_, **__: folders.pop(0))
        words = ["run", *("gs1_ideal" for _ in kinds), *options]
        return CliRunner().invoke(app, words, env={"COLUMNS": "300"})

    return run


@pytest.mark.parametrize("kind", KINDS)
def test_the_verdict_names_status_clause_stage_and_cause(base: Path, kind: str) -> None:
    verdict, wanted = judged(base, kind), TABLE[kind]
    assert (verdict.status, verdict.clause, verdict.stage) == (
        wanted.status,
        wanted.clause,
        wanted.stage,
    ), verdict.line
    assert wanted.cause in verdict.cause
    assert {row.clause for row in verdict.findings} <= set(specification())
    assert verdict.next_step.startswith("ptyspec ")


@pytest.mark.parametrize("kind", KINDS)
def test_the_terminal_ends_with_it_and_the_exit_code_is_its_own(
    base: Path, answered: Callable[..., Result], kind: str
) -> None:
    result = answered([kind])
    assert result.exit_code == CODES[judged(base, kind).status]
    assert result.stdout.splitlines()[-1] == judged(base, kind).last_line


@pytest.mark.parametrize("kind", ["gs2_custom", "transposed", "nothing-scored", "measured-swapped"])
def test_beside_another_run_it_is_the_same(
    base: Path, answered: Callable[..., Result], kind: str
) -> None:
    result = answered(["gs2_ideal", kind])
    assert result.exit_code == CODES[judged(base, kind).status]
    assert judged(base, kind).words in result.stdout
    told = json.loads(answered(["gs2_ideal", kind], "--json").stdout)
    assert told["status"] == judged(base, kind).status
    assert told["runs"][1]["verdict"] == judged(base, kind).as_json()


@pytest.mark.parametrize("kind", KINDS)
def test_json_carries_it_as_the_model_dumps_it(
    base: Path, answered: Callable[..., Result], kind: str
) -> None:
    told = json.loads(answered([kind], "--json").stdout)
    assert told["verdict"] == judged(base, kind).as_json()
    assert told["status"] == judged(base, kind).status


@pytest.mark.parametrize("kind", KINDS)
def test_no_sentence_of_the_report_contradicts_a_red_clause(
    base: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "drawers", lambda _: {})
    folder = Path(shutil.copytree(verdict_runs.made(base, kind), tmp_path / "run"))
    pages.write_pages(folder)
    verdict = judged(base, kind)
    text = (folder / "report.md").read_text(encoding="utf-8").replace("\\", "")
    said = [status for status, head in HEADS.items() if f"**{head}**" in text]
    assert said == [verdict.status]
    assert ("## What is wrong" in text) is bool(verdict.failed)
    assert ("## What is doubtful" in text) is bool(verdict.doubts)
    red = {row.clause for row in verdict.failed}
    assert {name for name in red if f"**{name}** at " not in text} == set()
    for promise in ("never reaches", "nothing was rescaled", "nothing wrong", "can be believed"):
        assert promise not in text
    if "NORMALIZATION-001" in red:
        assert "(NORMALIZATION-001): failed" in text
    head = (folder / "report.html").read_text(encoding="utf-8").split("<main")[0]
    assert f'class="state {verdict.status}"' in head


@pytest.mark.parametrize("kind", KINDS)
def test_the_dashboard_shows_it(base: Path, kind: str) -> None:
    card = card_of(FinishedRun(verdict_runs.made(base, kind)), kind, base)
    verdict = judged(base, kind)
    assert (card.status, card.verdict) == (verdict.status, verdict)
    shown = [row.clause for row in wrong({}, {kind: card}, None, None) if row.clause]
    assert shown == [row.clause for row in verdict.failed]


OFF_BY_12 = {"matrix": [[1, 0], [0, 0.88]], "r_factor_over_as_is": 0.9, "freedom": 0.2}


@pytest.mark.parametrize(
    ("place", "value", "what", "reason"),
    [
        ("half_set_frc.iterative.complex.half_bit_crossing", None, "half-set FRC", "none of"),
        ("better_positions", OFF_BY_12, "change of the positions", "the positions are stretched"),
        ("better_positions", OFF_BY_12 | {"freedom": 0.9}, "", ""),
        ("better_positions", OFF_BY_12 | {"r_factor_over_as_is": 0.99}, "", ""),
        ("agreement_with_iterative.raw.amplitude_pearson_r", 0.9, "amplitude r", "the network"),
    ],
    ids=["no-frc", "distorted", "too-free", "no-better", "network"],
)
def test_a_doubt_about_a_measured_scan_names_its_likeliest_reason(
    base: Path, tmp_path: Path, place: str, value: object, what: str, reason: str
) -> None:
    folder = shutil.copytree(verdict_runs.made(base, "measured"), tmp_path / "run")
    metrics = json.loads((folder / "metrics.json").read_text())
    *outer, last = place.split(".")
    block = metrics
    for key in outer:
        block = block[key]
    block[last] = value
    (folder / "metrics.json").write_text(json.dumps(metrics))
    verdict = verdict_of(FinishedRun(folder))
    assert verdict.status == ("doubtful" if what else "right")
    assert [one.what.startswith(what) for one in verdict.doubts] == [True] * bool(what)
    assert [said.startswith(reason) for said in verdict.reasons[:1]] == [True] * bool(what)


def test_a_scan_that_its_own_clause_doubts_accuses_neither_network_nor_positions(
    base: Path,
) -> None:
    run = FinishedRun(verdict_runs.made(base, "measured"))
    assert (
        list(reasons_of(run, {"SCAN-012"}))
        == list(reasons_of(run, {"SCAN-004", "INFER-006"}))
        == []
    )


def test_of_several_runs_the_worst_verdict_counts() -> None:
    kinds = {status: Verdict(status=status, sentence="") for status in CODES}
    assert worst([]) == worst([kinds["right"]]) == "right"
    assert worst([kinds["right"], kinds["doubtful"]]) == "doubtful"
    assert worst([kinds["doubtful"], kinds["incomplete"]]) == "incomplete"
    assert worst(list(kinds.values())) == "wrong"
    assert sorted(CODES.values()) == [0, 1, 4, 5]


# What each check sees, on an invented run that is edited.


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return good_run(tmp_path_factory.mktemp("good"))


@pytest.fixture
def run(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "run"))


def edited(folder: Path, name: str, change: Change) -> Verdict:
    content = read_json(folder / name)
    change(content)
    write_json(folder / name, content)
    return verdict_of(FinishedRun(folder))


def test_a_good_run_breaks_nothing_and_every_finding_names_a_clause(good: Path) -> None:
    verdict = verdict_of(FinishedRun(good))
    assert (verdict.status, verdict.failed) == ("right", [])
    assert len({row.clause for row in verdict.findings}) >= 9


def test_a_gain_that_stayed_in_is_named_first_and_the_wrong_level_after_it(tmp_path: Path) -> None:
    found = verdict_of(FinishedRun(bad_run(tmp_path))).failed
    assert (found[0].clause, found[0].stage) == ("NORMALIZATION-001", "normalize")
    [level] = [row for row in found if row.clause == "INFER-005"]
    assert (level.observed, level.expected) == (f"{GAIN:.3f}", "0.95 to 1.05")


def test_a_dark_object_whose_factor_is_not_the_gain_accuses_nobody(run: Path) -> None:
    found = edited(
        run,
        "metrics.json",
        lambda m: m["amplitude"].update(mean_ratio=0.5, least_squares_scalar=4.0),
    )
    [gain] = [row for row in found.findings if row.clause == "NORMALIZATION-001"]
    assert gain.state is State.NOT_RUN
    assert found.clause == "INFER-005"


def test_a_gain_near_one_cannot_be_told(run: Path) -> None:
    def near(content: dict[str, Any]) -> None:
        [stage] = [row for row in content["stages"] if row["name"] == "normalize"]
        stage["numbers"]["gain"] = 1.02

    found = edited(run, "stages.json", near).findings
    assert [row.state for row in found if row.clause == "NORMALIZATION-001"] == [State.NOT_RUN]


def test_an_object_that_ends_at_a_ceiling_names_the_head(run: Path) -> None:
    with np.load(run / "reconstruction.npz") as file:
        arrays = dict(file)
    modulus = np.abs(arrays["object"])
    arrays["object"] = (arrays["object"] * np.minimum(1, 2.0 / modulus)).astype(np.complex64)
    np.savez(run / "reconstruction.npz", **arrays)
    found = {row.clause: row for row in verdict_of(FinishedRun(run)).failed}
    assert found["HEAD-001"].stage == "train"
    assert "largest amplitude, 2" in found["HEAD-001"].observed
    assert "EVID-004" in found  # and that it is not the object that was scored


@pytest.mark.parametrize(
    ("name", "change", "clause", "stage", "status"),
    [
        pytest.param(
            "metrics.json",
            lambda m: m.update(has_nan=True),
            "STITCH-003",
            "stitch",
            "wrong",
            id="nan",
        ),
        pytest.param(
            "metrics.json",
            lambda m: m.update(fits_canvas=False),
            "CANVAS-003",
            "train",
            "wrong",
            id="canvas",
        ),
        pytest.param(
            "metrics.json",
            lambda m: m["controls"].pop("trivial"),
            "SCORE-009",
            "score",
            "wrong",
            id="control",
        ),
        pytest.param(
            "metrics.json",
            lambda m: m["amplitude"].update(highpass_pearson_r=0.01),
            "INFER-006",
            "score",
            "wrong",
            id="detail",
        ),
        pytest.param(
            "metrics.json",
            lambda m: m["amplitude"].update(highpass_pearson_r=0.43, pearson_r=0.96),
            "",
            "",
            "wrong",
            id="far-from-the-reference",
        ),
        pytest.param(
            "metrics.json",
            lambda m: m["amplitude"]["prediction"].update(mean=9.0),
            "EVID-004",
            "evidence",
            "wrong",
            id="scaled",
        ),
        pytest.param(
            "metrics.json",
            lambda m: m["controls"]["untrained"]["amplitude"].update(highpass_pearson_r=0.86),
            "INFER-007",
            "score",
            "doubtful",
            id="should",
        ),
        pytest.param(
            "history.json",
            lambda h: h.update(first_nan={"epoch": 3, "step": 7, "metric": "loss"}),
            "HIST-004",
            "train",
            "wrong",
            id="loss",
        ),
        pytest.param(
            "stages.json",
            lambda s: s["stages"].pop(2),
            "RUN-001",
            "run",
            "incomplete",
            id="stage-missing",
        ),
        pytest.param(
            "metrics.json",
            lambda m: m["amplitude"].update(mean_ratio=None, reason="no pixel was covered"),
            "",
            "",
            "incomplete",
            id="nothing-scored",
        ),
    ],
)
def test_each_check_goes_red_for_its_own_reason(
    run: Path, name: str, change: Change, clause: str, stage: str, status: str
) -> None:
    verdict = edited(run, name, change)
    assert verdict.status == status
    if clause:
        row: Finding = {row.clause: row for row in verdict.failed}[clause]
        assert row.stage == stage
        assert row.observed
        assert row.expected


def test_a_damaged_file_is_told_and_the_run_cannot_be_judged(run: Path) -> None:
    (run / "reconstruction.npz").write_bytes(b"not an archive")
    verdict = verdict_of(FinishedRun(run))
    assert (verdict.status, verdict.clause) == ("incomplete", "RUN-001")
