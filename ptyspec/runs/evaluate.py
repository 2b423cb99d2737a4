"""The score stage in full: the network alone, refined, and every control, each scored the same way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ptyspec.contracts.bundles import RawScan, Reconstruction
from ptyspec.contracts.records import SCHEMA_VERSION
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics import iterative
from ptyspec.physics.geometry import required_canvas
from ptyspec.pipeline.protocol import Session, TrainTest
from ptyspec.runs.walk import Walk
from ptyspec.scores.agreement import agreement, half_set_frc


@dataclass(frozen=True)
class Verdict:
    """metrics.json and the reconstructions behind it."""

    metrics: dict[str, Any]
    refined: Reconstruction | None
    controls: dict[str, Reconstruction]


def evaluate(walk: Walk) -> Verdict:
    """Score the reconstruction of the held-out frames, and its controls.

    The top level of the metrics is the network alone. `refined` and `flat_start` take the same number of sweeps.
    """
    pipeline, scenario, session, trained = walk.pipeline, walk.scenario, walk.session, walk.trained
    scan, container, settings = walk.halves.test, walk.containers.test, scenario.inference
    untrained = pipeline.stitch(scenario, trained.predict(trained.untrained, container))
    others = {
        "trivial": container.coarse,
        "untrained": untrained,
        "iterative": sweep(scenario, scan, settings.iterative_sweeps, session),
    }
    refined = None
    if settings.refine:
        refined = sweep(scenario, scan, settings.refine, session, start=walk.reconstruction)
        others["flat_start"] = sweep(scenario, scan, settings.refine, session)

    def scores(made: Reconstruction, name: str = "") -> dict[str, Any]:
        block = pipeline.score(scenario, scan, made)
        if scan.objectGuess is None and name != "iterative":
            block["agreement_with_iterative"] = agreement(made, others["iterative"])
        return block

    metrics = {"schema_version": SCHEMA_VERSION, **scores(walk.reconstruction)}
    metrics["fits_canvas"] = fits_canvas(walk)
    metrics["refined"] = None if refined is None else scores(refined)
    metrics["controls"] = {name: scores(made, name) for name, made in others.items()}
    if scan.objectGuess is None:
        metrics["half_set_frc"] = _half_sets(walk)
    return Verdict(metrics, refined, others)


def fits_canvas(walk: Walk) -> bool:
    """True where the canvas inside the model holds every group of the test split."""
    model, groups = walk.scenario.model, walk.containers.test.groups
    return model.canvas == 0 or model.canvas >= required_canvas(groups.coords_relative, model.N)


def sweep(
    scenario: Scenario,
    scan: RawScan,
    sweeps: int,
    session: Session,
    start: Reconstruction | None = None,
) -> Reconstruction:
    """Run the iterative reference on the frames that are reconstructed, from `start` or from a flat object."""
    return iterative.reconstruct(
        scan,
        sweeps=sweeps,
        alpha=scenario.inference.iterative_alpha,
        start=start,
        seed=scenario.seeds.training,
        min_coverage=scenario.inference.min_coverage,
        progress=session.progress.step,
    )


def _half_sets(walk: Walk) -> dict[str, Any]:
    """Fourier ring correlation of two reconstructions that share no frame: network, and iterative reference.

    Every other frame in scan order: two independent measurements of one object.
    """
    scenario, container, trained = walk.scenario, walk.containers.test, walk.trained
    rows = np.arange(container.groups.scan.size)
    first, second = (container.groups.scan.take(rows[start::2]) for start in (0, 1))
    if min(first.size, second.size) < scenario.members:
        return {"reason": "too few frames for two half-sets"}
    count = min(scenario.grouping.n_groups, second.size)
    changes = {"n_groups": count, "kind": "nearest"}  # half a lattice is none
    fewer = {"grouping": scenario.grouping.model_copy(update=changes)}
    groups = walk.pipeline.group(scenario.model_copy(update=fewer), TrainTest(first, second))
    halves = [container.model_copy(update={"groups": part}) for part in (groups.train, groups.test)]
    made = [
        walk.pipeline.stitch(scenario, trained.predict(trained.weights, half)) for half in halves
    ]
    sweeps = scenario.inference.iterative_sweeps
    swept = [sweep(scenario, half, sweeps, walk.session) for half in (first, second)]
    return {"network": half_set_frc(*made), "iterative": half_set_frc(*swept)}
