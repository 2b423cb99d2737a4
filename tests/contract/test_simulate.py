"""From object, probe, positions and dose to stored amplitudes (design 3; failures 10, 34, 39, 53, 57)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.scenario import DoseSpec, ScanSpec
from ptyspec.errors import ConfigError, DetectorSizeError
from ptyspec.physics.diffraction import expected_amplitude
from ptyspec.physics.scale import mean_energy
from ptyspec.physics.scan import make_positions
from ptyspec.physics.simulate import CHUNK, field_amplitudes, measure
from ptyspec.pipeline.simulate import simulate
from ptyspec.spec.checks import Check
from tests.small_scenes import cut, scattered, scenario, small_probe, textured_object

N, M = 32, 40
OBJECT = textured_object(90, 70)
PROBE = small_probe(N)
POSITIONS = scattered(M, 90, 70, 16)
DOSES = [1e4, 1e6, 1e9]


def measured(
    nphotons: float, seed: int = 3, factor: float = 1, inverse: float = 1, noise: Any = "poisson"
) -> Any:
    dose = DoseSpec(nphotons=nphotons, noise=noise)
    return measure(OBJECT * np.float32(inverse), PROBE * np.float32(factor), POSITIONS, dose, seed)


def counts(nphotons: float, seed: int = 3) -> Array:
    amplitude, scale = measured(nphotons, seed)
    return np.asarray((scale * amplitude.astype(np.float64)) ** 2)


@pytest.mark.clause("SYNTH-POISSON-DOSE-001")
@pytest.mark.parametrize("nphotons", DOSES)
def test_the_mean_counts_of_a_frame_are_the_declared_photons(
    nphotons: float, clause: Check
) -> None:
    mean = counts(nphotons).sum() / M
    clause.close(mean, nphotons, "mean counts of a frame")
    # All counts together are one Poisson number of mean M nphotons; float32 amplitudes add some 1e-8 of it.
    assert mean == pytest.approx(nphotons, abs=3 * math.sqrt(nphotons / M) + 1e-7 * nphotons)


@pytest.mark.clause("DOSE-003")
@pytest.mark.parametrize("nphotons", [1e4, 1e6])
def test_counts_are_whole_numbers_again(nphotons: float, clause: Check) -> None:
    k = counts(nphotons)
    clause.close(k, np.round(k), "(s X)^2")
    assert k.max() > 50


@pytest.mark.clause("DOSE-002")
def test_the_variance_of_the_counts_is_their_mean(clause: Check) -> None:
    expected, scale = measured(1e5, noise="none")
    rate = (scale * expected.astype(np.float64)) ** 2
    bright = rate > 2
    chi = (counts(1e5)[bright] - rate[bright]) ** 2 / rate[bright]
    clause.close(
        chi.mean(), 1, "variance over mean"
    )  # variance of chi 2 + 1/rate < 2.5 for Poisson counts
    assert bright.sum() > 10_000


@pytest.mark.clause("DOSE-006")
def test_without_noise_the_data_are_their_expectation(clause: Check) -> None:
    amplitude, _ = measured(1e6, noise="none")
    clause.close(amplitude, defined_amplitude(), "stored amplitude")
    assert amplitude.dtype == np.float32


def defined_amplitude() -> Array:
    """|F(P O_j)| in double precision; shares no code with the simulator but for the cutting of patches."""
    waves = PROBE.astype(np.complex128) * cut(OBJECT, POSITIONS, N)
    return np.asarray(np.abs(np.fft.fftshift(np.fft.fft2(waves), axes=(1, 2))) / N)


@pytest.mark.clause("DOSE-001")
@pytest.mark.parametrize("noise", ["poisson", "none"])
@pytest.mark.parametrize("nphotons", DOSES)
def test_the_scale_is_that_of_the_expectation(nphotons: float, noise: str, clause: Check) -> None:
    _, scale = measured(nphotons, noise=noise)
    energy = (
        (np.abs(PROBE * cut(OBJECT, POSITIONS, N)) ** 2).sum(axis=(1, 2), dtype=np.float64).mean()
    )
    clause.close(scale, math.sqrt(nphotons / energy), "s")


@pytest.mark.clause("SCALE-002")
def test_the_truth_predicts_the_data_it_made(clause: Check) -> None:
    amplitude, _ = measured(1e9)
    predicted = expected_amplitude(PROBE, cut(OBJECT, POSITIONS, N))
    assert mean_energy(predicted) / mean_energy(amplitude) == pytest.approx(
        1, abs=1e-4
    )  # 3 sigma of 4e10 photons
    few, scale = measured(1e4)
    clause.within_ratio(
        (defined_amplitude() ** 2).sum(), (few.astype(float) ** 2).sum(), "predicted over measured"
    )
    clause.within_ratio(
        mean_energy(defined_amplitude()) * scale**2, 1e4, "predicted over declared photons"
    )


@pytest.mark.clause("DOSE-005")
@pytest.mark.parametrize("factor", [2.0, 0.25])
def test_a_brighter_probe_changes_no_count_because_s_compensates(
    factor: float, clause: Check
) -> None:
    (one, s_one), (other, s_other) = measured(1e6), measured(1e6, factor=factor)
    clause.equal(s_other, s_one / factor, "s")  # powers of two: exact in binary
    clause.equal(other, np.float32(factor) * one, "stored amplitude")
    clause.equal(
        s_other * other.astype(np.float64), s_one * one.astype(np.float64), "root of the counts"
    )


@pytest.mark.clause("SCALE-004")
@pytest.mark.parametrize("factor", [2.0, 0.25])
def test_probe_times_c_and_object_over_c_are_the_same_measurement(factor: float) -> None:
    (one, s_one), (other, s_other) = measured(1e6), measured(1e6, factor=factor, inverse=1 / factor)
    assert s_other == s_one
    np.testing.assert_array_equal(other, one)


@pytest.mark.clause("DOSE-004")
def test_more_photons_change_the_scale_and_not_the_gauge_of_the_data(clause: Check) -> None:
    (few, s_few), (many, s_many) = measured(1e6), measured(1e9)
    assert s_many / s_few == pytest.approx(math.sqrt(1e3), rel=1e-12)
    clause.close(mean_energy(few), mean_energy(many), "mean energy at a thousandth of the dose")


@pytest.mark.clause("SIMULATE-001")
def test_equal_noise_seeds_give_equal_bytes_and_others_give_others(clause: Check) -> None:
    first, again, other = (measured(1e5, seed)[0] for seed in (3, 3, 4))
    clause.equal(again, first, "amplitudes of equal noise seeds")
    assert (first != other).mean() > 0.3


@pytest.mark.clause("FORWARD-006")
@pytest.mark.parametrize("count", [CHUNK - 1, CHUNK, CHUNK + 2])
def test_chunks_leave_no_seam(count: int) -> None:
    positions = scattered(count, 90, 70, 4)
    frames = np.concatenate(list(field_amplitudes(OBJECT, PROBE[8:24, 8:24], positions)))
    assert frames.shape == (count, 16, 16)
    last = expected_amplitude(PROBE[8:24, 8:24], cut(OBJECT, positions[-1:], 16))
    np.testing.assert_allclose(frames[-1], last[0], rtol=1e-6, atol=1e-6)  # float32


# Positions


@pytest.mark.parametrize("buffer", [0, 10, 40])
def test_random_positions_keep_the_buffer_and_fill_the_rest(buffer: int) -> None:
    positions = make_positions(ScanSpec(n_images=2000, buffer=buffer), 96, 1)
    assert positions.shape == (2000, 2)
    assert positions.dtype == np.float64
    assert positions.min() >= buffer
    assert positions.max() <= 96 - buffer
    room = 96 - 2 * buffer
    # Uniform: the extremes of 2000 draws leave less than 1 % of the room (probability e^-20 otherwise).
    assert (np.ptp(positions, axis=0) > 0.98 * room).all()
    assert abs(np.corrcoef(positions.T)[0, 1]) < 0.1  # x and y are independent: 4 sigma


def test_a_grid_without_jitter_is_a_centred_lattice() -> None:
    positions = make_positions(
        ScanSpec(kind="grid", n_images=25, step=7.5, jitter=0, buffer=10), 96, 1
    )
    np.testing.assert_allclose(np.unique(positions[:, 0]), 48 + 7.5 * np.arange(-2, 3), atol=1e-12)
    np.testing.assert_allclose(np.unique(positions[:, 1]), 48 + 7.5 * np.arange(-2, 3), atol=1e-12)
    assert len(np.unique(positions, axis=0)) == 25


@pytest.mark.parametrize("count", [1, 2, 24, 26])
def test_a_grid_has_as_many_positions_as_were_asked_for(count: int) -> None:
    assert len(make_positions(ScanSpec(kind="grid", n_images=count, step=4), 96, 1)) == count


def test_jitter_moves_grid_positions_by_at_most_its_value() -> None:
    plain, moved = (
        make_positions(ScanSpec(kind="grid", n_images=100, step=6, jitter=jitter, buffer=5), 96, 1)
        for jitter in (0, 2)
    )
    away = np.abs(moved - plain)
    assert away.max() <= 2
    assert away.max() > 1.9  # of 200 uniform draws


def test_a_jittered_grid_stays_within_the_buffer() -> None:
    positions = make_positions(
        ScanSpec(kind="grid", n_images=81, step=9.5, jitter=5, buffer=10), 96, 1
    )
    assert positions.min() >= 10
    assert positions.max() <= 86


@pytest.mark.clause("SIMULATE-001")
@pytest.mark.parametrize("kind", ["random", "grid"])
def test_equal_scan_seeds_give_equal_positions_and_others_give_others(kind: Any) -> None:
    spec = ScanSpec(kind=kind, n_images=49, step=8)
    first, again, other = (make_positions(spec, 96, seed) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert np.abs(first - other).max() > 0.5


@pytest.mark.parametrize("buffer", [48, 60])
def test_a_buffer_of_half_the_object_is_refused(buffer: int) -> None:
    with pytest.raises(ConfigError, match=r"scan\.buffer leaves no room") as caught:
        make_positions(ScanSpec(buffer=buffer), 96, 1)
    assert caught.value.details["value"] == buffer
    assert "48" in str(caught.value.details["limit"])


@pytest.mark.parametrize(
    ("count", "step", "room"),
    [
        pytest.param(100, 7.77, "7.78", id="ten-a-side"),  # (90 - 20) / 9 steps
        pytest.param(4, 70, "70.00", id="two-a-side"),
    ],
)
def test_a_lattice_that_does_not_fit_is_refused_with_the_step_that_would(
    count: int, step: float, room: str
) -> None:
    spec = ScanSpec(kind="grid", n_images=count, step=step, buffer=10)
    assert len(make_positions(spec, 90, 1)) == count
    with pytest.raises(ConfigError, match="does not fit") as caught:
        make_positions(spec.model_copy(update={"step": step + 0.02}), 90, 1)
    assert f"at most {room} or" in str(caught.value)


# The stage


@pytest.mark.clause("SYNTH-POISSON-DOSE-001", "SCALE-002")
def test_the_stage_gives_a_scan_in_the_absolute_gauge(clause: Check) -> None:
    settings = scenario(dose={"nphotons": 1e6})
    scan = simulate(settings)
    assert (scan.size, scan.N) == (60, 32)
    photons = scan.scale**2 * mean_energy(scan.diff3d)
    spread = 3 / math.sqrt(60 * 1e6) + 1e-7
    dose = clause("SYNTH-POISSON-DOSE-001")
    dose.holds(photons == pytest.approx(1e6, rel=spread), "photons a frame", photons, 1e6)
    predicted = expected_amplitude(scan.probeGuess, cut(scan.objectGuess, scan.positions, 32))
    energies = mean_energy(predicted), mean_energy(scan.diff3d)
    same = energies[0] == pytest.approx(energies[1], rel=1e-3)  # 3 sigma of 6e7: 4e-4
    clause("SCALE-002").holds(same, "energy of the prediction", *energies)
    np.testing.assert_array_equal(scan.xcoords_start, scan.xcoords)


def same_data(a: dict[str, Any], b: dict[str, Any]) -> bool:
    first, second = simulate(scenario(**a)), simulate(scenario(**b))
    names = ("diff3d", "xcoords", "ycoords", "probeGuess", "objectGuess")
    return all(getattr(first, name).tobytes() == getattr(second, name).tobytes() for name in names)


@pytest.mark.clause("SIMULATE-001")
def test_equal_scenarios_give_equal_bytes() -> None:
    assert same_data({}, {})


@pytest.mark.clause("SIMULATE-001")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"seeds": {"object": 7}}, id="object-seed"),
        pytest.param({"seeds": {"probe": 7}}, id="probe-seed"),
        pytest.param({"seeds": {"scan": 7}}, id="scan-seed"),
        pytest.param({"seeds": {"noise": 7}}, id="noise-seed"),
        pytest.param({"dose": {"nphotons": 2e6}}, id="dose"),
        pytest.param({"dose": {"noise": "none"}}, id="noise"),
        pytest.param({"model": {"probe_scale": 5.0}}, id="probe-scale"),
        pytest.param({"object": {"phase": "texture"}}, id="phase"),
        pytest.param({"scan": {"buffer": 12}}, id="buffer"),
    ],
)
def test_a_declared_setting_reaches_the_data(change: dict[str, Any]) -> None:
    assert not same_data({}, change)


@pytest.mark.parametrize(
    "change", [{"seeds": {"training": 7}}, {"seeds": {"grouping": 7}}], ids=["training", "groups"]
)
def test_a_later_stages_seed_does_not(change: dict[str, Any]) -> None:
    assert same_data({}, change)


@pytest.mark.parametrize("size", [30, 33, 66])
def test_frames_that_cannot_be_halved_twice_are_refused_before_anything_is_made(size: int) -> None:
    with pytest.raises(DetectorSizeError, match="not divisible by 4") as caught:
        simulate(scenario(model={"N": size}))
    assert caught.value.details["value"] == size
    assert str(size - size % 4) in caught.value.details["next"]
