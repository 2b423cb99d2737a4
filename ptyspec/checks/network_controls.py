"""Positive controls of the audits of the built network (`loss`, `scaler`, `architecture`): each spoils one thing."""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.checks.registry import of_faults
from ptyspec.checks.spoil import by_fault, control, same_network, with_dictionary, with_model
from ptyspec.checks.stage_outputs import StageOutputs

CNN = {"architecture": "cnn", "amp_activation": "softplus", "n_filters_scale": 1}
SIGMOID = CNN | {"amp_activation": "sigmoid"}


@control("LOSS-005")
def realspace_no_op(material: StageOutputs) -> StageOutputs:
    """A dictionary declares realspace_weight, no term has it."""
    return with_dictionary(material, nll_weight=1, mae_weight=0, realspace_weight=0.5)


OF_LOSS = (
    realspace_no_op,
    *of_faults(
        *("EVID-003 likelihood-in-two-gauges", "POISSON-LADDER-001 a0-of-gained-data"),
        *("LOSS-001 transform-without-norm", "SCALE-002 gain-in-the-loss", "LOSS-007 gain-kept"),
        *("LOSS-004 amplitude-error-of-gained-data", "LOSS-002 no-background"),
        *("LOSS-005 earlier-stages-without-gradient", "LOSS-006 rate-held-constant"),
    ),
)


def _another_network(material: StageOutputs) -> tuple[StageOutputs, Any]:
    """The same data and a network of its own, built and untrained, that may be spoiled."""
    same = with_model(material)
    return same, same.model


@control("NET-002")
def drifting_probe(material: StageOutputs) -> StageOutputs:
    """The probe changes while the network trains."""
    same, model = _another_network(material)
    loss = model.compute_loss

    def drifting(**given: Any) -> Any:
        value = loss(**given)
        model.forward.probe = model.forward.probe.times(1.001)
        return value

    model.compute_loss = drifting
    return same


@control("NET-001")
def dead_scale(material: StageOutputs) -> StageOutputs:
    """A scale is declared trainable; the variable hangs outside any layer."""
    import tensorflow as tf

    same, model = _another_network(material)
    model.log_scale = tf.Variable(np.log(material.containers.train.scale), dtype=tf.float32)
    return with_dictionary(same, intensity_scale__trainable=True)


@control("NET-002")
def drifted_record(material: StageOutputs) -> StageOutputs:
    """The stored run holds a scale two per mille from that of its data."""
    from ptyspec.runs.finished_run import FinishedRun

    run = FinishedRun(material.finished.folder)
    record = run.stages["normalize"]
    numbers = record.numbers | {"scale": 1.002 * record.numbers["scale"]}
    run.stages["normalize"] = record.model_copy(update={"numbers": numbers})
    return same_network(material).replaced(finished=run)


@control("CONFIG-001")
def stale_entry(material: StageOutputs) -> StageOutputs:
    """A dictionary holds s, where legacy code reads the scale of gained data."""
    return with_dictionary(material, intensity_scale=material.containers.train.scale)


@control("SCALE-004")
def stray_light(material: StageOutputs) -> StageOutputs:
    """Light that is not the object's breaks the gauge."""
    same, model = _another_network(material)
    intensity, stray = model.forward.intensity, 0.01 * model.energy / model.forward.size**2
    model.forward.intensity = lambda obj: intensity(obj) + stray
    return same


OF_SCALER = (
    by_fault("trainable-scale", "NET-003", "scale-trained"),
    by_fault("drifting-scale", "NET-002", "scale-trained"),
    by_fault("closed-form", "DOSE-001", "closed-form-scale"),
    by_fault("closed-form-of-raw-data", "SCALE-001", "closed-form-scale"),
    *of_faults("NORM-002 test-gain-own"),
    *(drifting_probe, dead_scale, drifted_record, stale_entry, stray_light),
)


@control("BUG-TF-001")
def frozen_gridsize(material: StageOutputs) -> StageOutputs:
    """The network was built for another gridsize."""
    return with_model(material).replaced(model=with_model(material, gridsize=1).model)


@control("HEAD-001")
def bounded_head(material: StageOutputs) -> StageOutputs:
    """A sigmoid that ends at a0."""
    return with_model(material, **SIGMOID)


@control("PARAMS-N-DIV4-001")
def odd_side(material: StageOutputs) -> StageOutputs:
    """The side N is declared as 30."""
    return with_model(material, N=30).replaced(model=material.model)


OF_ARCHITECTURE = (
    *(frozen_gridsize, bounded_head, odd_side),
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
