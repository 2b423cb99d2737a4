"""Positive controls of the audit `probe`: each spoils the material so that one clause must turn red."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ptyspec.checks.registry import Control
from ptyspec.checks.spoil import by_fault, control, with_containers, with_scan
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.pipeline.reference import ReferencePipeline


def _probe(material: StageOutputs, change: Callable[[Array], Array]) -> StageOutputs:
    """The scan's probe exchanged, its data kept."""
    return with_scan(material, probeGuess=change(material.scan.probeGuess).astype(np.complex64))


@control("PROBE-002")
def apodised(material: StageOutputs) -> StageOutputs:
    """The normalisation weighs columns differently by one per cent."""
    return _probe(material, lambda probe: probe * (1 + 0.01 * np.linspace(-1, 1, len(probe))))


@control("PROBE-003")
def moved(material: StageOutputs) -> StageOutputs:
    """The file holds the probe one pixel beside where it made the data."""
    return _probe(material, lambda probe: np.roll(probe, 1, axis=1))


@control("DATA-007")
def other_in_test_undeclared(material: StageOutputs) -> StageOutputs:
    """The test container's probe changed after its digest was taken."""
    return with_containers(material, lambda part: {"probe": 1.02 * part.probe}, "test")


@control("PROBE-003")
def other_in_train(material: StageOutputs) -> StageOutputs:
    """The loss sees another probe than the one that made the data."""
    return with_containers(material, lambda part: {"probe": 1.02 * part.probe}, "train")


class _FourPixels(ReferencePipeline):
    """Simulates with the disk of the published report, whatever disk the settings declare."""

    name = "four pixels"

    def simulate(self, scenario: Scenario) -> RawScan:
        spec = scenario.probe.model_copy(update={"default_probe_scale": scenario.model.probe_scale})
        return super().simulate(scenario.model_copy(update={"probe": spec}))


@control("NET-010")
def tails(material: StageOutputs) -> StageOutputs:
    """Light outside the central half, where the network is told to predict nothing (probe.big False)."""
    broad = _probe(material, lambda probe: probe + 0.2 * np.abs(probe).max())
    told = {**(material.subject.dictionary or {}), "probe.big": False}
    return broad.replaced(subject=replace(material.subject, dictionary=told))


CONTROLS = (
    by_fault("doubled", "PROBE-001", "probe-scale-twice"),
    apodised,
    by_fault("masked", "PROBE-MASK-DEFAULT-001", "mask-unasked"),
    moved,
    by_fault("other-in-test", "PROBE-003", "probe-of-test-differs"),
    *(other_in_test_undeclared, other_in_train),
    Control(
        "four-pixels",
        "the disk is made with probe_scale, as in the published report",
        "PROBE-006",
        lambda material: material.replaced(pipeline=_FourPixels()),
        on=("gs2_ideal", "scan.n_images=24", "grouping.n_groups=8"),
    ),
    tails,
)
