"""report.md says what metrics.json says, and nothing else."""

from __future__ import annotations

import dataclasses
import json
from functools import reduce
from operator import getitem
from pathlib import Path

import numpy as np
import pytest

from ptyspec.contracts.run import RunResult
from ptyspec.render.table import escape
from ptyspec.report import sections
from ptyspec.scores import headline as scores
from tests.fake_run import N, make_run, probe, report_of, settings, without_truth


@pytest.mark.clause("RUN-006")
def test_the_report_holds_the_numbers_of_metrics_json(folder: Path) -> None:
    text = (folder / "report.md").read_text(encoding="utf-8")
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    for name, found in scores.blocks(metrics).items():
        row = next(
            line
            for line in text.splitlines()
            if line.replace("**", "").startswith(f"| {scores.NAMES[name]} |")
        )
        cells = [cell.strip() for cell in row.split("|")[2:-1]]
        recorded = [reduce(getitem, s.path.split("."), found) for s in scores.WITH_TRUTH]
        digits = [s.digits for s in scores.WITH_TRUTH]
        assert cells == [f"{value:.{n}f}" for value, n in zip(recorded, digits, strict=True)]


def test_the_answer_comes_first_with_the_numbers_that_it_rests_on(folder: Path) -> None:
    first = (folder / "report.md").read_text(encoding="utf-8").split("## ")[0].replace("\\", "")
    assert "**The result is right**. Mean ratio 0.999" in first
    assert "high-pass r 0.853 (reference 0.862, untrained 0.427, trivial 0.114)" in first


@pytest.mark.clause("RUN-008")
def test_a_wrong_ratio_is_called_wrong() -> None:
    result = make_run()
    result.metrics["amplitude"]["mean_ratio"] = 0.271
    text = report_of(result)
    assert "**The result is wrong** (INFER-005 at stage score)" in text
    assert "0.271; expected 0.95 to 1.05" in text.split("## What is wrong")[1]


@pytest.mark.parametrize(
    ("detail", "said"),
    [pytest.param(0.42, True, id="worse"), pytest.param(0.85, False, id="better")],
)
def test_a_network_that_does_not_beat_the_untrained_one_is_called_out(
    detail: float, said: bool
) -> None:
    result = make_run()
    result.metrics["amplitude"]["highpass_pearson_r"] = detail
    assert ("**INFER-007** at score" in report_of(result)) is said


def test_what_lies_between_right_and_wrong_is_doubtful_with_its_limit() -> None:
    result = make_run()
    result.metrics["amplitude"]["highpass_pearson_r"] = 0.6
    text = report_of(result)
    assert "**The result is doubtful**" in text
    assert "at least 0.8" in text.split("## What is doubtful")[1]
    assert "## What is wrong" not in text


HOSTILE = "<script>alert(1)</script> | `x` ![i](http://e.example/a) **b** $x$ [l](j)\n# head"


def test_text_from_a_file_cannot_become_markup() -> None:
    result = make_run(metadata={"warnings": [HOSTILE]}, description=HOSTILE)
    text = report_of(result)
    assert text.count("alert") == 2
    assert "<script" not in text
    assert "](http" not in text
    assert "\n# head" not in text
    assert "**b**" not in text


def test_escaped_text_renders_as_it_was() -> None:
    from markdown_it import MarkdownIt

    html = (
        MarkdownIt("gfm-like", {"linkify": False})
        .enable("table")
        .render(f"| a |\n| --- |\n| {escape(HOSTILE)} |\n")
    )
    cell = html.split("<td>")[1].split("</td>")[0]
    assert cell.replace("&lt;", "<").replace("&gt;", ">") == HOSTILE.replace("\n", " ")


@pytest.mark.parametrize(
    ("gridsize", "real", "warned"),
    [
        pytest.param(1, True, True, id="gs1-real"),
        pytest.param(2, True, False, id="gs2-real"),
        pytest.param(1, False, False, id="gs1-structured"),
    ],
)
def test_the_twin_ambiguity_is_explained_where_it_exists(
    gridsize: int, real: bool, warned: bool
) -> None:
    result = make_run(model={"gridsize": gridsize})
    light = np.abs(probe()) if real else probe() * np.exp(1j * np.indices((N, N))[0] ** 3 / 300)
    scan = result.scan.model_copy(update={"probeGuess": light.astype(np.complex64)})
    lines = " ".join(sections.limits(dataclasses.replace(result, scan=scan)))
    assert ("Twin ambiguity" in lines) is warned


def test_without_a_truth_the_report_scores_in_the_measurement(run: RunResult) -> None:
    text = report_of(without_truth(run))
    assert "no object is known" in text.lower()
    assert "R factor 0.091" in text
    assert "| **network** | 0.0912 | 1.173 | 0.41 | 0.942 | 0.862 | 0.211 |" in text
    assert "mean ratio" not in text


def test_settings_that_differ_from_the_defaults_are_listed_with_their_source() -> None:
    rows = sections.settings(settings(training={"nepochs": 7}))
    assert "| training.nepochs | 7 | 50 | command line |" in rows
    assert "| object.size | 96 | 392 | scenario file |" in rows
    assert not any("learning" in row for row in rows)


def test_the_command_to_run_again_repeats_what_was_set_by_hand() -> None:
    [_, command, *_] = sections.reproduce(settings(training={"nepochs": 7}))
    assert command == "ptyspec run synthetic --set training.nepochs=7"


def test_photons_are_counted_in_the_data(run: RunResult) -> None:
    counts = (run.scan.diff3d.astype(float) * run.scan.scale) ** 2
    assert sections.photons(run) == pytest.approx(counts.sum(axis=(1, 2)).mean(), rel=1e-6)
