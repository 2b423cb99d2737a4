"""The iterative reference: the ceiling that a network is compared with (rPIE; prototype 3c)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, RawScan, Reconstruction
from ptyspec.physics.iterative import reconstruct, shifted_probes
from ptyspec.physics.scale import mean_energy, rms_amplitude
from ptyspec.pipeline.simulate import simulate
from ptyspec.scores.metrics import score
from ptyspec.spec.checks import Check
from tests.small_scenes import exact_scan, lattice, scenario, textured_object


@cache
def scan(phase: str = "none") -> RawScan:
    return simulate(
        scenario(
            object={"phase": phase}, dose={"nphotons": 1e8}, scan={"n_images": 60, "buffer": 34}
        )
    )


@cache
def result(phase: str = "none", sweeps: int = 20) -> Reconstruction:
    return reconstruct(scan(phase), sweeps=sweeps)


@pytest.mark.clause("ITERATIVE-001")
@pytest.mark.parametrize("phase", ["none", "texture"])
def test_a_small_scan_reaches_the_object_in_the_absolute_gauge(phase: str, clause: Check) -> None:
    truth = scan(phase).objectGuess
    assert truth is not None
    block = score(result(phase), truth)
    assert block["amplitude"]["pearson_r"] > 0.98  # measured: 0.999 and, with phase, 0.984
    clause.close(
        block["amplitude"]["mean_ratio"], 1, "mean amplitude over the true one"
    )  # nothing is rescaled
    if phase == "texture":
        assert block["phase"]["pearson_r"] > 0.99  # measured: 0.9997


def test_more_sweeps_come_closer() -> None:
    truth = scan("texture").objectGuess
    assert truth is not None
    errors = [score(result("texture", sweeps), truth)["complex"]["nrmse"] for sweeps in (1, 4, 16)]
    assert errors[0] > 1.2 * errors[1] > 1.2 * errors[2]


def truth_as_start(made: RawScan) -> Reconstruction:
    obj = made.objectGuess
    assert obj is not None
    return Reconstruction(object=obj, coverage=np.ones(obj.shape, np.float32), origin=(0, 0))


@pytest.mark.clause("ITERATIVE-002")
def test_starting_from_the_truth_stays_there(clause: Check) -> None:
    obj = textured_object(90, 76)
    given = exact_scan(
        obj, scan().probeGuess, lattice(90, 76, 20, 8)
    )  # whole pixels: no interpolation between forms
    made = reconstruct(given, sweeps=3, start=truth_as_start(given))
    seen = np.isfinite(made.object)
    x0, y0 = made.origin
    rows, columns = np.nonzero(seen)
    truth = obj[rows + y0, columns + x0]
    turn = np.exp(1j * np.angle(np.vdot(truth, made.object[seen])))
    clause.close(
        made.object[seen], turn * truth, "object after three sweeps"
    )  # dim pixels at 1/20 of the light
    assert np.abs((made.object[seen] / truth).mean()) == pytest.approx(1, abs=1e-4)


def test_a_start_is_used_at_its_own_origin() -> None:
    given = exact_scan(textured_object(90, 76), scan().probeGuess, lattice(90, 76, 20, 8))
    whole = truth_as_start(given)
    cropped = Reconstruction(
        object=whole.object[3:, 5:], coverage=whole.coverage[3:, 5:], origin=(5, 3)
    )
    kept, moved = (
        reconstruct(given, sweeps=1, start=start)
        for start in (cropped, cropped.model_copy(update={"origin": (0, 0)}))
    )
    whole_result = reconstruct(given, sweeps=1, start=whole)
    seen = np.isfinite(whole_result.object)
    near, far = (np.abs(made.object - whole_result.object)[seen].mean() for made in (kept, moved))
    assert near < 0.05 * far


def test_pixels_that_a_start_does_not_know_begin_at_a0() -> None:
    given = scan()
    empty = Reconstruction(
        object=np.full((50, 50), complex(np.nan, np.nan), np.complex64),
        coverage=np.zeros((50, 50)),
        origin=(0, 0),
    )
    np.testing.assert_array_equal(
        reconstruct(given, sweeps=2, start=empty).object, reconstruct(given, sweeps=2).object
    )


@pytest.mark.clause("SCALE-005")
def test_without_sweeps_the_object_is_flat_at_a0() -> None:
    flat = reconstruct(scan(), sweeps=0).object
    a0 = rms_amplitude(mean_energy(scan().diff3d), scan().probeGuess)
    np.testing.assert_allclose(flat[np.isfinite(flat)], a0, rtol=1e-6)  # complex64


@pytest.mark.clause("SIMULATE-001")
def test_equal_seeds_give_equal_bytes_and_another_order_does_not() -> None:
    first, again, other = (reconstruct(scan(), sweeps=2, seed=seed).object for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def with_mask(filled: float | None) -> RawScan:
    """The scan with some detector pixels unmeasured; `filled` stands in them."""
    mask = np.ones((32, 32), bool)
    mask[14:18, 20:24] = False
    mask[5] = False
    frames = scan().diff3d
    if filled is not None:
        frames = np.where(mask, frames, np.float32(filled))
    return scan().model_copy(update={"mask": mask, "diff3d": frames})


@pytest.mark.clause("LOSS-008")
def test_masked_detector_pixels_keep_the_models_own_value_and_do_not_pull_the_object() -> None:
    dark = with_mask(0.0)
    truth = dark.objectGuess
    assert truth is not None
    seen = score(reconstruct(dark, sweeps=10), truth)["amplitude"]
    pulled = score(reconstruct(dark.model_copy(update={"mask": None}), sweeps=10), truth)[
        "amplitude"
    ]
    assert seen["pearson_r"] > 0.97
    assert abs(seen["mean_ratio"] - 1) < 0.02
    assert (
        pulled["rmse"] > 2 * seen["rmse"]
    )  # positive control: taken as measured darkness, they do


@pytest.mark.clause("LOSS-008")
def test_what_stands_in_masked_pixels_does_not_matter(clause: Check) -> None:
    start = truth_as_start(scan())  # the flat start's level a0 is not this test's subject
    results = [reconstruct(with_mask(value), sweeps=2, start=start).object for value in (0.0, 7.0)]
    clause.equal(*results, "object with other values in masked pixels")


@pytest.mark.parametrize(
    ("dx", "dy"), [(0.0, 0.0), (0.25, 0.0), (0.4, 0.7)], ids=["none", "x", "both"]
)
def test_a_shifted_probe_carries_its_light_right_and_down(dx: float, dy: float) -> None:
    rows, columns = np.indices((32, 32))
    blob: Array = np.exp(-((rows - 15) ** 2 + (columns - 17) ** 2) / 18).astype(np.complex64)
    moved = np.abs(shifted_probes(blob, np.array([[dx, dy]]))[0])
    assert (moved * columns).sum() / moved.sum() == pytest.approx(
        17 + dx, abs=1e-4
    )  # band-limited: Fourier is exact
    assert (moved * rows).sum() / moved.sum() == pytest.approx(15 + dy, abs=1e-4)
    assert (moved**2).sum() == pytest.approx((np.abs(blob) ** 2).sum(), rel=1e-5)  # complex64
