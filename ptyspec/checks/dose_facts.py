"""One side of the audit `dose`, and two of them beside each other: stages, scales, and what explains a difference."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ptyspec.checks import stage_chain
from ptyspec.checks.intensity_facts import oracle
from ptyspec.checks.material import Material
from ptyspec.checks.stage_chain import SPLITS, SplitChain, Step, frame_sums
from ptyspec.contracts.arrays import Array
from ptyspec.physics.scale import closed_form_scale, intensity_scale, loader_gain, probe_energy
from ptyspec.scores.numbers import quotient
from ptyspec.spec.registry import specification

STAGES = ("raw", "grouped", "loss target", "network input")
"""As in the audit `intensity`; the container holds the loss target X and its gain, and what the network gets is g X."""
SOURCE = "true object to raw"
"""The step before the first: the mean energy that object and probe make, and the measured one."""
NONE = "none"


def closure_limit(closure: Mapping[str, float]) -> float:
    """How far the energy of the true object may be from the measured one: SCALE-002, and what counting costs."""
    tolerance = specification()["SCALE-002"].tolerance
    assert tolerance is not None
    return tolerance.value + closure["noise"]


@dataclass(frozen=True)
class Side:
    """One subject: its figures as JSON, and the steps that findings are made of."""

    name: str
    data: dict[str, Any]
    steps: dict[str, dict[str, Step]]


def side(material: Material) -> Side:
    """Return the facts of one subject; nothing is trained: the chain ends where the network begins."""
    made = material.containers
    chains, steps, closures = (
        material.facts(stage_chain.chains),
        material.facts(stage_chain.input_steps),
        material.facts(oracle),
    )
    data = {
        "stages": {
            split: {stage: chain.means[stage] for stage in STAGES}
            for split, chain in chains.items()
        },
        "steps": {
            name: {split: _step(step) for split, step in parts.items()}
            for name, parts in steps.items()
        },
        "closures": closures,
        "shape": {split: _shape(chain, material.scan.N) for split, chain in chains.items()},
        "object_rms": {
            split: _object_rms(material, chain, closures[split]) for split, chain in chains.items()
        },
        "gains": _gains(material, chains),
        "scales": _scales(material),
        "layout": layout(material),
        "containers": {
            split: {key: getattr(getattr(made, split), key) for key in ("gain", "scale", "a0")}
            for split in SPLITS
        },
    }
    return Side(material.name, data, steps)


def _step(step: Step) -> dict[str, Any]:
    return {**vars(step), "kept": step.kept}


def _shape(chain: SplitChain, size: int) -> float | None:
    """N mean X / sqrt(mean sum X^2): 1 for a flat frame. After the gain the mean amplitude is half of it, whatever the scale."""
    raw = chain.means["raw"]
    return None if raw is None else size * raw / math.sqrt(chain.energy)


def _object_rms(
    material: Material, chain: SplitChain, closure: Mapping[str, float] | None
) -> float:
    """sqrt(mean sum |P O|^2 / sum |P|^2): of the true object where it is known, else as measured."""
    level = math.sqrt(chain.energy / probe_energy(material.scan.probeGuess))
    return level if closure is None else level * math.sqrt(closure["energy"])


def _gains(material: Material, chains: Mapping[str, SplitChain]) -> dict[str, float | None]:
    train, test = (chains[split].own_gain for split in SPLITS)
    used = material.containers.train.gain
    return {
        "used": used,
        "own_train": train,
        "own_test": test,
        "own_difference": 1 - train / test,
        "used_over_own": used / train,
    }


def _scales(material: Material) -> dict[str, float | None]:
    """Scales of the whole dataset; derived over closed form is the gain that the whole dataset would get."""
    scan, photons = material.scan, material.scenario.dose.nphotons
    energy = float(frame_sums(scan)[1].mean())
    derived, closed = intensity_scale(photons, energy), closed_form_scale(photons, scan.N)
    return {
        "nphotons": photons,
        "stored": scan.scale,
        "derived": derived,
        "closed_form": closed,
        "stored_over_closed": scan.scale / closed,
        "derived_over_closed": derived / closed,
        "gain_of_all": loader_gain(energy, scan.N),
        "photons_over_declared": scan.scale**2 * energy / photons,
        "probe_norm": math.sqrt(probe_energy(scan.probeGuess)),
        "a0": material.containers.train.a0,
        "scan_scale": scan.scale,
    }


def layout(material: Material) -> dict[str, Any]:
    """Frames, groups, images by split, and the label gauge: what it divided by, and what is left to divide by."""
    scenario, groups = material.scenario, material.groups
    brightest = _brightest(material)
    return {
        "scan": scenario.scan.kind,
        "grouping": scenario.grouping.kind,
        "gauge": scenario.object.gauge,
        "N": material.scan.N,
        "members": groups.train.C,
        "norm_Y_I": float(material.scan.metadata.get("norm_Y_I", 1.0)),
        "brightest": None if brightest is None else float(brightest.mean()),
        **{f"frames_{split}": getattr(material.halves, split).size for split in SPLITS},
        **{f"groups_{split}": getattr(groups, split).size for split in SPLITS},
        **{
            f"images_{split}": len(np.unique(getattr(material.halves, split).scan_index))
            for split in SPLITS
        },
    }


def _brightest(material: Material) -> Array | None:
    """Largest amplitude of each training image, read off the scan's own object."""
    obj, spec = material.scan.objectGuess, material.scenario.object
    if obj is None:
        return None
    if material.scenario.scan.kind != "nested":
        return np.array([np.abs(obj).max()])
    pitch = spec.size + material.scan.N
    return np.array(
        [np.abs(obj[:, k * pitch : k * pitch + spec.size]).max() for k in range(spec.images_train)]
    )


