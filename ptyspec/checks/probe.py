"""Audit `probe`: the illumination by two paths that share no code, where its light is, and who uses which array.

Compared: the probe of the subject's pipeline with the one that a second implementation of the published formula gives
(probe_paths.py, upstream facts 3.2); for probes from a file, for which there is no formula, only what holds of any. Then
every subject with every other and with the ideal probe; the array that made the data with the one that normalises,
infers and stitches; the recorded figures with ours. Red means: another level (PROBE-001), another shape (PROBE-002), a
mask nobody asked for (PROBE-MASK-DEFAULT-001), figures of another ideal probe (PROBE-006), data made or containers
filled with another array (PROBE-003, DATA-007), light where nothing is predicted (NET-010).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.checks.probe_controls import CONTROLS as CONTROLS
from ptyspec.checks.probe_paths import (
    agreement,
    difference,
    disk_mask,
    normalisation_factor,
    probe_facts,
    published_disk,
    second_path,
)
from ptyspec.checks.probe_recorded import (
    DIGITS,
    PROBE_SCALE,
    RECORDED,
    blind_comparison,
    recorded_rows,
)
from ptyspec.checks.report import Audit
from ptyspec.checks.shown import ref
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scan import RawScan, array_digest
from ptyspec.physics.geometry import extract_patches
from ptyspec.spec.registry import specification

FRAMES = 16
"""Frames that are simulated again with the stored probe."""
OUTSIDE = 0.01
"""Signature 52: a network that predicts the central half alone needs less than this part of the light outside it."""
NOISE = 0.7
"""Rms distance in sqrt(counts): photon noise gives at most sqrt(0.46) at any rate (0.5 at high ones)."""
IDEAL = "ideal, published formula"


def audit(materials: Sequence[Material], report: Audit) -> None:
    """Fill the report."""
    seconds = {material.name: second_path(material.scenario) for material in materials}
    report.data["probes"] = {
        material.name: probe_facts(material.scan.probeGuess) for material in materials
    }
    report.data["second_path"] = {
        name: None if probe is None else probe_facts(probe) for name, probe in seconds.items()
    }
    for part in ("agreement", "settings", "use", "made_with", "factor"):
        report.data[part] = {}
    for material in materials:
        _one(material, seconds[material.name], report)
        _findings(material, report)
    _across(materials, report)
    _recorded(materials, report)
    _tables(report)
    _notes(report)
    from ptyspec.checks.probe_figure import beside

    report.figure(
        "probes",
        "Modulus and phase of each probe; circle: the mask of radius N/4 that the normalisation takes "
        "its mean under, square: the central N/2 x N/2. Last: the four-pixel probe of the published report.",
        lambda: beside([(material.name, material.scan.probeGuess) for material in materials]),
    )


def _one(material: Material, second: Array | None, report: Audit) -> None:
    scan, scenario = material.scan, material.scenario
    model, dictionary = scenario.model, material.subject.dictionary or {}
    report.data["agreement"][material.name] = (
        None if second is None else agreement(scan.probeGuess, second)
    )
    diameter = float(model.probe_mask_diameter or model.N / 2)
    outside = np.abs(scan.probeGuess)[~disk_mask(scan.N, diameter)]
    report.data["settings"][material.name] = {
        "kind": scenario.probe.kind,
        "probe_scale": model.probe_scale,
        "probe_mask": model.probe_mask,
        "probe_big": bool(dictionary.get("probe.big", model.probe_big)),
        "lit_outside_mask": float(np.mean(outside > 0)),
    }
    made, own = material.containers, array_digest(scan.probeGuess)
    parts = {"train": made.train, "test": made.test}
    report.data["use"][material.name] = {"scan": own} | {
        f"{part}{which}": digest
        for part, container in parts.items()
        for which, digest in (
            ("", array_digest(container.probe)),
            ("_declared", container.probe_digest),
        )
    }
    known = not scenario.measured and scan.objectGuess is not None
    report.data["made_with"][material.name] = _made_with(scan) if known else None


def _made_with(scan: RawScan) -> dict[str, float]:
    """Simulate some frames again with the stored probe: their level and their distance in sqrt(counts)."""
    assert scan.objectGuess is not None
    rows = np.unique(np.linspace(0, scan.size - 1, FRAMES).astype(int))
    waves = extract_patches(
        scan.objectGuess, scan.positions[rows], scan.N
    ) * scan.probeGuess.astype(np.complex128)
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


def _findings(material: Material, report: Audit) -> None:
    name, said = material.name, report.data["settings"][material.name]
    _agreement_findings(name, said, report)
    _mask_finding(name, said, report)
    used = report.data["use"][name]
    for part in ("train", "test"):
        report.equal(
            "PROBE-003", f"{name}: array in the {part} container", used["scan"], "use", name, part
        )
        report.equal(
            "DATA-007",
            f"{name}: digest that the {part} container declares",
            used[part],
            "use",
            name,
            f"{part}_declared",
        )
    if report.data["made_with"][name] is None:
        report.skipped(
            "PROBE-003",
            f"{name}: the data were made with this probe",
            "the object is unknown, or a guess that came with the file",
        )
    else:
        limit = report.data["made_with"][name]["level_limit"]
        report.within(
            "PROBE-003",
            f"{name}: data over the same frames simulated with the stored probe",
            1 - limit,
            1 + limit,
            "made_with",
            name,
            "level",
        )
        report.within(
            "PROBE-003",
            f"{name}: distance of the two in sqrt(counts)",
            0,
            NOISE,
            "made_with",
            name,
            "distance",
        )
    report.check(
        "NET-010",
        f"{name}: light outside the central half is predicted",
        bool(said["probe_big"])
        or report.data["probes"][name]["energy_outside_central_half"] < OUTSIDE,
        f"< {OUTSIDE:g}, or probe_big",
        "probes",
        name,
        "energy_outside_central_half",
    )


def _agreement_findings(name: str, said: dict[str, Any], report: Audit) -> None:
    """The formula's level and shape; a file's probe is used as it is, so there it is the file's array."""
    made = said["kind"] in ("ideal", "custom")
    if report.data["agreement"][name] is None:
        reason = "the probe was refined, or no NumPy file holds it as probeGuess (N, N): there is no second way to it"
        report.skipped(
            "PROBE-001" if made else "DATA-007", f"{name}: the probe by a second path", reason
        )
        return
    level, shape = (specification()[clause].tolerance for clause in ("PROBE-001", "PROBE-002"))
    assert level is not None
    assert shape is not None
    what = "mean |mask P| over that of " + ("the second path" if made else "the file's probe")
    report.within(
        "PROBE-001" if made else "DATA-007",
        f"{name}: {what}",
        1 - level.value,
        1 + level.value,
        "agreement",
        name,
        "level_ratio",
    )
    what = "largest difference from " + ("the second path" if made else "the file's probe")
    report.within(
        "PROBE-002" if made else "DATA-007",
        f"{name}: {what}, level removed",
        0,
        shape.value,
        "agreement",
        name,
        "shape_difference",
    )


