"""Audit `scaler`: the intensity scale s of counts = (s X)^2: where it stands, whether it stays.

Upstream's model holds ln s as a variable: the input is divided by it in the first layer and
multiplied in the last, so that it changes nothing in what the network sees (facts 3.5). It was
declared trainable for a year, created outside any layer, and never moved. Here s is a number of the
data, outside the network: fixed, because object times c and s over c give the same counts (the exact
gauge, shown on the built forward model). The audit looks at the network as it was built, at the data
(s recomputed from the noise-free fields), at the stored run, and at a legacy dictionary where there
is one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.checks import stage_chain as chain
from ptyspec.checks.intensity import (
    the_closed_form_is_for_normalised_data_alone,
    the_gain_is_the_training_split_s,
    the_level_is_the_truth_s,
)
from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.network_controls import OF_SCALER
from ptyspec.checks.one_step import variables_of
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.physics.scale import intensity_scale, mean_energy
from ptyspec.physics.simulate import field_amplitudes
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
    model, step = outputs.model, outputs.step
    listed = {variable.path for variable in model.trainable_variables}
    return {
        path: {
            "value": float(np.asarray(variable.numpy()).ravel()[0]),
            "trainable": path in listed,
            "gradient": step.gradients.get(path),
            "moved": step.moved[path],
        }
        for path, variable in variables_of(model).items()
        if path.split("/")[-1] not in ("kernel", "bias")
    }


def _declared(outputs: StageOutputs) -> bool:
    """Whether a trainable scale was asked for."""
    declared = outputs.scenario.training.intensity_scale_trainable
    return bool((outputs.subject.dictionary or {}).get("intensity_scale.trainable", declared))


@checks("DOSE-001", "simulate")
def the_scale_is_the_dataset_s(check: Check, outputs: StageOutputs) -> None:
    ratio, what = outputs.facts(scale)["over_fields"], "s over sqrt(nphotons / mean sum |P O|^2)"
    chain.near_one(check, ratio, check.clause.tolerance.value, what, UNKNOWN)


@checks("NET-002", "train", trains=True)
def the_stored_scale_is_that_of_the_data(check: Check, outputs: StageOutputs) -> None:
    kept = outputs.finished.stages["normalize"].numbers["scale"]
    check.equal(kept, outputs.containers.train.scale, "s of the stored run is s of its data")


@checks("NET-002", "train", network=True)
def what_is_fixed_stays(check: Check, outputs: StageOutputs) -> None:
    if not _declared(outputs):
        moved = [name for name, by in outputs.step.fixed.items() if by]
        moved += [path for path, row in outputs.facts(parameters).items() if row["moved"]]
        check.equal(moved, [], "what is fixed and moved in the first step")


@checks("NET-001", "train", network=True)
def a_declared_scale_moves(check: Check, outputs: StageOutputs) -> None:
    if _declared(outputs):
        rows = outputs.facts(parameters).items()
        alive = [path for path, row in rows if row["gradient"] and row["moved"]]
        what = "parameters with gradient and motion, a scale declared"
        check.holds(alive, what, alive, "at least one")


@checks("NET-003", "settings", network=True)
def no_undeclared_scale_trains(check: Check, outputs: StageOutputs) -> None:
    if not _declared(outputs):
        rows = outputs.facts(parameters).items()
        trained = [path for path, row in rows if row["trainable"]]
        check.equal(trained, [], "trained parameters beside kernels and biases")


@checks("SCALE-004", "run", network=True)
def counts_do_not_know_the_gauge(check: Check, outputs: StageOutputs) -> None:
    from ptyspec.networks.field import Field
    from ptyspec.networks.forward import fold

    truth, counts = outputs.sample.truth, []
    for factor in FACTORS:
        parts = [np.float32(factor) * part.astype(np.float32) for part in (truth.real, truth.imag)]
        intensity = outputs.model.forward.intensity(Field(fold(parts[0]), fold(parts[1])))
        counts.append(np.asarray(intensity, np.float64) / factor**2)
    largest = max(float(np.abs(other - counts[0]).max()) for other in counts) / counts[0].max()
    what = "counts of c O at s/c | of O at s, over the largest"
    check.between(0.0, float(largest), check.clause.tolerance.value, what)


@checks("CONFIG-001", "settings")
def the_dictionary_holds_the_gained_scale(check: Check, outputs: StageOutputs) -> None:
    entry = (outputs.subject.dictionary or {}).get("intensity_scale")
    if entry is not None:
        ratio = entry / outputs.facts(scale)["over_gain"]
        chain.near_one(check, ratio, 1e-12, "the dictionary's intensity_scale over s/g")


CONTROLS = OF_SCALER
LAYOUT = Layout(
    facts={"scale": scale, "parameters": parameters},
    also=(
        the_gain_is_the_training_split_s,
        the_level_is_the_truth_s,
        the_closed_form_is_for_normalised_data_alone,
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
            "parameters/*/*",
            "value, trainable, gradient, moved",
            corner="subject, parameter",
            form=".7g",
        ),
    ),
)
