"""Audit `loss`: what is minimised, of which terms with which weights, and whether the truth is its minimum.

The network's own `compute_loss` is given objects in the place of its answer. Slopes are taken along the object's
scale, d / d ln c of the object c O. s^2 times the mean energy turns the likelihood into counts.
"""

import math
from typing import Any

import numpy as np

from ptyspec.checks.clause_check import checks
from ptyspec.checks.intensity import the_truth_predicts_its_measurement
from ptyspec.checks.loss_values import STEP, TERMS, NetworkLoss, PhysicsLoss
from ptyspec.checks.registry import Grid, Layout, control, of_faults, with_dictionary
from ptyspec.checks.stage_chain import CONFIDENCE, tolerance
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.physics.scale import BACKGROUND
from ptyspec.spec.checks import Check

NO_OBJECT = "the true object is not known"
TWICE = math.log(2.0)
BRIGHT, PIXELS = 100, 10_000
"""Counts a pixel above which the deviance of a Poisson number is 1 to 1/(6 rate); so many of them LOSS-007 needs."""
LEGACY_TERMS = {"nll_weight": "poisson", "mae_weight": "mae"} | dict.fromkeys(
    ("realspace_weight", "tv_weight", "realspace_mae_weight"), ""
)
"""The legacy dictionary's weights and the term of ours that each is about; none for those without a term."""


def measured(material: StageOutputs) -> NetworkLoss:
    """Return the network's loss on the scan's own measurement."""
    return NetworkLoss(material.model, material.sample.measured, material.scenario.training.loss)


def clean(material: StageOutputs) -> NetworkLoss:
    """Return the network's loss on the noise-free measurement."""
    return NetworkLoss(material.model, material.sample.expected, material.scenario.training.loss)


def twin(material: StageOutputs) -> PhysicsLoss:
    """Return the declared losses, once more, in numpy."""
    sample = material.sample
    return PhysicsLoss(material.containers.train, sample.measured, sample.truth)


def composition(material: StageOutputs) -> dict[str, Any]:
    """Return which term trains, as its values tell, and in what units."""
    sample, scale = material.sample, material.containers.train.scale
    network, numpy = material.facts(measured), material.facts(twin)
    seen = network.value(network.active, sample.truth, TWICE)
    near = {term: abs(seen / numpy.value(term, TWICE) - 1) for term in TERMS}
    best = min(near, key=lambda term: near[term])
    return {
        "declared": material.scenario.training.loss,
        # Both are sums of float32 numbers over a frame.
        "trains": best if near[best] < 1e-4 else "neither",
        "counts_per_unit": scale**2 * network.model.energy,
        "frames": sample.frames,
        "object": "true" if sample.known else "trivial estimate",
    }


def weights(material: StageOutputs) -> dict[str, dict[str, float]]:
    """Return the weight of each stage in the whole loss: declared, and by the gradient where it alone is wrong."""
    sample, network = material.sample, material.facts(clean)
    count = len(material.model(sample.part(1)[0], training=True))
    early = material.scenario.training.stage_weight / max(count - 1, 1)
    wrong = np.float32(2.0) * sample.truth
    slope, rows = network.slope(network.active, wrong), {}
    for number in range(count):
        stages = [wrong if at == number else sample.truth for at in range(count)]
        rows[f"stage {number + 1}"] = {
            "declared": 1.0 if number == count - 1 else early,
            "by_gradient": network.stage_slope(stages, number) / slope if slope else 0.0,
        }
    return rows


