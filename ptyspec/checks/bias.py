"""Audit `bias`: how far the amplitude is from the truth, and what a single factor could repair.

Compared: the stored object of the network with the true object, amplitudes on the covered pixels in the object's frame,
nothing rescaled. Distributions of prediction - truth and of both ratios; candidate scalars (none, least squares, ratio
of the means, 1/g, the recorded ones), each scored after multiplication; the squared error split exactly into level,
contrast and structure (amplitude_error.py; Murphy 1988). A scalar moves the level, drags the contrast along and can
never touch Pearson's r: `removed` is all that it can do. Beside it the whole-frame numbers of the investigation, for the
network and for the truth on the same pixels: they carry no information (signatures 58, 59).

Red means: another level than the truth's (INFER-005); a contrast that is not the truth's (NET-009); stored scores that
do not come out of the stored object, so that somebody has scaled one of them (EVID-004, signature 66: the ratios are
then refused, not shown); an evaluator that rescales (SCORE-003, signature 33). Without a truth nothing is evaluated.
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
from ptyspec.checks.bias_controls import CONTROLS as CONTROLS
from ptyspec.checks.bias_tables import notes, tables
from ptyspec.checks.material import Material
from ptyspec.checks.recorded_bias import recorded_products, recorded_scalars
from ptyspec.checks.report import Audit
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Reconstruction
from ptyspec.scores.amplitude import amplitude_scores
from ptyspec.scores.frame import NO_PIXEL, Frame, cut
from ptyspec.scores.numbers import quotient
from ptyspec.scores.recorded import as_recorded
from ptyspec.spec.registry import specification

ONCE = ("mean_ratio", "least_squares_scalar", "pearson_r", "mae", "rmse")
"""Recorded scores that must come out of the stored object."""


def audit(materials: Sequence[Material], report: Audit) -> None:
    """Fill the report."""
    for part in (
        "provenance",
        "distributions",
        "scalars",
        "error",
        "others",
        "whole_frame",
        "evaluator",
    ):
        report.data[part] = {}
    report.data["recorded"] = recorded_products()
    shown: list[tuple[str, Frame]] = []
    for material in materials:
        frame = _frame(material, report)
        if frame is None:
            continue
        _facts(material, frame, report)
        _findings(material, report)
        shown.append((material.name, frame))
    tables(report)
    notes(report)
    if shown:
        from ptyspec.checks.bias_figure import panels

        report.figure(
            "amplitude",
            "Covered pixels: truth, reconstruction, and reconstruction - truth as it is and after the least-squares "
            "scalar, on one scale a row; right: reconstruction / truth pixel by pixel, before and after.",
            lambda: panels(shown),
        )


def _frame(material: Material, report: Audit) -> Frame | None:
    """The covered pixels, or None with the reason why the ratios are not formed."""
    name, truth = material.name, material.scan.objectGuess
    clauses = ("INFER-005", "NET-009", "EVID-004", "SCORE-003")
    if truth is None:
        for clause in clauses:
            report.skipped(
                clause,
                f"{name}: amplitude against the truth",
                "no object is known: nothing to compare with",
            )
        return None
    frame = cut(material.reconstruction, truth)
    if frame.pixels == 0:
        for clause in clauses:
            report.skipped(clause, f"{name}: amplitude against the truth", NO_PIXEL)
        return None
    if _as_scored(material, frame, report):
        return frame
    for clause in clauses[:2]:
        report.skipped(
            clause,
            f"{name}: amplitude against the truth",
            "the stored object is not the one that was scored: its ratios are not the network's",
        )
    return None


def _as_scored(material: Material, frame: Frame, report: Audit) -> bool:
    """Whether the recorded scores come out of the stored object: no flag has to be believed."""
    name, recorded = material.name, material.metrics["amplitude"]
    again = amplitude_scores(frame)
    report.data["provenance"][name] = {
        "recorded": {key: recorded[key] for key in ONCE},
        "again": {key: again[key] for key in ONCE},
        "factor": quotient(again["mean_ratio"] or 0.0, recorded["mean_ratio"] or 0.0),
        "agrees": all(again[key] == recorded[key] for key in ONCE),
    }
    report.equal(
        "EVID-004",
        f"{name}: the recorded scores come out of the stored object; level over the recorded one",
        1.0,
        "provenance",
        name,
        "factor",
    )
    report.equal(
        "EVID-004", f"{name}: so do all other amplitude scores", True, "provenance", name, "agrees"
    )
    return bool(report.data["provenance"][name]["agrees"])


def _facts(material: Material, frame: Frame, report: Audit) -> None:
    name = material.name
    prediction, truth = _pair(frame)
    gain = material.containers.train.gain
    scalars = {
        "none": 1.0,
        "least squares": least_squares(prediction, truth),
        "ratio of the means": quotient(truth.mean(), prediction.mean()),
        "1 / g": 1 / gain,
    }
    report.data["distributions"][name] = distributions(prediction, truth)
    report.data["scalars"][name] = scalar_scores(
        prediction, truth, scalars | recorded_scalars(material.subject.resolved.scenario.name)
    )
    report.data["error"][name] = decomposition(prediction, truth) | {
        "pixels": frame.pixels,
        "gain": gain,
        "scalar_times_gain": _times(scalars["least squares"], gain),
    }
    report.data["others"][name] = _others(material)
    report.data["whole_frame"] |= _whole_frame(material, frame)
    report.data["evaluator"][name] = _evaluator(material)


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _pair(frame: Frame) -> tuple[Array, Array]:
    return np.abs(frame.rec[frame.mask]), np.abs(frame.truth[frame.mask])


def _others(material: Material) -> dict[str, Any]:
    """Decomposition of the same error for the controls of the run, each on the pixels that it covers."""
    truth = material.scan.objectGuess
    assert truth is not None
    found = {}
    for other in material.finished.metrics["controls"]:
        frame = cut(material.finished.control(other), truth)
        if frame.pixels:
            found[other] = decomposition(*_pair(frame)) | {"mean_ratio": _level(frame)}
    return found


def _level(frame: Frame) -> float | None:
    prediction, truth = _pair(frame)
    return quotient(prediction.mean(), truth.mean())


def _whole_frame(material: Material, frame: Frame) -> dict[str, dict[str, Any]]:
    """The recorded way of scoring: the network, the truth on the same pixels, and a constant there."""
    made, truth = material.reconstruction, material.scan.objectGuess
    assert truth is not None
    known = np.full(made.object.shape, np.nan, np.complex64)
    left, top = frame.origin[0] - made.origin[0], frame.origin[1] - made.origin[1]
    height, width = frame.mask.shape
    known[top : top + height, left : left + width] = np.where(frame.mask, frame.truth, np.nan)
    constant = np.where(np.isfinite(known), np.complex64(1), np.complex64(np.nan))

    def with_object(image: Array) -> Reconstruction:
        return made.model_copy(update={"object": image})

    return {
        f"{material.name}: network": as_recorded(made, truth),
        f"{material.name}: the truth itself": as_recorded(with_object(known), truth),
        f"{material.name}: the constant 1": as_recorded(with_object(constant), truth),
    }


def _evaluator(material: Material) -> dict[str, float | None]:
    """The level that the pipeline's own evaluator gives to the object and to twice the object."""
    made, scenario, scan = material.reconstruction, material.scenario, material.halves.test
    once = material.metrics["amplitude"]["mean_ratio"]
    doubled = made.model_copy(update={"object": 2 * made.object})
    twice = material.pipeline.score(scenario, scan, doubled)["amplitude"]["mean_ratio"]
    return {"once": once, "twice": twice, "factor": quotient(twice, once)}


def _findings(material: Material, report: Audit) -> None:
    name = material.name
    spread, error = report.data["distributions"][name], report.data["error"][name]
    error["contrast_ratio"] = quotient(spread["prediction"]["std"], spread["truth"]["std"] or 0.0)
    for clause, what, place in (
        (
            "INFER-005",
            "mean amplitude over the truth's, covered pixels, nothing rescaled",
            ("scalars", name, "none", "mean_ratio"),
        ),
        (
            "NET-009",
            "standard deviation of the amplitude over the truth's",
            ("error", name, "contrast_ratio"),
        ),
    ):
        tolerance = specification()[clause].tolerance
        assert tolerance is not None
        report.within(clause, f"{name}: {what}", 1 - tolerance.value, 1 + tolerance.value, *place)
    report.equal(
        "SCORE-003",
        f"{name}: the evaluator scores twice the object with that many times the level",
        2.0,
        "evaluator",
        name,
        "factor",
    )
