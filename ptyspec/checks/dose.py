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
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from ptyspec.checks import dose_facts as facts
from ptyspec.checks import intensity as shared
from ptyspec.checks import stage_chain as chain
from ptyspec.checks.dose_controls import CONTROLS as CONTROLS
from ptyspec.checks.dose_controls import companion, is_dose, profile_of
from ptyspec.checks.dose_recorded import recorded_capture, recorded_identities
from ptyspec.checks.intensity_facts import oracle
from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.material import Material
from ptyspec.checks.subject import Words, subject
from ptyspec.contracts.resolve import flatten
from ptyspec.spec.checks import Check

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OTHERS = ("dose_legacy_gs2_mae", "legacy:dose")
TRAINING = ("name", "description", "training.", "inference.")
"""Settings without a part in the stages that are compared."""


@checks("OBJECT-003")
def labels_are_in_the_declared_gauge(check: Check, outputs: Material) -> None:
    if outputs.scenario.object.gauge == "label":
        what = "largest amplitude of the training images, mean; 1 in the label gauge"
        brightest, width = outputs.facts(facts.layout)["brightest"], check.clause.tolerance.value
        check.between(1 - width, brightest, 1 + width, what)


@checks("NESTED-002")
def there_are_as_many_images_as_declared(check: Check, outputs: Material) -> None:
    spec, row = outputs.scenario.object, outputs.facts(facts.layout)
    if outputs.scenario.scan.kind == "nested":
        for split, count in (("train", spec.images_train), ("test", spec.images_test)):
            check.equal(row[f"images_{split}"], count, f"object images of the {split} split")


def _with_companion(subjects: Sequence[Material]) -> Sequence[Material]:
    return subjects if any(map(is_dose, subjects)) else [companion(subjects[0]), *subjects]


def _together(subjects: Sequence[Material], _: Mapping[str, Any]) -> dict[str, Any]:
    reference = next(filter(is_dose, subjects))
    return {
        "reference": reference.name,
        "beside": {
            one.name: facts.beside(reference, one) for one in subjects if one is not reference
        },
        "other_sides": other_sides(reference),
        "recorded": recorded_capture(),
        "recorded_identities": recorded_identities(),
    }


def other_sides(outputs: Material) -> dict[str, dict[str, Any]]:
    """Return in which settings of the data the other scenarios of dose_experiments differ from this one."""
    mine, rows = _of_the_data(outputs.scenario.model_dump()), {}
    for name in OTHERS:
        theirs = _theirs(name, None if name.startswith("legacy") else profile_of(outputs))
        keys = sorted(key for key in mine if mine[key] != theirs[key])
        differing = [f"{key} {mine[key]} | {theirs[key]}" for key in keys]
        rows[name] = {"same_data": not keys, "differing": differing}
    return rows


@cache
def _theirs(name: str, profile: str | None) -> dict[str, Any]:
    scenario = subject(name, Words(profile=profile)).resolved.scenario
    return _of_the_data(scenario.model_dump())


def _of_the_data(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in flatten(settings) if not key.startswith(TRAINING)}


def _figure(subjects: Sequence[Material], data: Mapping[str, Any]) -> Figure:
    from ptyspec.checks.dose_figure import chains

    return chains(data["stages"], data["beside"], data["reference"])


LAYOUT = Layout(
    subjects=_with_companion,
    facts={
        "stages": facts.stages,
        "steps": facts.steps,
        "closures": oracle,
        "shape": facts.shape,
        "object_rms": facts.object_rms,
        "gains": chain.gains,
        "scales": facts.scales,
        "layout": facts.layout,
        "containers": chain.containers,
    },
    also=(
        shared.groups_hold_what_the_scan_holds,
        shared.the_gain_does_not_reach_the_loss,
        shared.the_gain_brings_the_training_split_to_its_energy,
        shared.the_gain_is_the_training_split_s,
        shared.the_scale_is_the_scan_s,
        shared.the_photons_are_the_declared_ones,
        shared.the_closed_form_is_for_normalised_data_alone,
        shared.the_truth_predicts_its_measurement,
    ),
    together=_together,
    tables=(
        Grid(
            "First stage that differs beyond what the data explain",
            "beside/*",
            "beside dose_experiments=first_difference",
        ),
        Grid("Mean amplitude by stage", "stages/*/*", ", ".join(facts.STAGES), "subject, split"),
        Grid("Shape of the frames", "shape/*", "train, test"),
        Grid(
            "Ratio to dose_experiments by stage",
            "beside/*/stages/*",
            ", ".join(facts.STAGES),
            "subject, split",
        ),
        Grid(
            "What makes up the ratio of the raw means",
            "beside/*/explained/*",
            "raw, by probe=probe, by object=object, its gauge alone=gauge, by shape=shape, "
            "by N=pixels, unexplained:.5g",
            "subject, split",
        ),
        Grid(
            "Steps: observed ratio, the one it may have, their quotient and how far from 1 it may lie",
            "steps/*/*/*",
            "ratio, allowed, quotient:.6g, limit:.2g, kept",
            "subject, step, split",
            ".5g",
        ),
        Grid(
            "Scales",
            "scales/*",
            "stored, derived=derived/all, closed_form, derived_over_closed, gain_of_all, "
            "photons_over_declared, probe_norm, a0",
            form=".5g",
        ),
        Grid(
            "Gain g: used, and what each split would have had of its own",
            "gains/*",
            "used=used/train, own_train=own/train, own_test=own/test, own_difference",
        ),
        Grid(
            "Layout and label gauge",
            "layout/*",
            "N, scan, grouping, members, frames_train, frames_test, groups_train, groups_test, "
            "images_train, images_test, gauge, norm_Y_I, brightest",
        ),
        Grid(
            "The other scenarios of dose_experiments: settings of the data that differ (here | there)",
            "other_sides/*",
            "same_data, differing",
            "scenario",
        ),
        Grid(
            "Recorded figures of the same settings (custom probe, off the grid), and with their probe in place of ours",
            "recorded/*",
            "recorded, ours, difference, with_their_probe, left, sampling, why",
            "figure",
        ),
        Grid(
            "What the recorded figures say of each other",
            "recorded_identities/*",
            "recorded, from_the_others, difference",
            "figure",
            ".5g",
        ),
    ),
    notes="""
    mean X = |P| a0 shape / N: the raw means of two sides differ by probe, object and shape of the frames. The gain
    takes |P| a0 out again, so that the network's inputs differ by the shape alone: mean g X = shape / 2.

    The label gauge divides object and stored amplitudes by norm_Y_I, and the gain gives it back: the network's input
    does not know in which gauge the labels are.

    The recorded probe is not public. Our custom probe has its norm and spreads the light over more of the detector: a
    smaller mean at the same energy. The recorded ratio of scales is nothing but the gain of the whole dataset, and the
    recorded ratio of stages that of its 64 groups.

    The dose_legacy_gs2 scenarios differ in their loss alone; the stages shown here come before it.
    """,
    figure=(
        "stages",
        """Mean amplitude by stage (log scale): each side's own, and over its own raw mean. Right: the raw means' ratio
        to that of dose_experiments as probe, object, shape of the frames, and what these leave unexplained.""",
        _figure,
    ),
)
