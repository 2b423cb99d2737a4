"""Seeds: each changes the draw that it names and no other; the global generators are not touched."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import RawScan, array_digest
from ptyspec.contracts.scenario import Scenario
from ptyspec.files.scan_file import write_scan
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.request import request
from ptyspec.runs.run import run as walk
from ptyspec.spec.checks import Check
from tests.walks import Untrained, digest, small

NAMES = {
    "object": {"object", "frames"},
    "probe": {"probe", "frames"},
    "scan": {"positions", "frames"},
    "noise": {"frames"},
    "split": {"training frames"},
    "grouping": {"groups"},
    "training": set[str](),
}
"""What each seed may and must change in the stages before training; frames follow from object, probe and positions."""


def draws(**seeds: int) -> dict[str, str]:
    """Digests of everything that is drawn before training; one frame a group, so that groups are rows and no places."""
    scenario = small(model={"gridsize": 1}, split={"kind": "random"}, seeds=seeds).scenario
    walk = ReferencePipeline()
    scan = walk.simulate(scenario)
    halves = walk.split(scenario, scan)
    return {
        "object": digest(scan.objectGuess),
        "probe": digest(scan.probeGuess),
        "positions": digest(scan.positions),
        "frames": digest(scan.diff3d),
        "training frames": digest(np.flatnonzero(np.isin(scan.xcoords, halves.train.xcoords))),
        "groups": digest(walk.group(scenario, halves).train.nn_indices),
    }


@cache
def plain() -> dict[str, str]:
    return draws()


@pytest.mark.clause("DET-002")
@pytest.mark.parametrize("seed", NAMES)
def test_a_seed_changes_the_draw_that_it_names_and_no_other(seed: str, clause: Check) -> None:
    other = draws(**{seed: 7})
    clause.equal(
        {what for what in other if other[what] != plain()[what]},
        NAMES[seed],
        f"changed by seeds.{seed}",
    )


@pytest.mark.clause("DET-002")
def test_equal_seeds_draw_equal_bytes(clause: Check) -> None:
    clause.equal(draws(), plain(), "everything that is drawn")


@pytest.fixture(scope="module")
def scan_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("measured") / "scan.npz"
    write_scan(
        path,
        ReferencePipeline().simulate(small().scenario).model_copy(update={"objectGuess": None}),
    )
    return path


@pytest.mark.clause("DET-002")
@pytest.mark.parametrize(
    ("seed", "changes"), [("probe", True), ("training", False)], ids=["probe", "training"]
)
def test_the_refined_probe_of_a_measured_scan_follows_the_probes_seed(
    scan_file: Path, seed: str, changes: bool, clause: Check
) -> None:
    def refined(*settings: str) -> str:
        made = request(str(scan_file), settings=["probe.refine_sweeps=4", *settings])
        return array_digest(ReferencePipeline().simulate(made.scenario).probeGuess)

    clause.equal(
        refined(f"seeds.{seed}=7") != refined(), changes, f"seeds.{seed} changes the refined probe"
    )


@pytest.fixture
def global_state() -> Iterator[None]:
    """Give the test the global generators to play with and put them back."""
    before = random.getstate(), np.random.get_state()
    yield
    random.setstate(before[0])
    np.random.set_state(before[1])


def seeded(seed: int) -> Any:
    """Seed the global generators and return their state."""
    random.seed(seed)
    np.random.seed(seed)
    return state()


def state() -> Any:
    kind, keys, *rest = np.random.get_state(legacy=True)
    return random.getstate(), kind, array_digest(np.asarray(keys)), *rest


class Kept(Untrained):
    """Keeps the scan."""

    scan: RawScan

    def simulate(self, scenario: Scenario) -> RawScan:
        self.scan = super().simulate(scenario)
        return self.scan


@pytest.mark.clause("DET-003")
@pytest.mark.usefixtures("global_state")
def test_a_run_leaves_the_global_generators_where_they_were(clause: Check) -> None:
    before = seeded(1)
    walk(
        small(object={"phase": "texture"}, inference={"iterative_sweeps": 1, "refine": 1}),
        pipeline=Untrained(),
    )
    clause.equal(state(), before, "state of random and of numpy.random")


@pytest.mark.clause("DET-003")
@pytest.mark.usefixtures("global_state")
def test_a_run_does_not_depend_on_the_global_generators(clause: Check) -> None:
    made = []
    for seed in (1, 2):
        seeded(seed)
        pipeline = Kept()
        result = walk(small(split={"kind": "random"}), pipeline=pipeline)
        made.append((digest(pipeline.scan), digest(result.reconstruction), digest(result.controls)))
    clause.equal(made[1], made[0], "scan, object and controls")
