"""Another pipeline in the reference's place: the cases of the pipeline under test notice what is wrong with it."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ptyspec.files.jsonfile import read_json
from tests.child import ROOT, environment

FILE = "tests/parity/test_pipeline_under_test.py"
RUNLESS = "not finished_run and not reconstruction_has"
"""The cases that train nothing."""


def clauses_red(pipeline: str, results: Path) -> Counter[str]:
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", RUNLESS, FILE]
    options = [f"--ptyspec-pipeline={pipeline}", f"--ptyspec-results={results}"]
    subprocess.run(
        [*words, *options],
        cwd=ROOT,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        check=False,
    )
    cases = read_json(results)["cases"].values()
    assert len(cases) >= 10
    return Counter(
        name for case in cases if case["outcome"] != "passed" for name in case["clauses"]
    )


@pytest.mark.parametrize(
    ("pipeline", "red"),
    [
        pytest.param("ReferencePipeline", set(), id="none"),
        pytest.param("OwnGain", {"NORM-001", "NORM-002"}, id="own-gain"),
        pytest.param("FlippedSign", {"SPLIT-001", "BUG-TF-001", "COORDS-003"}, id="flipped-sign"),
        pytest.param(
            "GainInObject",
            {"STITCH-002", "STITCH-005", "REASSEMBLY-METRIC-FRAME-001"},
            id="gain-in-object",
        ),
        pytest.param(
            "Swapped", {"STITCH-002", "STITCH-005", "REASSEMBLY-METRIC-FRAME-001"}, id="swapped"
        ),
    ],
)
def test_a_wrong_pipeline_turns_the_clauses_of_its_stage_red_and_no_others(
    tmp_path: Path, pipeline: str, red: set[str]
) -> None:
    home = (
        "ptyspec.pipeline.reference"
        if pipeline == "ReferencePipeline"
        else "tests.broken_pipelines"
    )
    assert set(clauses_red(f"{home}:{pipeline}", tmp_path / "results.json")) == red
