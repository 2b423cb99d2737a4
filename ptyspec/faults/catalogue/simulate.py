"""Faults of the stage `simulate`: object, probe, positions, patterns, dose."""

import math

import numpy as np

from ptyspec.errors import ProbeError
from ptyspec.faults.fault import changed, clauses, fault
from ptyspec.physics.interpolate import kernel


@fault("physics.diffraction:expected_amplitude", red="FORWARD-007", green="FORWARD-004")
def fields_of_modes_add(expected_amplitude, probe, patches):
    """The modes of a probe are added as fields, as if they interfered."""
    return expected_amplitude(probe.sum(axis=0) if probe.ndim == 3 else probe, patches)


@fault("physics.simulate:measure", 44)
@clauses(red="SCALE-001 DOSE-001 SYNTH-POISSON-DOSE-001", green="DOSE-003 NORM-001 NORM-006")
def closed_form_scale(measure, obj, probe, positions, dose, seed):
    """The closed-form scale stands in for that of the dataset."""
    _, scale = measure(obj, probe, positions, dose.model_copy(update={"noise": "none"}), seed)
    ratio = math.sqrt(dose.nphotons) / (len(probe) / 2) / scale
    closed = dose.model_copy(update={"nphotons": dose.nphotons * ratio**2})
    return measure(obj, probe, positions, closed, seed)


@fault("physics.probes:_normalised", red="PROBE-004", green="PROBE-001 PROBE-002 PROBE-006")
def dark_probe_accepted(normalised, probe, probe_scale):
    """A probe without light near its centre is normalised by one."""
    try:
        return normalised(probe, probe_scale)
    except ProbeError:
        return np.asarray(probe / probe_scale)


@fault("physics.simulate:measure", 39)
@clauses(red="SYNTH-POISSON-DOSE-001 DOSE-001 DOSE-004", green="DOSE-003 SCALE-001 NORM-006")
def dose_inert(measure, obj, probe, positions, dose, seed):
    """The declared number of photons changes nothing."""
    dose = dose.model_copy(update={"nphotons": 108.0 * probe.size})
    return measure(obj, probe, positions, dose, seed)


@fault("physics.diffraction:expected_amplitude")
@clauses(red="PHASE-001 FORWARD-004", green="FORWARD-003 TRANSLATE-002")
def exit_wave_real(expected, probe, patches):
    """Only the real part of the exit wave propagates."""
    return expected(np.ones_like(probe), (probe * patches).real)


@fault("physics.diffraction:far_field", 53)
@clauses(red="FORWARD-003 FORWARD-001 FORWARD-002", green="FORWARD-006 PHASE-001 PROBE-003")
def input_padded(transform, exit_wave):
    """The exit wave is padded before the transform, as a page of upstream's specification asks."""
    half = exit_wave.shape[-1] // 2
    frame = [(0, 0)] * (exit_wave.ndim - 2) + [(half, half)] * 2
    return transform(np.pad(exit_wave, frame))[..., half:-half, half:-half]


@fault("physics.simulate:measure", 14)
@clauses(red="DOSE-003 SYNTH-POISSON-DOSE-001 SCALE-002", green="NORM-006 NORM-001 PROBE-003")
def intensity_for_amplitude(measure, obj, probe, positions, dose, seed):
    """The square root is forgotten: X is counts / s^2."""
    amplitude, scale = measure(obj, probe, positions, dose, seed)
    return amplitude**2, scale


@fault("physics.diffraction:far_field", 53)
@clauses(red="FORWARD-002 FORWARD-004 LOSS-007", green="FORWARD-001 FORWARD-003 FORWARD-006")
def inverse_transform(transform, exit_wave):
    """The detector's transform is the inverse one: frequencies run backwards."""
    return np.conj(transform(np.conj(exit_wave)))


@fault("physics.interpolate:sampling_matrix")
@clauses(red="TRANSLATE-003", green="TRANSLATE-001 FORWARD-001 COORDS-003")
def kernel_not_normalised(matrix, rows, columns, start, kind="lanczos"):
    """The weights of a sample between pixels are not brought to a sum of one."""
    at = np.asarray(start, np.float64)[..., None, None] + np.arange(rows)[:, None]
    return np.asarray(kernel(np.arange(columns) - at, kind))


