"""Audit `scaler`: the intensity scale s of counts = (s X)^2: where it stands, whether it trains, whether it stays.

Upstream's model holds ln s as a variable: the input is divided by it in the first layer and multiplied in the last, so
that it changes nothing in what the network sees (facts 3.5). It was declared trainable for a year, created outside any
layer, and never moved: 6.895897, exp 988.21167, the closed form sqrt(nphotons)/(N/2) of 1e9 photons and N = 64, with a
difference of -3.9e-6 that is the rounding of exp(ln s) to single precision. Here s is a number of the data, outside the
network: fixed, because object times c and s over c give the same counts (the exact gauge, shown on the built forward
model). The audit looks at the network as it was built (variables with and without a layer, gradient, first step of
training), at the data (s recomputed from the noise-free fields, s over the gain g beside the closed form), at the
stored run, and at a legacy dictionary where there is one.

Red means: a scale trains that nobody declared (NET-003), a declared one is dead (NET-001), something fixed moved, or
the stored run has another s than its data (NET-002), train and test differ (NORM-002), s is not the dataset's own
(DOSE-001) or the closed form stands in for it (SCALE-001), the gauge is not exact (SCALE-004), the finished object's
level says another s (INFER-005), a dictionary holds another scale than s/g (CONFIG-001).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.checks.network_controls import SCALER_CONTROLS
from ptyspec.checks.one_step import variables_of
from ptyspec.checks.registry import Control
from ptyspec.checks.report import Audit
from ptyspec.checks.shown import ref
from ptyspec.physics.scale import closed_form_scale, intensity_scale, loader_gain, mean_energy
from ptyspec.physics.simulate import field_amplitudes
from ptyspec.spec.registry import specification

RECORDED = {"log": 6.895897, "exp": 988.21167, "difference": -3.9e-6}
"""What the investigation read from a saved bundle (nphotons 1e9, N 64)."""
FACTORS = (0.5, 2.0, 3.7)
SIGMAS = 5


def audit(materials: Sequence[Material], report: Audit) -> None:
    """Fill the report."""
    report.data["recorded"] = RECORDED
    report.data["recomputed"] = single_precision(closed_form_scale(1e9, 64))
    for part in ("scale", "network", "gauge"):
        report.data[part] = {}
    for material in materials:
        report.data["scale"][material.name] = _scale(material)
        report.data["network"][material.name] = _network(material)
        report.data["gauge"][material.name] = _gauge(material)
        _judge_data(material, report)
        _judge_network(material, report)
    _tables(materials, report)


def single_precision(scale: float) -> dict[str, float]:
    """A scale as a float32 variable holds it: ln s, its exponential, and what storing that in float32 adds."""
    log = float(np.float32(math.log(scale)))
    return {
        "log": log,
        "exp": math.exp(log),
        "difference": math.exp(log) - float(np.float32(math.exp(log))),
    }


def _scale(material: Material) -> dict[str, Any]:
    """The scale of the data, of the stored run and of the dictionary."""
    scan, train = material.scan, material.containers.train
    energy = mean_energy(scan.diff3d)
    photons = (
        material.scenario.dose.nphotons
        if not material.scenario.measured
        else train.scale**2 * energy
    )
    closed, whole_gain = closed_form_scale(photons, scan.N), loader_gain(energy, scan.N)
    entry = (material.subject.dictionary or {}).get("intensity_scale")
    stored = material.finished.stages["normalize"].numbers["scale"]
    level = material.metrics.get("amplitude", {}).get("mean_ratio")
    own = None
    if scan.objectGuess is not None:
        fields = np.concatenate(
            list(field_amplitudes(scan.objectGuess, scan.probeGuess, scan.positions))
        )
        own = intensity_scale(photons, mean_energy(fields))
    return {
        "log": math.log(train.scale),
        "train": train.scale,
        "test": material.containers.test.scale,
        "scan": scan.scale,
        "from_fields": own,
        "over_fields": None if own is None else train.scale / own,
        "closed_form": closed,
        "over_closed_form": train.scale / closed,
        "over_gain": train.scale / train.gain,
        "photons": photons,
        "measured_photons": train.scale**2 * energy,
        "gained_over_closed_form": train.scale / whole_gain / closed,
        "noise": 0.5 / math.sqrt(photons * scan.size),
        "stored": stored,
        "drift": stored - train.scale,
        "stored_over_data": stored / train.scale,
        "object_level": level,
        "implied": None if level is None else train.scale * level,
        "dictionary": entry,
        "dictionary_minus_gained": None if entry is None else entry - train.scale / train.gain,
        "dictionary_over_gained": None if entry is None else entry / (train.scale / train.gain),
    }


def _network(material: Material) -> dict[str, Any]:
    """What of a scale there is in the built network: every variable that is no layer's kernel or bias."""
    model, step = material.model, material.step
    listed = {variable.path for variable in model.trainable_variables}
    dictionary = material.subject.dictionary or {}
    declared = material.scenario.training.intensity_scale_trainable
    parameters = {
        path: {
            "value": float(np.asarray(variable.numpy()).ravel()[0]),
            "size": int(np.size(variable.numpy())),
            "exp": _exp(variable),
            "trainable": path in listed,
            "gradient": step.gradients.get(path),
            "moved": step.moved[path],
        }
        for path, variable in variables_of(model).items()
        if path.split("/")[-1] not in ("kernel", "bias")
    }
    return {
        "declared_trainable": bool(dictionary.get("intensity_scale.trainable", declared)),
        "parameters": parameters,
        "trainable": [path for path, row in parameters.items() if row["trainable"]],
        "alive": [path for path, row in parameters.items() if row["gradient"] and row["moved"]],
        "trained_numbers": int(
            sum(np.size(variable.numpy()) for variable in model.trainable_variables)
        ),
        "moved": [name for name, by in step.fixed.items() if by]
        + [path for path, row in parameters.items() if row["moved"]],
        "fixed": step.fixed,
    }


