"""Audit `scaler`: the intensity scale s of counts = (s X)^2: where it stands, whether it stays.

Upstream's model holds ln s as a variable: the input is divided by it in the first layer and
multiplied in the last, so that it changes nothing in what the network sees (facts 3.5). Here s is a
number of the data: fixed, because object times c and s over c give the same counts (the exact gauge).
"""

from typing import Any

import numpy as np

from ptyspec.checks import intensity
from ptyspec.checks import stage_chain as chain
from ptyspec.checks.clause_check import checks
from ptyspec.checks.registry import (
    Grid,
    Layout,
    control,
    of_faults,
    same_network,
    with_dictionary,
    with_model,
)
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.physics.scale import intensity_scale, mean_energy
from ptyspec.physics.simulate import field_amplitudes
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.spec.checks import Check

FACTORS = (1.0, 0.5, 2.0, 3.7)
UNKNOWN = "the noise-free fields and the dose are not known"


def scale(outputs: StageOutputs) -> dict[str, Any]:
    """Return the scale of the data beside those that fields, closed form and gain give."""
    scan, train = outputs.scan, outputs.containers.train
    known, own = outputs.facts(chain.scales), None
    if scan.objectGuess is not None and known["declared"]:
        fields = list(field_amplitudes(scan.objectGuess, scan.probeGuess, scan.positions))
        own = intensity_scale(known["declared"], mean_energy(np.concatenate(fields)))
    over_fields, gained = chain.over(train.scale, own), train.scale / train.gain
    return {**known, "from_fields": own, "over_fields": over_fields, "over_gain": gained}


def parameters(outputs: StageOutputs) -> dict[str, dict[str, Any]]:
    """Return what of a scale there is in the built network: every variable that is no layer's kernel or bias."""
    rows = outputs.step.parameters.items()
    return {path: row for path, row in rows if path.split("/")[-1] not in ("kernel", "bias")}


def _declared(outputs: StageOutputs) -> bool:
    """Whether a trainable scale was asked for."""
    declared = outputs.scenario.training.intensity_scale_trainable
    return bool((outputs.subject.dictionary or {}).get("intensity_scale.trainable", declared))


@checks("DOSE-001")
def the_scale_is_the_dataset_s(check: Check, outputs: StageOutputs) -> None:
    ratio, what = outputs.facts(scale)["over_fields"], "s over sqrt(nphotons / mean sum |P O|^2)"
    chain.near_one(check, ratio, check.clause.tolerance.value, what, UNKNOWN)


@checks("NET-002", trains=True, of="normalize train")
def the_stored_scale_is_that_of_the_data(check: Check, outputs: StageOutputs) -> None:
    kept = outputs.finished.stages["normalize"].numbers["scale"]
    check.equal(kept, outputs.containers.train.scale, "s of the stored run is s of its data")


@checks("NET-002", network=True)
def what_is_fixed_stays(check: Check, outputs: StageOutputs) -> None:
    if not _declared(outputs):
        moved = [name for name, by in outputs.step.fixed.items() if by]
        moved += [path for path, row in outputs.facts(parameters).items() if row["moved"]]
        check.equal(moved, [], "what is fixed and moved in the first step")


@checks("NET-001", network=True)
def a_declared_scale_moves(check: Check, outputs: StageOutputs) -> None:
    if _declared(outputs):
        rows = outputs.facts(parameters).items()
        alive = [path for path, row in rows if row["gradient"] and row["moved"]]
        what = "parameters with gradient and motion, a scale declared"
        check.holds(alive, what, alive, "at least one")


@checks("NET-003", network=True)
def no_undeclared_scale_trains(check: Check, outputs: StageOutputs) -> None:
    if not _declared(outputs):
        rows = outputs.facts(parameters).items()
        trained = [path for path, row in rows if row["trainable"]]
        check.equal(trained, [], "trained parameters beside kernels and biases")


@checks("SCALE-004", network=True)
def counts_do_not_know_the_gauge(check: Check, outputs: StageOutputs) -> None:
    from ptyspec.networks.forward import Field, fold

    truth, counts = outputs.sample.truth, []
    for factor in FACTORS:
        parts = [np.float32(factor) * part.astype(np.float32) for part in (truth.real, truth.imag)]
        seen = outputs.model.forward.intensity(Field(fold(parts[0]), fold(parts[1])))
        counts.append(np.asarray(seen, np.float64) / factor**2)
    largest = max(float(np.abs(other - counts[0]).max()) for other in counts) / counts[0].max()
    what = "counts of c O at s/c | of O at s, over the largest"
    check.between(0.0, float(largest), check.clause.tolerance.value, what)


@checks("CONFIG-001")
def the_dictionary_holds_the_gained_scale(check: Check, outputs: StageOutputs) -> None:
    entry = (outputs.subject.dictionary or {}).get("intensity_scale")
    if entry is not None:
        ratio = entry / outputs.facts(scale)["over_gain"]
        chain.near_one(check, ratio, 1e-12, "the dictionary's intensity_scale over s/g")


@control("NET-002")
def drifting_probe(material: StageOutputs) -> StageOutputs:
    """The probe changes while the network trains."""
    same = with_model(material)  # a network of its own, untrained, that may be spoiled
    model: Any = same.model
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
    from ptyspec.networks.framework import tensorflow as tf

    same = with_model(material)  # a network of its own, untrained, that may be spoiled
    model: Any = same.model
    model.log_scale = tf.Variable(np.log(material.containers.train.scale), dtype=tf.float32)
    return with_dictionary(same, intensity_scale__trainable=True)


@control("NET-002")
def drifted_record(material: StageOutputs) -> StageOutputs:
    """The stored run holds a scale two per mille from that of its data."""
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
    same = with_model(material)  # a network of its own, untrained, that may be spoiled
    model: Any = same.model
    counts, stray = model.forward.intensity, 0.01 * model.energy / model.forward.size**2
    model.forward.intensity = lambda obj: counts(obj) + stray
    return same


CONTROLS = (
    *of_faults(
        *("NET-003 scale-trained trainable-scale", "NET-002 scale-trained drifting-scale"),
        *("DOSE-001 closed-form-scale closed-form", "NORM-002 test-gain-own"),
        "SCALE-001 closed-form-scale closed-form-of-raw-data",
    ),
    *(drifting_probe, dead_scale, drifted_record, stale_entry, stray_light),
)
LAYOUT = Layout(
    facts={"scale": scale, "parameters": parameters},
    also=(
        intensity.the_gain_is_the_training_split_s,
        intensity.the_level_is_the_truth_s,
        intensity.the_closed_form_is_for_normalised_data_alone,
    ),
    tables=(
        Grid(
            "The scale",
            "scale/*",
            "stored:.6f, from_fields:.6f, closed_form, stored_over_closed:.5f, over_gain, "
            "declared:.4g, photons:.5g",
            form=".4f",
            turned=True,
        ),
        Grid(
            "Parameters that could be a scale",
            "parameters/{subject}/{parameter}",
            "value, trainable, gradient, moved",
            form=".7g",
        ),
    ),
)
