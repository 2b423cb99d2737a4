"""Positive controls of the audit `probe`: each spoils the material so that one clause must turn red."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.checks.probe_paths import disk_mask
from ptyspec.checks.registry import Control
from ptyspec.checks.subject import Words, subject
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Container
from ptyspec.contracts.scan import RawScan, array_digest
from ptyspec.contracts.scenario import Scenario
from ptyspec.pipeline.reference import ReferencePipeline


def _with_probe(material: Material, probe: Array) -> Material:
    return material.replaced(
        scan=material.scan.model_copy(update={"probeGuess": probe.astype(np.complex64)})
    )


def _doubled(material: Material) -> Material:
    return _with_probe(material, 2 * material.scan.probeGuess)


def _apodised(material: Material) -> Material:
    ramp = 1 + 0.01 * np.linspace(-1, 1, material.scan.N)
    return _with_probe(material, material.scan.probeGuess * ramp)


def _masked(material: Material) -> Material:
    return _with_probe(
        material, material.scan.probeGuess * disk_mask(material.scan.N, material.scan.N / 2)
    )


def _moved(material: Material) -> Material:
    return _with_probe(material, np.roll(material.scan.probeGuess, 1, axis=1))


def _container(material: Material, part: str, *, declared: bool) -> Material:
    made = material.containers
    held: Container = getattr(made, part)
    other = 1.02 * held.probe
    update = {"probe": other} | ({"probe_digest": array_digest(other)} if declared else {})
    return material.replaced(containers=replace(made, **{part: held.model_copy(update=update)}))


class _FourPixels(ReferencePipeline):
    """Simulates with the disk of the published report, whatever disk the settings declare."""

    name = "four pixels"

    def simulate(self, scenario: Scenario) -> RawScan:
        spec = scenario.probe.model_copy(update={"default_probe_scale": scenario.model.probe_scale})
        return super().simulate(scenario.model_copy(update={"probe": spec}))


def _four_pixels(material: Material) -> Material:
    said = Words(profile="quick", settings=("scan.n_images=24", "grouping.n_groups=8"))
    fresh = Material(subject("gs2_ideal", said), pipeline=_FourPixels())
    return fresh.replaced(subject=replace(fresh.subject, name=material.name))


def _tails(material: Material) -> Material:
    """Light everywhere, on a network that is told to leave the periphery out (probe.big False, dictionary)."""
    probe = material.scan.probeGuess
    broad = probe + 0.2 * np.abs(probe).max()
    told = {**(material.subject.dictionary or {}), "probe.big": False}
    return _with_probe(material, broad).replaced(subject=replace(material.subject, dictionary=told))


CONTROLS = (
    Control("doubled", "the probe is twice as strong as declared", "PROBE-001", _doubled),
    Control(
        "apodised",
        "the normalisation weighs columns differently by one per cent",
        "PROBE-002",
        _apodised,
    ),
    Control(
        "masked", "a mask that nobody asked for cuts the probe", "PROBE-MASK-DEFAULT-001", _masked
    ),
    Control(
        "moved",
        "the file holds the probe one pixel beside where it made the data",
        "PROBE-003",
        _moved,
    ),
    Control(
        "other-in-test",
        "the test container holds another probe and its own digest of it",
        "PROBE-003",
        lambda material: _container(material, "test", declared=True),
    ),
    Control(
        "other-in-test-undeclared",
        "the test container's probe changed after its digest was taken",
        "DATA-007",
        lambda material: _container(material, "test", declared=False),
    ),
    Control(
        "other-in-train",
        "the loss sees another probe than the one that made the data",
        "PROBE-003",
        lambda material: _container(material, "train", declared=False),
    ),
    Control(
        "four-pixels",
        "the disk is made with probe_scale, as in the published report",
        "PROBE-006",
        _four_pixels,
    ),
    Control(
        "tails",
        "light outside the central half, where the network is told to predict nothing",
        "NET-010",
        _tails,
    ),
)
