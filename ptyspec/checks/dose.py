"""Audit `dose`: do dose_experiments and the scenario pass the same stages, and where do they differ?

The scenario of dose_experiments (grid workflow: nested lattices on several object images, label
gauge, ideal masked probe) is put beside each subject at the subject's profile. Both pass the same
simulation, grouping and normalisation; nothing is trained. Each step is held against its own rule
(stage_chain.py), not against the other side.

The raw means of two sides may differ by what their data explain (dose_facts.py); after the gain
only the shape of the frames is left. `first_difference` is the first stage that differs beyond that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from ptyspec.checks import dose_facts as facts
from ptyspec.checks import intensity as shared
from ptyspec.checks.intensity_controls import OF_DATA
from ptyspec.checks.intensity_facts import oracle
from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.spoil import control, with_scan
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.checks.subject import subject
from ptyspec.runs.run_spec import Options
from ptyspec.spec.checks import Check

LABEL = "dose_legacy_gs2"
SMALLEST = "quick"
"""Profile of the scenario beside a subject that has none, a measured scan or a snapshot."""


@checks("OBJECT-003")
def labels_are_in_the_declared_gauge(check: Check, outputs: StageOutputs) -> None:
    if outputs.scenario.object.gauge == "label":
        what = "largest amplitude of the training images, mean; 1 in the label gauge"
        brightest, width = outputs.facts(facts.layout)["brightest"], check.clause.tolerance.value
        check.between(1 - width, brightest, 1 + width, what)


@checks("NESTED-002")
def there_are_as_many_images_as_declared(check: Check, outputs: StageOutputs) -> None:
    spec, row = outputs.scenario.object, outputs.facts(facts.layout)
    if is_dose(outputs):
        for split, count in (("train", spec.images_train), ("test", spec.images_test)):
            check.equal(row[f"images_{split}"], count, f"object images of the {split} split")


def is_dose(material: StageOutputs) -> bool:
    """True for the grid workflow, whatever it is called."""
    return material.scenario.scan.kind == "nested"


def companion(material: StageOutputs) -> StageOutputs:
    """Return the scenario of dose_experiments at the subject's profile."""
    sources = material.subject.resolved.provenance.values()
    profiles = (source[8:] for source in sources if source.startswith("profile "))
    return _at(next(profiles, SMALLEST))


@cache
def _at(profile: str) -> StageOutputs:
    """Made once a process: it is data alone."""
    return StageOutputs(subject(LABEL, Options(profile=profile)))


def _with_companion(subjects: Sequence[StageOutputs]) -> Sequence[StageOutputs]:
    return subjects if any(map(is_dose, subjects)) else [companion(subjects[0]), *subjects]


def _together(subjects: Sequence[StageOutputs], _: Mapping[str, Any]) -> dict[str, Any]:
    reference = next(filter(is_dose, subjects))
    others = [one for one in subjects if one is not reference]
    beside = {one.name: facts.beside(reference, one) for one in others}
    return {"reference": reference.name, "beside": beside}


@control("OBJECT-003")
def gauge_of_the_test_images(material: StageOutputs) -> StageOutputs:
    """The labels of dose_experiments are divided by the test images' factor, object and data alike; counts are kept."""
    other = material if is_dose(material) else companion(material)
    scan, spec = other.scan, other.scenario.object
    images = range(spec.images_train, spec.images_train + spec.images_test)
    brightest = facts.brightest(other, images)
    assert scan.objectGuess is not None
    assert brightest is not None
    factor = np.float32(brightest)
    return with_scan(
        other,
        objectGuess=scan.objectGuess / factor,
        diff3d=scan.diff3d / factor,
        scale=scan.scale * brightest,
    )


@control("NESTED-002")
def images_as_points(material: StageOutputs) -> StageOutputs:
    """All training frames of dose_experiments are on one image: the number of images was not read as one of objects."""
    other = material if is_dose(material) else companion(material)
    index = other.scan.scan_index
    first = np.where(index < other.scenario.object.images_train, 0, index)
    return with_scan(other, scan_index=first)


CONTROLS = (*OF_DATA, gauge_of_the_test_images, images_as_points)
"""The first eight are those of the audit `intensity`: faults of the stages that both audits show."""
LAYOUT = Layout(
    subjects=_with_companion,
    facts={
        "stages": facts.stages,
        "steps": facts.steps,
        "closures": oracle,
        "shape": facts.shape,
        "object_rms": facts.object_rms,
        "scales": facts.scales,
        "layout": facts.layout,
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
        Grid(
            "What makes up the ratio of the raw means",
            "beside/*/explained/*",
            "raw, by probe=probe, by object=object, its gauge alone=gauge, by shape=shape, "
            "by N=pixels, unexplained:.5g",
            "subject, split",
        ),
        Grid(
            "Scales",
            "scales/*",
            "stored, derived=derived/all, closed_form, derived_over_closed, gain_of_all, "
            "photons_over_declared, probe_norm, a0",
            form=".5g",
        ),
        Grid(
            "Layout and label gauge",
            "layout/*",
            "N, scan, grouping, members, frames_train, frames_test, groups_train, groups_test, "
            "images_train, images_test, gauge, norm_Y_I, brightest",
        ),
    ),
    notes="""
    mean X = |P| a0 shape / N: the raw means of two sides differ by probe, object and shape of the
    frames. The gain takes |P| a0 out again, so that the network's inputs differ by the shape alone:
    mean g X = shape / 2.

    The label gauge divides object and stored amplitudes by norm_Y_I, and the gain gives it back:
    the network's input does not know in which gauge the labels are.

    The dose_legacy_gs2 scenarios differ in their loss alone; the stages shown here come before it.
    """,
    figure=(
        "stages",
        """Mean amplitude by stage (log scale); ring: where the step from the stage before may lead,
        red where it leads elsewhere. Right: quotient of each step's ratio by the allowed one.""",
        shared.waterfall,
    ),
)
