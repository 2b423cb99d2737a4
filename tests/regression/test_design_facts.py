"""The recorded facts of object, probes and scale (design 5), which every scenario is built from."""

from __future__ import annotations

import numpy as np
import pytest

from ptyspec.contracts.scenario import ObjectSpec, ProbeSpec
from ptyspec.physics.objects import make_object
from ptyspec.physics.probes import central_mask, ideal, make_probe
from ptyspec.physics.scale import closed_form_scale
from ptyspec.spec.checks import Check
from ptyspec.testing.golden.checks import Golden
from ptyspec.testing.golden.files import Tolerance
from tests.golden_numbers import RECORDED

TOLERANCES = {
    "lines.*": Tolerance(1e-6, 0, RECORDED),
    "ideal.factor": Tolerance(1e-6, 0, RECORDED),
    "ideal.mean": Tolerance(1e-6, 0, RECORDED),
    "ideal.max": Tolerance(1e-5, 0, RECORDED),
    "*.l2": Tolerance(0.005, 0, RECORDED),
    "custom.mean": Tolerance(0.0005, 0, RECORDED),
    "mask.pixels": Tolerance(0, 0, "pixels of the central mask at N = 64, counted"),
    "scale.closed-form-64": Tolerance(5e-5, 0, RECORDED),
    "scale.closed-form-128": Tolerance(0.0005, 0, "recorded with three decimals"),
}


@pytest.mark.clause("OBJECT-001", "PROBE-006")
@pytest.mark.golden("regression/design_facts.json")
def test_the_recorded_facts_hold(clause: Check, golden: Golden) -> None:
    obj = np.abs(make_object(ObjectSpec(kind="lines", size=392), 42).astype(complex))
    disk = np.abs(make_probe(ProbeSpec(kind="ideal"), 64, 10.0, 1084).astype(complex))
    beam = np.abs(make_probe(ProbeSpec(kind="custom"), 64, 4.0, 1084).astype(complex))
    observed = {
        "lines.mean": obj.mean(),
        "lines.std": obj.std(),
        "lines.min": obj.min(),
        "lines.max": obj.max(),
        "ideal.factor": 10.0 * float(np.mean(central_mask(64) * np.abs(ideal(64)))),
        "ideal.mean": disk.mean(),
        "ideal.max": disk.max(),
        "ideal.l2": np.sqrt((disk**2).sum()),
        "custom.mean": beam.mean(),
        "custom.l2": np.sqrt((beam**2).sum()),
        "mask.pixels": int(central_mask(64).sum()),
        "scale.closed-form-64": closed_form_scale(1e9, 64),
        "scale.closed-form-128": closed_form_scale(1e9, 128),
    }
    golden.numbers(observed, TOLERANCES)
    for name in ("OBJECT-001", "PROBE-006"):
        clause(name).holds(True, "every recorded figure is within its golden tolerance")


def test_the_simulated_objects_are_without_phase_unless_one_is_asked_for() -> None:
    assert np.angle(make_object(ObjectSpec(size=64), 42)).max() == 0
    assert np.angle(make_object(ObjectSpec(size=64, phase="texture"), 42)).std() == pytest.approx(
        0.5, rel=1e-5
    )
