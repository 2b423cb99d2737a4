"""Positive controls of the audits `intensity` and `bias`: one for each rule that they evaluate."""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.checks.spoil import (
    brighter,
    by_fault,
    control,
    with_canvas,
    with_containers,
    with_model,
    with_object,
    with_scan,
)
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Patches, Reconstruction
from ptyspec.contracts.scan import array_digest
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics.scale import closed_form_scale, loader_gain, mean_energy
from ptyspec.pipeline.protocol import GroupedTrainTest
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.seeds import generator


@control("GROUP-006")
def bright_groups(material: StageOutputs) -> StageOutputs:
    """All test groups hold the brightest frame alone."""
    groups = material.groups.test
    brightest = int(np.argmax(groups.scan.diff3d.mean(axis=(1, 2))))
    rows = np.full_like(groups.nn_indices, brightest)
    changed = groups.model_copy(update={"nn_indices": rows})
    return material.replaced(groups=GroupedTrainTest(material.groups.train, changed))


@control("NORMALIZATION-001")
def gain_in_loss(material: StageOutputs) -> StageOutputs:
    """The gain is in the amplitudes of the loss."""
    return with_containers(material, lambda part: brighter(part, part.gain))


@control("NORM-001")
def gain_without_root(material: StageOutputs) -> StageOutputs:
    """The gain is a factor on energies, applied to amplitudes."""
    gain = material.containers.train.gain**2
    return with_containers(material, lambda part: {"gain": gain})


@control("NORM-002")
def own_test_gain(material: StageOutputs) -> StageOutputs:
    """The test split gets a gain of its own."""
    scan = material.halves.test
    gain = loader_gain(mean_energy(scan.diff3d), scan.N)
    return with_containers(material, lambda part: {"gain": gain}, "test")


@control("INFER-005")
def gain_left(material: StageOutputs) -> StageOutputs:
    """The loader's gain stays in the object: the investigation's amplitude bias."""
    return with_object(material, material.reconstruction.object * material.containers.train.gain)


@control("INFER-005")
def doubled(material: StageOutputs) -> StageOutputs:
    """The prediction is doubled."""
    return with_object(material, 2 * material.reconstruction.object)


@control("SCALE-005")
def stronger_source(material: StageOutputs) -> StageOutputs:
    """The frames are 1.5 times as bright as those that were reconstructed."""
    return with_scan(material, diff3d=np.float32(1.5) * material.scan.diff3d)


@control("SYNTH-POISSON-DOSE-001")
def scale_doubled(material: StageOutputs) -> StageOutputs:
    """The stored scale is doubled."""
    return with_scan(material, scale=2 * material.scan.scale)


@control("SCALE-001")
def closed_form(material: StageOutputs) -> StageOutputs:
    """The closed form stands in for the scale of the dataset."""
    scale = closed_form_scale(material.scenario.dose.nphotons, material.scan.N)
    return with_scan(material, scale=scale)


@control("NORM-005")
def scale_by_sum(material: StageOutputs) -> StageOutputs:
    """The scale is summed over the channels of a group, as tool D4f did."""
    gridsize = max(2, material.scenario.model.gridsize)
    return with_containers(material, lambda part: {"scale": part.scale / gridsize})


@control("SCALE-005")
def a0_without_root(material: StageOutputs) -> StageOutputs:
    """The rms amplitude is an energy."""
    return with_containers(material, lambda part: {"a0": part.a0**2})


@control("SCALE-002")
def probe_doubled(material: StageOutputs) -> StageOutputs:
    """The containers hold a probe twice as strong."""
    probe = 2 * material.containers.train.probe
    fields = {"probe": probe, "probe_digest": array_digest(probe)}
    return with_containers(material, lambda part: {**fields, "a0": part.a0 / 2})


@control("EVID-001")
def positions_shuffled(material: StageOutputs) -> StageOutputs:
    """Frames and positions of the scan are out of step."""
    scan = material.scan
    order, upper = np.arange(scan.size), scan.ycoords < np.median(scan.ycoords)
    for half in (upper, ~upper):
        rows = np.flatnonzero(half)
        order[rows] = generator(7, "shuffled positions").permutation(rows)
    return with_scan(material, diff3d=scan.diff3d[order])


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
def coverage_emptied(material: StageOutputs) -> StageOutputs:
    """No light reached the canvas."""
    made = material.reconstruction
    nothing = {
        "object": np.full_like(made.object, np.nan),
        "coverage": np.zeros_like(made.coverage),
    }
    return with_canvas(material, lambda made: nothing)


@control("STITCH-003")
def zero_filled(material: StageOutputs) -> StageOutputs:
    """Uncovered pixels are zero instead of NaN."""
    return with_object(material, np.nan_to_num(material.reconstruction.object), scored=False)


@control("SCORE-002")
def zeros_counted(material: StageOutputs) -> StageOutputs:
    """The recorded level counts uncovered pixels."""
    part = float(np.isfinite(material.reconstruction.object).mean())
    scores: dict[str, Any] = dict(material.metrics["amplitude"])
    scores["mean_ratio"] *= part
    return material.replaced(metrics={**material.metrics, "amplitude": scores})


class _Displaced(ReferencePipeline):
    name = "displaced canvas"

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        made = super().stitch(scenario, patches)
        return made.model_copy(update={"origin": (made.origin[0] + 3, made.origin[1])})


@control("REASSEMBLY-METRIC-FRAME-001")
def displaced(material: StageOutputs) -> StageOutputs:
    """The canvas lies three pixels beside its stated origin."""
    return material.replaced(pipeline=_Displaced())


class _Ignoring(ReferencePipeline):
    name = "stitching that ignores positions"

    def __init__(self) -> None:
        self.first: Array | None = None

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        self.first = patches.coords if self.first is None else self.first
        return super().stitch(scenario, patches.model_copy(update={"coords": self.first}))


@control("SCORE-007")
def ignored_positions(material: StageOutputs) -> StageOutputs:
    """Patches go where the first ones went, whatever positions come with them."""
    return material.replaced(pipeline=_Ignoring())


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


OF_DATA = (
    bright_groups,
    gain_in_loss,
    gain_without_root,
    own_test_gain,
    scale_doubled,
    closed_form,
    scale_by_sum,
    probe_doubled,
)
"""Those of the stages before the network, which the audit `dose` shares."""
OF_INTENSITY = (
    *OF_DATA,
    *(gain_left, doubled, stronger_source, a0_without_root, positions_shuffled, blank, sigmoid),
    *(coverage_emptied, zero_filled, zeros_counted, displaced, ignored_positions),
)
OF_BIAS = (
    *(gain_left, rescaled_after, flat),
    by_fault("rescaling-evaluator", "SCORE-003", "evaluator-rescales"),
)
