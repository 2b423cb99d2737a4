"""Audit `intensity`: mean amplitude from stage to stage, which step first changes it, and whether the gain leaves again.

The chain runs raw frames, grouped frames, what the loss gets, what the network gets, prediction, truth, in both splits.
Each step has a ratio that it may have: grouping 1 within its sampling error; the loss exactly 1; the network's input
exactly g = sqrt((N/2)^2 / mean_j sum X^2) of the training split; the network exactly 1/g times what object and probe
make of each other (stage_chain.py). The first step off its ratio is named, and the factor where it is a known one.
Beside it scales: stored s, sqrt(nphotons / mean_j sum X^2) of the data, the closed form sqrt(nphotons)/(N/2), a sum over
channels where a mean belongs (signature 43); and the gains that the splits would have had of their own (signature 24).

Invariants that can fail stand where the investigation multiplied adjacent ratios: its product telescopes to
mean(truth) / mean(raw), the prediction cancels, and no finding rests on it (signature 65). They are: the level of the
prediction against truth (INFER-005) and data (SCALE-005), closure of the true object (SCALE-002), range of the head
(HEAD-001), light and NaN on the canvas (STITCH-002, STITCH-003), scores of covered pixels alone (SCORE-002), oracle patches
at their places and at shuffled ones (REASSEMBLY-METRIC-FRAME-001, SCORE-007), frames that know their own position
(EVID-001). Independence of the batch needs a network and is evaluated by the audit `architecture`.
Red also: a gain that is not the training split's (NORM-001, NORM-002), in the loss (NORMALIZATION-001), groups that are
not the scan (GROUP-006), a scale of other counts (SYNTH-POISSON-DOSE-001), by closed form (SCALE-001), by channel (NORM-005).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ptyspec.checks.intensity_controls import CONTROLS as CONTROLS
from ptyspec.checks.intensity_facts import Facts, facts
from ptyspec.checks.intensity_tables import notes, tables
from ptyspec.checks.material import Material
from ptyspec.checks.recorded_bias import recorded_chains
from ptyspec.checks.report import Audit
from ptyspec.checks.stage_chain import GROUPED, INPUT, LEVEL, OUTPUT, SPLITS, TARGET
from ptyspec.spec.registry import specification

NO_OBJECT = "no object is known"
NO_PIXEL = "no covered pixel"
INFINITY = float("inf")
CLAUSES = {
    GROUPED: "GROUP-006",
    TARGET: "NORMALIZATION-001",
    INPUT: "NORM-001",
    OUTPUT: "INFER-005",
}
PLACED, LOST = 0.99, 0.1
"""Pearson's r of oracle patches (signature 58), and how much of it a shuffle must cost at least."""


def audit(materials: Sequence[Material], report: Audit) -> None:
    """Fill the report."""
    made = {material.name: facts(material) for material in materials}
    for part in next(iter(made.values())).data:
        report.data[part] = {name: found.data[part] for name, found in made.items()}
    report.data["recorded_chains"] = recorded_chains()
    report.data["recorded_difference"] = {"gs1_ideal": 0.0317, "gs2_ideal": 0.0596}
    for material in materials:
        _steps(material.name, made[material.name], report)
        _numbers(material, report)
        _closures(material.name, report)
        _canvas(material.name, report)
    tables(report)
    notes(report)
    from ptyspec.checks.intensity_figure import waterfall

    report.figure(
        "stages",
        "Mean amplitude by stage (log scale); ring: where the step from the stage before may lead, red where it "
        "leads elsewhere. The training split is not reconstructed. Right: quotient of each step's ratio by the allowed one.",
        lambda: waterfall(
            {name: found.data["stages"] for name, found in made.items()},
            {name: found.steps for name, found in made.items()},
        ),
    )


def _steps(name: str, found: Facts, report: Audit) -> None:
    for step, parts in found.steps.items():
        for split, made in parts.items():
            clause = "NORM-002" if (step, split) == (INPUT, "test") else CLAUSES[step]
            what = f"{name}, {split}: {step}, ratio over the one that the step may have"
            if made.quotient is None:
                report.skipped(clause, what, NO_PIXEL)
                continue
            if step == OUTPUT and made.allowed is None:  # by the data alone
                report.skipped(clause, what, f"{NO_OBJECT}; see the level on the data")
                continue
            report.within(
                clause, what, 1 - made.limit, 1 + made.limit, "steps", name, step, split, "quotient"
            )


