"""Audit `dose`: do dose_experiments and the scenario pass the same stages, and where do their figures first differ?

The scenario of dose_experiments (grid workflow: nested lattices on several object images, label gauge, ideal masked
probe) is put beside each subject at the subject's profile, and both pass the same simulation, grouping and
normalisation; nothing is trained. The loss modes share their data, so that one scenario stands for both; what else
differs (`legacy:dose` has the script's full size) is listed.

Stages as in the audit `intensity`: raw frames, grouped frames, X in the container (what the loss gets), g X (what the
network gets). Each step is held against its own rule (stage_chain.py), not against the other side: grouping 1 within its
sampling error, the loss exactly 1, the network's input exactly g = (N/2) / sqrt(mean_j sum X^2) of the training split,
on both splits. The raw means of two sides may differ by what their data explain: mean X = |P| a0 shape / N, with the
probe's norm, the object's rms amplitude under it (in its gauge, norm_Y_I) and the shape of the frames. After the gain
only the shape is left. `first_difference` is the first stage that differs beyond that.

Red: the true object does not give the measured energy (SCALE-002), groups that are not the scan (GROUP-006), a gain in
the loss (NORMALIZATION-001), another gain than the training split's (NORM-001, NORM-002), another scale in the container
(NORM-005) than the scan's, other counts than declared (SYNTH-POISSON-DOSE-001), the closed form for the dataset's own
scale (SCALE-001), labels in another gauge than declared (OBJECT-003), another number of images (NESTED-002).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from ptyspec.checks.dose_controls import CONTROLS as CONTROLS
from ptyspec.checks.dose_controls import LABEL, companion, is_dose
from ptyspec.checks.dose_facts import STAGES, Side, beside, closure_limit, side
from ptyspec.checks.dose_recorded import recorded_capture, recorded_identities
from ptyspec.checks.material import Material
from ptyspec.checks.report import Audit
from ptyspec.checks.shown import ref
from ptyspec.checks.stage_chain import GROUPED, INPUT, SPLITS, TARGET
from ptyspec.checks.subject import subject
from ptyspec.contracts.resolve import flatten
from ptyspec.spec.registry import specification

CLAUSES = {GROUPED: "GROUP-006", TARGET: "NORMALIZATION-001", INPUT: "NORM-001"}
OTHERS = ("dose_legacy_gs2_mae", "legacy:dose")
TRAINING = ("name", "description", "training.", "inference.")
"""Settings without a part in the stages that are compared."""


def audit(materials: Sequence[Material], report: Audit) -> None:
    """Fill the report."""
    sides = [side(material) for material in materials]
    everything = list(materials)
    if not any(is_dose(material) for material in materials):
        other = companion(materials[0])
        everything, sides = [other, *everything], [_side_of_companion(other), *sides]
    for part in sides[0].data:
        report.data[part] = {made.name: made.data[part] for made in sides}
    reference = next(
        made for made, material in zip(sides, everything, strict=True) if is_dose(material)
    )
    report.data["reference"] = reference.name
    report.data["beside"] = {
        made.name: beside(reference, made) for made in sides if made is not reference
    }
    report.data["other_sides"] = other_sides(everything[sides.index(reference)])
    report.data["recorded"], report.data["recorded_identities"] = (
        recorded_capture(),
        recorded_identities(),
    )
    for material, made in zip(everything, sides, strict=True):
        _steps(made, report)
        _scales(material, report)
        _images(material, report)
    _tables(report)
    _notes(report)
    from ptyspec.checks.dose_figure import chains

    report.figure(
        "stages",
        "Mean amplitude by stage (log scale): each side's own, and over its own raw mean. Right: the raw means' ratio "
        "to that of dose_experiments as probe, object, shape of the frames, and what these leave unexplained.",
        lambda: chains(report.data["stages"], report.data["beside"], reference.name),
    )


_SIDES: dict[int, tuple[Material, Side]] = {}


def _side_of_companion(material: Material) -> Side:
    """The same material is measured once a process."""
    if id(material) not in _SIDES:
        _SIDES[id(material)] = (material, side(material))
    return _SIDES[id(material)][1]


def other_sides(material: Material) -> dict[str, dict[str, Any]]:
    """Return in which settings of the data the other scenarios of dose_experiments differ from this one."""
    mine = _of_the_data(dict(flatten(material.scenario.model_dump())))
    found = {}
    for name in OTHERS:
        profile = next(
            (
                word[8:]
                for word in material.subject.resolved.provenance.values()
                if word[:8] == "profile "
            ),
            None,
        )
        theirs = _theirs(name, None if name.startswith("legacy") else profile)
        keys = sorted(key for key in mine if mine[key] != theirs[key])
        found[name] = {
            "same_data": not keys,
            "differing": [f"{key} {mine[key]} | {theirs[key]}" for key in keys],
        }
    return found


@cache
def _theirs(name: str, profile: str | None) -> dict[str, Any]:
    from ptyspec.checks.subject import Words

    return _of_the_data(
        dict(flatten(subject(name, Words(profile=profile)).resolved.scenario.model_dump()))
    )


def _of_the_data(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if not key.startswith(TRAINING)}


def _steps(made: Side, report: Audit) -> None:
    name = made.name
    for split in SPLITS:
        closure, what = (
            made.data["closures"][split],
            f"{name}, {split}: energy of the true object over the measured",
        )
        if closure is None:
            report.skipped("SCALE-002", what, "no object is known")
            continue
        limit = closure_limit(closure)
        report.within("SCALE-002", what, 1 - limit, 1 + limit, "closures", name, split, "energy")
    for step, parts in made.steps.items():
        for split, found in parts.items():
            clause = "NORM-002" if (step, split) == (INPUT, "test") else CLAUSES[step]
            report.within(
                clause,
                f"{name}, {split}: {step}, ratio over the one that the step may have",
                1 - found.limit,
                1 + found.limit,
                "steps",
                name,
                step,
                split,
                "quotient",
            )


def _scales(material: Material, report: Audit) -> None:
    name = material.name
    for key in ("gain", "scale", "a0"):
        report.equal(
            "NORM-002",
            f"{name}: {key} of the test container is the training split's",
            report.data["containers"][name]["train"][key],
            "containers",
            name,
            "test",
            key,
        )
    for split in SPLITS:
        report.equal(
            "NORM-005",
            f"{name}: scale of the {split} container is the scan's",
            report.data["scales"][name]["stored"],
            "containers",
            name,
            split,
            "scale",
        )
    if material.scenario.measured:
        for clause in ("SYNTH-POISSON-DOSE-001", "SCALE-001"):
            report.skipped(
                clause,
                f"{name}: photons and scale against the declared dose",
                "measured: its dose is what it holds",
            )
        return
    scales, limit = report.data["scales"][name], _tolerance("SYNTH-POISSON-DOSE-001")
    report.within(
        "SYNTH-POISSON-DOSE-001",
        f"{name}: measured photons a frame over the declared ones",
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


def _images(material: Material, report: Audit) -> None:
    name, spec = material.name, material.scenario.object
    if spec.gauge == "label":
        limit = _tolerance("OBJECT-003")
        report.within(
            "OBJECT-003",
            f"{name}: largest amplitude of the training images, mean; 1 in the label gauge",
            1 - limit,
            1 + limit,
            "layout",
            name,
            "brightest",
        )
    if material.scenario.scan.kind == "nested":
        for split, count in (("train", spec.images_train), ("test", spec.images_test)):
            report.equal(
                "NESTED-002",
                f"{name}: object images of the {split} split",
                count,
                "layout",
                name,
                f"images_{split}",
            )


def _tolerance(clause: str) -> float:
    found = specification()[clause].tolerance
    assert found is not None
    return found.value


def _tables(report: Audit) -> None:
    names, others = list(report.data["stages"]), list(report.data["beside"])
    if others:
        report.table(
            "First stage that differs beyond what the data explain",
            ("subject", f"beside {report.data['reference']}"),
            ((name, ref("beside", name, "first_difference")) for name in others),
        )
    report.table(
        "Mean amplitude by stage",
        ("subject", *STAGES, "grouped / raw", "input / grouped", "shape of the frames"),
        (
            (
                f"{name}, {split}",
                *(ref("stages", name, split, stage) for stage in STAGES),
                ref("steps", name, GROUPED, split, "ratio"),
                ref("steps", name, INPUT, split, "ratio"),
                ref("shape", name, split),
            )
            for name in names
            for split in SPLITS
        ),
    )
    head = (
        "subject",
        *STAGES,
        "raw: by probe",
        "by object",
        "its gauge alone",
        "by shape",
        "by N",
        "unexplained",
    )
    if others:
        report.table(
            f"Ratio to {report.data['reference']}, and what makes up that of the raw means",
            head,
            (
                (
                    f"{name}, {split}",
                    *(ref("beside", name, "stages", split, stage) for stage in STAGES),
                    *(
                        ref(
                            "beside",
                            name,
                            "explained",
                            split,
                            key,
                            form=".5g" if key == "unexplained" else ".4g",
                        )
                        for key in ("probe", "object", "gauge", "shape", "pixels", "unexplained")
                    ),
                )
                for name in others
                for split in SPLITS
            ),
        )
    rows = [
        (name, step, split)
        for name in names
        for step in report.data["steps"][name]
        for split in SPLITS
    ]
    report.table(
        "Steps: observed ratio, the one it may have, their quotient and how far from 1 it may lie",
        ("subject: step", "ratio", "allowed", "quotient", "limit", "kept"),
        (
            (
                f"{name}, {split}: {step}",
                *(
                    ref("steps", name, step, split, key, form=form)
                    for key, form in (
                        ("ratio", ".5g"),
                        ("allowed", ".5g"),
                        ("quotient", ".6g"),
                        ("limit", ".2g"),
                        ("kept", ""),
                    )
                ),
            )
            for name, step, split in rows
        ),
    )
    report.grid(
        "Scales",
        "scales",
        columns=(
            "stored",
            "derived",
            "closed_form",
            "derived_over_closed",
            "gain_of_all",
            "photons_over_declared",
            "probe_norm",
            "a0",
        ),
        form=".5g",
        corner="subject",
    )
    report.grid(
        "Gain g: used, and what each split would have had of its own",
        "gains",
        columns=("used", "own_train", "own_test", "own_difference"),
        corner="subject",
    )
    report.grid(
        "Layout and label gauge",
        "layout",
        columns=(
            "N",
            "scan",
            "grouping",
            "members",
            "frames_train",
            "frames_test",
            "groups_train",
            "groups_test",
            "images_train",
            "images_test",
            "gauge",
            "norm_Y_I",
            "brightest",
        ),
        corner="subject",
    )
    report.grid(
        "The other scenarios of dose_experiments: settings of the data that differ (here | there)",
        "other_sides",
        columns=("same_data", "differing"),
        corner="scenario",
    )
    report.grid(
        "Recorded figures of the same settings (custom probe, off the grid), and with their probe in place of ours",
        "recorded",
        columns=("recorded", "ours", "difference", "with_their_probe", "left", "sampling", "why"),
        corner="figure",
    )
    report.grid(
        "What the recorded figures say of each other",
        "recorded_identities",
        columns=("recorded", "from_the_others", "difference"),
        form=".5g",
        corner="figure",
    )


def _notes(report: Audit) -> None:
    report.note(
        "mean X = |P| a0 shape / N: the raw means of two sides differ by probe, object and shape of the frames. The gain "
        "takes |P| a0 out again, so that the network's inputs differ by the shape alone: mean g X = shape / 2."
    )
    report.note(
        "The label gauge divides object and stored amplitudes by norm_Y_I, and the gain gives it back: the network's "
        "input does not know in which gauge the labels are."
    )
    report.note(
        "The recorded probe is not public. Our custom probe has its norm and spreads the light over more of the detector: "
        "a smaller mean at the same energy. The recorded ratio of scales is nothing but the gain of the whole dataset, "
        "and the recorded ratio of stages that of its 64 groups."
    )
    report.note(
        f"The {LABEL} scenarios differ in their loss alone; the stages shown here come before it."
    )
