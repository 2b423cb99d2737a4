"""Audit `loss`: what is minimised, of which terms with which weights, and whether the truth is its minimum.

Everything is found by execution. The built network's own `compute_loss` is given objects in the place of its answer,
for some 64 training frames: the true object, scaled, blurred, shifted, flat, the trivial estimate. Which term trains is
told by comparing values with the declared losses written once more in numpy (double precision); the weight of each
stage is what the whole loss and its gradient change by when this stage alone is wrong. Slopes are taken along the
object's scale, d / d ln c of the object c O, by automatic differentiation and, beside it, by central differences of the
numpy twin. Two measurements: the scan's own, photon noise included, and the noise-free one of the same object.

Poisson: mean over frames of sum(rate - count - count ln(rate / count)) / mean energy, the same background on both
sides; times s^2 and mean energy it is in counts. MAE: mean of |sqrt(rate) - X| over the rms pixel amplitude.

Red means: another loss than the declared one trains (EVID-003), a declared term or stage has no gradient or another
weight (LOSS-005, the silent no-op of realspace_weight), something beats the truth (POISSON-LADDER-001), the best scale
is not the true one (LOSS-001, LOSS-004, SCALE-002: labels or data in another gauge), the values are not counts
(LOSS-007: wrong s), darkness gives NaN (LOSS-002), or what trains is no derivative of the loss (LOSS-006).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ptyspec.checks.loss_values import STEP, TERMS, NetworkLoss, PhysicsLoss
from ptyspec.checks.material import Material
from ptyspec.checks.network_controls import LOSS_CONTROLS
from ptyspec.checks.registry import Control
from ptyspec.checks.report import Audit
from ptyspec.checks.sampled_groups import Sample
from ptyspec.checks.shown import ref
from ptyspec.contracts.arrays import Array
from ptyspec.physics.scale import BACKGROUND
from ptyspec.spec.registry import specification

SIGMAS = 5
LEVELS = {"0.5": math.log(0.5), "1": 0.0, "2": math.log(2.0)}
"""ln c of the scales at which slopes are compared."""
BRIGHT = 100
"""Counts a pixel above which the deviance of a Poisson number is 1 to 1/(6 rate)."""
PIXELS = 10_000
"""So many of them LOSS-007 needs."""
CURVE = np.concatenate([-np.geomspace(1.5, 1e-3, 18), [0.0], np.geomspace(1e-3, 1.5, 18)])
"""ln c of the figure: dense about the truth."""
LEGACY_TERMS = {
    "nll_weight": "poisson",
    "mae_weight": "mae",
    "realspace_weight": "",
    "tv_weight": "",
    "realspace_mae_weight": "",
}
"""The legacy dictionary's weights and the term of ours that each is about; none for those without a term."""


def audit(materials: Sequence[Material], report: Audit) -> None:
    """Fill the report."""
    for part in (
        "composition",
        "weights",
        "values",
        "expected_values",
        "slopes",
        "scale",
        "dark",
        "curves",
    ):
        report.data[part] = {}
    for material in materials:
        _fill(material, report.data)
        _judge(material, report)
    _tables(materials, report)
    _figure(materials, report)


def _fill(material: Material, data: dict[str, Any]) -> None:
    name, sample, model = material.name, material.sample, material.model
    declared = material.scenario.training
    real, clean = (
        NetworkLoss(model, made, declared.loss) for made in (sample.measured, sample.expected)
    )
    twin = PhysicsLoss(material.containers.train, sample.measured, sample.truth)
    data["composition"][name] = _composition(material, real, twin)
    data["weights"][name] = _weights(material, clean, sample)
    for way in ("by_value", "by_gradient"):
        errors = [
            abs((row[way] or 0.0) - row["declared"]) for row in data["weights"][name].values()
        ]
        data["composition"][name][f"weight_error_{way}"] = max(errors)
    objects = _objects(sample, material.containers.train.a0)
    data["values"][name] = {
        term: {what: real.value(term, at) for what, at in objects.items()} for term in TERMS
    }
    data["expected_values"][name] = {
        term: {what: clean.value(term, at) for what, at in objects.items()} for term in TERMS
    }
    for term in TERMS:
        values = data["expected_values"][name][term]
        others = [
            value for what, value in values.items() if what not in ("truth", "trivial estimate")
        ]
        values["least of the others"] = min(others)
    data["slopes"][name] = {term: _slopes(term, real, twin, sample.truth) for term in TERMS}
    data["scale"][name] = {term: _along_scale(term, real, clean, twin, material) for term in TERMS}
    data["dark"][name] = {term: _dark(term, model, sample, declared.loss) for term in TERMS}
    data["curves"][name] = {term: [twin.value(term, float(log)) for log in CURVE] for term in TERMS}


