"""Audit `dose`: do dose_experiments and the scenario pass the same stages, and where do they differ?

The scenario of dose_experiments, in its small profile, is put beside subjects that are not it.
Each step is held against its own rule, not against the other side.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from ptyspec.checks import intensity
from ptyspec.checks import stage_chain as chain
from ptyspec.checks.clause_check import REGISTRY, checks
from ptyspec.checks.registry import Grid, Layout, control, of_faults, with_scan
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.runs.run_spec import Options, run_spec
from ptyspec.spec.checks import Check

LABEL = "dose_legacy_gs2"


def layout(outputs: StageOutputs) -> dict[str, Any]:
    """Return images by split, and the label gauge: what it divided by, what is left."""
    scenario, scan = outputs.scenario, outputs.scan
    return {
        "scan": scenario.scan.kind,
        "grouping": scenario.grouping.kind,
        "gauge": scenario.object.gauge,
        "norm_Y_I": float(scan.metadata.get("norm_Y_I", 1.0)),
        "brightest": _brightest(outputs, range(scenario.object.images_train)),
        "images_train": len(np.unique(outputs.halves.train.scan_index)),
        "images_test": len(np.unique(outputs.halves.test.scan_index)),
    }


def _brightest(outputs: StageOutputs, images: Iterable[int]) -> float | None:
    """The mean over these images of their largest amplitude, read off the scan's own object."""
    obj, spec = outputs.scan.objectGuess, outputs.scenario.object
    if obj is None or not is_dose(outputs):
        return None if obj is None else float(np.abs(obj).max())
    starts = [image * (spec.size + outputs.scan.N) for image in images]
    return float(np.mean([np.abs(obj[:, at : at + spec.size]).max() for at in starts]))


@checks("OBJECT-003")
def labels_are_in_the_declared_gauge(check: Check, outputs: StageOutputs) -> None:
    if outputs.scenario.object.gauge == "label":
        what = "largest amplitude of the training images, mean; 1 in the label gauge"
        brightest, width = outputs.facts(layout)["brightest"], check.clause.tolerance.value
        check.between(1 - width, brightest, 1 + width, what)


@checks("NESTED-002")
def there_are_as_many_images_as_declared(check: Check, outputs: StageOutputs) -> None:
    spec, row = outputs.scenario.object, outputs.facts(layout)
    if is_dose(outputs):
        for split, count in (("train", spec.images_train), ("test", spec.images_test)):
            check.equal(row[f"images_{split}"], count, f"object images of the {split} split")


def is_dose(material: StageOutputs) -> bool:
    """True for the grid workflow, whatever it is called."""
    return material.scenario.scan.kind == "nested"


@cache
def companion() -> StageOutputs:
    """Return the small scenario of dose_experiments, made once a process: it is data alone."""
    return StageOutputs(run_spec(LABEL, Options(profile="quick")))


@control("OBJECT-003")
def gauge_of_the_test_images(material: StageOutputs) -> StageOutputs:
    """The labels of dose_experiments are divided by the test images' factor, object and data alike; counts are kept."""
    other = material if is_dose(material) else companion()
    scan, spec = other.scan, other.scenario.object
    images = range(spec.images_train, spec.images_train + spec.images_test)
    brightest = _brightest(other, images)
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
    other = material if is_dose(material) else companion()
    index = other.scan.scan_index
    first = np.where(index < other.scenario.object.images_train, 0, index)
    return with_scan(other, scan_index=first)


SHARED = (
    intensity.bright_groups,
    # On dose_experiments itself: no companion may be computed while a fault is active.
    *of_faults(*intensity.FAULTS, on=(LABEL, "scan.n_images=64", "grouping.n_groups=8")),
)
"""Controls that the audit `intensity` has too, with the checks that they turn red."""
CONTROLS = (*SHARED, gauge_of_the_test_images, images_as_points)
LAYOUT = Layout(
    subjects=lambda named: named if any(map(is_dose, named)) else [companion(), *named],
    facts={"stages": chain.stages, "scales": chain.scales, "layout": layout},
    also=tuple(
        one
        for one in REGISTRY
        if one.function.__module__ == intensity.__name__
        and one.clause in {made.clause for made in SHARED}
    ),
    tables=(
        Grid("Mean amplitude by stage", "stages/{subject}/{split}", ", ".join(chain.STAGES[:4])),
        Grid(
            "Scales",
            "scales/*",
            "stored, derived, closed_form, derived_over_closed, gain_of_all, photons_over_declared",
            form=".5g",
        ),
        Grid(
            "Layout and label gauge",
            "layout/*",
            "scan, grouping, images_train, images_test, gauge, norm_Y_I, brightest",
        ),
    ),
    notes="""
    The label gauge divides object and stored amplitudes by norm_Y_I, and the gain gives it back:
    the network's input does not know in which gauge the labels are.

    The dose_legacy_gs2 scenarios differ in their loss alone; the stages shown here come before it.
    """,
)