def _numbers(material: Material, report: Audit) -> None:
    """Gain, scale and rms amplitude of the containers; scales of the dataset."""
    name = material.name
    data = report.data["containers"][name]
    for key in ("gain", "scale", "a0"):
        report.equal(
            "NORM-002",
            f"{name}: {key} of the test container is the training split's",
            data["train"][key],
            "containers",
            name,
            "test",
            key,
        )
    for split in SPLITS:
        report.equal(
            "NORM-005",
            f"{name}: scale of the {split} container is the scan's",
            data["scan_scale"],
            "containers",
            name,
            split,
            "scale",
        )
    _ratio(
        "SCALE-005",
        f"{name}: a0 over sqrt(mean sum X^2 / sum |P|^2) of the training frames",
        report,
        "containers",
        name,
        "a0_over_own",
    )
    if material.scenario.measured:
        for clause, what in (("SYNTH-POISSON-DOSE-001", "photons"), ("SCALE-001", "scale")):
            report.skipped(
                clause,
                f"{name}: {what} against the declared dose",
                "measured: its dose is what it holds",
            )
        return
    scales = report.data["scales"][name]
    limit = _tolerance("SYNTH-POISSON-DOSE-001") + scales["counting"]
    report.within(
        "SYNTH-POISSON-DOSE-001",
        f"{name}: measured photons a frame, s^2 mean sum X^2, over the declared ones",
        1 - limit,
        1 + limit,
        "scales",
        name,
        "photons_over_declared",
    )
    report.check(
        "SCALE-001",
        f"{name}: stored scale over the closed form",
        abs(scales["stored_over_closed"] - 1) > limit
        or abs(scales["derived_over_closed"] - 1) <= limit,
        "not 1, unless mean sum X^2 is (N/2)^2",
        "scales",
        name,
        "stored_over_closed",
    )


def _closures(name: str, report: Audit) -> None:
    gauge, data = report.data["gauge"][name], report.data["on_the_data"][name]
    if gauge is None:
        report.skipped(
            "INFER-005",
            f"{name}: least-squares scalar",
            NO_OBJECT if _blind(name, report) else NO_PIXEL,
        )
    else:
        report.within(
            "INFER-005",
            f"{name}: least-squares scalar of prediction and truth, covered pixels",
            1 - LEVEL,
            1 + LEVEL,
            "gauge",
            name,
            "least_squares",
        )
    if data["level"] is None:
        for clause, what in (
            ("SCALE-005", "level on the data"),
            ("EVID-001", "frames that know their position"),
            ("EVID-001", "our figures move with the prediction"),
        ):
            report.skipped(clause, f"{name}: {what}", NO_PIXEL)
    else:
        _on_the_data(name, report)
    for split, found in report.data["oracle"][name].items():
        if found is None:
            report.skipped(
                "SCALE-002",
                f"{name}, {split}: energy of the true object over the measured",
                NO_OBJECT,
            )
        else:
            limit = _tolerance("SCALE-002") + found["noise"]
            report.within(
                "SCALE-002",
                f"{name}, {split}: energy of the true object over the measured",
                1 - limit,
                1 + limit,
                "oracle",
                name,
                split,
                "energy",
            )
    reached = report.data["reach"][name]
    report.check(
        "HEAD-001",
        f"{name}: largest amplitude that the head must reach",
        bool(reached["reached"]),
        "the head has no ceiling"
        if reached["ceiling"] is None
        else f"at most {reached['ceiling']:.6g}",
        "reach",
        name,
        "need",
    )


def _on_the_data(name: str, report: Audit) -> None:
    report.within(
        "SCALE-005",
        f"{name}: level of the prediction on the measured frames, sqrt(sum |F(P O)|^2 / sum X^2)",
        1 - LEVEL,
        1 + LEVEL,
        "on_the_data",
        name,
        "level",
    )
    report.within(
        "EVID-001",
        f"{name}: share of other positions that explain a frame worse than its own",
        report.data["on_the_data"][name]["chance"],
        INFINITY,
        "on_the_data",
        name,
        "own",
    )
    report.check(
        "EVID-001",
        f"{name}: our figures move with the prediction",
        bool(report.data["doubled"][name]["ours_move"]),
        "each by more than 10 % for twice the prediction",
        "doubled",
        name,
        "ours_move",
    )


def _canvas(name: str, report: Audit) -> None:
    _ratio(
        "STITCH-002",
        f"{name}: light on the canvas over that of all patches",
        report,
        "coverage",
        name,
        "light",
    )
    report.equal(
        "STITCH-003",
        f"{name}: pixels with a number but not the declared light, or the reverse",
        0.0,
        "coverage",
        name,
        "strangers",
    )
    if _blind(name, report):
        for clause, what in (
            ("SCORE-002", "scores of covered pixels alone"),
            ("REASSEMBLY-METRIC-FRAME-001", "oracle patches"),
            ("SCORE-007", "oracle patches at shuffled positions"),
        ):
            report.skipped(clause, f"{name}: {what}", NO_OBJECT)
        return
    # Sums of thousands of double precision numbers in another order.
    report.within(
        "SCORE-002",
        f"{name}: mean ratio of covered pixels, by two lines of arithmetic, over the recorded one",
        1 - 1e-9,
        1 + 1e-9,
        "coverage",
        name,
        "agreement",
    )
    report.within(
        "REASSEMBLY-METRIC-FRAME-001",
        f"{name}: Pearson's r of oracle patches",
        PLACED,
        INFINITY,
        "oracle_patches",
        name,
        "placed",
    )
    report.within(
        "SCORE-007",
        f"{name}: Pearson's r that shuffled positions cost oracle patches",
        LOST,
        INFINITY,
        "oracle_patches",
        name,
        "lost",
    )


def _blind(name: str, report: Audit) -> bool:
    return report.data["oracle_patches"][name] is None


def _ratio(clause: str, what: str, report: Audit, *parts: Any) -> None:
    limit = _tolerance(clause)
    report.within(clause, what, 1 - limit, 1 + limit, *parts)


def _tolerance(clause: str) -> float:
    found = specification()[clause].tolerance
    assert found is not None
    return found.value
