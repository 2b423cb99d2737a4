"""Positive controls of the audits `intensity` and `bias`: faults, and what no stage before the network can spoil."""

from __future__ import annotations

import numpy as np

from ptyspec.checks.registry import of_faults
from ptyspec.checks.spoil import by_fault, control, with_canvas, with_model, with_object
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.pipeline.protocol import GroupedTrainTest

FAULTS = (
    *("NORMALIZATION-001 gain-in-the-loss", "NORM-001 gain-by-energy", "NORM-002 test-gain-own"),
    *("SYNTH-POISSON-DOSE-001 dose-inert", "SCALE-001 closed-form-scale", "NORM-005 scale-lost"),
    "SCALE-002 probe-rescaled",
)
"""Of the stages before the network, which the audit `dose` shares."""


@control("GROUP-006")
def bright_groups(material: StageOutputs) -> StageOutputs:
    """All test groups hold the brightest frame alone."""
    groups = material.groups.test
    brightest = int(np.argmax(groups.scan.diff3d.mean(axis=(1, 2))))
    rows = np.full_like(groups.nn_indices, brightest)
    changed = groups.model_copy(update={"nn_indices": rows})
    return material.replaced(groups=GroupedTrainTest(material.groups.train, changed))


@control("INFER-005")
def gain_left(material: StageOutputs) -> StageOutputs:
    """The loader's gain stays in the object: the investigation's amplitude bias."""
    return with_object(material, material.reconstruction.object * material.containers.train.gain)


@control("EVID-001")
def blank(material: StageOutputs) -> StageOutputs:
    """The prediction is zero."""
    image = material.reconstruction.object
    return with_object(material, np.where(np.isfinite(image), 0, image))


@control("HEAD-001")
def sigmoid(material: StageOutputs) -> StageOutputs:
    """A head that ends at a0."""
    return with_model(material, amp_activation="sigmoid")


@control("STITCH-002")
def light_missing(material: StageOutputs) -> StageOutputs:
    """A hundredth of the light is missing on the canvas."""
    return with_canvas(material, lambda made: {"coverage": np.float32(0.99) * made.coverage})


@control("STITCH-003")
def zero_filled(material: StageOutputs) -> StageOutputs:
    """Uncovered pixels are zero instead of NaN."""
    return with_object(material, np.nan_to_num(material.reconstruction.object), scored=False)


@control("EVID-004")
def rescaled_after(material: StageOutputs) -> StageOutputs:
    """The stored object was multiplied by 1.9 after it had been scored."""
    return with_object(material, material.reconstruction.object * 1.9, scored=False)


@control("NET-009")
def flat(material: StageOutputs) -> StageOutputs:
    """All structure is squeezed to a tenth around the right mean."""
    made = material.reconstruction.object
    level = np.nanmean(np.abs(made))
    amplitude = level + 0.1 * (np.abs(made) - level)
    return with_object(material, amplitude * np.exp(1j * np.angle(made)))


OF_INTENSITY = (
    *(bright_groups, gain_left, blank, sigmoid, light_missing, zero_filled),
    *of_faults(*FAULTS, "SCALE-005 a0-without-root"),
    by_fault("stronger-source", "SCALE-005", "probe-rescaled"),
    *of_faults("SCORE-002 uncovered-pixels-scored"),
)
OF_BIAS = (gain_left, rescaled_after, flat, *of_faults("SCORE-003 evaluator-rescales"))
