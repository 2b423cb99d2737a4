"""One seed | another: a failure that comes and goes is looked for with five of them (EVID-010)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ptyspec.spec.checks import Check
from tests.evidence import Training, evidence, load_training, save_training
from tests.tiny_runs import SHALLOW, fit, prepare, tiny

SEEDS = (1, 2, 3, 4, 5)
DIM = (
    "dose.nphotons=1e3",
    "probe.kind=ideal",
    "model.probe_scale=10",
    "training.nepochs=1",
    "scan.n_images=32",
    "grouping.n_groups=16",
    "training.batch_size=8",
    "training.validation_fraction=0",
    "training.monitor=loss",
)
"""Few photons through the probe of the runs that diverged: most pixels hold none."""


def train_all(folder: Path) -> None:
    for seed in SEEDS:
        scenario = tiny("gs1_custom", *SHALLOW, *DIM, seed=seed).scenario
        save_training(folder, str(seed), fit(scenario, prepare(scenario)))


@pytest.fixture
def trainings(request: pytest.FixtureRequest) -> Iterator[dict[int, Training]]:
    with evidence(request, train_all) as folder:
        yield {seed: load_training(folder, str(seed)) for seed in SEEDS}


@pytest.mark.clause("EVID-010")
def test_no_training_of_five_seeds_diverges(clause: Check, trainings: dict[int, Training]) -> None:
    clause.holds(len(set(SEEDS)) >= 5, "seeds", SEEDS, "five at least")
    losses = []
    for seed, made in trainings.items():
        clause.equal(made.history.first_nan, None, f"first value that is not finite, seed {seed}")
        losses += [row.metrics["loss"] for row in made.history.epochs]
        clause.holds(
            all(np.isfinite(weight).all() for weight in made.weights),
            f"finite weights, seed {seed}",
        )
    clause.finite(np.array(losses, dtype=float), "losses")
    clause.equal(len(set(losses)), len(SEEDS), "different losses: the seeds are different runs")
