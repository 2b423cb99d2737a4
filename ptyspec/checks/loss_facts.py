"""What a built network's loss is made of, found by execution: terms, weights, slopes and where the optimum lies.

The network's own `compute_loss` is given objects in the place of its answer, for some 64 training frames. Two
measurements: the scan's own, photon noise included, and the noise-free one of the same object (`expected`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ptyspec.checks.loss_values import TERMS, NetworkLoss, PhysicsLoss
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.arrays import Array
from ptyspec.physics.scale import BACKGROUND

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


def real(material: StageOutputs) -> NetworkLoss:
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
    container, sample = material.containers.train, material.sample
    network = material.facts(real)
    seen, numpy = network.total([np.float32(2.0) * sample.truth]), material.facts(twin)
    near = {term: abs(seen / numpy.value(term, math.log(2.0)) - 1) for term in TERMS}
    best = min(near, key=lambda term: near[term])
    energy = network.model.energy
    given = material.subject.dictionary or {}
    return {
        "declared": material.scenario.training.loss,
        # Both are sums of float32 numbers over a frame.
        "trains": best if near[best] < 1e-4 else "neither",
        "mean_energy": energy,
        "background": BACKGROUND * energy / container.groups.scan.N**2,
        "counts_per_unit": container.scale**2 * energy,
        "frames": sample.frames,
        "object": "true" if sample.known else "trivial estimate",
        "dictionary": {
            key: {"declared": float(given[key]), "effective": 1.0 if term == best else 0.0}
            for key, term in LEGACY_TERMS.items()
            if given.get(key) is not None
        },
    }


def weights(material: StageOutputs) -> dict[str, Any]:
    """Return the weight of each stage in the whole loss: declared, by value and by gradient.

    It is what the whole loss and its gradient change by when this stage alone is wrong.
    """
    sample, network = material.sample, material.facts(clean)
    count = len(material.model(sample.part(1)[0], training=True))
    early = material.scenario.training.stage_weight / max(count - 1, 1)
    wrong, term = np.float32(2.0) * sample.truth, network.active
    single = network.value(term, wrong) - network.value(term, sample.truth)
    slope, base = network.slope(term, wrong), network.total([sample.truth] * count)
    found = {}
    for number in range(count):
        stages = [wrong if at == number else sample.truth for at in range(count)]
        found[f"stage {number + 1}"] = {
            "declared": 1.0 if number == count - 1 else early,
            "by_value": (network.total(stages) - base) / single,
            "by_gradient": network.stage_slope(stages, number) / slope if slope else 0.0,
        }
    return found


def objects(material: StageOutputs) -> dict[str, Array]:
    """Return the true object and wrong ones: scaled, blurred, shifted, flat, the trivial estimate."""
    from scipy.ndimage import gaussian_filter

    truth, trivial = material.sample.truth, material.sample.trivial
    real, imaginary = (gaussian_filter(part, (0, 1, 1, 0)) for part in (truth.real, truth.imag))
    scaled = {f"{factor:g} x truth": np.float32(factor) * truth for factor in (0.5, 0.9, 1.1, 2.0)}
    return {"truth": truth, **scaled} | {
        "blurred": (real + 1j * imaginary).astype(np.complex64),
        "shifted by a pixel": np.roll(truth, 1, axis=2),
        "flat": np.full_like(truth, material.containers.train.a0),
        "trivial estimate": trivial.astype(np.complex64),
    }


def values(material: StageOutputs) -> dict[str, dict[str, float]]:
    """Return both terms of each object on the scan's own measurement."""
    return _values(material, material.facts(real))


def expected_values(material: StageOutputs) -> dict[str, dict[str, float]]:
    """Return both terms of each object on the noise-free measurement."""
    return _values(material, material.facts(clean))


def _values(material: StageOutputs, loss: NetworkLoss) -> dict[str, dict[str, float]]:
    made = material.facts(objects)
    return {what: {term: loss.value(term, at) for term in TERMS} for what, at in made.items()}


