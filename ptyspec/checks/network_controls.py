"""Positive controls of the audits of the built network (`loss`, `scaler`, `architecture`): each spoils one thing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ptyspec.checks.registry import Control, of_faults
from ptyspec.checks.spoil import (
    by_fault,
    control,
    same_network,
    with_containers,
    with_dictionary,
    with_model,
    with_object,
)
from ptyspec.checks.stage_outputs import StageOutputs

CNN = {"architecture": "cnn", "amp_activation": "softplus", "n_filters_scale": 1}
SIGMOID = CNN | {"amp_activation": "sigmoid"}


def network(clause: str, **model: Any) -> Callable[[Callable[[Any, StageOutputs], Any]], Control]:
    """Return a decorator: the built network is exchanged for what the function makes of `wrong_networks` and material.

    `model`: other settings of the model, for the same data.
    """

    def make(build: Callable[[Any, StageOutputs], Any]) -> Control:
        @wraps(build)
        def spoil(material: StageOutputs) -> StageOutputs:
            from ptyspec.checks import wrong_networks

            same = with_model(material, **model)
            return same.replaced(model=build(wrong_networks, same if model else material))

        return control(clause)(spoil)

    return make


@control("LOSS-005")
def realspace_no_op(material: StageOutputs) -> StageOutputs:
    """A dictionary declares realspace_weight, no term has it."""
    return with_dictionary(material, nll_weight=1, mae_weight=0, realspace_weight=0.5)


@network("LOSS-005")
def zero_weight_term(nets: Any, material: StageOutputs) -> Any:
    """A stage_weight is declared and used nowhere."""
    return nets.made(material, nets.LastStageOnly)


OF_LOSS = (
    *(zero_weight_term, realspace_no_op),
    *of_faults(
        *("EVID-003 likelihood-in-two-gauges", "POISSON-LADDER-001 a0-of-gained-data"),
        *("LOSS-001 transform-without-norm", "SCALE-002 gain-in-the-loss", "LOSS-007 gain-kept"),
        *("LOSS-004 amplitude-error-of-gained-data", "LOSS-002 no-background"),
        *("LOSS-005 earlier-stages-without-gradient", "LOSS-006 rate-held-constant"),
    ),
)


@network("NET-002")
def drifting_probe(nets: Any, material: StageOutputs) -> Any:
    """The probe changes while the network trains."""
    return nets.made(material, nets.DriftingProbe)


@control("NET-001")
def dead_scale(material: StageOutputs) -> StageOutputs:
    """A scale is declared trainable; the variable hangs outside any layer."""
    from ptyspec.checks import wrong_networks

    same = with_model(material).replaced(model=wrong_networks.with_loose_scale(material))
    said = with_dictionary(material, intensity_scale__trainable=True).subject
    return same.replaced(subject=said)


@control("NET-002")
def drifted_record(material: StageOutputs) -> StageOutputs:
    """The stored run holds a scale two per mille from that of its data."""
    from ptyspec.runs.finished_run import FinishedRun

    run = FinishedRun(material.finished.folder)
    record = run.stages["normalize"]
    numbers = record.numbers | {"scale": 1.002 * record.numbers["scale"]}
    changed = {"normalize": record.model_copy(update={"numbers": numbers})}
    run.__dict__["stages"] = run.stages | changed
    return same_network(material).replaced(finished=run)


@control("NORM-002")
def own_scale(material: StageOutputs) -> StageOutputs:
    """The test split has a scale of its own."""
    same = same_network(material)
    return with_containers(same, lambda part: {"scale": 1.03 * part.scale}, "test")


@control("CONFIG-001")
def stale_entry(material: StageOutputs) -> StageOutputs:
    """A dictionary holds s, where legacy code reads the scale of gained data."""
    return with_dictionary(material, intensity_scale=material.containers.train.scale)


@network("SCALE-004")
def stray_light(nets: Any, material: StageOutputs) -> Any:
    """Light that is not the object's breaks the gauge."""
    return nets.with_stray_light(material)


OF_SCALER = (
    by_fault("trainable-scale", "NET-003", "scale-trained"),
    by_fault("drifting-scale", "NET-002", "scale-trained"),
    by_fault("closed-form", "DOSE-001", "closed-form-scale"),
    by_fault("closed-form-of-raw-data", "SCALE-001", "closed-form-scale"),
    *(drifting_probe, dead_scale, drifted_record, own_scale, stale_entry, stray_light),
)


@network("BUG-TF-001")
def frozen_gridsize(nets: Any, material: StageOutputs) -> Any:
    """The network was built for another gridsize."""
    single = with_model(material, gridsize=1).scenario
    return nets.made(material, scenario=single, canvas=single.model.N)


@network("HEAD-001", **SIGMOID)
def bounded_head(nets: Any, material: StageOutputs) -> Any:
    """A sigmoid that ends at a0."""
    return nets.made(material)


@control("PARAMS-N-DIV4-001")
def odd_side(material: StageOutputs) -> StageOutputs:
    """The side N is declared as 30."""
    return with_model(material, N=30).replaced(model=material.model)


@control("NET-009")
def flat_object(material: StageOutputs) -> StageOutputs:
    """The stored reconstruction is one constant."""
    image = material.reconstruction.object
    level = np.complex64(np.nanmean(np.abs(image)))
    return with_object(same_network(material), np.where(np.isfinite(image), level, image))


@control("NET-008")
def ineffective_head(material: StageOutputs) -> StageOutputs:
    """An amplitude head is declared that the generator does not have."""
    return with_model(material, amp_activation="softplus").replaced(model=material.model)


OF_ARCHITECTURE = (
    *(frozen_gridsize, ineffective_head, bounded_head, odd_side, flat_object),
    by_fault("merge-flag-ignored", "NET-008", "merge-flag-ignored", **CNN, object_big=False),
    by_fault("other-probe", "PROBE-003", "input-probe-in-the-loss"),
    by_fault("other-physics", "FORWARD-005", "network-transform-not-centred"),
    by_fault("mixed-batch", "REASSEMBLY-BATCH-001", "batch-merged"),
    by_fault("coupled-groups", "INFER-001", "batch-merged"),
    by_fault("clipped", "HEAD-002", "bounded-head"),
    by_fault("escaping-branch", "HEAD-003", "a-plus-i-phi", **SIGMOID),
    by_fault("sum-for-product", "MATH-POLAR-001", "a-plus-i-phi", **CNN),
    by_fault("idle-layer", "NET-001", "part-never-trained"),
)