def beside(first: Side, other: Side) -> dict[str, Any]:
    """Return `other` over `first`: stage by stage, step by step against what each step may do, and the first that differs.

    The raw means may differ by probe, object, gauge and the shape of the frames: sqrt(mean sum X^2) = |P| a0. Steps
    may differ by what their own rules allow. `first_difference` is the first that exceeds both limits together.
    """
    stages = {
        split: {
            stage: _over(other.data["stages"][split][stage], first.data["stages"][split][stage])
            for stage in STAGES
        }
        for split in SPLITS
    }
    return {
        "stages": stages,
        "explained": {split: _explained(first, other, split, stages) for split in SPLITS},
        "steps": {
            name: {split: _relative(parts[split], other.steps[name][split]) for split in SPLITS}
            for name, parts in first.steps.items()
        },
        "first_difference": _first_difference(first, other),
    }


def _explained(
    first: Side, other: Side, split: str, stages: Mapping[str, Any]
) -> dict[str, float | None]:
    """Factors of the raw ratio. The object's rms amplitude is that of the true object, where one is known."""
    probes, shapes = (
        _pair(first, other, "scales", "probe_norm"),
        _pair(first, other, "shape", split),
    )
    sizes = _pair(first, other, "layout", "N")
    levels = _pair(first, other, "object_rms", split)
    factors: dict[str, float | None] = {
        "probe": _over(probes[1], probes[0]),
        "object": _over(levels[1], levels[0]),
        "shape": _over(shapes[1], shapes[0]),
        "pixels": _over(sizes[0], sizes[1]),
    }
    product: float | None = 1.0
    for factor in factors.values():
        product = None if product is None or factor is None else product * factor
    ratio = stages[split]["raw"]
    gauges = _pair(first, other, "layout", "norm_Y_I")
    return {
        "raw": ratio,
        **factors,
        "gauge": _over(gauges[0], gauges[1]),
        "product": product,
        "unexplained": _over(ratio, product),
    }


def _pair(first: Side, other: Side, *parts: str) -> list[Any]:
    found = []
    for made in (first, other):
        value: Any = made.data
        for part in parts:
            value = value[part]
        found.append(value)
    return found


def _relative(first: Step, other: Step) -> dict[str, float | None]:
    return {
        "ratio": _over(other.ratio, first.ratio),
        "allowed": _over(other.allowed, first.allowed),
        "quotient": _over(other.quotient, first.quotient),
        "limit": first.limit + other.limit,
    }


def _first_difference(first: Side, other: Side) -> str:
    for split in SPLITS:
        closures = [made.data["closures"][split] for made in (first, other)]
        if None not in closures:
            limit = sum(closure_limit(found) for found in closures)
            if abs(closures[1]["energy"] / closures[0]["energy"] - 1) > limit:
                return f"{SOURCE} ({split})"
    for name, parts in first.steps.items():
        for split in SPLITS:
            found = _relative(parts[split], other.steps[name][split])
            if found["quotient"] is not None and abs(found["quotient"] - 1) > (
                found["limit"] or 0.0
            ):
                return f"{name} ({split})"
    return NONE


def _over(top: float | None, bottom: float | None) -> float | None:
    return None if top is None or bottom is None else quotient(top, bottom)
