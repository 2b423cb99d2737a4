"""Audit `scaler`: the intensity scale s of counts = (s X)^2: where it stands, whether it stays.

Upstream's model holds ln s as a variable: the input is divided by it in the first layer and
multiplied in the last, so that it changes nothing in what the network sees (facts 3.5). It was
declared trainable for a year, created outside any layer, and never moved. Here s is a number of the
data, outside the network: fixed, because object times c and s over c give the same counts (the exact
gauge, shown on the built forward model). The audit looks at the network as it was built, at the data
(s recomputed from the noise-free fields, s over the gain g beside the closed form), at the stored
run, and at a legacy dictionary where there is one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ptyspec.checks.intensity import the_gain_is_the_training_split_s, the_level_is_the_truth_s
from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.network_controls import OF_SCALER
from ptyspec.checks.one_step import variables_of
from ptyspec.checks.stage_chain import CONFIDENCE, over, tolerance
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.physics.scale import closed_form_scale, intensity_scale, loader_gain, mean_energy
from ptyspec.physics.simulate import field_amplitudes
from ptyspec.spec.checks import Check

FACTORS = (0.5, 2.0, 3.7)
UNKNOWN = "the noise-free fields and the dose are not known"


def of_the_data(material: StageOutputs) -> dict[str, Any]:
    """Return the scale of the data, and those that fields, closed form and gain give."""
    scan, train = material.scan, material.containers.train
    energy, scale = mean_energy(scan.diff3d), train.scale
    measured = scale**2 * energy
    photons = measured if material.scenario.measured else material.scenario.dose.nphotons
    closed, own = closed_form_scale(photons, scan.N), None
    if scan.objectGuess is not None:
        fields = list(field_amplitudes(scan.objectGuess, scan.probeGuess, scan.positions))
        own = intensity_scale(photons, mean_energy(np.concatenate(fields)))
    return {
        "train": scale,
        "from_fields": own,
        "over_fields": over(scale, own),
        "closed_form": closed,
        "over_closed_form": scale / closed,
        "over_gain": scale / train.gain,
        "photons": photons,
        "measured_photons": measured,
        "gained_over_closed_form": scale / loader_gain(energy, scan.N) / closed,
        "noise": 0.5 / math.sqrt(photons * scan.size),
    }


def stored(material: StageOutputs) -> dict[str, Any]:
    """Return the scale of the stored run, its object's level, and a dictionary's entry."""
    scale, gained = material.containers.train.scale, material.facts(of_the_data)["over_gain"]
    kept = material.finished.stages["normalize"].numbers["scale"]
    entry = (material.subject.dictionary or {}).get("intensity_scale")
    return {
        "stored": kept,
        "over_data": kept / scale,
        "object_level": material.metrics.get("amplitude", {}).get("mean_ratio"),
        "dictionary": entry,
        "dictionary_over_gained": over(entry, gained),
    }


def network(material: StageOutputs) -> dict[str, Any]:
    """Return what of a scale there is in the built network: every variable that is no layer's kernel or bias."""
    model, step = material.model, material.step
    listed = {variable.path for variable in model.trainable_variables}
    declared = material.scenario.training.intensity_scale_trainable
    parameters = {
        path: {
            "value": float(np.asarray(variable.numpy()).ravel()[0]),
            "trainable": path in listed,
            "gradient": step.gradients.get(path),
            "moved": step.moved[path],
        }
        for path, variable in variables_of(model).items()
        if path.split("/")[-1] not in ("kernel", "bias")
    }
    return {
        "declared_trainable": bool(
            (material.subject.dictionary or {}).get("intensity_scale.trainable", declared)
        ),
        "parameters": parameters,
        "trainable": [path for path, row in parameters.items() if row["trainable"]],
        "alive": [path for path, row in parameters.items() if row["gradient"] and row["moved"]],
        "moved": [name for name, by in step.fixed.items() if by]
        + [path for path, row in parameters.items() if row["moved"]],
    }


def exact_gauge(material: StageOutputs) -> dict[str, float]:
    """Return how far the counts of the object c O at the scale s / c are off, over the largest count, by c."""
    from ptyspec.networks.field import Field
    from ptyspec.networks.forward import fold

    scale, truth = material.containers.train.scale, material.sample.truth
    counts = {}
    for factor in (1.0, *FACTORS):
        parts = [np.float32(factor) * part.astype(np.float32) for part in (truth.real, truth.imag)]
        intensity = material.model.forward.intensity(Field(fold(parts[0]), fold(parts[1])))
        counts[factor] = (scale / factor) ** 2 * np.asarray(intensity, np.float64)
    largest = float(counts[1.0].max())
    return {
        f"{factor:g}": float(np.abs(counts[factor] - counts[1.0]).max()) / largest
        for factor in FACTORS
    }