def slopes(material: StageOutputs) -> dict[str, Any]:
    """Return d term / d ln c of the object c O by automatic differentiation and by differences of the numpy twin."""
    found: dict[str, Any] = {}
    for term in TERMS:
        rows = {}
        for text, log in LEVELS.items():
            scaled = np.float32(math.exp(log)) * material.sample.truth
            autodiff = material.facts(real).slope(term, scaled)
            central = material.facts(twin).slope(term, log)
            rows[text] = {"autodiff": autodiff, "central": central}
        found[term] = rows
    return found


def slope_error(rows: dict[str, dict[str, float]], term: str) -> float:
    """Return the largest difference of the two slopes over the largest slope; MAE has its kink at the truth."""
    largest = max(abs(row["central"]) for row in rows.values())
    smooth = [row for text, row in rows.items() if term == "poisson" or text != "1"]
    return max(abs(row["autodiff"] - row["central"]) for row in smooth) / largest


def about_the_truth(material: StageOutputs) -> dict[str, Any]:
    """Return where each term's optimum lies along the object's scale, with and without noise."""
    sample, noisy, ideal = material.sample, material.facts(real), material.facts(clean)
    level = material.facts(in_counts)["level"] if sample.known else 1.0
    gauged = NetworkLoss(noisy.model, np.float32(level) * sample.expected, noisy.active)
    found = {}
    for term in TERMS:
        slope, expected, bend = (
            noisy.slope(term, sample.truth),
            ideal.slope(term, sample.truth),
            ideal.curvature(term, sample.truth),
        )
        found[term] = {
            "slope": slope,
            "slope_expected": expected,
            "curvature": bend,
            "offset": slope / bend,
            "offset_expected": expected / bend,
            "asymmetry": gauged.asymmetry(term, sample.truth),
        }
    return found


def in_counts(material: StageOutputs) -> dict[str, Any]:
    """Return the level of the measurement over the object's own, and the deviance a bright pixel in counts.

    - noise: standard deviation of ln c that the counts allow.
    - excess: deviance where rates are large, and its expectation 1/2 rate / (rate + background); None where the object
      is not known, the data have no photon noise, or fewer than PIXELS pixels are bright.
    """
    container, numpy, sample = material.containers.train, material.facts(twin), material.sample
    energy = float((numpy.measured**2).sum())
    level = math.sqrt(energy / float((numpy.rate * numpy.seen).sum()))
    scale, size = container.scale, numpy.size
    rates = scale**2 * numpy.rate.reshape(-1, size, size)
    bright = (rates >= BRIGHT) & (np.broadcast_to(numpy.seen, rates.shape) > 0)
    excess = None
    if sample.known and material.scenario.dose.noise == "poisson" and bright.sum() >= PIXELS:
        background = scale**2 * BACKGROUND * numpy.energy / size**2
        wanted = 0.5 * float((rates[bright] / (rates[bright] + background)).mean())
        seen = material.facts(real).excess(sample.truth, scale, bright)
        excess = {"pixels": int(bright.sum()), "found": seen, "expected": wanted}
    return {
        "level": level,
        "closure": level**-2,
        "noise": 0.5 / math.sqrt(scale**2 * energy),
        "excess": excess,
    }


def dark(material: StageOutputs) -> dict[str, dict[str, bool]]:
    """Return whether each term and its gradient are finite where prediction, measurement or both are dark."""
    sample, declared = material.sample, material.scenario.training.loss
    few, nothing = sample.truth[:1], np.zeros_like(sample.truth[:1])
    lit = NetworkLoss(material.model, sample.measured[:1], declared)
    unlit = NetworkLoss(material.model, nothing.real, declared)
    return {
        term: {
            "prediction": lit.finite(term, nothing),
            "measurement": unlit.finite(term, few),
            "both": unlit.finite(term, nothing),
        }
        for term in TERMS
    }


def curves(material: StageOutputs) -> dict[str, list[float]]:
    """Return both terms along the object's scale."""
    return {term: [material.facts(twin).value(term, float(log)) for log in CURVE] for term in TERMS}
