"""A report can be read again, number by number, and calls right what the raw scores call right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec import extras
from ptyspec.contracts.records import AmplitudeScores, ComplexScores, PhaseScores
from ptyspec.report import pages
from ptyspec.runs.finished_run import write_run
from ptyspec.scores import headline as scores
from ptyspec.scores.metrics import score
from ptyspec.spec.checks import Check
from tests.fake_run import (
    estimate,
    judged,
    make_run,
    one_run,
    report_of,
    smooth_object,
    without_truth,
)
from tests.report_numbers import NUMBER, faults, lookup
from tests.run_record import computed, stored


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A written run without its pictures, which take seconds and hold no number of the report."""
    out = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "write_figures", lambda *_: {})
        write_run(out, one_run())
        pages.write_pages(out)
    return out


@pytest.mark.clause("EVID-002")
def test_every_number_of_a_written_report_is_a_number_of_its_record(
    clause: Check, folder: Path
) -> None:
    text = (folder / "report.md").read_text(encoding="utf-8")
    clause.holds(
        len(NUMBER.findall(text)) > 100, "numbers in the report", len(NUMBER.findall(text)), "> 100"
    )
    clause.equal(faults(text, stored(folder)), [], "numbers that cannot be read again")


@pytest.mark.clause("EVID-002")
@pytest.mark.parametrize(
    "kind", ["no-truth", "wrong-ratio", "worse-than-controls", "twin", "set-by-hand"]
)
def test_every_number_of_other_reports_is_a_number_of_their_record(
    clause: Check, kind: str
) -> None:
    result = (
        make_run(training={"nepochs": 7, "batch_size": 8}) if kind == "set-by-hand" else make_run()
    )
    if kind == "no-truth":
        result = without_truth(result)
    if kind == "wrong-ratio":
        result.metrics["amplitude"]["mean_ratio"] = 0.27134
    if kind == "worse-than-controls":
        result.metrics["amplitude"]["highpass_pearson_r"] = 0.1234
    if kind == "twin":
        result.scan.__dict__["probeGuess"] = np.abs(
            result.scan.probeGuess + result.scan.probeGuess[::-1, ::-1]
        )
    clause.equal(
        faults(report_of(result), computed(result)), [], "numbers that cannot be read again"
    )


@pytest.mark.clause("EVID-001", "EVID-002")
def test_an_altered_number_is_found_wherever_it_stands(clause: Check, folder: Path) -> None:
    record, text = stored(folder), (folder / "report.md").read_text(encoding="utf-8")
    lines = text.splitlines()
    most = max(len(NUMBER.findall(line)) for line in lines)
    missed = []
    for place in range(most):  # the first number of every line at once, then the second ones
        altered = [_altered(line, place) for line in lines]
        told = faults("\n".join(altered), record)
        missed += [
            new
            for old, new in zip(lines, altered, strict=True)
            if new != old and not any(new in t for t in told)
        ]
    for name in ("EVID-001", "EVID-002"):
        clause(name).equal(missed, [], "altered lines that were believed")


def _altered(line: str, place: int) -> str:
    found = list(NUMBER.finditer(line))
    if place >= len(found) or line.startswith("ptyspec run"):
        return line
    match = found[place]
    return f"{line[: match.start()]}{float(match.group(0).replace(',', '')) * 1.07 + 1.234:.6g}{line[match.end() :]}"


@pytest.mark.clause("METRICS-NAMING-001")
def test_what_a_report_and_the_schema_ask_for_is_what_the_score_has(clause: Check) -> None:
    truth = smooth_object(7)
    made = score(estimate(truth, 1.0), truth)
    asked = [column.path for column in scores.WITH_TRUTH]
    clause.equal(
        [path for path in asked if lookup(made, path) is None],
        [],
        "scores that a report finds nowhere",
    )
    models = {"amplitude": AmplitudeScores, "phase": PhaseScores, "complex": ComplexScores}
    published = [
        f"{block}.{name}" for block, model in models.items() for name in model.model_fields
    ]
    clause.equal(
        [path for path in published if lookup(made, path) is None],
        [],
        "published scores that are not made",
    )


@pytest.mark.clause("GAUGE-007")
@pytest.mark.parametrize(
    ("raw", "aligned", "right"),
    [
        pytest.param(0.5, 1.0, False, id="aligned-right"),
        pytest.param(1.0, 0.5, True, id="raw-right"),
    ],
)
def test_a_factor_that_alignment_removes_is_still_a_wrong_amplitude(
    clause: Check, raw: float, aligned: float, right: bool
) -> None:
    result = make_run()
    result.metrics["amplitude"]["mean_ratio"] = raw
    result.metrics["gauge"] = {
        "raw": {"amplitude_ratio": aligned},
        "aligned": {"amplitude_ratio": aligned},
    }
    clause.equal(judged(result).status == "right", right, "right by the verdict")
    clause.equal("**The result is right" in report_of(result), right, "right by the report")


@pytest.mark.clause("REPORTING-ARTIFACT-BOUNDARY-001")
def test_a_picture_that_cannot_be_drawn_costs_neither_the_numbers_nor_the_other_pictures(
    clause: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ptyspec.render import canvas
    from ptyspec.report import figures

    extras.require("report", "a picture that is drawn", "matplotlib")

    def broken() -> Any:
        raise ValueError("no colour bar today")

    result, one = make_run(), {"coverage": lambda: canvas.new_figure(1, 1)}
    monkeypatch.setattr(figures, "drawers", lambda _: {"frc": broken, **one})
    write_run(tmp_path, result)
    pages.write_pages(tmp_path)
    clause.holds((tmp_path / "metrics.json").is_file(), "metrics.json", "absent", "written")
    clause.equal(
        sorted(path.name for path in (tmp_path / "figures").glob("*.png")),
        [f"{name}.png" for name in one],
        "pictures",
    )
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    clause.holds(
        "no colour bar today" in text, "the report on the missing picture", "silent", "its reason"
    )
    clause.equal(faults(text, stored(tmp_path)), [], "numbers that cannot be read again")


@pytest.mark.clause("SCORE-009")
def test_a_report_shows_a_row_for_every_control(clause: Check, folder: Path) -> None:
    text = (folder / "report.md").read_text(encoding="utf-8")
    rows = [
        line.strip("|").split("|")[0].strip(" *")
        for line in text.splitlines()
        if line.startswith("|")
    ]
    wanted = [
        "network",
        "network + sweeps",
        "trivial baseline",
        "untrained baseline",
        "iterative reference",
        "flat start, same sweeps",
    ]
    clause.equal([row for row in wanted if row in rows], wanted, "rows of the score table")