def _mask_finding(name: str, said: dict[str, Any], report: Audit) -> None:
    what, place = (
        f"{name}: lit part of the pixels outside the mask",
        ("settings", name, "lit_outside_mask"),
    )
    if said["probe_mask"]:
        report.equal("PROBE-MASK-DEFAULT-001", what, 0.0, *place)
    elif said["kind"] in ("ideal", "custom"):
        report.check(
            "PROBE-MASK-DEFAULT-001",
            what,
            said["lit_outside_mask"] > 0,
            "> 0: no mask was requested",
            *place,
        )


def _across(materials: Sequence[Material], report: Audit) -> None:
    probes: dict[str, Array] = {material.name: material.scan.probeGuess for material in materials}
    size = materials[0].scan.N
    raw = published_disk(size, 0.7).astype(np.complex128)
    probes[IDEAL] = raw / normalisation_factor(raw, PROBE_SCALE)
    report.data["probes"][IDEAL] = probe_facts(probes[IDEAL])
    report.data["between"] = {
        f"{a} | {b}": difference(probes[a], probes[b]) for a, b in combinations(probes, 2)
    }


def _recorded(materials: Sequence[Material], report: Audit) -> None:
    """Figures of the investigation; held against the clause where a subject is that very probe."""
    custom = None
    for material in materials:
        model, spec = material.scenario.model, material.scenario.probe
        ours = report.data["probes"][material.name]
        if spec.kind == "ideal" and (model.N, spec.default_probe_scale, model.probe_scale) == (
            64,
            0.7,
            PROBE_SCALE,
        ):
            raw = published_disk(64, 0.7)
            report.data["factor"][material.name] = float(np.abs(raw).max() / ours["max"])
            for key, recorded in RECORDED["disk, as in the pipeline"].items():
                place = (
                    ("factor", material.name) if key == "factor" else ("probes", material.name, key)
                )
                report.within(
                    "PROBE-006",
                    f"{material.name}: {key} as recorded",
                    recorded - DIGITS[key],
                    recorded + DIGITS[key],
                    *place,
                )
        if spec.kind == "custom" and (model.N, model.probe_scale) == (64, 4.0):
            custom = material.scan.probeGuess
    report.data["recorded"] = recorded_rows(custom)
    report.data["blind"] = blind_comparison()


