"""Another pipeline in the reference's place: the cases of the pipeline under test notice what is wrong with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ptyspec.files.jsonfile import read_json
from ptyspec.spec.finding import State, worst
from tests.child import ROOT, environment

pytestmark = pytest.mark.expensive

FILE = "ptyspec/conformance/test_stages.py"
RUNLESS = "gs2_custom and not finished_run and not built_network"
"""The cases that neither train nor build a network."""
PLACES = ("STITCH-005", "REASSEMBLY-METRIC-FRAME-001")
"""True patches do not stitch to the object."""
CUT = ("COORDS-002", "STITCH-004", "STITCH-006", "STITCH-GRIDSIZE-001")
"""Perfect patches, single or in groups, do not stitch to the object."""


SESSIONS = """
import os, sys
from ptyspec.runs.threads import default_threads, set_threads
set_threads(default_threads())
# What every session needs is loaded once for all.
import hypothesis, pytest, allure_pytest.plugin, xdist.plugin
import scipy.optimize, scipy.sparse.csgraph, scipy.sparse.linalg, skimage.draw, skimage.metrics
import ptyspec.pipeline.reference, ptyspec.testing.collecting
from ptyspec.checks.judge import registered
from ptyspec.faults.catalogue import catalogue

assert registered() and catalogue()
assert "tensorflow" not in sys.modules  # nothing forks after it has run
folder, chosen, file, *pipelines = sys.argv[1:]
for name in pipelines:
    if os.fork() == 0:
        options = [f"--ptyspec-pipeline=tests.broken_pipelines:{name}", f"--ptyspec-results={folder}/{name}.json"]
        os._exit(pytest.main(["-q", "-p", "no:cacheprovider", "-k", chosen, file, *options]))
    os.wait()
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each of the pipelines left: a session each, in a fork of one process."""
    folder = tmp_path_factory.mktemp("results")
    subprocess.run(
        [sys.executable, "-c", SESSIONS, str(folder), RUNLESS, FILE, *BROKEN],
        cwd=ROOT,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        check=False,
    )
    return folder


def states(results: Path) -> dict[str, State]:
    """How each clause stands under this pipeline."""
    cases = read_json(results)["cases"].values()
    assert len(cases) >= 5
    found: dict[str, list[State]] = {}
    for case in cases:
        for name, state in case["clauses"].items():
            found.setdefault(name, []).append(State(state))
    return {name: worst(each) for name, each in found.items()}


BROKEN: dict[str, tuple[set[str], set[str]]] = {
    "OwnGain": ({"NORM-002"}, {"NORM-001", "STITCH-001", "STITCH-005"}),
    "FlippedSign": (
        {*("COORDS-001", "COORDS-002", "COORDS-003", "GROUP-001", "MERGE-003"), *PLACES},
        {"SPLIT-001", "BUG-TF-001"},
    ),
    "GainInObject": ({"STITCH-005", *CUT}, {"NORM-001", "NORM-002", "STITCH-001"}),
    "Swapped": (
        {"STITCH-001", "GROUP-009", "REASSEMBLY-M-CONTRACT-001", *PLACES, *CUT},
        {"NORM-001", "NORM-002"},
    ),
    "OriginOff": (
        {"STITCH-001", "REASSEMBLY-M-CONTRACT-001", *PLACES, *CUT},
        {"NORM-001", "NORM-002", "STITCH-002"},
    ),
    "Crashing": (set(), {"NORM-001", "NORM-002"}),
}
"""Which clauses fail, and some of those that pass; under the reference these cases are the suite's own."""


@pytest.mark.parametrize("pipeline", BROKEN)
def test_the_clause_that_a_pipeline_breaks_fails_and_those_checked_before_it_pass(
    results: Path, pipeline: str
) -> None:
    failed, passed = BROKEN[pipeline]
    found = states(results / f"{pipeline}.json")
    assert {name for name, state in found.items() if state is State.FAILED} == failed
    assert {name for name in passed if found[name] is not State.PASSED} == set()
    if pipeline == "Crashing":
        errors = {name for name, state in found.items() if state is State.ERROR}
        assert errors == {
            *("STITCH-001", "STITCH-002", "STITCH-003", "STITCH-008", *PLACES, *CUT),
            *("SCORE-007", "BASELINE-OFFSET-001", "BUG-TF-REASSEMBLE-001", "DET-003", "GROUP-009"),
            *("FLOW-003", "FLOW-004", "FLOW-006", "REASSEMBLY-M-CONTRACT-001"),
        }
