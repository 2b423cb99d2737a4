"""One side of the audit `dose`, and two of them beside each other: stages, scales, and what explains a difference.

Nothing is trained: the chain ends where the network begins.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ptyspec.checks import stage_chain as chain
from ptyspec.checks.intensity_facts import oracle
from ptyspec.checks.material import Material
from ptyspec.checks.stage_chain import SPLITS, Step, over, tolerance
from ptyspec.physics.scale import probe_energy

STAGES = ("raw", "grouped", "loss target", "network input")
"""As in the audit `intensity`; the container holds the loss target X and its gain, and what the network gets is g X."""
SOURCE = "true object to raw"
"""The step before the first: the mean energy that object and probe make, and the measured one."""
NONE = "none"


def stages(outputs: Material) -> dict[str, dict[str, float | None]]:
    """Return the mean amplitude of each stage, by split."""
    return {
        split: {stage: it.means[stage] for stage in STAGES}
        for split, it in outputs.facts(chain.chains).items()
    }


def steps(outputs: Material) -> dict[str, dict[str, Any]]:
    """Return the steps before the network as JSON."""
    return {
        name: {split: step.as_json() for split, step in parts.items()}
        for name, parts in outputs.facts(chain.input_steps).items()
    }


def shape(outputs: Material) -> dict[str, float | None]:
    """Return N mean X / sqrt(mean sum X^2): 1 for a flat frame. After the gain the mean amplitude is half of it, whatever the scale."""
    return {
        split: over(it.means["raw"], math.sqrt(it.energy) / outputs.scan.N)
        for split, it in outputs.facts(chain.chains).items()
    }


def object_rms(outputs: Material) -> dict[str, float]:
    """Return sqrt(mean sum |P O|^2 / sum |P|^2): of the true object where it is known, else as measured."""
    norm, closures = probe_energy(outputs.scan.probeGuess), outputs.facts(oracle)
    return {
        split: math.sqrt(it.energy / norm * (closures[split] or {"energy": 1.0})["energy"])
        for split, it in outputs.facts(chain.chains).items()
    }


def scales(outputs: Material) -> dict[str, Any]:
    """Return the scales of the whole dataset, the probe's norm and the rms amplitude."""
    norm = math.sqrt(probe_energy(outputs.scan.probeGuess))
    return outputs.facts(chain.scales) | {"probe_norm": norm, "a0": outputs.containers.train.a0}


def layout(outputs: Material) -> dict[str, Any]:
    """Return frames, groups, images by split, and the label gauge: what it divided by, and what is left to divide by."""
    scenario, scan = outputs.scenario, outputs.scan
    row = {
        "scan": scenario.scan.kind,
        "grouping": scenario.grouping.kind,
        "gauge": scenario.object.gauge,
        "N": scan.N,
        "members": outputs.groups.train.C,
        "norm_Y_I": float(scan.metadata.get("norm_Y_I", 1.0)),
        "brightest": _brightest(outputs),
    }
    for split in SPLITS:
        half = getattr(outputs.halves, split)
        row |= {
            f"frames_{split}": half.size,
            f"groups_{split}": getattr(outputs.groups, split).size,
            f"images_{split}": len(np.unique(half.scan_index)),
        }
    return row


def _brightest(outputs: Material) -> float | None:
    """Mean over the training images of their largest amplitude, read off the scan's own object."""
    obj, spec = outputs.scan.objectGuess, outputs.scenario.object
    if obj is None or outputs.scenario.scan.kind != "nested":
        return None if obj is None else float(np.abs(obj).max())
    pitch = spec.size + outputs.scan.N
    starts = range(0, spec.images_train * pitch, pitch)
    return float(np.mean([np.abs(obj[:, at : at + spec.size]).max() for at in starts]))


def beside(first: Material, other: Material) -> dict[str, Any]:
    """Return `other` over `first`: stage by stage, step by step against what each step may do, and the first that differs.

    The raw means may differ by probe, object, gauge and the shape of the frames: sqrt(mean sum X^2) = |P| a0. Steps
    may differ by what their own rules allow. `first_difference` is the first that exceeds both limits together.
    """
    top, bottom = other.facts(stages), first.facts(stages)
    ratios = {
        split: {stage: over(top[split][stage], bottom[split][stage]) for stage in STAGES}
        for split in SPLITS
    }
    mine, theirs = first.facts(chain.input_steps), other.facts(chain.input_steps)
    relative = {
        name: {split: _relative(parts[split], theirs[name][split]) for split in SPLITS}
        for name, parts in mine.items()
    }
    return {
        "stages": ratios,
        "explained": {
            split: _explained(first, other, split, ratios[split]["raw"]) for split in SPLITS
        },
        "steps": relative,
        "first_difference": _first_difference(first, other, relative),
    }


def _explained(
    first: Material, other: Material, split: str, ratio: float | None
) -> dict[str, float | None]:
    """Factors of the raw ratio. The object's rms amplitude is that of the true object, where one is known."""
    there, here = other.facts(layout), first.facts(layout)
    factors = {
        "probe": over(other.facts(scales)["probe_norm"], first.facts(scales)["probe_norm"]),
        "object": over(other.facts(object_rms)[split], first.facts(object_rms)[split]),
        "shape": over(other.facts(shape)[split], first.facts(shape)[split]),
        "pixels": over(here["N"], there["N"]),
    }
    known = [factor for factor in factors.values() if factor is not None]
    product = math.prod(known) if len(known) == len(factors) else None
    return {
        "raw": ratio,
        **factors,
        "gauge": over(here["norm_Y_I"], there["norm_Y_I"]),
        "product": product,
        "unexplained": over(ratio, product),
    }


def _relative(first: Step, other: Step) -> dict[str, float | None]:
    return {
        "ratio": over(other.ratio, first.ratio),
        "allowed": over(other.allowed, first.allowed),
        "quotient": over(other.quotient, first.quotient),
        "limit": first.limit + other.limit,
    }


def _first_difference(
    first: Material, other: Material, relative: Mapping[str, Mapping[str, Any]]
) -> str:
    for split in SPLITS:
        here, there = (one.facts(oracle)[split] for one in (first, other))
        if here is not None and there is not None:
            limit = 2 * tolerance("SCALE-002") + here["noise"] + there["noise"]
            if abs(there["energy"] / here["energy"] - 1) > limit:
                return f"{SOURCE} ({split})"
    for name, parts in relative.items():
        for split, row in parts.items():
            if row["quotient"] is not None and abs(row["quotient"] - 1) > row["limit"]:
                return f"{name} ({split})"
    return NONE