def _composition(material: Material, real: NetworkLoss, twin: PhysicsLoss) -> dict[str, Any]:
    """Which term trains, as its values tell."""
    container, sample = material.containers.train, material.sample
    wrong = np.float32(2.0) * sample.truth
    seen = real.total([wrong])
    near = {term: abs(seen / twin.value(term, math.log(2.0)) - 1) for term in TERMS}
    best = min(near, key=lambda term: near[term])
    return {
        "declared": material.scenario.training.loss,
        "trains": best
        if near[best] < 1e-4
        else "neither",  # both are sums of float32 numbers over a frame
        "distance": near[best],
        "mean_energy": real.model.energy,
        "background": BACKGROUND * real.model.energy / container.groups.scan.N**2,
        "counts_per_unit": container.scale**2 * real.model.energy,
        "frames": sample.frames,
        "object": "true" if sample.known else "trivial estimate",
        "dictionary": _dictionary(material, best),
    }


def _dictionary(material: Material, trains: str) -> dict[str, Any]:
    """The legacy dictionary's weights beside what the network gives their terms; empty without a dictionary."""
    given = material.subject.dictionary or {}
    return {
        key: {"declared": float(given[key]), "effective": 1.0 if term == trains else 0.0}
        for key, term in LEGACY_TERMS.items()
        if given.get(key) is not None
    }


def _weights(material: Material, clean: NetworkLoss, sample: Sample) -> dict[str, Any]:
    """Weight of each stage in the whole loss: declared, by value and by gradient."""
    inputs, _ = sample.part(1)
    count = len(material.model(inputs, training=True))
    early = material.scenario.training.stage_weight / max(count - 1, 1)
    wrong, loss = np.float32(2.0) * sample.truth, clean.active
    single, slope, base = (
        clean.value(loss, wrong),
        clean.slope(loss, wrong),
        clean.total([sample.truth] * count),
    )
    found = {}
    for number in range(count):
        stages = [wrong if at == number else sample.truth for at in range(count)]
        found[f"stage {number + 1}"] = {
            "declared": 1.0 if number == count - 1 else early,
            "by_value": (clean.total(stages) - base) / (single - clean.value(loss, sample.truth)),
            "by_gradient": clean.stage_slope(stages, number) / slope if slope else 0.0,
        }
    return found


def _objects(sample: Sample, a0: float) -> dict[str, Array]:
    from scipy.ndimage import gaussian_filter

    truth = sample.truth
    blurred = gaussian_filter(truth.real, (0, 1, 1, 0)) + 1j * gaussian_filter(
        truth.imag, (0, 1, 1, 0)
    )
    scaled = {f"{factor:g} x truth": np.float32(factor) * truth for factor in (0.5, 0.9, 1.1, 2.0)}
    wrong = {
        "blurred": blurred.astype(np.complex64),
        "shifted by a pixel": np.roll(truth, 1, axis=2),
        "flat": np.full_like(truth, a0),
    }
    return (
        {"truth": truth}
        | scaled
        | wrong
        | {"trivial estimate": sample.trivial.astype(np.complex64)}
    )


def _slopes(term: str, real: NetworkLoss, twin: PhysicsLoss, truth: Array) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for text, log in LEVELS.items():
        autodiff, central = (
            real.slope(term, np.float32(math.exp(log)) * truth),
            twin.slope(term, log),
        )
        rows[text] = {"autodiff": autodiff, "central": central, "difference": autodiff - central}
    largest = max(abs(row["central"]) for row in rows.values())
    smooth = [
        row for text, row in rows.items() if term == "poisson" or text != "1"
    ]  # MAE has its kink at the truth
    return {
        "at": rows,
        "largest_difference": max(abs(row["difference"]) for row in smooth) / largest,
    }


def _along_scale(
    term: str, real: NetworkLoss, clean: NetworkLoss, twin: PhysicsLoss, material: Material
) -> dict[str, Any]:
    """Where the term's optimum lies along the object's scale, with and without noise."""
    container, sample = material.containers.train, material.sample
    energy = float((twin.measured**2).sum())
    level = math.sqrt(energy / float((twin.rate * twin.seen).sum()))
    gauged = NetworkLoss(real.model, (np.float32(level) * sample.expected), real.active)
    counts = container.scale**2 * energy
    return {
        "slope": real.slope(term, sample.truth),
        "slope_expected": clean.slope(term, sample.truth),
        "curvature": clean.curvature(term, sample.truth),
        "offset": real.slope(term, sample.truth) / clean.curvature(term, sample.truth),
        "offset_expected": clean.slope(term, sample.truth) / clean.curvature(term, sample.truth),
        "asymmetry": gauged.asymmetry(term, sample.truth)
        if sample.known
        else clean.asymmetry(term, sample.truth),
        "level": level,
        "closure": level**-2,
        "counts": counts,
        "noise": 0.5 / math.sqrt(counts),
        "excess": _excess(real, twin, material) if term == "poisson" else None,
    }