def _tables(report: Audit) -> None:
    report.grid(
        "Amplitude",
        "probes",
        columns=("min", "max", "mean", "std", "l2", "mean_masked"),
        corner="probe",
    )
    report.grid(
        "Where the light is",
        "probes",
        columns=(
            "energy",
            "energy_inside_mask",
            "energy_outside_mask",
            "energy_outside_central_half",
            "twin_overlap",
        ),
        form=".5g",
        corner="probe",
    )
    report.table(
        "Pipeline beside the second path",
        ("probe", "level ratio", "shape difference", "largest difference"),
        (
            (
                name,
                *(
                    "–" if row is None else ref("agreement", name, key, form=form)
                    for key, form in (
                        ("level_ratio", ".9f"),
                        ("shape_difference", ".2e"),
                        ("max_abs_difference", ".2e"),
                    )
                ),
            )
            for name, row in report.data["agreement"].items()
        ),
    )
    report.grid(
        "Between probes",
        "between",
        columns=(
            "mean_ratio",
            "mean_delta",
            "max_delta",
            "std_delta",
            "l2_ratio",
            "l2_delta",
            "max_abs_difference",
        ),
        corner="first | second",
    )
    report.table(
        "Who uses which array (digests)",
        ("subject", "data", "loss (train)", "inference and stitching (test)"),
        (
            (name, ref("use", name, "scan"), ref("use", name, "train"), ref("use", name, "test"))
            for name in report.data["use"]
        ),
    )
    report.table(
        "Data simulated again with the stored probe",
        ("subject", "level", "distance / sqrt(counts)"),
        (
            (
                name,
                *(
                    ("–", "–")
                    if row is None
                    else (
                        ref("made_with", name, "level", form=".7f"),
                        ref("made_with", name, "distance"),
                    )
                ),
            )
            for name, row in report.data["made_with"].items()
        ),
    )
    report.grid(
        "Recorded figures",
        "recorded",
        columns=("recorded", "ours", "second_path", "difference"),
        form=".6g",
        corner="figure",
    )
    report.grid(
        "Largest difference found by comparing a function",
        "blind",
        columns=("with_itself", "with_second_path"),
        corner="probe",
    )


def _notes(report: Audit) -> None:
    report.note(
        "The published probe report passed probe_scale where the disk's own scale belongs and so describes a "
        "probe of four pixels, which no pipeline ever used; both stand among the recorded figures."
    )
    report.note(
        "It also compared a function with itself: that difference stays zero for a probe twice too strong, the "
        "second path's does not (last table)."
    )
    report.note(
        "In a simulation a stronger probe takes no photon more: the scale s compensates (DOSE-005), and the object's "
        "level is the inverse of the probe's."
    )
    report.note(
        "A twin overlap of one (the ideal disk) means that every single pattern has two equally likely objects."
    )
    if any(name.startswith("custom") for name in report.data["recorded"]):
        report.note(
            "The investigation's measured probe is not public: the synthetic one is solved for its recorded mean and "
            "L2 norm, so its normalisation factor, a property of that file's units, has no counterpart."
        )
