"""Audit `bias`: how far the amplitude is from the truth, and what a single factor could repair.

Compared: the stored object of the network with the true object, amplitudes on the covered pixels in the object's frame,
nothing rescaled. Distributions of prediction - truth and of both ratios; candidate scalars (none, least squares, ratio
of the means, 1/g, the recorded ones), each scored after multiplication; the squared error split exactly into level,
contrast and structure (amplitude_error.py; Murphy 1988). A scalar moves the level, drags the contrast along and can
never touch Pearson's r: `removed` is all that it can do. Beside it the whole-frame numbers of the investigation, for the
network and for the truth on the same pixels: they carry no information (signatures 58, 59).

Where the stored scores do not come out of the stored object, somebody has scaled one of them (signature 66): the ratios
are then refused, not shown. Without a truth nothing is evaluated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ptyspec.checks.amplitude_error import (
    decomposition,
    distributions,
    least_squares,
    scalar_scores,
)
from ptyspec.checks.intensity import missing_truth, the_level_is_the_truth_s
from ptyspec.checks.intensity_controls import OF_BIAS
from ptyspec.checks.intensity_facts import as_scored, evaluator, frame, provenance
from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.material import Material
from ptyspec.checks.recorded_bias import recorded_products, recorded_scalars
from ptyspec.checks.report import Audit
from ptyspec.checks.stage_chain import over
from ptyspec.contracts.arrays import Array
from ptyspec.scores.frame import Frame, cut
from ptyspec.scores.numbers import quotient
from ptyspec.scores.recorded import as_recorded
from ptyspec.spec.checks import Check


def seen(material: Material) -> Frame | None:
    """Return the covered pixels, or None where the ratios are not formed: no truth, or another object was scored."""
    return material.facts(frame) if as_scored(material) else None


def amplitudes(frame: Frame) -> tuple[Array, Array]:
    """Return the amplitudes of reconstruction and truth on the covered pixels."""
    return np.abs(frame.rec[frame.mask]), np.abs(frame.truth[frame.mask])


def spread(material: Material) -> dict[str, Any] | None:
    """Return the distributions of prediction, truth, difference and ratios."""
    found = material.facts(seen)
    return None if found is None else distributions(*amplitudes(found))


def scalars(material: Material) -> dict[str, Any] | None:
    """Return how the prediction scores after multiplication with each candidate."""
    found = material.facts(seen)
    if found is None:
        return None
    prediction, truth = amplitudes(found)
    candidates = {
        "none": 1.0,
        "least squares": least_squares(prediction, truth),
        "ratio of the means": quotient(truth.mean(), prediction.mean()),
        "1 / g": 1 / material.containers.train.gain,
    }
    recorded = recorded_scalars(material.scenario.name)
    return scalar_scores(prediction, truth, candidates | recorded)


def error(material: Material) -> dict[str, dict[str, Any]] | None:
    """Return what the squared error consists of, for the network and for the run's controls on their own pixels."""
    found, truth = material.facts(seen), material.scan.objectGuess
    if found is None or truth is None:
        return None
    frames = {"network": found}
    for other in material.finished.metrics["controls"]:
        frames[other] = cut(material.finished.control(other), truth)
    rows = {name: decomposition(*amplitudes(one)) for name, one in frames.items() if one.pixels}
    gain, best = material.containers.train.gain, rows["network"]["least_squares"]
    rows["network"] |= {"gain": gain, "scalar_times_gain": None if best is None else best * gain}
    return rows


def whole_frame(material: Material) -> dict[str, dict[str, Any]] | None:
    """Return the recorded way of scoring: the network, the truth on the same pixels, and a constant there."""
    found, made, truth = material.facts(seen), material.reconstruction, material.scan.objectGuess
    if found is None or truth is None:
        return None
    known = np.full(made.object.shape, np.nan, np.complex64)
    left, top = found.origin[0] - made.origin[0], found.origin[1] - made.origin[1]
    height, width = found.mask.shape
    known[top : top + height, left : left + width] = np.where(found.mask, found.truth, np.nan)
    constant = np.where(np.isfinite(known), np.complex64(1), np.complex64(np.nan))
    images = {"network": made.object, "the truth itself": known, "the constant 1": constant}
    return {
        name: as_recorded(made.model_copy(update={"object": image}), truth)
        for name, image in images.items()
    }