def _excess(real: NetworkLoss, twin: PhysicsLoss, material: Material) -> dict[str, Any] | None:
    """Deviance a pixel in counts where rates are large, and its expectation 1/2 rate / (rate + background)."""
    scale, size = material.containers.train.scale, twin.size
    rates = scale**2 * twin.rate.reshape(-1, size, size)
    bright = (rates >= BRIGHT) & (np.broadcast_to(twin.seen, rates.shape) > 0)
    if (
        not material.sample.known
        or material.scenario.dose.noise != "poisson"
        or bright.sum() < PIXELS
    ):
        return None
    background = scale**2 * BACKGROUND * twin.energy / size**2
    wanted = 0.5 * float((rates[bright] / (rates[bright] + background)).mean())
    found = real.excess(material.sample.truth, scale, bright)
    return {
        "pixels": int(bright.sum()),
        "found": found,
        "expected": wanted,
        "ratio": found / wanted,
    }


def _dark(term: str, model: Any, sample: Sample, declared: str) -> dict[str, bool]:
    few, dark = slice(0, 1), np.zeros_like(sample.truth[:1])
    lit, unlit = (
        NetworkLoss(model, sample.measured[few], declared),
        NetworkLoss(model, dark.real, declared),
    )
    return {
        "prediction": lit.finite(term, dark),
        "measurement": unlit.finite(term, sample.truth[few]),
        "both": unlit.finite(term, dark),
    }


def _judge(material: Material, report: Audit) -> None:
    name, sample, clauses, data = material.name, material.sample, specification(), report.data
    report.equal(
        "EVID-003",
        f"{name}: the loss that trains",
        data["composition"][name]["declared"],
        "composition",
        name,
        "trains",
    )
    _judge_weights(name, report)
    ladder = clauses["POISSON-LADDER-001"].tolerance.value
    report.within(
        "POISSON-LADDER-001",
        f"{name}: noise-free Poisson loss of the truth",
        -ladder,
        ladder,
        "expected_values",
        name,
        "poisson",
        "truth",
    )
    report.within(
        "POISSON-LADDER-001",
        f"{name}: least noise-free Poisson loss of a wrong object",
        ladder,
        math.inf,
        "expected_values",
        name,
        "poisson",
        "least of the others",
    )
    along, stay = data["scale"][name], clauses["LOSS-001"].tolerance.value
    report.within(
        "LOSS-001",
        f"{name}: misplacement of the best ln c, noise-free",
        -stay,
        stay,
        "scale",
        name,
        "poisson",
        "offset_expected",
    )
    noise = along["poisson"]["noise"]
    asymmetry = clauses["LOSS-004"].tolerance.value
    if sample.known:
        # The slope of a Poisson likelihood has the standard deviation 2 / sqrt(counts), its curvature is 4.
        limit = stay + SIGMAS * noise
        report.within(
            "LOSS-001",
            f"{name}: misplacement of the best ln c, photons of {sample.frames} frames",
            -limit,
            limit,
            "scale",
            name,
            "poisson",
            "offset",
        )
        closure = clauses["SCALE-002"].tolerance.value
        report.within(
            "SCALE-002",
            f"{name}: energy of the truth's prediction over the measured one",
            1 - closure,
            1 + closure,
            "scale",
            name,
            "poisson",
            "closure",
        )
        asymmetry += 2 * SIGMAS * noise / STEP  # the measured level is known to this
    else:
        for clause in ("LOSS-001", "SCALE-002"):
            report.skipped(
                clause, f"{name}: the scan's own measurement", "the true object is not known"
            )
    for term in TERMS:
        report.within(
            "LOSS-004",
            f"{name}: asymmetry of {term} about the truth",
            -asymmetry,
            asymmetry,
            "scale",
            name,
            term,
            "asymmetry",
        )
        dark = data["dark"][name][term]
        report.check(
            "LOSS-002",
            f"{name}: {term} and its gradient in darkness",
            all(dark.values()),
            "finite",
            "dark",
            name,
            term,
        )
        report.within(
            "LOSS-006",
            f"{name}: {term}, slope by autodiff | central differences, over the largest",
            0.0,
            clauses["LOSS-006"].tolerance.value,
            "slopes",
            name,
            term,
            "largest_difference",
        )
    if along["poisson"]["excess"] is None:
        report.skipped("LOSS-007", f"{name}: deviance a pixel", _why_no_excess(material))
    else:
        spread = clauses["LOSS-007"].tolerance.value
        report.within(
            "LOSS-007",
            f"{name}: deviance a bright pixel over its expectation",
            1 - spread,
            1 + spread,
            "scale",
            name,
            "poisson",
            "excess",
            "ratio",
        )


