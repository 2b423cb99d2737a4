"""Audit `probe`: the illumination by two paths that share no code, where its light is, who uses it.

The probe of the subject's pipeline stands beside the one that a second implementation of the
published formula gives (probe_paths.py, upstream facts 3.2); a probe from a file, for which there is
no formula, beside the file's array.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.probe_controls import CONTROLS as CONTROLS
from ptyspec.checks.probe_figure import beside
from ptyspec.checks.probe_paths import (
    agreement,
    difference,
    disk_mask,
    normalisation_factor,
    probe_facts,
    published_disk,
    second_path,
)
from ptyspec.checks.sampled_groups import spread
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scan import array_digest
from ptyspec.physics.geometry import extract_patches
from ptyspec.spec.checks import Check
from ptyspec.spec.registry import specification

FRAMES = 16
"""Frames that are simulated again with the stored probe."""
OUTSIDE = 0.01
"""Signature 52: a network that predicts the central half alone needs less than this part of the light outside it."""
NOISE = 0.7
"""Rms distance in sqrt(counts): photon noise gives at most sqrt(0.46) at any rate (0.5 at high ones)."""
IDEAL = "ideal, published formula"
PROBE_SCALE, DISK = 10.0, 0.7
"""Of the investigation's ideal probe, whose figures it recorded (facts 3.2)."""
RECORDED = {"factor": 0.917969, "mean": 0.1, "max": 1.08936, "l2": 20.02}
DIGITS = {"factor": 5e-7, "mean": 1e-6, "max": 5e-6, "l2": 5e-3}
"""Half a unit of the last recorded digit; the mean is an identity, exact but for complex64."""
NO_PATH = "the probe was refined, or no NumPy file holds it as probeGuess (N, N): there is no second way to it"
NO_OBJECT = "the object is unknown, or a guess that came with the file"


def probes(outputs: StageOutputs) -> dict[str, Any]:
    """Return the figures of the subject's probe."""
    return probe_facts(outputs.scan.probeGuess)


def agree(outputs: StageOutputs) -> dict[str, float] | None:
    """Return how far the subject's probe is from the second path's."""
    probe = second_path(outputs.scenario)
    return None if probe is None else agreement(outputs.scan.probeGuess, probe)


def settings(outputs: StageOutputs) -> dict[str, Any]:
    """Return what is declared of the probe, and the lit part of the pixels outside its mask."""
    model, dictionary = outputs.scenario.model, outputs.subject.dictionary or {}
    mask = disk_mask(outputs.scan.N, float(model.probe_mask_diameter or model.N / 2))
    return {
        "kind": outputs.scenario.probe.kind,
        "probe_scale": model.probe_scale,
        "probe_mask": model.probe_mask,
        "probe_big": bool(dictionary.get("probe.big", model.probe_big)),
        "lit_outside_mask": float(np.mean(np.abs(outputs.scan.probeGuess)[~mask] > 0)),
    }


def use(outputs: StageOutputs) -> dict[str, str]:
    """Return the digests of the probes in the scan and in both containers, and what these declare."""
    digests = {"scan": array_digest(outputs.scan.probeGuess)}
    for part in ("train", "test"):
        container = getattr(outputs.containers, part)
        digests |= {part: array_digest(container.probe), f"{part}_declared": container.probe_digest}
    return digests


def made_with(outputs: StageOutputs) -> dict[str, float] | None:
    """Return level and distance in sqrt(counts) of frames simulated again with the stored probe."""
    scan = outputs.scan
    if outputs.scenario.measured or scan.objectGuess is None:
        return None
    rows = spread(scan.size, FRAMES)  # of both splits: either could be of another probe
    patches = extract_patches(scan.objectGuess, scan.positions[rows], scan.N)
    waves = patches * scan.probeGuess.astype(np.complex128)
    expected = np.abs(np.fft.fftshift(np.fft.fft2(waves, norm="ortho"), axes=(-2, -1)))
    expected = expected if scan.mask is None else expected * scan.mask
    measured = np.asarray(scan.diff3d[rows], np.float64)
    photons = float(scan.scale**2 * np.sum(expected**2))
    return {
        "frames": len(rows),
        "level": float(np.sum(measured * expected) / np.sum(expected**2)),
        # Five standard deviations of the fitted level, and the bias of sqrt(counts) where counts are low.
        "level_limit": 2.5 / photons**0.5 + 0.25 * measured.size / photons + 1e-6,
        "distance": float(scan.scale * np.sqrt(np.mean((measured - expected) ** 2))),
    }


def recorded_probe(outputs: StageOutputs) -> dict[str, float] | None:
    """Return the figures of the investigation's ideal probe where the subject has that very probe."""
    model, spec = outputs.scenario.model, outputs.scenario.probe
    theirs = (64, DISK, PROBE_SCALE)
    if spec.kind != "ideal" or (model.N, spec.default_probe_scale, model.probe_scale) != theirs:
        return None
    ours = outputs.facts(probes)
    factor = float(np.abs(published_disk(64, DISK)).max() / ours["max"])
    return {"factor": factor, **{key: ours[key] for key in RECORDED if key != "factor"}}


# Checks


def _formula(outputs: StageOutputs) -> bool:
    """Whether there is a formula; a file's probe is used as it is."""
    return outputs.scenario.probe.kind in ("ideal", "custom")


@checks("PROBE-001")
def the_probe_has_the_declared_level(check: Check, outputs: StageOutputs) -> None:
    if _formula(outputs):
        _level(check, outputs, "the second path")