@fault("physics.diffraction:expected_amplitude")
@clauses(red="TWIN-001", green="FORWARD-002 FORWARD-006 PHASE-001")
def last_row_lost(expected, probe, patches):
    """The last row of the exit wave is lost before it is transformed."""
    rows = np.arange(probe.shape[-1]) < probe.shape[-1] - 1
    return expected(probe * rows[:, None], patches)


@fault("physics.nested:member_offsets", red="NESTED-001", green="NESTED-002 OBJECT-001 GROUP-003")
def lattice_step_doubled(offsets, gridsize, offset):
    """The inner offset is taken for half a step."""
    return offsets(gridsize, 2 * offset)


@fault("physics.objects:lines", red="OBJECT-001", green="OBJECT-003 PROBE-006 NESTED-001")
def lines_of_another_blur(lines, size, seed):
    """The lines object is blurred with other weights than the recorded one."""
    made = lines(size, seed)
    return np.asarray(0.9 * made + 0.1 * made.mean())


@fault("pipeline.simulate:simulate", 51)
@clauses(red="PROBE-MASK-DEFAULT-001", green="SCALE-002 SCALE-001 PROBE-003")
def mask_dropped(simulate, scenario):
    """A probe mask that was asked for is not applied: model.probe_mask is read by nobody."""
    return simulate(changed(scenario, "model", probe_mask=False))


@fault("pipeline.simulate:simulate", 51, 28)
@clauses(red="PROBE-MASK-DEFAULT-001", green="SCALE-001 PROBE-003 NORM-002")
def mask_in_simulator_only(simulate, scenario):
    """The simulator masks the probe, the model gets it bare."""
    scan = simulate(scenario)
    if scenario.measured or not scenario.model.probe_mask:
        return scan
    bare = simulate(changed(scenario, "model", probe_mask=False)).probeGuess
    return scan.model_copy(update={"probeGuess": bare})


@fault("pipeline.simulate:simulate", 51)
@clauses(red="PROBE-MASK-DEFAULT-001 SCALE-003", green="SCALE-002 PROBE-003 NORM-002")
def mask_unasked(simulate, scenario):
    """The mask's default is on in the runner and off in the documents."""
    return simulate(changed(scenario, "model", probe_mask=True))


@fault("physics.interpolate:translate", 18)
@clauses(red="TRANSLATE-001 MERGE-001", green="TRANSLATE-003 MERGE-002")
def move_sign_flipped(translate, image, dx, dy, *kind, **named):
    """Images move the other way."""
    return translate(image, -np.asarray(dx), -np.asarray(dy), *kind, **named)


@fault("physics.interpolate:kernel")
@clauses(red="TRANSLATE-004", green="TRANSLATE-001 TRANSLATE-003 FORWARD-001")
def moved_linearly(kernel, distance, kind="lanczos"):
    """The tent that carries weights carries object values too."""
    return kernel(distance, "linear")


@fault("physics.simulate:measure", 10)
@clauses(red="SIMULATE-001 DET-002", green="DOSE-001 DOSE-002 SYNTH-POISSON-DOSE-001")
def noise_seed_ignored(measure, obj, probe, positions, dose, seed):
    """The photon noise is drawn with a seed of the generator's own."""
    return measure(obj, probe, positions, dose, 42)


@fault("physics.objects:make_object", 10)
@clauses(red="SIMULATE-001 DET-002 NESTED-002", green="OBJECT-001 OBJECT-002 PROBE-003 SCALE-002")
def object_seed_ignored(make, spec, seed):
    """The object is drawn with a seed of the generator's own."""
    return make(spec, 42)


@fault("physics.geometry:extract_patches", 18, red="TRANSLATE-002 STITCH-005 COORDS-002 MERGE-003")
@clauses(green="COORDS-005 STITCH-002 SCALE-002")
def patches_on_whole_pixels(extract, obj, positions, size):
    """Patches are cut at whole pixels, whatever the positions say."""
    return extract(obj, np.rint(positions), size)


