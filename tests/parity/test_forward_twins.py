"""numpy | keras.ops: the forward model that trains is the forward model of physics/ (design 3, 1e-6 relative)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.networks import forward, reconstructor
from ptyspec.networks.forward import Field, ForwardModel, fold, polar, sampling_matrix, unfold
from ptyspec.physics import interpolate, iterative, merge
from ptyspec.physics.diffraction import expected_amplitude, far_field
from ptyspec.physics.geometry import required_canvas
from ptyspec.physics.probes import with_modes
from ptyspec.physics.scale import BACKGROUND, illumination_weight, mean_energy, poisson_deviance
from ptyspec.spec.checks import Check
from tests.small_scenes import cut, exact_scan, small_probe, textured_object
from tests.tiny_runs import relative_l2

TWIN = 1e-6
"""Relative L2; design 3. Single precision resolves 6e-8 a number and an FFT of 64 x 64 sums in 12 steps."""
CASES = [
    pytest.param(size, grid, id=f"n{size}-gs{grid}") for size in (32, 64) for grid in (1, 2, 3)
]
B = 3


class Scene(NamedTuple):
    """Groups of C overlapping patches of one object."""

    patches: Array  # (B, N, N, C) complex64
    relative: Array  # (B, 1, 2, C) float32
    probe: Array
    amplitude: Array  # (B * C, N, N), measured
    canvas: int
    model: ForwardModel


def scene(size: int, grid: int, modes: tuple[float, ...] = (1.0,)) -> Scene:
    members = grid**2
    draws = np.random.default_rng(members)
    coords = np.array([[40.0, 45.0], [52.0, 70.0], [58.0, 50.0]])[:, :, None] + draws.uniform(
        -7, 7, (B, 2, members)
    )
    relative = (coords.mean(axis=-1, keepdims=True) - coords)[:, None].astype(np.float32)
    flat = cut(textured_object(140, 120), np.moveaxis(coords, 1, 2).reshape(-1, 2), size)
    patches = np.moveaxis(flat.reshape(B, members, size, size), 1, -1)
    probe = small_probe(size) if len(modes) == 1 else with_modes(small_probe(size), modes)
    canvas = required_canvas(relative, size)
    model = ForwardModel(probe, members, canvas)
    return Scene(patches, relative, probe, expected_amplitude(probe, flat), canvas, model)


def members_first(patches: Array) -> Array:
    return np.moveaxis(patches, -1, 1).reshape(-1, *patches.shape[1:3])


def pair(array: Array) -> Field:
    return Field(np.asarray(array.real, np.float32), np.asarray(array.imag, np.float32))


def joined(made: Field) -> Array:
    return np.asarray(made.re) + 1j * np.asarray(made.im)


@pytest.mark.clause("FORWARD-005")
@pytest.mark.parametrize(("size", "grid"), CASES)
def test_the_detector_field_is_the_centred_orthonormal_dft_of_the_exit_wave(
    size: int, grid: int, clause: Check
) -> None:
    it = scene(size, grid)
    flat = members_first(it.patches)
    clause.close(
        joined(it.model.detector(pair(flat))), far_field(it.probe * flat), "field at the detector"
    )


@pytest.mark.clause("FORWARD-005")
@pytest.mark.parametrize(("size", "grid"), CASES)
def test_the_predicted_intensity_is_that_of_the_simulator(
    size: int, grid: int, clause: Check
) -> None:
    it = scene(size, grid)
    made = it.model.intensity(pair(members_first(it.patches)))
    clause.close(np.asarray(made), it.amplitude**2, "predicted intensity")


@pytest.mark.clause("FORWARD-005")
@pytest.mark.parametrize("size", [32, 64])
def test_the_transform_without_a_probe_is_the_orthonormal_dft_and_its_inverse_undoes_it(
    size: int, clause: Check
) -> None:
    patch = textured_object(size, size)[None]
    made = forward.far_field(pair(patch))
    clause.close(joined(made), np.fft.fft2(patch.astype(complex), norm="ortho"), "transform")
    clause.close(joined(forward.from_far_field(made)), patch, "transform and its inverse")


@pytest.mark.clause("FORWARD-005", "FORWARD-007")
@pytest.mark.parametrize("powers", [(0.7, 0.3), (5.0, 3.0, 2.0)], ids=["two", "three"])
def test_modes_are_the_same_in_all_forms(powers: tuple[float, ...], clause: Check) -> None:
    it = scene(32, 2, powers)
    made = it.model.intensity(pair(members_first(it.patches)))
    clause("FORWARD-007").close(np.asarray(made), it.amplitude**2, "predicted intensity")
    scan = exact_scan(textured_object(80, 90), it.probe, np.array([[40.0, 38.0]]))
    canvas = iterative.Canvas(scan)
    before = canvas.window(0, 32).copy()[None]
    iterative.update_object(canvas, scan, np.array([0]), it.probe, alpha=0.1)
    expected = canvas.window(0, 32)[None] - before
    step = ForwardModel(it.probe, 1, 32).back_projection(pair(before), scan.diff3d)
    apart = np.linalg.norm(joined(step) - expected) / np.linalg.norm(before + expected)
    clause("FORWARD-005").holds(apart < TWIN, "step of the twins, relative L2", apart, TWIN)


STARTS = np.array([0.0, 3.0, -2.0, 0.5, -0.25, 4.75, -6.9, 1e-5, -1e-5, 2.99999], np.float32)


@pytest.mark.clause("FORWARD-005")
@pytest.mark.parametrize("kind", ["lanczos", "linear"])
@pytest.mark.parametrize(("rows", "columns"), [(32, 32), (46, 32), (32, 46), (90, 64)])
def test_sampling_matrices_are_those_of_physics(
    kind: interpolate.Kernel, rows: int, columns: int, clause: Check
) -> None:
    made = np.asarray(sampling_matrix(STARTS, rows, columns, kind))
    for one, start in zip(made, STARTS, strict=True):
        expected = interpolate.sampling_matrix(rows, columns, start, kind)
        clause.close(one, expected, f"sampling matrix at {start}")


@pytest.mark.clause("FORWARD-005")
@pytest.mark.parametrize("fill", [1.0, 0.0])
@pytest.mark.parametrize(("size", "grid"), CASES)
def test_merging_and_cutting_again_is_merge_group_and_extract_group(
    size: int, grid: int, fill: float, clause: Check
) -> None:
    it = scene(size, grid)
    made = it.model.placement(it.relative).merged(pair(members_first(it.patches)), fill)
    canvas = merge.merge_group(
        it.patches, it.relative, illumination_weight(it.probe), it.canvas, fill
    )
    expected = members_first(merge.extract_group(canvas, it.relative, size))
    clause.holds(
        relative_l2(joined(made), expected) < TWIN,
        "relative L2",
        relative_l2(joined(made), expected),
        TWIN,
    )


@pytest.mark.parametrize("turn", ["swapped", "mirrored"])
def test_members_put_elsewhere_merge_to_another_object(turn: str) -> None:
    """Positive control: the comparison above sees exchanged axes and a wrong sign."""
    it = scene(32, 2)
    wrong = it.relative[:, :, ::-1] if turn == "swapped" else -it.relative
    made = it.model.placement(wrong).merged(pair(members_first(it.patches)), 1.0)
    canvas = merge.merge_group(it.patches, it.relative, illumination_weight(it.probe), it.canvas)
    assert (
        relative_l2(joined(made), members_first(merge.extract_group(canvas, it.relative, 32)))
        > 0.01
    )


@pytest.mark.parametrize(("size", "grid"), CASES)
def test_folding_keeps_group_and_member_and_unfolding_undoes_it(size: int, grid: int) -> None:
    it = scene(size, grid)
    np.testing.assert_array_equal(np.asarray(fold(it.patches.real)), members_first(it.patches).real)
    np.testing.assert_array_equal(
        np.asarray(unfold(fold(it.patches.real), grid**2)), it.patches.real
    )


@pytest.mark.clause("LOSS-003", "LOSS-008")
@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize(("size", "grid"), CASES)
def test_the_loss_is_the_poisson_deviance_a_frame_over_the_mean_energy(
    clause: Check, size: int, grid: int, masked: bool
) -> None:
    it = scene(size, grid)
    measured, wrong = (
        it.amplitude.astype(np.float32),
        (1.2 * it.amplitude[::-1] ** 2).astype(np.float32),
    )
    energy = mean_energy(measured)
    mask = np.random.default_rng(0).random((size, size)) < (0.7 if masked else 2.0)
    deviance = poisson_deviance(
        wrong.astype(float), measured.astype(float) ** 2, BACKGROUND * energy / size**2
    )  # per pixel, double precision
    expected = (deviance * mask).sum(axis=(1, 2)).mean() / energy
    made = float(
        reconstructor.poisson(wrong, measured, energy, mask.astype(np.float32) if masked else None)
    )
    # The logarithm of a ratio near 1 loses a digit.
    equal = made == pytest.approx(expected, rel=TWIN * 10)
    clause("LOSS-003").holds(equal, "Poisson deviance over the energy", made, expected)
    filled = np.where(mask, measured, np.float32(7))  # whatever stands where nothing was measured
    again = float(reconstructor.poisson(wrong, filled, energy, mask.astype(np.float32)))
    wanted = made if masked else pytest.approx(made, rel=TWIN)
    clause("LOSS-008").holds(again == wanted, "loss with other values there", again, made)


@pytest.mark.parametrize("size", [32, 64])
def test_the_absolute_error_is_a_pixels_mean_over_the_rms_pixel(size: int) -> None:
    it = scene(size, 1)
    measured = it.amplitude.astype(np.float32)
    energy = mean_energy(measured)
    assert float(reconstructor.mae((1.1 * measured) ** 2, measured, energy)) == pytest.approx(
        0.1 * measured.sum(axis=(1, 2)).mean() / (size * energy**0.5), rel=1e-4
    )  # the 1e-9 under the root counts at dark pixels


@pytest.mark.clause("FORWARD-005")
@pytest.mark.parametrize("size", [32, 64])
def test_the_back_projection_is_one_update_of_the_iterative_reference(size: int) -> None:
    obj, probe = textured_object(80, 90), small_probe(size)
    scan = exact_scan(obj, probe, np.array([[40.0, 38.0]]))
    canvas = iterative.Canvas(scan)
    before = canvas.window(0, size).copy()[None]
    iterative.update_object(canvas, scan, np.array([0]), probe, alpha=0.1)
    expected = canvas.window(0, size)[None] - before
    made = ForwardModel(probe, 1, size).back_projection(pair(before), scan.diff3d)
    # Both differ from the exact step by single precision of the object, hence relative to object and step alike.
    assert np.linalg.norm(joined(made) - expected) < TWIN * (
        np.linalg.norm(before) + np.linalg.norm(expected)
    )
    assert np.linalg.norm(expected) > 0.05 * np.linalg.norm(before)


@pytest.mark.clause("MATH-POLAR-001")
def test_polar_is_amplitude_times_the_unit_vector_of_the_phase(clause: Check) -> None:
    amplitude = np.linspace(0, 5, 64, dtype=np.float32).reshape(1, 8, 8)
    phase = np.linspace(-np.pi, np.pi, 64, dtype=np.float32).reshape(1, 8, 8)
    made = joined(polar(amplitude, phase))
    clause.close(made, amplitude * np.exp(1j * phase.astype(float)), "A exp(i phi)")
    clause.close(np.abs(made), amplitude, "modulus")
    assert relative_l2(made, amplitude + 1j * phase) > 0.1  # the sum that was taken for it


@pytest.mark.clause("MATH-POLAR-001")
def test_amplitude_two_and_a_quarter_turn_are_two_i(clause: Check) -> None:
    made = joined(polar(np.float32([2.0]), np.float32([np.pi / 2])))
    clause.close(made, np.array([2j]), "A = 2, phi = pi / 2")
