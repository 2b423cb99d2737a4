"""Relations of the forward model for arbitrary waves, phases, moves and orders: no expected array is written down."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.physics.diffraction import expected_amplitude, far_field, from_far_field
from ptyspec.physics.interpolate import translate
from ptyspec.physics.simulate import field_amplitudes
from ptyspec.spec.checks import Check
from tests.properties import given, st
from tests.small_scenes import small_probe, textured_object

N = 16
SIZES = st.sampled_from([8, 12, 16])
SEEDS = st.integers(0, 2**16)
ANGLES = st.floats(-np.pi, np.pi)
PROBE = small_probe(32)[8:24, 8:24]
OBJECT = textured_object(46, 38)  # rows, columns: neither square nor symmetric


def waves(size: int, seed: int, count: int = 3) -> Array:
    draws = np.random.default_rng(seed)
    return draws.standard_normal((count, size, size)) + 1j * draws.standard_normal(
        (count, size, size)
    )


def places(seed: int, count: int = 5) -> Array:
    """(count, 2) sub-pixel positions [x, y], some with the patch half outside the object."""
    return np.random.default_rng(seed).uniform((4, 4), (34, 42), (count, 2))


def frames(obj: Array, positions: Array) -> Array:
    return np.concatenate(list(field_amplitudes(obj, PROBE, positions)))


def turned(angle: float) -> Callable[[Array], Array]:
    return lambda field: np.asarray(field * np.exp(1j * angle))


def twin(patches: Array) -> Array:
    """Conjugate and turned by 180 degrees."""
    return np.asarray(patches[..., ::-1, ::-1].conj())


@pytest.mark.clause("PHASE-001")
@given(size=SIZES, seed=SEEDS, angle=ANGLES)
def test_a_global_phase_of_the_object_changes_no_pattern(
    clause: Check, size: int, seed: int, angle: float
) -> None:
    probe, *patches = waves(size, seed)
    obj = np.stack(patches)
    pattern = expected_amplitude(probe, turned(angle)(obj))
    clause.close(pattern, expected_amplitude(probe, obj), "pattern under a turned object")


@pytest.mark.clause("PHASE-001")
@given(size=SIZES, seed=SEEDS, angle=ANGLES)
def test_a_global_phase_of_the_probe_changes_no_pattern(
    clause: Check, size: int, seed: int, angle: float
) -> None:
    probe, *patches = waves(size, seed)
    obj = np.stack(patches)
    pattern = expected_amplitude(turned(angle)(probe), obj)
    clause.close(pattern, expected_amplitude(probe, obj), "pattern of a turned probe")


@pytest.mark.clause("PHASE-001")
def test_a_phase_that_varies_over_the_object_does_change_the_pattern(clause: Check) -> None:
    """Positive control: the two relations above are not those of a model that ignores phases."""
    probe, patch = waves(N, 1, 2)
    ramp = np.exp(0.5j * np.arange(N))
    clause.detects(
        lambda obj: expected_amplitude(probe, obj)[0, 0],
        patch,
        patch * ramp,
        "a ramp",
        at_least=0.01,
    )


@pytest.mark.clause("FORWARD-001")
@given(size=SIZES, seed=SEEDS)
def test_energy_is_kept_from_exit_wave_to_detector_and_back(
    clause: Check, size: int, seed: int
) -> None:
    wave = waves(size, seed)

    def energy(field: Array) -> Array:
        return np.asarray((np.abs(field) ** 2).sum(axis=(1, 2)))

    clause.close(energy(far_field(wave)), energy(wave), "energy at the detector")
    clause.close(
        energy(from_far_field(wave)), energy(wave), "energy of the wave behind a detector field"
    )
    clause.close(
        (expected_amplitude(wave[0], wave[1:]) ** 2).sum((1, 2)),
        energy(wave[0] * wave[1:]),
        "energy of X",
    )


@pytest.mark.clause("TWIN-001")
@given(size=SIZES, seed=SEEDS)
def test_the_twins_of_probe_and_object_together_give_the_same_pattern(
    clause: Check, size: int, seed: int
) -> None:
    probe, *patches = waves(size, seed)
    objects = np.stack(patches)
    mine, twins = (
        expected_amplitude(p, o) for p, o in ((probe, objects), (twin(probe), twin(objects)))
    )
    clause.close(twins, mine, "pattern of the twins")


@pytest.mark.clause("TWIN-001")
@given(size=SIZES, seed=SEEDS)
def test_a_probe_that_is_its_own_twin_cannot_tell_an_object_from_its_twin(
    clause: Check, size: int, seed: int
) -> None:
    other, patch = waves(size, seed, 2)
    own = other + twin(other)
    clause.close(
        expected_amplitude(own, twin(patch)),
        expected_amplitude(own, patch),
        "pattern of the twin object",
    )
    clause.detects(
        lambda obj: float(
            np.linalg.norm(expected_amplitude(other, obj) - expected_amplitude(other, patch))
        ),
        patch,
        twin(patch),
        "the twin object under another probe",
        at_least=0.1 * float(np.linalg.norm(other * patch)),
    )


@pytest.mark.clause("TRANSLATE-005")
@given(seed=SEEDS, dx=st.integers(0, 9), dy=st.integers(0, 9))
def test_object_and_positions_moved_together_give_the_same_patterns(
    clause: Check, seed: int, dx: int, dy: int
) -> None:
    moved = np.pad(OBJECT, ((dy, 3), (dx, 5)))
    positions = places(seed)
    clause.close(
        frames(moved, positions + np.array([dx, dy])),
        frames(OBJECT, positions),
        "patterns of a moved scan",
    )


@pytest.mark.clause("TRANSLATE-005")
def test_an_object_that_moves_alone_gives_other_patterns(clause: Check) -> None:
    """Positive control: the patterns do depend on where the object lies."""
    clause.detects(
        lambda obj: float(frames(obj, places(1)).sum()),
        OBJECT,
        np.pad(OBJECT, ((2, 0), (3, 0))),
        "a moved object",
        at_least=0.01 * float(frames(OBJECT, places(1)).sum()),
    )


@pytest.mark.clause("TRANSLATE-001")
@given(seed=SEEDS, dx=st.integers(-4, 4), dy=st.integers(-4, 4))
def test_moving_an_image_is_moving_the_point_that_one_looks_at(
    clause: Check, seed: int, dx: int, dy: int
) -> None:
    image = waves(24, seed, 1)[0][:, :20]
    moved = translate(image, np.array(dx), np.array(dy))
    clause.close(
        moved[6 + dy : 16 + dy, 6 + dx : 14 + dx],
        image[6:16, 6:14],
        "what lies dx right and dy below",
    )


@pytest.mark.clause("FORWARD-006")
@given(seed=SEEDS)
def test_frames_in_another_order_are_the_same_frames_in_that_order(
    clause: Check, seed: int
) -> None:
    positions = places(seed)
    order = np.random.default_rng(seed).permutation(len(positions))
    clause.equal(
        frames(OBJECT, positions[order]), frames(OBJECT, positions)[order], "permuted frames"
    )


@pytest.mark.clause("FORWARD-006")
@given(seed=SEEDS, count=st.integers(1, 5))
def test_a_frame_alone_is_the_frame_among_others(clause: Check, seed: int, count: int) -> None:
    positions = places(seed, count)
    clause.equal(frames(OBJECT, positions[-1:])[0], frames(OBJECT, positions)[-1], "last frame")