@checks("NET-009", "score", trains=True)
def the_contrast_is_the_truth_s(check: Check, outputs: Material) -> None:
    what, found = "standard deviation of the amplitude over the truth's", outputs.facts(spread)
    if found is None:
        check.missing(what, missing_truth(outputs))
        return
    check.within_ratio(over(found["prediction"]["std"], found["truth"]["std"]) or 0.0, 1.0, what)


@checks("EVID-004", "evidence", trains=True)
def the_scores_are_the_stored_object_s(check: Check, outputs: Material) -> None:
    found = outputs.facts(provenance)
    if found is None:
        check.missing("recorded scores of the stored object", missing_truth(outputs))
        return
    check.equal(found["factor"], 1.0, "level of the stored object over the recorded one")
    check.equal(found["again"], found["recorded"], "amplitude scores of the stored object")


@checks("SCORE-003", "score", trains=True)
def the_evaluator_rescales_nothing(check: Check, outputs: Material) -> None:
    what, found = "level that the evaluator gives to twice the object", outputs.facts(evaluator)
    if found is None:
        check.missing(what, missing_truth(outputs))
        return
    check.equal(found["factor"], 2.0, f"{what}, over the level that it gave")


TABLES = (
    Grid(
        "Covered pixels of the object's frame",
        "distributions/*/*",
        "mean, median, p05, p95, min, max, std",
        corner="amplitude",
    ),
    Grid(
        "Candidate scalars, each scored after multiplication",
        "scalars/*/*",
        "scalar, mae, nrmse, mean_ratio, pearson_r",
        corner="subject, scalar",
        form=".4f",
    ),
    Grid(
        "What the squared error consists of, and what the best scalar removes; the run's controls beside it",
        "error/*/*",
        "mean squared error=before:.3e, after the best scalar=after:.3e, removed, level, contrast, "
        "structure, left after scalar and offset=rest_floor",
        corner="object",
        form=".1%",
    ),
    Grid(
        "Least-squares scalar and gain",
        "error/*",
        "gain g=network/gain, scalar=network/least_squares, scalar x g=network/scalar_times_gain",
        corner="run",
    ),
    Grid(
        "Recorded runs: least-squares scalar and gain",
        "recorded/*",
        "gain g=gain, scalar=least, another report=most, scalar x g=least_times_gain, "
        "another report=most_times_gain",
        corner="run",
    ),
    Grid(
        "Scored as the investigation did, over the whole frame: NO INFORMATION",
        "whole_frame/*/*",
        "mae, rmse, pearson_r, undershoot, non_zero",
        corner="object",
    ),
)
NOTES = """
A positive scalar cannot change Pearson's r: the column is the same for all candidates of a
subject. Level is what a scalar can set right; structure is what no scalar and no offset can.

A least-squares scalar near 1/g (scalar x g near one) says that the loader's gain stayed in the
object, as in the recorded runs; near one (scalar x g near g) it left.

The whole-frame numbers of a network and of the truth itself are alike wherever both cover the
same part of the frame: they measure coverage.
"""


CAPTION = (
    "Covered pixels: truth, reconstruction, and reconstruction - truth as it is and after the "
    "least-squares scalar, on one scale a row; right: reconstruction / truth pixel by pixel, "
    "before and after."
)


def _figure(subjects: Sequence[Material], report: Audit) -> None:
    from ptyspec.checks.bias_figure import panels

    frames = [(one.name, frame) for one in subjects if (frame := one.facts(seen)) is not None]
    if frames:
        report.figure("amplitude", CAPTION, lambda: panels(frames))


CONTROLS = OF_BIAS
LAYOUT = Layout(
    facts={
        "provenance": provenance,
        "distributions": spread,
        "scalars": scalars,
        "error": error,
        "whole_frame": whole_frame,
        "evaluator": evaluator,
    },
    together=lambda subjects, data: {"recorded": recorded_products()},
    also=(the_level_is_the_truth_s,),
    tables=TABLES,
    notes=NOTES,
    more=_figure,
)