def _judge_weights(name: str, report: Audit) -> None:
    # A weight is a quotient of differences of float32 losses of order one: 1e-7 each, and a tenth of them.
    for way in ("by_value", "by_gradient"):
        what = f"{name}: largest error of a stage's weight, {way.replace('_', ' ')}"
        report.within("LOSS-005", what, 0.0, 1e-5, "composition", name, f"weight_error_{way}")
    for key, row in report.data["composition"][name]["dictionary"].items():
        what = f"{name}: {key} declared {row['declared']:g}, effective weight"
        report.equal(
            "LOSS-005", what, row["declared"], "composition", name, "dictionary", key, "effective"
        )


def _why_no_excess(material: Material) -> str:
    if not material.sample.known:
        return "the true object is not known"
    if material.scenario.dose.noise != "poisson":
        return "the data have no photon noise"
    return f"fewer than {PIXELS} pixels have {BRIGHT} counts"


def _tables(materials: Sequence[Material], report: Audit) -> None:
    names = [material.name for material in materials]
    facts = (
        "declared",
        "trains",
        "object",
        "frames",
        "mean_energy",
        "background",
        "counts_per_unit",
    )
    report.grid("Composition", "composition", columns=facts, corner="subject")
    report.table(
        "Weights of the stages",
        ("subject", "stage", "declared", "by value", "by gradient"),
        [
            (
                name,
                stage,
                *(
                    ref("weights", name, stage, way)
                    for way in ("declared", "by_value", "by_gradient")
                ),
            )
            for name in names
            for stage in report.data["weights"][name]
        ],
    )
    declared = [
        (name, key) for name in names for key in report.data["composition"][name]["dictionary"]
    ]
    if declared:
        report.table(
            "Weights in the legacy dictionary",
            ("subject", "key", "declared", "effective"),
            [
                (
                    name,
                    key,
                    *(
                        ref("composition", name, "dictionary", key, way)
                        for way in ("declared", "effective")
                    ),
                )
                for name, key in declared
            ],
        )
    columns = [(name, term) for name in names for term in TERMS]
    report.table(
        "Loss of an object",
        ("object", *(f"{name} {term}" for name, term in columns)),
        [
            (what, *(ref("values", name, term, what, form=".3g") for name, term in columns))
            for what in report.data["values"][names[0]][TERMS[0]]
        ],
    )
    report.table(
        "d loss / d ln c at the object c O",
        ("subject", "term", "c", "autodiff", "central", "difference"),
        [
            (
                name,
                term,
                text,
                *(
                    ref("slopes", name, term, "at", text, way, form=".3e")
                    for way in ("autodiff", "central", "difference")
                ),
            )
            for name in names
            for term in TERMS
            for text in LEVELS
        ],
    )
    report.table(
        "About the truth",
        ("subject", "term", "slope", "slope, noise-free", "curvature", "best ln c", "asymmetry"),
        [
            (
                name,
                term,
                *(
                    ref("scale", name, term, what, form=".3g")
                    for what in ("slope", "slope_expected", "curvature", "offset", "asymmetry")
                ),
            )
            for name in names
            for term in TERMS
        ],
    )
    report.table(
        "In counts",
        (
            "subject",
            "predicted over measured energy",
            "noise of ln c",
            "bright pixels",
            "deviance a pixel",
            "expected",
        ),
        [
            (
                name,
                ref("scale", name, "poisson", "closure", form=".6f"),
                ref("scale", name, "poisson", "noise", form=".2g"),
                *(
                    ref("scale", name, "poisson", "excess", what)
                    if report.data["scale"][name]["poisson"]["excess"]
                    else "–"
                    for what in ("pixels", "found", "expected")
                ),
            )
            for name in names
        ],
    )
    report.note(
        "Where the true object is not known, the trivial estimate stands for it in all noise-free figures."
    )


def _figure(materials: Sequence[Material], report: Audit) -> None:
    from ptyspec.checks.network_figures import loss_curves

    values = {
        material.name: {
            term: (
                report.data["curves"][material.name][term],
                report.data["values"][material.name][term],
            )
            for term in TERMS
        }
        for material in materials
    }
    report.figure(
        "scale",
        "Loss of c times the true object, both terms; dotted: the trivial estimate",
        lambda: loss_curves(CURVE, values),
    )


CONTROLS: tuple[Control, ...] = LOSS_CONTROLS