def values(material: StageOutputs) -> dict[str, dict[str, float]]:
    """Return both noise-free terms of the true object and of wrong ones."""
    from scipy.ndimage import gaussian_filter

    truth, loss = material.sample.truth, material.facts(clean)
    re, im = (gaussian_filter(part, (0, 1, 1, 0)) for part in (truth.real, truth.imag))
    scaled = {f"{factor:g} x truth": np.float32(factor) * truth for factor in (0.5, 0.9, 1.1, 2.0)}
    objects = {"truth": truth, **scaled} | {
        "blurred": re + 1j * im,
        "shifted by a pixel": np.roll(truth, 1, axis=2),
        "flat": np.full_like(truth, material.containers.train.a0),
        "trivial estimate": material.sample.trivial,
    }
    return {what: {term: loss.value(term, at) for term in TERMS} for what, at in objects.items()}


def counts(material: StageOutputs) -> tuple[float, float]:
    """Return the level of the measurement over the object's own, and the noise of ln c that the counts allow."""
    energy, predicted = material.sample.energies
    noise = 0.5 / (material.containers.train.scale * math.sqrt(energy))
    return math.sqrt(energy / predicted), noise


@checks("EVID-003", network=True)
def the_declared_loss_trains(check: Check, outputs: StageOutputs) -> None:
    found = outputs.facts(composition)
    check.equal(found["trains"], found["declared"], "the loss that trains")


@checks("LOSS-005", network=True)
def every_declared_weight_is_in_use(check: Check, outputs: StageOutputs) -> None:
    rows = outputs.facts(weights).values()
    error = max(abs(row["by_gradient"] - row["declared"]) for row in rows)
    # A weight is a quotient of slopes of float32 losses of order one.
    check.between(0.0, error, tolerance("LOSS-005"), "largest error of a stage's weight")
    trains = outputs.facts(composition)["trains"]
    for key, term in LEGACY_TERMS.items():
        declared = (outputs.subject.dictionary or {}).get(key)
        if declared is not None:
            what = f"{key} declared {declared:g}, effective weight"
            check.equal(float(term == trains), float(declared), what)


@checks("POISSON-LADDER-001", network=True)
def the_likelihood_is_least_at_the_truth(check: Check, outputs: StageOutputs) -> None:
    limit = tolerance("POISSON-LADDER-001")
    known = {what: row["poisson"] for what, row in outputs.facts(values).items()}
    check.between(-limit, known["truth"], limit, "noise-free Poisson loss of the truth")
    others = [known[what] for what in known if what not in ("truth", "trivial estimate")]
    check.between(limit, min(others), math.inf, "least noise-free Poisson loss of a wrong object")


@checks("LOSS-001", network=True)
def the_best_scale_is_the_true_one(check: Check, outputs: StageOutputs) -> None:
    limit, sample = tolerance("LOSS-001"), outputs.sample
    bend = outputs.facts(clean).differences("poisson", sample.truth)[1] / STEP**2
    ideal, seen = (outputs.facts(loss).slope("poisson", sample.truth) for loss in (clean, measured))
    check.between(-limit, ideal / bend, limit, "misplacement of the best ln c, noise-free")
    # The slope of a Poisson likelihood has the standard deviation 2 / sqrt(counts), its curvature is 4.
    limit += CONFIDENCE * outputs.facts(counts)[1]
    what = f"misplacement of the best ln c, photons of {sample.frames} frames"
    check.between(-limit, seen / bend if sample.known else None, limit, what, NO_OBJECT)


@checks("LOSS-004", network=True)
def both_terms_have_one_gauge(check: Check, outputs: StageOutputs) -> None:
    limit, level, sample = tolerance("LOSS-004"), 1.0, outputs.sample
    if sample.known:  # the measured level is known to this
        level, noise = outputs.facts(counts)
        limit += 2 * CONFIDENCE * noise / STEP
    network = outputs.facts(measured)
    gauged = NetworkLoss(network.model, np.float32(level) * sample.expected, network.active)
    for term in TERMS:
        odd, even = gauged.differences(term, sample.truth)
        asymmetry = odd / even if even else math.inf
        check.between(-limit, asymmetry, limit, f"asymmetry of {term} about the truth")


