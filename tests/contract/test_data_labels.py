"""Labels are the bare object, or they are absent (failures 26, 27)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.errors import ScanDataError
from ptyspec.files.scan_file import read_scan, write_scan
from ptyspec.pipeline.group import group
from ptyspec.pipeline.normalize import normalize
from ptyspec.pipeline.score import score
from ptyspec.pipeline.simulate import simulate
from ptyspec.pipeline.split import split
from ptyspec.spec.checks import Check
from tests.small_scenes import cut, exact_scan, scattered, scenario, small_probe, textured_object

N = 16
OBJECT = textured_object(60, 44, smooth=2.5)
PROBE = small_probe(N)
POSITIONS = scattered(30, 60, 44, 9)
SCAN = exact_scan(OBJECT, PROBE, POSITIONS)
BARE = cut(OBJECT, POSITIONS, N)


def foreign(folder: Path, **changes: Any) -> Path:
    """The scan as somebody else's file."""
    keys = {
        name: getattr(SCAN, name)
        for name in ("xcoords", "ycoords", "diff3d", "probeGuess", "objectGuess")
    }
    np.savez(folder / "foreign.npz", **(keys | changes))
    return folder / "foreign.npz"


def measured(path: Path) -> Any:
    parts = {
        "object": {"kind": "measured"},
        "probe": {"kind": "measured"},
        "dose": {"noise": "measured"},
    }
    return scenario(
        **parts,
        scan={"kind": "measured", "path": str(path)},
        model={"N": N},
        split={"kind": "none"},
        grouping={"n_groups": 30},
    )


# Bare, not illuminated


@pytest.mark.clause("SIM-LABELS-ILLUMINATED-001")
def test_the_probe_times_a_label_gives_the_measurement(clause: Check) -> None:
    scan = simulate(
        scenario(object={"phase": "texture"}, scan={"n_images": 20}, dose={"noise": "none"})
    )
    truth = scan.objectGuess
    clause.holds(truth is not None, "the simulation's object")
    labels = cut(np.asarray(truth), scan.positions, scan.N)
    waves = np.fft.fft2(scan.probeGuess.astype(np.complex128) * labels, norm="ortho")
    clause.close(
        np.fft.fftshift(np.abs(waves), axes=(1, 2)), scan.diff3d, "amplitude from probe and labels"
    )
    bright = np.abs(scan.probeGuess) > 0.2 * np.abs(scan.probeGuess).max()
    clause.holds(
        np.ptp(np.angle(labels[:, bright])) > 0.5, "the labels' phase", "constant", "the object's"
    )


@pytest.mark.clause("SIM-LABELS-ILLUMINATED-001")
def test_bare_labels_of_a_file_are_read_as_they_are(tmp_path: Path, clause: Check) -> None:
    scan = simulate(measured(foreign(tmp_path, Y=BARE)))
    clause.equal(np.asarray(scan.Y), BARE, "labels Y")


@pytest.mark.clause("SIM-LABELS-ILLUMINATED-001")
@pytest.mark.parametrize(
    "labels",
    [
        pytest.param(lambda: PROBE * BARE, id="exit-wave"),
        pytest.param(lambda: np.abs(PROBE) * BARE, id="modulus-of-the-probe"),
        pytest.param(lambda: np.abs(PROBE) * BARE / 4.6975, id="under-a-label-gauge"),
    ],
)
def test_illuminated_labels_are_refused_by_the_first_stage(
    labels: Any, tmp_path: Path, clause: Check
) -> None:
    path = foreign(tmp_path, Y=labels().astype(np.complex64))
    with clause.raises_at("simulate", ScanDataError, "labels times probe", mentions="illuminated"):
        simulate(measured(path))


# Absent, not made up


@pytest.mark.clause("LABEL-001")
def test_a_scan_without_truth_stays_without_it_through_every_stage(
    tmp_path: Path, clause: Check
) -> None:
    blind = SCAN.model_copy(update={"objectGuess": None})
    settings = measured(write_scan(tmp_path / "s.npz", blind))
    scan = simulate(settings)
    halves = split(settings, scan)
    part = normalize(settings, group(settings, halves)).test
    for stage, held in {
        "simulate": scan,
        "split": halves.test,
        "normalize": part.groups.scan,
    }.items():
        clause.holds(
            held.Y is None and held.objectGuess is None, f"truth after {stage}", "made up", "absent"
        )
    block = score(settings, scan, part.coarse)
    clause.equal(
        {"amplitude", "phase", "complex", "frc"} & block.keys(), set(), "scores against a truth"
    )
    clause.holds("data" in block, "scores against the data", sorted(block), "present")


@pytest.mark.clause("LABEL-001")
def test_with_the_truth_the_same_scan_is_scored_against_it(tmp_path: Path, clause: Check) -> None:
    settings = measured(write_scan(tmp_path / "s.npz", SCAN))
    scan = simulate(settings)
    part = normalize(settings, group(settings, split(settings, scan))).test
    block = score(settings, scan, part.coarse)
    clause.equal({"amplitude", "phase"} - block.keys(), set(), "missing scores against the truth")


# Constant stands for absent


CONSTANT: dict[str, Array] = {
    "objectGuess": np.ones((60, 44), np.complex64),
    "Y": np.ones((30, N, N), np.complex64),
    "zeros": np.zeros((30, N, N), np.complex64),
}


@pytest.mark.clause("LABEL-002", "LABEL-001")
@pytest.mark.parametrize("name", CONSTANT)
def test_a_constant_truth_of_a_foreign_file_is_no_truth(
    name: str, tmp_path: Path, clause: Check
) -> None:
    key = "Y" if name == "zeros" else name
    scan = read_scan(foreign(tmp_path, **{key: CONSTANT[name]}))
    clause("LABEL-001").equal(getattr(scan, key), None, key)
    said = scan.metadata.get(key)
    clause("LABEL-002").equal(said, "constant, treated as absent", f"what is said of {key}")


@pytest.mark.clause("LABEL-002")
def test_labels_with_any_variation_are_kept(tmp_path: Path, clause: Check) -> None:
    labels = CONSTANT["Y"].copy()
    labels[7, 3, 2] = 1.001
    scan: RawScan = read_scan(foreign(tmp_path, Y=labels))
    clause.equal(np.asarray(scan.Y), labels, "labels Y")
