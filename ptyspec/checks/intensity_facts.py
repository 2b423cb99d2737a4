"""The numbers of the audit `intensity`, one subject at a time, as JSON."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from ptyspec.checks import intensity_closures as closures
from ptyspec.checks.material import Material
from ptyspec.checks.stage_chain import (
    GROUPED,
    LEVEL,
    SPLITS,
    SplitChain,
    Step,
    chain_product,
    explanation,
    first_break,
    frame_of,
    frame_sums,
    gauge_of,
    split_chain,
    steps_of,
)
from ptyspec.contracts.container import Container
from ptyspec.physics.scale import closed_form_scale, intensity_scale, rms_amplitude
from ptyspec.scores.frame import Frame
from ptyspec.scores.numbers import quotient

NONE = "none"


@dataclass(frozen=True)
class Facts:
    """Everything about one subject: what goes into the report, and the steps that findings are made of."""

    data: dict[str, Any]
    steps: dict[str, dict[str, Step]]


def facts(material: Material) -> Facts:
    """Return the facts of one subject."""
    chains = {split: split_chain(material, split) for split in SPLITS}
    gain = chains["train"].own_gain
    frame = frame_of(material)
    data = closures.on_the_data(material, material.reconstruction)
    steps = steps_of(chains, gain, data["level"])
    broken = first_break(steps)
    gauge = None if frame is None or frame.pixels == 0 else gauge_of(frame, gain)
    found = {
        "stages": {split: dict(chain.means) for split, chain in chains.items()},
        "steps": {
            name: {split: _step(step) for split, step in parts.items()}
            for name, parts in steps.items()
        },
        "first_break": NONE if broken is None else broken[0],
        "explained": None if broken is None else _explained(broken, _factors(material, chains)),
        "gains": _gains(material, chains),
        "scales": _scales(material),
        "containers": _containers(material),
        "gauge": gauge,
        "reading": None if gauge is None else reading(gauge),
        "gauge_of_gained": None
        if gauge is None or frame is None
        else gauge_of(_times(frame, gain), gain),
        "oracle": {split: closures.oracle(getattr(material.containers, split)) for split in SPLITS},
        "on_the_data": data,
        "oracle_patches": closures.oracle_patches(material),
        "coverage": closures.coverage(material, frame),
        "reach": closures.reach(material),
    }
    found["doubled"] = _doubled(material, chains, found)
    return Facts(found, steps)


def _explained(broken: tuple[str, Step], factors: dict[str, float]) -> str | None:
    """The factor, where one is at home in the step: what grouping picks has no factor."""
    name, step = broken
    return None if name.startswith(GROUPED) else explanation(step.quotient or 0.0, factors)


def reading(gauge: dict[str, float | None]) -> str:
    """Return in which gauge an object is, by its least-squares scalar: the absolute one, that of g O, or neither."""
    for key, name in (("least_squares", "absolute"), ("times_gain", "g O: the gain was left in")):
        found = gauge[key]
        if found is not None and abs(found - 1) <= LEVEL:
            return name
    return "neither absolute nor g O"


def _step(step: Step) -> dict[str, Any]:
    return {**vars(step), "kept": step.kept}


def _times(frame: Frame, factor: float) -> Frame:
    return replace(frame, rec=frame.rec * factor)


def _factors(material: Material, chains: dict[str, SplitChain]) -> dict[str, float]:
    """Factors that are at home in this pipeline, by name: what a broken step may be off by."""
    gain, model = chains["train"].own_gain, material.scenario.model
    factors = {"g": gain, "1/g": 1 / gain, "g^2": gain**2, "2": 2.0, "1/2": 0.5}
    factors["own gain of the test split over g"] = chains["test"].own_gain / gain
    factors |= {"probe_scale": model.probe_scale, "1/probe_scale": 1 / model.probe_scale}
    return {name: factor for name, factor in factors.items() if abs(math.log(factor)) > 1e-9}


def _gains(material: Material, chains: dict[str, SplitChain]) -> dict[str, Any]:
    train, test = (chains[split].own_gain for split in SPLITS)
    used = {split: getattr(material.containers, split).gain for split in SPLITS}
    return {
        "own": {"train": train, "test": test},
        "used": used,
        "own_difference": 1 - train / test,
        "used_over_own_train": used["train"] / train,
    }


def _scales(material: Material) -> dict[str, Any]:
    """Stored scale, those that the data give, the closed form; and the sum over channels where a mean belongs."""
    photons, size = material.scenario.dose.nphotons, material.scan.N
    parts = {"all": material.scan, "train": material.halves.train, "test": material.halves.test}
    energy = {name: float(frame_sums(scan)[1].mean()) for name, scan in parts.items()}
    derived = {name: intensity_scale(photons, value) for name, value in energy.items()}
    groups = material.groups.test
    _, energies = frame_sums(groups.scan)
    by_group = energies[groups.nn_indices]
    mean, total = (
        intensity_scale(photons, float(value))
        for value in (by_group.mean(), by_group.sum(axis=1).mean())
    )
    stored, closed = material.scan.scale, closed_form_scale(photons, size)
    return {
        "nphotons": photons,
        "energy": energy,
        "derived": derived,
        "stored": stored,
        "closed_form": closed,
        "stored_over_derived": stored / derived["all"],
        "stored_over_closed": stored / closed,
        "derived_over_closed": derived["all"] / closed,
        "derived_difference": 1 - derived["train"] / derived["test"],
        "grouped_by_mean": mean,
        "grouped_by_sum": total,
        "mean_over_sum": mean / total,
        "gridsize": material.scenario.model.gridsize,
        "photons_over_declared": stored**2 * energy["all"] / photons,
        "counting": closures.CONFIDENCE / math.sqrt(photons * material.scan.size),
    }


def _containers(material: Material) -> dict[str, Any]:
    def one(container: Container) -> dict[str, float]:
        return {"gain": container.gain, "scale": container.scale, "a0": container.a0}

    train = material.containers.train
    energy = float(frame_sums(material.halves.train)[1].mean())
    own = rms_amplitude(energy, train.probe)
    return {split: one(getattr(material.containers, split)) for split in SPLITS} | {
        "a0_over_own": train.a0 / own,
        "scan_scale": material.scan.scale,
    }


def _doubled(
    material: Material, chains: dict[str, SplitChain], found: dict[str, Any]
) -> dict[str, Any]:
    """The chain product and our own figures, of the prediction and of twice the prediction."""
    made = material.reconstruction
    twice = material.replaced(reconstruction=made.model_copy(update={"object": 2 * made.object}))
    frame = frame_of(twice)
    gauge = (
        None
        if frame is None or frame.pixels == 0
        else gauge_of(frame, found["gains"]["own"]["train"])
    )
    means = chains["test"].means
    prediction = means["prediction"]
    doubled = means | {"prediction": None if prediction is None else 2 * prediction}
    once = found["gauge"] or {}
    rows = {
        "chain product": (chain_product(means), chain_product(doubled)),
        "level on the data": (
            found["on_the_data"]["level"],
            closures.on_the_data(twice, twice.reconstruction)["level"],
        ),
    }
    for key, name in (("mean_ratio", "mean ratio"), ("least_squares", "least-squares scalar")):
        if gauge is not None:
            rows[name] = (once.get(key), gauge[key])
    table = {
        name: {
            "once": first,
            "twice": then,
            "factor": None if first is None or then is None else quotient(then, first),
        }
        for name, (first, then) in rows.items()
    }
    ours = [row for name, row in table.items() if name != "chain product"]
    if all(row["twice"] is None for row in ours):
        return {"rows": table, "ours_move": None}
    return {
        "rows": table,
        "ours_move": all(
            row["factor"] is not None and abs(row["factor"] - 1) > 0.1 for row in ours
        ),
    }