@fault("physics.geometry:extract_patches", 17)
@clauses(red="TRANSLATE-002 COORDS-005 COORDS-002", green="COORDS-003 FORWARD-006 STITCH-002")
def patches_swapped_axes(extract, obj, positions, size):
    """Patches are cut at (y, x)."""
    return extract(obj, np.asarray(positions)[:, ::-1], size)


@fault("physics.diffraction:far_field", 53, red="FORWARD-002 LOSS-007 ITERATIVE-002")
@clauses(green="FORWARD-001 FORWARD-003 FORWARD-006 SCALE-002")
def pattern_not_shifted(transform, exit_wave):
    """The pattern is stored as the FFT leaves it."""
    return np.asarray(np.fft.ifftshift(transform(exit_wave), axes=(-2, -1)))


@fault("pipeline.simulate:simulate", 34, 28)
@clauses(red="SCALE-002 SCALE-003 PROBE-MASK-DEFAULT-001", green="NORM-001 NORM-002 PROBE-003")
def probe_rescaled(simulate, scenario):
    """The scan gets a probe of largest modulus one, its patterns were made with another."""
    scan = simulate(scenario)
    probe = scan.probeGuess / np.abs(scan.probeGuess).max()
    return scan.model_copy(update={"probeGuess": probe.astype(np.complex64)})


@fault("physics.probes:normalise", 34)
@clauses(red="PROBE-001 SCALE-003 PROBE-006", green="PROBE-005 PROBE-003 SCALE-002")
def probe_scale_twice(normalise, probe, probe_scale):
    """The probe is divided by probe_scale a second time."""
    return np.asarray(normalise(probe, probe_scale) / probe_scale, np.complex64)


@fault("physics.probes:custom", red="PROBE-005", green="PROBE-001 PROBE-004 PROBE-006")
def probe_without_aberration(custom, size, seed):
    """The custom probe loses its phase and is its own twin."""
    level = np.abs(custom(size, seed))
    return np.asarray((level + level[::-1, ::-1]) / 2, np.complex128)


@fault("physics.scan:make_positions", 10)
@clauses(red="SIMULATE-001 DET-002", green="PROBE-003 NORM-002 SCALE-002")
def scan_seed_ignored(make, spec, size, seed):
    """The scan is drawn with a seed of the generator's own."""
    return make(spec, size, 42)


@fault("physics.diffraction:far_field", 47)
@clauses(red="FORWARD-006 FORWARD-001", green="FORWARD-002 FORWARD-003 SCALE-002")
def shift_mixes_frames(transform, exit_wave):
    """The shift of the pattern acts on the axis of the frames too."""
    field = transform(exit_wave)
    return np.asarray(np.fft.fftshift(field, axes=tuple(range(field.ndim - 2))))


@fault("pipeline.simulate:check_size", 57)
@clauses(red="PARAMS-N-DIV4-001", green="FORWARD-001 PROBE-004 OBJECT-001")
def side_of_six_accepted(check, size):
    """A side that can be halved only once is accepted."""
    return None if size % 2 == 0 else check(size)


@fault("physics.objects:_drawn", red="OBJECT-002", green="OBJECT-001 OBJECT-003 NESTED-001")
def texture_of_the_amplitude(drawn, spec, seed, texture_seed):
    """The phase texture is drawn with the seed of the amplitude."""
    return drawn(spec, seed, seed)


@fault("physics.diffraction:far_field", 53, red="FORWARD-001 FORWARD-003 DOSE-001 SCALE-002")
@clauses(green="FORWARD-006 SIMULATE-001 PROBE-003")
def transform_without_norm(transform, exit_wave):
    """The transform has numpy's default norm: a factor N at the detector."""
    return transform(exit_wave) * exit_wave.shape[-1]


@transform_without_norm.also("physics.diffraction:from_far_field")
def _(transform, field):
    return transform(field) / field.shape[-1]