@checks("LOSS-002", network=True)
def darkness_is_finite(check: Check, outputs: StageOutputs) -> None:
    truth, declared = outputs.sample.truth[:1], outputs.scenario.training.loss
    lit, nothing = outputs.sample.measured[:1], np.zeros_like(truth)
    cases = {
        "prediction": (lit, nothing),
        "measurement": (nothing.real, truth),
        "both": (nothing.real, nothing),
    }
    for term in TERMS:
        broken = [
            name
            for name, (seen, patches) in cases.items()
            if not NetworkLoss(outputs.model, seen, declared).finite(term, patches)
        ]
        check.equal(broken, [], f"{term} and its gradient in darkness")


@checks("LOSS-006", network=True)
def what_trains_descends_the_loss(check: Check, outputs: StageOutputs) -> None:
    network, numpy = outputs.facts(measured), outputs.facts(twin)
    for term in TERMS:
        slopes = {log: numpy.slope(term, log) for log in (-TWICE, 0.0, TWICE)}
        largest = max(abs(slope) for slope in slopes.values())
        if term == "mae":  # it has its kink at the truth
            del slopes[0.0]
        off = [
            abs(network.slope(term, outputs.sample.truth, log) - slope)
            for log, slope in slopes.items()
        ]
        what = f"{term}, slope by autodiff | central differences, over the largest"
        check.between(0.0, max(off) / largest, tolerance("LOSS-006"), what)


@checks("LOSS-007", network=True)
def the_likelihood_is_in_counts(check: Check, outputs: StageOutputs) -> None:
    what, sample, numpy = "deviance a bright pixel over 1/2", outputs.sample, outputs.facts(twin)
    scale = outputs.containers.train.scale
    rates = scale**2 * numpy.rate.reshape(-1, numpy.size, numpy.size)
    bright = (rates >= BRIGHT) & (numpy.seen > 0)
    if not sample.known:
        check.missing(what, NO_OBJECT)
    elif outputs.scenario.dose.noise != "poisson":
        check.missing(what, "the data have no photon noise")
    elif bright.sum() < PIXELS:
        check.missing(what, f"fewer than {PIXELS} pixels have {BRIGHT} counts")
    else:
        background = scale**2 * BACKGROUND * numpy.energy / numpy.size**2
        expected = 0.5 * float((rates[bright] / (rates[bright] + background)).mean())
        found = outputs.facts(measured).excess(sample.truth, scale, bright)
        check.within_ratio(found, expected, what)


@control("LOSS-005")
def realspace_no_op(material: StageOutputs) -> StageOutputs:
    """A dictionary declares realspace_weight, no term has it."""
    return with_dictionary(material, nll_weight=1, mae_weight=0, realspace_weight=0.5)


CONTROLS = (
    realspace_no_op,
    *of_faults(
        *("EVID-003 likelihood-in-two-gauges", "POISSON-LADDER-001 a0-of-gained-data"),
        *("LOSS-001 transform-without-norm", "SCALE-002 gain-in-the-loss", "LOSS-007 gain-kept"),
        *("LOSS-004 amplitude-error-of-gained-data", "LOSS-002 no-background"),
        *("LOSS-005 earlier-stages-without-gradient", "LOSS-006 rate-held-constant"),
    ),
)
LAYOUT = Layout(
    facts={"composition": composition, "weights": weights, "values": values},
    also=(the_truth_predicts_its_measurement,),
    tables=(
        Grid(
            "Composition",
            "composition/*",
            "declared, trains, object, frames, counts per unit=counts_per_unit",
        ),
        Grid(
            "Weights of the stages",
            "weights/{subject}/{stage}",
            "declared, by gradient=by_gradient",
        ),
        Grid(
            "Noise-free loss of an object",
            "values/{subject}/{object}",
            ", ".join(TERMS),
            form=".3g",
        ),
    ),
    notes="Where the true object is not known, the trivial estimate stands for it.",
)
