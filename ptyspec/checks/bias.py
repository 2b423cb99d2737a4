"""Audit `bias`: how far the amplitude is from the truth, and what a single factor could repair.

Where the stored scores do not come out of the stored object, somebody has scaled one of them
(signature 66): the ratios are then refused, not shown.
"""

from typing import Any

import numpy as np

from ptyspec.checks import stage_chain as chain
from ptyspec.checks.clause_check import checks
from ptyspec.checks.intensity import gain_left, missing_truth, the_level_is_the_truth_s
from ptyspec.checks.registry import Grid, Layout, control, of_faults, with_canvas, with_object
from ptyspec.checks.stage_chain import near_one, over, tolerance
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.scores.frame import cut
from ptyspec.scores.numbers import number, pearson, quotient
from ptyspec.spec.checks import Check


def distributions(outputs: StageOutputs) -> dict[str, Any] | None:
    """Return the distributions of prediction, truth, and prediction over truth pixel by pixel."""
    known = outputs.facts(chain.scores) if chain.as_scored(outputs) else None
    return known and {name: known[name] for name in ("prediction", "truth", "ratio")}


def least_squares(prediction: Array, truth: Array) -> float | None:
    """Return the c that minimises sum (c prediction - truth)^2; None for a prediction of zeros."""
    return quotient(float((prediction * truth).sum()), float((prediction * prediction).sum()))


def decomposition(prediction: Array, truth: Array) -> dict[str, float | None]:
    """Return the mean squared error before and after the best scalar, and its three parts.

    With means m, standard deviations d and Pearson's r (Murphy 1988)

        mean (p - t)^2 = (m_p - m_t)^2 + (d_p - d_t)^2 + 2 d_p d_t (1 - r)
                             level           contrast       structure

    exactly. A scalar c > 0 moves m_p and d_p together and leaves r alone. `removed`: share of the
    error that the best scalar takes away. `rest_floor`: share d_t^2 (1 - r^2) of it, the error that
    is left after the best scalar *and* offset.
    """
    before = float(np.mean((prediction - truth) ** 2))
    best, correlation = least_squares(prediction, truth), pearson(prediction, truth)
    after = None if best is None else float(np.mean((best * prediction - truth) ** 2))
    shared = float(np.mean((prediction - prediction.mean()) * (truth - truth.mean())))
    floor = None if correlation is None else float(truth.var()) * (1 - correlation**2)
    parts = {
        "level": float(prediction.mean() - truth.mean()) ** 2,
        "contrast": float(prediction.std() - truth.std()) ** 2,
        "structure": 2 * (float(prediction.std() * truth.std()) - shared),
        "removed": None if after is None else before - after,
        "rest_floor": floor,
    }
    shares = {name: over(part, before) for name, part in parts.items()}
    return {"before": number(before), "after": after, "least_squares": best, **shares}


def error(outputs: StageOutputs) -> dict[str, dict[str, Any]] | None:
    """Return what the squared error consists of, of the network and of the run's controls."""
    pixels, truth = outputs.facts(chain.frame), outputs.scan.objectGuess
    if pixels is None or truth is None or not chain.as_scored(outputs):
        return None
    frames = {"network": pixels}
    for other in outputs.finished.metrics["controls"]:
        frames[other] = cut(outputs.finished.control(other), truth)
    return {
        name: decomposition(np.abs(one.rec[one.mask]), np.abs(one.truth[one.mask]))
        for name, one in frames.items()
        if one.pixels
    }


@checks("NET-009", trains=True, of="train infer")
def the_contrast_is_the_truth_s(check: Check, outputs: StageOutputs) -> None:
    what, known = "standard deviation of the amplitude over the truth's", None
    if spread := outputs.facts(distributions):
        known = over(spread["prediction"]["std"], spread["truth"]["std"]) or 0.0
    near_one(check, known, tolerance("NET-009"), what, missing_truth(outputs))


@checks("EVID-004", trains=True)
def the_scores_are_the_stored_object_s(check: Check, outputs: StageOutputs) -> None:
    what, known = "recorded scores of the stored object", outputs.facts(chain.scores)
    if known is None:
        check.missing(what, missing_truth(outputs))
        return
    recorded = outputs.metrics["amplitude"]
    factor = over(known["mean_ratio"], recorded["mean_ratio"])
    check.equal(factor, 1.0, "level of the stored object over the recorded one")
    again, before = ({key: row[key] for key in chain.ONCE} for row in (known, recorded))
    check.equal(again, before, what)


@checks("SCORE-003", trains=True)
def the_evaluator_rescales_nothing(check: Check, outputs: StageOutputs) -> None:
    what, made = "level that the evaluator gives to twice the object", outputs.reconstruction
    if outputs.facts(chain.scores) is None:
        check.missing(what, missing_truth(outputs))
        return

    def level(of: Reconstruction) -> float:
        scores = outputs.pipeline.score(outputs.scenario, outputs.halves.test, of)
        return float(scores["amplitude"]["mean_ratio"])

    twice = made.model_copy(update={"object": 2 * made.object})
    factor = over(level(twice), level(made))
    check.equal(factor, 2.0, f"{what}, over that of the object")


@control("EVID-004")
def rescaled_after(material: StageOutputs) -> StageOutputs:
    """The stored object was multiplied by 1.9 after it had been scored."""
    return with_canvas(material, object=material.reconstruction.object * 1.9)


@control("NET-009")
def flat(material: StageOutputs) -> StageOutputs:
    """All structure is squeezed to a tenth around the right mean."""
    made = material.reconstruction.object
    level = np.nanmean(np.abs(made))
    amplitude = level + 0.1 * (np.abs(made) - level)
    return with_object(material, amplitude * np.exp(1j * np.angle(made)))


CONTROLS = (gain_left, rescaled_after, flat, *of_faults("SCORE-003 evaluator-rescales"))
LAYOUT = Layout(
    facts={"distributions": distributions, "error": error},
    also=(the_level_is_the_truth_s,),
    tables=(
        Grid(
            "Covered pixels of the object's frame",
            "distributions/{amplitude}/*",
            "mean, median, p05, p95, min, max, std",
        ),
        Grid(
            "What the squared error consists of, and what the best scalar removes; the run's controls beside it",
            "error/{object}/*",
            "before:.3e, least_squares:.4f, after:.3e, removed, level, contrast, structure, "
            "rest_floor",
            form=".1%",
        ),
    ),
    notes="""
    Level is what a scalar can set right; structure is what no scalar and no offset can. A best
    scalar near 1/g says that the loader's gain stayed in the object, as in the investigation's runs.
    """,
)
