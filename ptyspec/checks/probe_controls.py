"""Positive controls of the audit `probe`: each spoils the material so that one clause must turn red."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.checks.registry import Control
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.pipeline.reference import ReferencePipeline


def _probe(change: Callable[[Array], Array]) -> Callable[[Material], Material]:
    """What exchanges the scan's probe and leaves its data."""

    def spoil(material: Material) -> Material:
        probe = change(material.scan.probeGuess).astype(np.complex64)
        return material.replaced(scan=material.scan.model_copy(update={"probeGuess": probe}))

    return spoil


def _container(part: str) -> Callable[[Material], Material]:
    """What changes the probe of one container after its digest was taken."""

    def spoil(material: Material) -> Material:
        both = material.containers
        held = getattr(both, part)
        other = held.model_copy(update={"probe": 1.02 * held.probe})
        return material.replaced(containers=replace(both, **{part: other}))

    return spoil


class _FourPixels(ReferencePipeline):
    """Simulates with the disk of the published report, whatever disk the settings declare."""

    name = "four pixels"

    def simulate(self, scenario: Scenario) -> RawScan:
        spec = scenario.probe.model_copy(update={"default_probe_scale": scenario.model.probe_scale})
        return super().simulate(scenario.model_copy(update={"probe": spec}))


def _tails(material: Material) -> Material:
    """Light everywhere, on a network that is told to leave the periphery out (probe.big False, dictionary)."""
    broad = _probe(lambda probe: probe + 0.2 * np.abs(probe).max())(material)
    told = {**(material.subject.dictionary or {}), "probe.big": False}
    return broad.replaced(subject=replace(material.subject, dictionary=told))


CONTROLS = (
    Control("doubled", "", "PROBE-001", fault="probe-scale-twice"),
    Control(
        "apodised",
        "the normalisation weighs columns differently by one per cent",
        "PROBE-002",
        _probe(lambda probe: probe * (1 + 0.01 * np.linspace(-1, 1, len(probe)))),
    ),
    Control("masked", "", "PROBE-MASK-DEFAULT-001", fault="mask-unasked"),
    Control(
        "moved",
        "the file holds the probe one pixel beside where it made the data",
        "PROBE-003",
        _probe(lambda probe: np.roll(probe, 1, axis=1)),
    ),
    Control("other-in-test", "", "PROBE-003", fault="probe-of-test-differs"),
    Control(
        "other-in-test-undeclared",
        "the test container's probe changed after its digest was taken",
        "DATA-007",
        _container("test"),
    ),
    Control(
        "other-in-train",
        "the loss sees another probe than the one that made the data",
        "PROBE-003",
        _container("train"),
    ),
    Control(
        "four-pixels",
        "the disk is made with probe_scale, as in the published report",
        "PROBE-006",
        lambda material: material.replaced(pipeline=_FourPixels()),
        on=("gs2_ideal", "scan.n_images=24", "grouping.n_groups=8"),
    ),
    Control(
        "tails",
        "light outside the central half, where the network is told to predict nothing",
        "NET-010",
        _tails,
    ),
)