@checks("PROBE-002")
def the_probe_has_the_declared_shape(check: Check, outputs: StageOutputs) -> None:
    if _formula(outputs):
        _shape(check, outputs, "the second path")


@checks("DATA-007")
def a_files_probe_is_used_as_it_is(check: Check, outputs: StageOutputs) -> None:
    if not _formula(outputs):
        _level(check, outputs, "the file's probe")
        _shape(check, outputs, "the file's probe")


def _level(check: Check, outputs: StageOutputs, other: str) -> None:
    row, width = outputs.facts(agree), _rounding()
    if row is None:
        check.missing("the probe by a second path", NO_PATH)
    else:
        what = f"mean |mask P| over that of {other}"
        check.between(1 - width, row["level_ratio"], 1 + width, what)


def _shape(check: Check, outputs: StageOutputs, other: str) -> None:
    if row := outputs.facts(agree):
        what = f"largest difference from {other}, level removed"
        check.between(0, row["shape_difference"], _rounding(), what)


def _rounding() -> float:
    """What storing the array as complex64 costs, whatever the clause."""
    return specification()["PROBE-001"].tolerance.value


@checks("DATA-007")
def a_container_declares_the_digest_of_its_own_probe(check: Check, outputs: StageOutputs) -> None:
    digests = outputs.facts(use)
    for part in ("train", "test"):
        what = f"digest that the {part} container declares"
        check.equal(digests[f"{part}_declared"], digests[part], what)


@checks("PROBE-MASK-DEFAULT-001")
def a_probe_is_masked_where_a_mask_was_asked_for(check: Check, outputs: StageOutputs) -> None:
    said, what = outputs.facts(settings), "lit part of the pixels outside the mask"
    if said["probe_mask"]:
        check.equal(said["lit_outside_mask"], 0.0, what)
    elif _formula(outputs):
        lit = said["lit_outside_mask"]
        check.holds(lit > 0, what, lit, "> 0: no mask was requested")


@checks("PROBE-003")
def containers_hold_the_scans_probe(check: Check, outputs: StageOutputs) -> None:
    digests = outputs.facts(use)
    for part in ("train", "test"):
        check.equal(digests[part], digests["scan"], f"array in the {part} container")


@checks("PROBE-003")
def the_data_were_made_with_the_stored_probe(check: Check, outputs: StageOutputs) -> None:
    row = outputs.facts(made_with)
    if row is None:
        check.missing("the data were made with this probe", NO_OBJECT)
        return
    what = "data over the same frames simulated with the stored probe"
    check.between(1 - row["level_limit"], row["level"], 1 + row["level_limit"], what)
    check.between(0, row["distance"], NOISE, "distance of the two in sqrt(counts)")


@checks("NET-010")
def light_outside_the_central_half_is_predicted(check: Check, outputs: StageOutputs) -> None:
    outside = outputs.facts(probes)["energy_outside_central_half"]
    what = "light outside the central half, where nothing is predicted"
    predicted = outputs.facts(settings)["probe_big"]
    check.holds(predicted or outside < OUTSIDE, what, outside, f"< {OUTSIDE:g}, or probe_big")


@checks("PROBE-006")
def the_ideal_probe_has_the_recorded_figures(check: Check, outputs: StageOutputs) -> None:
    for key, ours in (outputs.facts(recorded_probe) or {}).items():
        low, high = RECORDED[key] - DIGITS[key], RECORDED[key] + DIGITS[key]
        check.between(low, ours, high, f"{key} as recorded")


def _together(subjects: Sequence[StageOutputs], data: Mapping[str, Any]) -> dict[str, Any]:
    """Every probe beside every other and the ideal one."""
    raw = published_disk(subjects[0].scan.N, DISK)
    ideal = raw / normalisation_factor(raw, PROBE_SCALE)
    every: dict[str, Array] = {one.name: one.scan.probeGuess for one in subjects} | {IDEAL: ideal}
    pairs = combinations(every, 2)
    return {
        "probes": {**data["probes"], IDEAL: probe_facts(ideal)},
        "between": {f"{a} | {b}": difference(every[a], every[b]) for a, b in pairs},
    }


LAYOUT = Layout(
    facts={
        "probes": probes,
        "agreement": agree,
        "settings": settings,
        "use": use,
        "made_with": made_with,
        "recorded_probe": recorded_probe,
    },
    together=_together,
    tables=(
        Grid("Amplitude", "probes/*", "min, max, mean, std, l2, mean_masked", "probe"),
        Grid(
            "Where the light is",
            "probes/*",
            "energy, energy_inside_mask, energy_outside_central_half, twin_overlap",
            "probe",
            ".5g",
        ),
        Grid(
            "Between probes",
            "between/*",
            "mean_ratio, max_ratio, l2_ratio, max_abs_difference",
            "first | second",
        ),
        Grid(
            "Who uses which array (digests)",
            "use/*",
            "data=scan, loss (train)=train, inference and stitching (test)=test",
        ),
    ),
    notes="""
    In a simulation a stronger probe takes no photon more: the scale s compensates (DOSE-005), and
    the object's level is the inverse of the probe's.

    A twin overlap of one (the ideal disk) means that every single pattern has two equally likely
    objects.
    """,
    figure=(
        "probes",
        """Modulus and phase of each probe; circle: the mask of radius N/4 that the normalisation
        takes its mean under, square: the central N/2 x N/2.""",
        beside,
    ),
)
