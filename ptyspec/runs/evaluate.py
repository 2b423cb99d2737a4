"""The score stage in full: the network alone, refined, and every control, each scored the same way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ptyspec.contracts.container import Container, Reconstruction
from ptyspec.contracts.records import SCHEMA_VERSION
from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics.geometry import required_canvas
from ptyspec.pipeline.protocol import Pipeline, Session, Trained, TrainTest
from ptyspec.runs import controls
from ptyspec.scores.agreement import agreement, half_set_frc


@dataclass(frozen=True)
class Verdict:
    """metrics.json and the reconstructions behind it."""

    metrics: dict[str, Any]
    refined: Reconstruction | None
    controls: dict[str, Reconstruction]


def evaluate(
    pipeline: Pipeline,
    scenario: Scenario,
    scan: RawScan,
    container: Container,
    trained: Trained,
    reconstruction: Reconstruction,
    session: Session,
) -> Verdict:
    """Score the reconstruction and its controls; `scan` holds the frames that were reconstructed.

    The top level of the metrics is the network alone. `refined` and `flat_start` take the same number of sweeps.
    """
    settings = scenario.inference
    untrained = pipeline.stitch(scenario, trained.predict(trained.untrained, container))
    others = {
        "trivial": container.coarse,
        "untrained": untrained,
        "iterative": controls.sweep(scenario, scan, settings.iterative_sweeps, session),
    }
    refined = None
    if settings.refine:
        refined = controls.sweep(scenario, scan, settings.refine, session, start=reconstruction)
        others["flat_start"] = controls.sweep(scenario, scan, settings.refine, session)
    metrics = {"schema_version": SCHEMA_VERSION, **pipeline.score(scenario, scan, reconstruction)}
    metrics["fits_canvas"] = fits_canvas(scenario, container)
    metrics["refined"] = None if refined is None else pipeline.score(scenario, scan, refined)
    metrics["controls"] = {
        name: pipeline.score(scenario, scan, made) for name, made in others.items()
    }
    if scan.objectGuess is None:
        metrics["agreement_with_iterative"] = agreement(reconstruction, others["iterative"])
        for name in others.keys() - {"iterative"}:
            metrics["controls"][name]["agreement_with_iterative"] = agreement(
                others[name], others["iterative"]
            )
        metrics["half_set_frc"] = _half_sets(pipeline, scenario, container, trained, session)
        if refined is not None:
            metrics["refined"]["agreement_with_iterative"] = agreement(refined, others["iterative"])
    return Verdict(metrics, refined, others)


def fits_canvas(scenario: Scenario, container: Container) -> bool:
    """True where the canvas inside the model holds every group of this container."""
    need = required_canvas(container.groups.coords_relative, scenario.model.N)
    return scenario.model.canvas == 0 or scenario.model.canvas >= need


def _half_sets(
    pipeline: Pipeline, scenario: Scenario, container: Container, trained: Trained, session: Session
) -> dict[str, Any]:
    """Fourier ring correlation of two reconstructions that share no frame: network, and iterative reference."""
    first, second = controls.half_sets(container)
    if min(first.size, second.size) < scenario.members:
        return {"reason": "too few frames for two half-sets"}
    count = min(scenario.grouping.n_groups, second.size)
    fewer = scenario.grouping.model_copy(
        update={"n_groups": count, "kind": "nearest"}
    )  # half a lattice is none
    groups = pipeline.group(
        scenario.model_copy(update={"grouping": fewer}), TrainTest(first, second)
    )
    made = [
        pipeline.stitch(
            scenario,
            trained.predict(trained.weights, container.model_copy(update={"groups": part})),
        )
        for part in (groups.train, groups.test)
    ]
    swept = [
        controls.sweep(scenario, half, scenario.inference.iterative_sweeps, session)
        for half in (first, second)
    ]
    return {"network": half_set_frc(*made), "iterative": half_set_frc(*swept)}
