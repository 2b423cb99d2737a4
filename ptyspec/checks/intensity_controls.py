"""Positive controls of the audit `intensity`: one for each rule that it evaluates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ptyspec.checks.bias_controls import gain_left, with_object
from ptyspec.checks.material import Material
from ptyspec.checks.registry import Control
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Container, Patches, Reconstruction
from ptyspec.contracts.scan import GroupedScan, array_digest
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics.scale import closed_form_scale, loader_gain, mean_energy
from ptyspec.pipeline.protocol import Containers, GroupedHalves
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.seeds import generator


def _both(material: Material, **update: Any) -> Material:
    made = material.containers
    parts = (part.model_copy(update=update) for part in (made.train, made.test))
    return material.replaced(containers=Containers(*parts))


def _test(material: Material, changed: Container) -> Material:
    return material.replaced(containers=Containers(material.containers.train, changed))


def _bright_groups(material: Material) -> Material:
    """Every test group holds the brightest frame alone."""
    groups = material.groups.test
    brightest = int(np.argmax(groups.scan.diff3d.mean(axis=(1, 2))))
    rows = np.full_like(groups.nn_indices, brightest)
    return material.replaced(
        groups=GroupedHalves(material.groups.train, groups.model_copy(update={"nn_indices": rows}))
    )


def _gain_in_loss(material: Material) -> Material:
    """The gain is multiplied into the stored amplitudes, which the loss gets too; the input gets it once."""
    made = material.containers

    def gained(part: Container) -> Container:
        scan = part.groups.scan.model_copy(
            update={"diff3d": np.float32(part.gain) * part.groups.scan.diff3d}
        )
        groups: GroupedScan = part.groups.model_copy(update={"scan": scan})
        return part.model_copy(update={"groups": groups})

    return material.replaced(containers=Containers(gained(made.train), gained(made.test)))


def _without_root(material: Material) -> Material:
    return _both(material, gain=material.containers.train.gain**2)


def _own_gain(material: Material) -> Material:
    scan = material.halves.test
    return _test(
        material,
        material.containers.test.model_copy(
            update={"gain": loader_gain(mean_energy(scan.diff3d), scan.N)}
        ),
    )


def _by_sum(material: Material) -> Material:
    """As tool D4f did: summed over the members of a group."""
    gridsize = max(2, material.scenario.model.gridsize)
    return _both(material, scale=material.containers.train.scale / gridsize)


def _with_scale(material: Material, scale: float) -> Material:
    return material.replaced(scan=material.scan.model_copy(update={"scale": scale}))


def _closed_form(material: Material) -> Material:
    return _with_scale(
        material, closed_form_scale(material.scenario.dose.nphotons, material.scan.N)
    )


def _a0_without_root(material: Material) -> Material:
    return _both(material, a0=material.containers.train.a0**2)


def _doubled(material: Material) -> Material:
    return with_object(material, 2 * material.reconstruction.object, scored=True)


def _dim_on_the_data(material: Material) -> Material:
    """The frames are those of a source 1.5 times as strong, which nobody told the network."""
    scan = material.scan
    return material.replaced(scan=scan.model_copy(update={"diff3d": np.float32(1.5) * scan.diff3d}))


def _doubled_probe(material: Material) -> Material:
    probe = 2 * material.containers.train.probe
    return _both(
        material, probe=probe, probe_digest=array_digest(probe), a0=material.containers.train.a0 / 2
    )


def _shuffled(material: Material) -> Material:
    """Frames and positions of the scan fall out of step."""
    scan = material.scan
    order = np.arange(scan.size)
    for rows in (
        np.flatnonzero(scan.ycoords < np.median(scan.ycoords)),
        np.flatnonzero(scan.ycoords >= np.median(scan.ycoords)),
    ):
        order[rows] = generator(7, "shuffled positions").permutation(rows)
    return material.replaced(scan=scan.model_copy(update={"diff3d": scan.diff3d[order]}))


def _blank(material: Material) -> Material:
    image = np.where(np.isfinite(material.reconstruction.object), 0, material.reconstruction.object)
    return with_object(material, image, scored=True)


def _sigmoid(material: Material) -> Material:
    resolved = material.subject.resolved
    model = resolved.scenario.model.model_copy(update={"amp_activation": "sigmoid"})
    changed = resolved.scenario.model_copy(update={"model": model})
    return material.replaced(
        subject=replace(material.subject, resolved=replace(resolved, scenario=changed))
    )


def _emptied(material: Material) -> Material:
    made = material.reconstruction
    nothing = Reconstruction(
        object=np.full_like(made.object, np.nan),
        coverage=np.zeros_like(made.coverage),
        origin=made.origin,
    )
    return material.replaced(reconstruction=nothing)


def _zero_filled(material: Material) -> Material:
    return with_object(material, np.nan_to_num(material.reconstruction.object), scored=False)


def _zeros_counted(material: Material) -> Material:
    """The recorded level is a mean over the whole canvas."""
    scores = dict(material.metrics)
    part = float(np.isfinite(material.reconstruction.object).mean())
    scores["amplitude"] = {
        **scores["amplitude"],
        "mean_ratio": part * scores["amplitude"]["mean_ratio"],
    }
    return material.replaced(metrics=scores)


class _Displaced(ReferencePipeline):
    """Three pixels between the canvas and its stated origin."""

    name = "displaced canvas"

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        made = super().stitch(scenario, patches)
        return made.model_copy(update={"origin": (made.origin[0] + 3, made.origin[1])})


class _Ignoring(ReferencePipeline):
    """Puts patches where it was told the first time, whatever positions come with them."""

    name = "stitching that ignores positions"

    def __init__(self) -> None:
        self.first: Array | None = None

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        self.first = patches.coords if self.first is None else self.first
        return super().stitch(scenario, patches.model_copy(update={"coords": self.first}))


CONTROLS = (
    Control(
        "bright-groups",
        "all test groups hold the brightest frame alone",
        "GROUP-006",
        _bright_groups,
    ),
    Control(
        "gain-in-loss",
        "the gain is in the amplitudes of the loss",
        "NORMALIZATION-001",
        _gain_in_loss,
    ),
    Control(
        "gain-without-root",
        "the gain is a factor on energies, applied to amplitudes",
        "NORM-001",
        _without_root,
    ),
    Control("own-test-gain", "the test split gets a gain of its own", "NORM-002", _own_gain),
    Control("gain-left", "the loader's gain stays in the object", "INFER-005", gain_left),
    Control("doubled", "the prediction is doubled", "INFER-005", _doubled),
    Control(
        "stronger-source",
        "the frames are 1.5 times as bright as those that were reconstructed",
        "SCALE-005",
        _dim_on_the_data,
    ),
    Control(
        "scale-doubled",
        "the stored scale is doubled",
        "SYNTH-POISSON-DOSE-001",
        lambda material: _with_scale(material, 2 * material.scan.scale),
    ),
    Control(
        "closed-form",
        "the closed form stands in for the scale of the dataset",
        "SCALE-001",
        _closed_form,
    ),
    Control(
        "scale-by-sum", "the scale is summed over the channels of a group", "NORM-005", _by_sum
    ),
    Control("a0-without-root", "the rms amplitude is an energy", "SCALE-005", _a0_without_root),
    Control(
        "probe-doubled", "the containers hold a probe twice as strong", "SCALE-002", _doubled_probe
    ),
    Control("positions-shuffled", "frames and positions are out of step", "EVID-001", _shuffled),
    Control("blank", "the prediction is zero", "EVID-001", _blank),
    Control("sigmoid", "a head that ends at a0", "HEAD-001", _sigmoid),
    Control("coverage-emptied", "no light reached the canvas", "STITCH-002", _emptied),
    Control("zero-filled", "uncovered pixels are zero instead of NaN", "STITCH-003", _zero_filled),
    Control(
        "zeros-counted", "the recorded level counts uncovered pixels", "SCORE-002", _zeros_counted
    ),
    Control(
        "displaced",
        "the canvas lies three pixels beside its stated origin",
        "REASSEMBLY-METRIC-FRAME-001",
        lambda material: material.replaced(pipeline=_Displaced()),
    ),
    Control(
        "ignored-positions",
        "stitching ignores the positions that come with the patches",
        "SCORE-007",
        lambda material: material.replaced(pipeline=_Ignoring()),
    ),
)