def _exp(variable: Any) -> float | None:
    value = float(np.asarray(variable.numpy()).ravel()[0])
    return math.exp(value) if abs(value) < 50 else None


def _gauge(material: Material) -> dict[str, Any]:
    """Counts of the object c O at the scale s / c: largest difference over the largest count, by c."""
    from ptyspec.networks.field import Field
    from ptyspec.networks.forward import fold

    scale, truth = material.containers.train.scale, material.sample.truth
    counts = {}
    for factor in (1.0, *FACTORS):
        re, im = (
            fold(np.float32(factor) * part.astype(np.float32)) for part in (truth.real, truth.imag)
        )
        intensity = np.asarray(material.model.forward.intensity(Field(re, im)), np.float64)
        counts[factor] = (scale / factor) ** 2 * intensity
    largest = float(counts[1.0].max())
    found = {
        f"{factor:g}": float(np.abs(counts[factor] - counts[1.0]).max()) / largest
        for factor in FACTORS
    }
    return {"largest": max(found.values()), "by_factor": found}


def _judge_data(material: Material, report: Audit) -> None:
    name, clauses = material.name, specification()
    row = report.data["scale"][name]
    report.check(
        "NORM-002",
        f"{name}: scale of the test split",
        row["test"] == row["train"] == row["scan"],
        "that of scan and training split",
        "scale",
        name,
        "test",
    )
    if row["from_fields"] is None or material.scenario.measured:
        for clause in ("DOSE-001", "SCALE-001"):
            report.skipped(
                clause,
                f"{name}: s of the data set",
                "the noise-free fields and the dose are not known",
            )
    else:
        own = clauses["DOSE-001"].tolerance.value
        report.within(
            "DOSE-001",
            f"{name}: s over sqrt(nphotons / mean sum |P O|^2)",
            1 - own,
            1 + own,
            "scale",
            name,
            "over_fields",
        )
        # s/g is the closed form to the photon noise of mean sum X^2, of which g takes the root.
        spread = own + SIGMAS * row["noise"]
        report.within(
            "SCALE-001",
            f"{name}: s/g of the whole scan over sqrt(nphotons)/(N/2)",
            1 - spread,
            1 + spread,
            "scale",
            name,
            "gained_over_closed_form",
        )
    report.equal(
        "NET-002",
        f"{name}: s of the stored run over s of its data",
        1.0,
        "scale",
        name,
        "stored_over_data",
    )
    if row["object_level"] is None:
        report.skipped(
            "INFER-005", f"{name}: level of the finished object", "the true object is not known"
        )
    else:
        level = clauses["INFER-005"].tolerance.value
        report.within(
            "INFER-005",
            f"{name}: level of the finished object, as a drift of s would change it",
            1 - level,
            1 + level,
            "scale",
            name,
            "object_level",
        )
    if row["dictionary"] is not None:
        report.within(
            "CONFIG-001",
            f"{name}: the dictionary's intensity_scale over s/g",
            1 - 1e-12,
            1 + 1e-12,
            "scale",
            name,
            "dictionary_over_gained",
        )