@checks("DOSE-001", "simulate")
def the_scale_is_the_dataset_s(check: Check, outputs: StageOutputs) -> None:
    what, scales = "s over sqrt(nphotons / mean sum |P O|^2)", outputs.facts(of_the_data)
    if scales["over_fields"] is None or outputs.scenario.measured:
        check.missing(what, UNKNOWN)
    else:
        check.within_ratio(scales["over_fields"], 1.0, what)


@checks("SCALE-001", "simulate")
def the_gained_scale_is_the_closed_form(check: Check, outputs: StageOutputs) -> None:
    what = "s/g of the whole scan over sqrt(nphotons)/(N/2)"
    scales = outputs.facts(of_the_data)
    # s/g is the closed form to the photon noise of mean sum X^2, of which g takes the root.
    spread = tolerance("DOSE-001") + CONFIDENCE * scales["noise"]
    if scales["over_fields"] is None or outputs.scenario.measured:
        check.missing(what, UNKNOWN)
    else:
        check.between(1 - spread, scales["gained_over_closed_form"], 1 + spread, what)


@checks("NET-002", "train", trains=True)
def the_stored_scale_is_that_of_the_data(check: Check, outputs: StageOutputs) -> None:
    check.equal(outputs.facts(stored)["over_data"], 1.0, "s of the stored run over s of its data")


@checks("NET-002", "train", network=True)
def what_is_fixed_stays(check: Check, outputs: StageOutputs) -> None:
    found = outputs.facts(network)
    if not found["declared_trainable"]:
        check.equal(found["moved"], [], "what is fixed and moved in the first step")


@checks("NET-001", "train", network=True)
def a_declared_scale_moves(check: Check, outputs: StageOutputs) -> None:
    found, what = outputs.facts(network), "parameters with gradient and motion, a scale declared"
    if found["declared_trainable"]:
        check.holds(bool(found["alive"]), what, str(found["alive"]), "at least one")


@checks("NET-003", "settings", network=True)
def no_undeclared_scale_trains(check: Check, outputs: StageOutputs) -> None:
    found = outputs.facts(network)
    if not found["declared_trainable"]:
        check.equal(found["trainable"], [], "trained parameters beside kernels and biases")


@checks("SCALE-004", "run", network=True)
def counts_do_not_know_the_gauge(check: Check, outputs: StageOutputs) -> None:
    largest = max(outputs.facts(exact_gauge).values())
    what = "counts of c O at s/c | of O at s, over the largest"
    check.between(0.0, largest, tolerance("SCALE-004"), what)


@checks("CONFIG-001", "settings")
def the_dictionary_holds_the_gained_scale(check: Check, outputs: StageOutputs) -> None:
    entry = (outputs.subject.dictionary or {}).get("intensity_scale")
    if entry is not None:
        ratio = entry / outputs.facts(of_the_data)["over_gain"]
        check.between(1 - 1e-12, ratio, 1 + 1e-12, "the dictionary's intensity_scale over s/g")


TABLES = (
    Grid(
        "The scale",
        "scale/*",
        "s: field units to counts=train:.6f, from the noise-free fields=from_fields:.6f, "
        "closed form sqrt(nphotons)/(N/2)=closed_form, s over the closed form=over_closed_form:.5f, "
        "s/g: scale of the network's input=over_gain, "
        "s/g of the whole scan over the closed form=gained_over_closed_form:.7f, "
        "photons a frame: declared=photons:.4g, measured=measured_photons:.5g",
        form=".4f",
        turned=True,
    ),
    Grid(
        "From build to the stored run",
        "stored/*",
        "s in the stored run=stored:.6f, level of the finished object=object_level:.5f, "
        "intensity_scale in the dictionary=dictionary, "
        "dictionary over s/g=dictionary_over_gained:.5f",
        form=".4f",
        turned=True,
    ),
    Grid(
        "Parameters that could be a scale",
        "network/*/parameters/*",
        "value, trainable, gradient, moved",
        corner="subject, parameter",
        form=".7g",
    ),
)

CONTROLS = OF_SCALER
LAYOUT = Layout(
    facts={"scale": of_the_data, "stored": stored, "network": network, "gauge": exact_gauge},
    also=(the_gain_is_the_training_split_s, the_level_is_the_truth_s),
    tables=TABLES,
)
