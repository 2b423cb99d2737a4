"""report.md says what metrics.json says, and nothing else."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.run import RunResult
from ptyspec.render.text import escape
from ptyspec.report import answer, details
from ptyspec.report.markdown import report_text
from ptyspec.scores import headline as scores
from tests.fake_run import N, block, make_run, probe, settings, without_truth


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
        assert cells == [
            scores.shown(scores.lookup(found, s.path), s.digits) for s in scores.WITH_TRUTH
        ]
        assert "–" not in cells


def test_the_answer_comes_first_and_says_why_the_amplitude_can_be_believed(folder: Path) -> None:
    first = (folder / "report.md").read_text(encoding="utf-8").split("## ")[0]
    assert "**The amplitude is right: mean|reconstruction| / mean|truth| = 0.999**" in first
    assert "gain g = 0.7342 reaches the network input alone" in first


@pytest.mark.clause("RUN-008")
def test_a_wrong_ratio_is_called_wrong() -> None:
    result = make_run()
    result.metrics["amplitude"]["mean_ratio"] = 0.271
    text = report_text(result, {}, Path())
    assert "**The amplitude is not right: mean|reconstruction| / mean|truth| = 0.271" in text
    assert "## What is wrong" in text


@pytest.mark.clause("RUN-008")
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param({"has_nan": True}, "NaN", id="nan"),
        pytest.param({"fits_canvas": False}, "canvas", id="canvas"),
        pytest.param({"amplitude": {"mean_ratio": 1.0501}}, "1.050", id="ratio"),
    ],
)
def test_a_violation_is_named(change: dict[str, Any], sentence: str) -> None:
    assert scores.violations(block(1.0)) == []
    [found] = scores.violations({**block(1.0), **change})
    assert sentence in found


@pytest.mark.parametrize(
    ("highpass", "said"),
    [pytest.param(0.5, True, id="worse"), pytest.param(0.9, False, id="better")],
)
def test_a_network_whose_structure_does_not_beat_the_untrained_one_is_called_out(
    highpass: float, said: bool
) -> None:
    result = make_run()
    result.metrics["amplitude"]["highpass_pearson_r"] = highpass
    lines = " ".join(answer.how_to_read(result))
    assert ("is not better than that of the untrained network" in lines) is said


@pytest.mark.parametrize(
    ("deviance", "doubted"),
    [pytest.param(1.2, False, id="noise"), pytest.param(78.0, True, id="far")],
)
def test_a_fit_far_from_the_noise_is_doubted(deviance: float, doubted: bool) -> None:
    result = without_truth(make_run())
    result.metrics["data"]["poisson_deviance_per_pixel"] = deviance
    assert ("far from the noise" in answer.whether_right(result)) is doubted


HOSTILE = "<script>alert(1)</script> | `x` ![i](http://e.example/a) **b** $x$ [l](j)\n# head"


def test_text_from_a_file_cannot_become_markup() -> None:
    result = make_run(metadata={"warnings": [HOSTILE]}, description=HOSTILE)
    text = report_text(result, {}, Path())
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
    lines = " ".join(details.limits(dataclasses.replace(result, scan=scan)))
    assert ("Twin ambiguity" in lines) is warned


def test_without_a_truth_the_report_scores_in_the_measurement(run: RunResult) -> None:
    text = report_text(without_truth(run), {}, Path())
    assert "No object is known here" in text
    assert "R factor 0.0912" in text
    assert "| **network** | 0.0912 | 1.173 | 0.41 | 0.942 | 0.862 | 0.211 |" in text
    assert "mean ratio" not in text


def test_settings_that_differ_from_the_defaults_are_listed_with_their_source() -> None:
    rows = details.settings(settings(training={"nepochs": 7}))
    assert "| training.nepochs | 7 | 50 | command line |" in rows
    assert "| object.size | 96 | 392 | scenario file |" in rows
    assert not any("learning" in row for row in rows)


def test_the_command_to_run_again_repeats_what_was_set_by_hand() -> None:
    [_, command, *_] = details.reproduce(settings(training={"nepochs": 7}))
    assert command == "ptyspec run synthetic --set training.nepochs=7"


def test_photons_are_counted_in_the_data(run: RunResult) -> None:
    counts = (run.scan.diff3d.astype(float) * run.scan.scale) ** 2
    assert answer.photons(run) == pytest.approx(counts.sum(axis=(1, 2)).mean(), rel=1e-6)