def _judge_network(material: Material, report: Audit) -> None:
    name, row = material.name, report.data["network"][material.name]
    if row["declared_trainable"]:
        report.check(
            "NET-001",
            f"{name}: a scale is declared trainable; parameters that have a gradient and move",
            bool(row["alive"]),
            "at least one",
            "network",
            name,
            "alive",
        )
    else:
        report.equal(
            "NET-003",
            f"{name}: trained parameters beside kernels and biases",
            [],
            "network",
            name,
            "trainable",
        )
        report.equal(
            "NET-002",
            f"{name}: what is fixed and moved in the first step",
            [],
            "network",
            name,
            "moved",
        )
    report.within(
        "SCALE-004",
        f"{name}: counts of c O at s/c | of O at s, over the largest",
        0.0,
        specification()["SCALE-004"].tolerance.value,
        "gauge",
        name,
        "largest",
    )


def _tables(materials: Sequence[Material], report: Audit) -> None:
    names = [material.name for material in materials]

    def rows(part: str, wanted: dict[str, tuple[str, str]]) -> list[tuple[Any, ...]]:
        return [
            (text, *(ref(part, name, key, form=form) for name in names))
            for key, (text, form) in wanted.items()
        ]

    report.table(
        "The scale",
        ("", *names),
        rows(
            "scale",
            {
                "train": ("s: field units to counts", ".6f"),
                "log": ("ln s", ".6f"),
                "from_fields": ("from the noise-free fields", ".6f"),
                "closed_form": ("closed form sqrt(nphotons)/(N/2)", ".4f"),
                "over_closed_form": ("s over the closed form", ".5f"),
                "over_gain": ("s/g, the scale of the network's input", ".4f"),
                "gained_over_closed_form": ("s/g of the whole scan over the closed form", ".7f"),
                "photons": ("photons a frame, declared", ".4g"),
                "measured_photons": ("photons a frame, measured", ".5g"),
            },
        ),
    )
    report.table(
        "From build to the stored run",
        ("", *names),
        [
            *rows(
                "scale",
                {
                    "stored": ("s in the stored run", ".6f"),
                    "drift": ("drift", ".3g"),
                    "object_level": ("level of the finished object over the true one", ".5f"),
                    "implied": ("scale that this level implies", ".4f"),
                },
            ),
            *rows(
                "scale",
                {
                    "dictionary": ("intensity_scale in the dictionary", ".4f"),
                    "dictionary_minus_gained": ("dictionary - s/g", ".3g"),
                    "dictionary_over_gained": ("dictionary over s/g", ".5f"),
                },
            ),
        ],
    )
    report.table(
        "In the built network",
        ("", *names),
        rows(
            "network",
            {
                "declared_trainable": ("declared trainable", ".4g"),
                "trained_numbers": ("numbers that train", ".4g"),
                "trainable": ("trained parameters beside kernels and biases", ".4g"),
                "moved": ("fixed things that moved in the first step", ".4g"),
            },
        ),
    )
    found = [(name, path) for name in names for path in report.data["network"][name]["parameters"]]
    if found:
        columns = ("value", "exp", "trainable", "gradient", "moved")
        report.table(
            "Parameters that could be a scale",
            ("subject", "parameter", *columns),
            [
                (
                    name,
                    path,
                    *(
                        ref("network", name, "parameters", path, column, form=".7g")
                        for column in columns
                    ),
                )
                for name, path in found
            ],
        )
    report.table(
        "Counts of c O at s/c, difference from those of O at s over the largest",
        ("c", *names),
        [
            (
                f"c = {factor:g}",
                *(ref("gauge", name, "by_factor", f"{factor:g}", form=".1e") for name in names),
            )
            for factor in FACTORS
        ],
    )
    report.table(
        "Recorded upstream (nphotons 1e9, N = 64)",
        ("", "recorded", "recomputed"),
        [
            (key, ref("recorded", key, form=".8g"), ref("recomputed", key, form=".8g"))
            for key in RECORDED
        ],
    )
    report.note(
        "The recorded difference is exp(ln s) in double precision less the same number stored in single "
        "precision: rounding, not drift."
    )


CONTROLS: tuple[Control, ...] = SCALER_CONTROLS
