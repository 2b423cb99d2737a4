"""One run beside several in one process: the same bits, no model left behind, no growing memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.spec.checks import Check
from tests import child
from tests.evidence import evidence

pytestmark = pytest.mark.expensive

RUNS = """
import gc, json, random, sys
import numpy as np

from ptyspec.runs.threads import set_threads
set_threads(1)
from ptyspec.faults.apply import from_environment
from_environment()
import keras  # the framework draws, whoever imports it
drawn = random.getstate(), repr(np.random.get_state())
import ptyspec.pipeline.train  # all that trains
kept = (random.getstate(), repr(np.random.get_state())) == drawn

from ptyspec.networks.reconstructor import Reconstructor
from ptyspec.runs.record import peak_rss_mb
from ptyspec.runs.run import run
from tests.tiny_runs import SHALLOW, digest, tiny

BRIEF = (*SHALLOW, "training.nepochs=1", "inference.iterative_sweeps=1")
WANTED = {
    "other": ("gs1_ideal", "scan.buffer=16", "dose.nphotons=1e5", "model.filters=[4]", "model.probe_mask=true", "grouping.n_groups=32"),
    "wanted": ("gs2_custom",),
}
rows = []
for name in sys.argv[1:]:
    target, *settings = WANTED[name]
    result = run(tiny(target, *BRIEF, *settings))
    made = digest(result.reconstruction.object)
    del result
    gc.collect()
    models = sum(isinstance(found, Reconstructor) for found in gc.get_objects())
    rows.append({"object": made, "peak": peak_rss_mb(), "models": models})
print(json.dumps({"kept": kept, "rows": rows}))
"""


def ask(folder: Path) -> None:
    """A process that makes the wanted run alone, and one that makes another run before and the wanted one thrice."""
    lists = {"alone": ["wanted"], "after another": ["other", "wanted", "wanted", "wanted"]}
    started = {
        name: child.start(RUNS, *runs, PYTHONPATH=str(child.ROOT)) for name, runs in lists.items()
    }
    found = {}
    for name, process in started.items():
        code, out, err = child.finish(process)
        assert code == 0, err
        found[name] = json.loads(out.splitlines()[-1])
    write_json(folder / "said.json", found)


@pytest.fixture(scope="module")
def processes(request: pytest.FixtureRequest) -> Iterator[dict[str, dict[str, Any]]]:
    with evidence(request, ask) as folder:
        yield read_json(folder / "said.json")


@pytest.mark.clause("DET-005")
def test_a_run_after_another_gives_the_bits_that_it_gives_alone(
    processes: dict[str, dict[str, Any]], clause: Check
) -> None:
    alone = processes["alone"]["rows"][0]["object"]
    other, *wanted = (row["object"] for row in processes["after another"]["rows"])
    clause.equal(wanted, [alone] * 3, "objects of the wanted run")
    clause.holds(other != alone, "the run before it makes another object")


@pytest.mark.clause("TF-REPEATED-MODEL-OOM-001")
def test_repeated_trainings_need_no_more_memory_and_leave_no_model(
    processes: dict[str, dict[str, Any]], clause: Check
) -> None:
    rows = processes["after another"]["rows"]
    clause.equal([row["models"] for row in rows], [0] * 4, "models alive after each run")
    clause.within_ratio(
        rows[3]["peak"], rows[1]["peak"], "peak memory after the fourth run over the second"
    )


@pytest.mark.clause("ANTIPATTERN-001")
def test_importing_what_trains_draws_no_number(
    processes: dict[str, dict[str, Any]], clause: Check
) -> None:
    clause.equal(
        [found["kept"] for found in processes.values()],
        [True, True],
        "global generators as they were",
    )
