"""Right | wrong: the bridge violated on purpose."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from benchmarks.legacy import table
from ptyspec.legacy.violations import VIOLATIONS
from ptyspec.spec.checks import Check
from tests.legacy_runs import remembered

pytestmark = pytest.mark.expensive

PHOTONS = np.sqrt(0.1)
"""Amplitude scale of a tenth of the photons."""


@cache
def rows() -> dict[str, dict[str, Any]]:
    found = remembered("violations", table)
    return {row["violation"]: row for row in found["rows"]}


REFUSED: dict[str, tuple[str, str]] = {
    "never-bridged": ("simulate", "N"),
    "stale-gridsize": ("simulate", "gridsize"),
    "too-few-members": ("group", "gridsize"),
    "too-many-members": ("group", "gridsize"),
    "stale-scale": ("train", "intensity_scale"),
    "stale-scale-in-inference": ("infer", "intensity_scale"),
    "none-leak": ("simulate", "probe_mask_diameter"),
    "order-of-two": ("simulate", "nphotons"),
}
"""The stage at which strict mode ends each violation, and an entry that it names."""


@pytest.mark.clause("LEGACY-007", "CONFIG-001")
@pytest.mark.parametrize("name", REFUSED)
def test_strict_mode_ends_a_violation_where_the_stale_entry_would_be_read(
    clause: Check, name: str
) -> None:
    row, (stage, key) = rows()[name], REFUSED[name]
    clause("CONFIG-001").equal(row["refused_at"], stage, "stage that refused")
    clause("CONFIG-001").holds(
        key in row["stale"], "entries that the refusal names", row["stale"], key
    )
    clause.equal(sorted(rows()), sorted(VIOLATIONS), "violations in the table")


OUTCOMES: dict[str, tuple[str, int]] = {
    "never-bridged": ("ConfigError at simulate", 0),
    "stale-gridsize": ("silent", 1),
    "too-few-members": ("InvalidArgumentError at train", 1),
    "too-many-members": ("ValueError at stitch", 4),
    "stale-scale": ("silent", 1),
    "stale-scale-in-inference": ("silent", 1),
    "none-leak": ("silent", 1),
    "order-of-two": ("silent", 1),
}
"""How each ends where it is observed only, and the members of its groups."""


@pytest.mark.clause("LEGACY-007")
@pytest.mark.parametrize("name", OUTCOMES)
def test_a_violation_that_is_observed_ends_as_recorded(clause: Check, name: str) -> None:
    row, (outcome, members) = rows()[name], OUTCOMES[name]
    clause.equal(row["outcome"], outcome, "outcome")
    clause.equal(row["shape"][-1:], [members] if members else [], "members of a group")


@pytest.mark.clause("LEGACY-007")
def test_a_stale_gridsize_reconstructs_a_pipeline_that_nobody_declared(clause: Check) -> None:
    row = rows()["stale-gridsize"]
    clause.equal(
        (row["shape_declared"][-1], row["shape"][-1]), (4, 1), "channels, declared and found"
    )
    clause.holds(
        row["loss_ratio"] > 1.02 and row["amplitude_changed"] > 1e-3, "loss and object change", row
    )
    clause.equal(row["scale_ratio"], 1.0, "scale")


@pytest.mark.clause("LEGACY-007")
def test_a_scale_that_is_stale_throughout_is_a_gauge(clause: Check) -> None:
    row = rows()["stale-scale"]
    found = (row["loss_ratio"], row["amplitude_changed"], row["least_squares_scalar"])
    clause.equal(
        found,
        (1.0, 0.0, row["least_squares_scalar_declared"]),
        "loss in field units, object, its scalar",
    )
    clause.holds(abs(row["scale_ratio"] / PHOTONS - 1) < 0.01, "scale", row["scale_ratio"], PHOTONS)
    clause.holds(
        abs(row["deviance_ratio"] / 0.1 - 1) < 0.02, "loss in counts", row["deviance_ratio"], 0.1
    )


@pytest.mark.clause("LEGACY-007")
def test_a_scale_that_changes_before_inference_spoils_the_object(clause: Check) -> None:
    row = rows()["stale-scale-in-inference"]
    clause.equal(row["loss_ratio"], 1.0, "loss of the training, which saw the right scale")
    clause.holds(
        row["amplitude_changed"] > 0.2, "change of the amplitude", row["amplitude_changed"], "> 0.2"
    )
    clause.holds(
        row["least_squares_scalar"] > 1.5, "its scalar", row["least_squares_scalar"], "> 1.5"
    )


@pytest.mark.clause("LEGACY-007", "BRIDGE-002")
def test_a_none_that_leaks_masks_the_probe_of_the_config_before(clause: Check) -> None:
    row = rows()["none-leak"]
    clause("BRIDGE-002").equal(row["stale"], ["probe_mask_diameter"], "entry that leaked")
    clause.equal(row["shape"], row["shape_declared"], "shapes, which show nothing")
    clause.holds(row["scale_ratio"] > 1.2, "scale, for a darker probe", row["scale_ratio"], "> 1.2")
    clause.holds(
        row["amplitude_changed"] > 0.01,
        "change of the amplitude",
        row["amplitude_changed"],
        "> 0.01",
    )


@pytest.mark.clause("LEGACY-007", "BRIDGE-003")
def test_a_second_config_without_the_bridge_gives_the_object_of_the_first(clause: Check) -> None:
    row = rows()["order-of-two"]
    clause("BRIDGE-003").equal(
        row["object_of_the_config_before"], True, "object is that of the first config"
    )
    clause.equal(
        (row["shape_declared"][-1], row["shape"][-1]), (4, 1), "channels, declared and found"
    )
    clause.holds(
        abs(row["scale_ratio"] * PHOTONS - 1) < 0.05, "scale", row["scale_ratio"], 1 / PHOTONS
    )
    clause.holds(row["deviance_ratio"] > 20, "loss in counts", row["deviance_ratio"], "> 20")
