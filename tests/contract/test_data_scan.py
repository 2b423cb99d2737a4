"""What a scan is: types, values, scale, measurement, one probe (failures 14, 15, 28, 30)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.contracts.records import History
from ptyspec.errors import MeasurementError, ProbeError, ScanDataError
from ptyspec.files.scan_file import read_scan
from ptyspec.physics.scale import loader_gain, mean_energy
from ptyspec.pipeline.group import group
from ptyspec.pipeline.infer import infer
from ptyspec.pipeline.normalize import normalize
from ptyspec.pipeline.protocol import Containers, Trained
from ptyspec.pipeline.simulate import simulate
from ptyspec.pipeline.split import split
from ptyspec.seeds import generator
from ptyspec.spec.checks import Check
from tests.npz_files import COUNTS, M, N, fields, full_scan, saved, warnings_of
from tests.properties import given, settings, st
from tests.small_scenes import scenario

CANONICAL: dict[str, tuple[tuple[int | None, ...], str]] = {
    "xcoords": ((M,), "float64"),
    "ycoords": ((M,), "float64"),
    "xcoords_start": ((M,), "float64"),
    "ycoords_start": ((M,), "float64"),
    "diff3d": ((M, N, N), "float32"),
    "probeGuess": ((N, N), "complex64"),
    "scan_index": ((M,), "int64"),
    "objectGuess": ((None, None), "complex64"),
    "Y": ((M, N, N), "complex64"),
    "mask": ((N, N), "bool"),
}
WIDER = {
    "float64": "float32",
    "float32": "float64",
    "complex64": "complex128",
    "int64": "int32",
    "bool": "uint8",
}
"""Another dtype in which a file may hold the same numbers."""


@pytest.mark.clause("DATA-001")
@pytest.mark.parametrize("name", CANONICAL)
def test_an_array_of_another_dtype_is_held_in_its_own(name: str, clause: Check) -> None:
    shape, dtype = CANONICAL[name]
    given_arrays = {key: getattr(full_scan(), key) for key in CANONICAL}
    given_arrays[name] = given_arrays[name].astype(WIDER[dtype])
    made = RawScan(**given_arrays, scale=2.0)
    clause.shape_dtype(getattr(made, name), shape, dtype, name)


@pytest.mark.clause("DATA-001")
def test_every_array_that_a_simulation_knows_is_canonical(clause: Check) -> None:
    scan = simulate(scenario(scan={"n_images": 9}))
    for name in CANONICAL.keys() - {"Y", "mask"}:
        shape = tuple({M: 9, N: 32, None: 96}[length] for length in CANONICAL[name][0])
        clause.shape_dtype(getattr(scan, name), shape, CANONICAL[name][1], name)


# Refusal at the entrance


def spiked(value: float) -> Array:
    frames = fields()["diff3d"].copy()
    frames[3, 2, 1] = value
    return np.asarray(frames)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nan": ({"diff3d": spiked(np.nan)}, "nan at index (3, 2, 1)"),
    "inf": ({"diff3d": spiked(np.inf)}, "inf at index (3, 2, 1)"),
    "negative": ({"diff3d": spiked(-0.5)}, "-0.5 at index (3, 2, 1)"),
    "nan-position": ({"xcoords": np.array([1.0, np.nan, 3, 4, 5, 6])}, "nan at index (1,)"),
    "short-positions": ({"ycoords": np.ones(M - 1)}, "limit: 6"),
    "not-square": ({"diff3d": np.ones((M, N, N + 4), np.float32)}, "(6, 8, 12)"),
    "complex-frames": ({"diff3d": np.ones((M, N, N), np.complex64)}, "complex"),
    "labels-of-another-size": ({"Y": fields()["diff3d"][:, :, 1:]}, "(6, 8, 7)"),
}


def measured(path: Path) -> Any:
    parts = {
        "object": {"kind": "measured"},
        "probe": {"kind": "measured"},
        "dose": {"noise": "measured"},
    }
    return scenario(**parts, scan={"kind": "measured", "path": str(path)}, model={"N": N})


@pytest.mark.clause("DATA-003")
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_array_is_refused_by_the_first_stage_with_its_value_and_file(
    name: str, tmp_path: Path, clause: Check
) -> None:
    changes, words = WRONG[name]
    path = saved(tmp_path, **changes)
    with clause.raises_at("simulate", ScanDataError, name, mentions=words):
        simulate(measured(path))
    with clause.raises_at("simulate", ScanDataError, name, mentions=str(path)):
        simulate(measured(path))


# Measurement and scale


@pytest.mark.clause("DATA-004")
@settings(max_examples=8)
@given(
    level=st.floats(0.5, 500),
    kind=st.sampled_from(["amplitude", "counts"]),
    seed=st.integers(0, 99),
)
def test_the_declaration_decides_whatever_the_values_are(
    clause: Check, tmp_path: Path, level: float, kind: str, seed: int
) -> None:
    frames = generator(seed, "declared").poisson(level, (M, N, N)).astype(np.float32)
    scan = read_scan(saved(tmp_path, diff3d=frames, measurement=np.array(kind)))
    expected = (
        frames if kind == "amplitude" else np.sqrt(frames.astype(np.float64)).astype(np.float32)
    )
    clause.equal(np.array(scan.diff3d), expected, f"amplitude from {kind}")


@pytest.mark.clause("DATA-004")
def test_integers_that_nobody_declares_are_refused_by_the_first_stage(
    tmp_path: Path, clause: Check
) -> None:
    path = saved(tmp_path, diff3d=COUNTS.astype(np.uint16))
    with clause.raises_at(
        "simulate", MeasurementError, "integers without a declaration", mentions="counts"
    ):
        simulate(measured(path))


@pytest.mark.clause("DATA-005")
@pytest.mark.parametrize("level", [3.0, 40.0, 900.0], ids=["dim", "plain", "bright"])
def test_poisson_counts_in_place_of_amplitudes_are_noticed(
    level: float, tmp_path: Path, clause: Check
) -> None:
    counts = generator(4, "noticed").poisson(level, (M, N, N)).astype(np.float32)
    roots = np.sqrt(counts)
    wrong, right = (
        warnings_of(read_scan(saved(tmp_path, diff3d=frames))) for frames in (counts, roots)
    )
    clause.holds("look like counts" in wrong, "warning for counts", wrong or "none")
    clause.equal(right, "", "warning for amplitudes")


@pytest.mark.clause("DATA-006")
@pytest.mark.parametrize("scale", [0.25, 1.0, 988.2118])
def test_counts_come_back_from_amplitude_and_scale(
    scale: float, tmp_path: Path, clause: Check
) -> None:
    scan = read_scan(saved(tmp_path, diff3d=COUNTS, measurement=np.array("counts"), scale=scale))
    clause.equal(scan.scale, scale, "scale")
    clause.close((scan.scale * scan.diff3d.astype(np.float64)) ** 2, COUNTS, "counts")


@pytest.mark.clause("DATA-006")
@pytest.mark.parametrize("nphotons", [1e3, 1e9])
def test_a_declared_dose_gives_the_scale_of_amplitudes(
    nphotons: float, tmp_path: Path, clause: Check
) -> None:
    scan = read_scan(saved(tmp_path, nphotons=nphotons))
    counts = (scan.scale * fields()["diff3d"].astype(np.float64)) ** 2
    clause.close(counts.sum(axis=(1, 2)).mean(), nphotons, "mean photons of a frame")


@pytest.mark.clause("NORMALIZE-DATA-UINT16-001")
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32"])
def test_the_gain_of_integer_frames_is_that_of_float64_frames(dtype: str, clause: Check) -> None:
    level = min(300, np.iinfo(dtype).max if np.dtype(dtype).kind in "iu" else 300)
    frames = np.full((3, 8, 8), level)
    energy = mean_energy(frames.astype(dtype))
    clause.equal(energy, 64.0 * level**2, f"mean energy of {level}s")
    clause.equal(loader_gain(energy, 8), 4 / (8.0 * level), f"gain of {level}s")


@pytest.mark.clause("NORMALIZE-DATA-UINT16-001")
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "int64"])
def test_the_scale_of_declared_counts_is_the_same_in_every_integer_type(
    dtype: str, tmp_path: Path, clause: Check
) -> None:
    counts = (COUNTS * 5).astype(dtype)  # up to 195
    paths = [tmp_path / name for name in ("whole", "real")]
    for path in paths:
        path.mkdir()
    key = {"measurement": np.array("counts")}
    whole, real = (
        read_scan(saved(path, diff3d=frames, **key))
        for path, frames in zip(paths, (counts, counts.astype(np.float64)), strict=True)
    )
    clause.equal(whole.diff3d, real.diff3d, "amplitude")
    clause.equal(mean_energy(whole.diff3d), mean_energy(real.diff3d), "mean energy")


# One probe


@pytest.fixture(scope="module")
def containers() -> Containers:
    small = scenario(scan={"n_images": 24}, grouping={"n_groups": 6})
    return normalize(small, group(small, split(small, simulate(small))))


def passing(result: Any) -> Trained:
    history = History(monitor="loss", best_epoch=1, epochs=())
    return Trained(
        weights=[], untrained=[], history=history, predict=lambda weights, container: result
    )


@pytest.mark.clause("DATA-007")
def test_both_parts_carry_the_probe_of_the_simulation(
    containers: Containers, clause: Check
) -> None:
    for part in (containers.train, containers.test):
        clause.equal(part.probe, containers.train.groups.scan.probeGuess, f"probe of {part.split}")
    clause.equal(
        infer(scenario(), passing("patches"), containers.test),
        "patches",
        "inference with the same probe",
    )


@pytest.mark.clause("DATA-007")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda p: p * np.complex64(1.0001), id="brighter"),
        pytest.param(lambda p: np.roll(p, 1, axis=0), id="shifted"),
        pytest.param(np.transpose, id="transposed"),
        pytest.param(lambda p: p.astype(np.complex128), id="other-dtype"),
        pytest.param(lambda p: np.where(np.abs(p) > 0.1, p, 0), id="masked"),
    ],
)
def test_another_probe_is_refused_by_inference(
    change: Any, containers: Containers, clause: Check
) -> None:
    part = containers.test
    with clause.raises_at("infer", ProbeError, "a changed probe", mentions=part.probe_digest):
        infer(scenario(), passing("patches"), part.model_copy(update={"probe": change(part.probe)}))
