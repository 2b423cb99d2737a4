"""One side of the audit `dose`, and two of them beside each other: stages, scales, what explains a difference.

mean X = |P| a0 shape / N, with the probe's norm |P|, the object's rms amplitude a0 under it (in its
gauge, norm_Y_I) and the shape of the frames. Nothing is trained: the chain ends where the network
begins.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from ptyspec.checks import stage_chain as chain
from ptyspec.checks.intensity_facts import oracle
from ptyspec.checks.stage_chain import SPLITS, over, tolerance
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.physics.scale import probe_energy

STAGES = chain.STAGES[:4]


def stages(outputs: StageOutputs) -> dict[str, dict[str, float | None]]:
    """Return the mean amplitude of each stage, by split."""
    return {split: it.means for split, it in outputs.facts(chain.chains).items()}


def steps(outputs: StageOutputs) -> dict[str, dict[str, Any]]:
    """Return the steps before the network as JSON."""
    return {
        name: {split: step.as_json() for split, step in parts.items()}
        for name, parts in outputs.facts(chain.input_steps).items()
    }


def shape(outputs: StageOutputs) -> dict[str, float | None]:
    """Return N mean X / sqrt(mean sum X^2): 1 for a flat frame."""
    return {
        split: over(it.means["raw"], math.sqrt(it.energy) / outputs.scan.N)
        for split, it in outputs.facts(chain.chains).items()
    }


def object_rms(outputs: StageOutputs) -> dict[str, float]:
    """Return sqrt(mean sum |P O|^2 / sum |P|^2): of the true object where known, else as measured."""
    norm, closures = probe_energy(outputs.scan.probeGuess), outputs.facts(oracle)
    return {
        split: math.sqrt(it.energy / norm * (closures[split] or {"energy": 1.0})["energy"])
        for split, it in outputs.facts(chain.chains).items()
    }


def scales(outputs: StageOutputs) -> dict[str, Any]:
    """Return the scales of the whole dataset, the probe's norm and the rms amplitude."""
    norm = math.sqrt(probe_energy(outputs.scan.probeGuess))
    return outputs.facts(chain.scales) | {"probe_norm": norm, "a0": outputs.containers.train.a0}


def layout(outputs: StageOutputs) -> dict[str, Any]:
    """Return frames, groups, images by split, and the label gauge: what it divided by, what is left."""
    scenario, scan = outputs.scenario, outputs.scan
    row = {
        "scan": scenario.scan.kind,
        "grouping": scenario.grouping.kind,
        "gauge": scenario.object.gauge,
        "N": scan.N,
        "members": outputs.groups.train.C,
        "norm_Y_I": float(scan.metadata.get("norm_Y_I", 1.0)),
        "brightest": brightest(outputs, range(scenario.object.images_train)),
    }
    for split in SPLITS:
        half = getattr(outputs.halves, split)
        row |= {
            f"frames_{split}": half.size,
            f"groups_{split}": getattr(outputs.groups, split).size,
            f"images_{split}": len(np.unique(half.scan_index)),
        }
    return row


def brightest(outputs: StageOutputs, images: Iterable[int]) -> float | None:
    """Return the mean over these images of their largest amplitude, read off the scan's own object."""
    obj, spec = outputs.scan.objectGuess, outputs.scenario.object
    if obj is None or outputs.scenario.scan.kind != "nested":
        return None if obj is None else float(np.abs(obj).max())
    starts = [image * (spec.size + outputs.scan.N) for image in images]
    return float(np.mean([np.abs(obj[:, at : at + spec.size]).max() for at in starts]))


def beside(first: StageOutputs, other: StageOutputs) -> dict[str, Any]:
    """Return what explains the ratio of the raw means, `other` over `first`, and where they differ.

    Steps may differ by what their own rules allow: `first_difference` is the first step whose
    quotients differ by more than both limits together.
    """
    explained = {split: _explained(first, other, split) for split in SPLITS}
    return {"explained": explained, "first_difference": _first_difference(first, other)}


def _explained(first: StageOutputs, other: StageOutputs, split: str) -> dict[str, float | None]:
    def ratio(facts: Any, key: str) -> float | None:
        return over(other.facts(facts)[key], first.facts(facts)[key])

    means = (one.facts(stages)[split]["raw"] for one in (other, first))
    factors = {
        "probe": ratio(scales, "probe_norm"),
        "object": ratio(object_rms, split),
        "shape": ratio(shape, split),
        "pixels": over(1.0, ratio(layout, "N")),
    }
    raw, known = over(*means), [factor for factor in factors.values() if factor is not None]
    product = math.prod(known) if len(known) == len(factors) else None
    gauge = over(1.0, ratio(layout, "norm_Y_I"))
    return {"raw": raw, **factors, "gauge": gauge, "unexplained": over(raw, product)}


def _first_difference(first: StageOutputs, other: StageOutputs) -> str:
    for split in SPLITS:
        here, there = (one.facts(oracle)[split] for one in (first, other))
        if here is not None and there is not None:
            limit = 2 * tolerance("SCALE-002") + here["noise"] + there["noise"]
            if abs(there["energy"] / here["energy"] - 1) > limit:
                return f"true object to raw ({split})"
    theirs = other.facts(chain.input_steps)
    for name, parts in first.facts(chain.input_steps).items():
        for split, step in parts.items():
            against = theirs[name][split]
            ratio = over(against.quotient, step.quotient)
            if ratio is not None and abs(ratio - 1) > step.limit + against.limit:
                return f"{name} ({split})"
    return "none"
