"""What the investigation recorded about probes, recomputed; and why its report could not fail."""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.checks.probe_paths import normalisation_factor, probe_facts, published_disk
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scenario import ProbeSpec
from ptyspec.physics.probes import ideal, make_probe, normalise

SIZE, PROBE_SCALE, DISK, FOUR_PIXELS = 64, 10.0, 0.7, 10.0
"""The report passed probe_scale (10) where the disk's scale (0.7) belongs: a disk of four pixels."""
RECORDED = {
    "disk, as in the pipeline": {"factor": 0.917969, "mean": 0.1, "max": 1.08936, "l2": 20.02},
    "four pixels, as in the report": {"factor": 0.009766, "mean": 0.1, "max": 42.06, "l2": 102.77},
    "custom (its file is not public)": {"factor": 1.1003, "mean": 0.292, "l2": 42.65},
}
DIGITS = {"factor": 5e-7, "mean": 1e-6, "max": 5e-6, "l2": 5e-3}
"""Half a unit of the last recorded digit of the pipeline's probe; the mean is an identity, exact but for complex64."""


def recorded_rows(custom: Array | None) -> dict[str, Any]:
    """Every recorded figure beside ours and the second path's, by probe and statistic; the custom probe where there is one.

    Its factor is a property of the units of a file that is not public, and has no counterpart.
    """
    rows: dict[str, Any] = {}
    for name, scale in (
        ("disk, as in the pipeline", DISK),
        ("four pixels, as in the report", FOUR_PIXELS),
    ):
        ours, second = ideal(SIZE, scale), published_disk(SIZE, scale)
        factor = normalisation_factor(second, PROBE_SCALE)
        rows |= _rows(
            name,
            _statistics(normalise(ours, PROBE_SCALE), normalisation_factor(ours, PROBE_SCALE)),
            _statistics(second / factor, factor),
        )
    if custom is not None:
        rows |= _rows("custom (its file is not public)", _statistics(custom, None), {})
    return rows


def _statistics(probe: Array, factor: float | None) -> dict[str, float | None]:
    return {"factor": factor} | probe_facts(probe)


def _rows(
    name: str, ours: dict[str, float | None], second: dict[str, float | None]
) -> dict[str, Any]:
    rows = {}
    for key, recorded in RECORDED[name].items():
        found = ours[key]
        rows[f"{name}: {key}"] = {
            "recorded": recorded,
            "ours": found,
            "second_path": second.get(key),
            "difference": None if found is None else found / recorded - 1,
        }
    return rows


def blind_comparison(wrong: float = 2.0) -> dict[str, Any]:
    """A function beside itself, and beside the second path, right and `wrong` times too strong.

    The recorded report is the first column: both of its branches called the same function.
    """
    second = published_disk(SIZE, DISK)
    second = second / normalisation_factor(second, PROBE_SCALE)

    def compared(factor: float) -> dict[str, float]:
        def function() -> Array:
            return factor * make_probe(ProbeSpec(kind="ideal"), SIZE, PROBE_SCALE, 0)

        first, again = function(), function()
        return {
            "with_itself": float(np.abs(first - again).max()),
            "with_second_path": float(np.abs(first - second).max()),
        }

    return {"right": compared(1.0), "probe doubled": compared(wrong)}


def four_pixel_probe() -> Array:
    """The probe that the report describes and no pipeline used, (64, 64) complex64."""
    return normalise(ideal(SIZE, FOUR_PIXELS), PROBE_SCALE)
