"""The recorded facts of object, probes and scale (design 5), which every scenario is built from."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ptyspec.contracts.scenario import ObjectSpec, ProbeSpec
from ptyspec.physics.objects import make_object
from ptyspec.physics.probes import central_mask, ideal, make_probe
from ptyspec.physics.scale import closed_form_scale
from tests.golden_numbers import check, rows


@cache
def observed() -> dict[str, float]:
    obj = np.abs(make_object(ObjectSpec(kind="lines", size=392), 42).astype(complex))
    disk = np.abs(make_probe(ProbeSpec(kind="ideal"), 64, 10.0, 1084).astype(complex))
    beam = np.abs(make_probe(ProbeSpec(kind="custom"), 64, 4.0, 1084).astype(complex))
    return {
        "lines.mean": obj.mean(), "lines.std": obj.std(), "lines.min": obj.min(), "lines.max": obj.max(),
        "ideal.factor": 10.0 * float(np.mean(central_mask(64) * np.abs(ideal(64)))),
        "ideal.mean": disk.mean(), "ideal.max": disk.max(), "ideal.l2": np.sqrt((disk**2).sum()),
        "custom.mean": beam.mean(), "custom.l2": np.sqrt((beam**2).sum()),
        "mask.pixels": int(central_mask(64).sum()),
        "scale.closed-form-64": closed_form_scale(1e9, 64), "scale.closed-form-128": closed_form_scale(1e9, 128),
    }  # fmt: skip


@pytest.mark.parametrize("number", rows("design_facts"))
def test_a_recorded_fact_holds(number: str) -> None:
    check("design_facts", number, observed()[number])


def test_the_simulated_objects_are_without_phase_unless_one_is_asked_for() -> None:
    assert np.angle(make_object(ObjectSpec(size=64), 42)).max() == 0
    assert np.angle(make_object(ObjectSpec(size=64, phase="texture"), 42)).std() == pytest.approx(0.5, rel=1e-5)
