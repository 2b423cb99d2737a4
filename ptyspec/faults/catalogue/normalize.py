"""Faults of the stage `normalize`: gain, rms amplitude and scale of the data."""

import math
from dataclasses import replace

import numpy as np

from ptyspec.contracts.bundles import array_digest
from ptyspec.faults.fault import changed, clauses, fault, parity
from ptyspec.physics.scale import closed_form_scale, mean_energy
from ptyspec.pipeline.protocol import Containers, GroupedTrainTest


def _both(made, **of):
    """Both containers with other values, of what the training split has."""
    values = {name: value(made.train) for name, value in of.items()}
    return Containers(*(part.model_copy(update=values) for part in (made.train, made.test)))


@fault("pipeline.normalize:normalize", 32, red="NORM-002", green="NORM-005 NORM-006 LEGACY-006")
def a0_of_gained_data(normalize, scenario, groups):
    """a0 is computed from g X and so holds the gain."""
    return _both(normalize(scenario, groups), a0=lambda one: one.a0 * one.gain)


@fault("physics.scale:rms_amplitude", 45)
@clauses(red="SCALE-005", green="NORM-001 NORM-005 NORM-006 LEGACY-006")
def a0_without_root(rms_amplitude, energy, probe):
    """The object's rms amplitude is its mean square: the root was forgotten."""
    return rms_amplitude(energy, probe) ** 2


@fault("physics.scale:mean_energy", 30)
@clauses(red="NORM-004 NORM-003", green="NORM-002 NORM-006 SCALE-005")
def energy_in_single(mean_energy, amplitude):
    """Energies are squared and summed in single precision."""
    frames = np.asarray(amplitude, np.float32)
    energies = [np.sum(frame * frame, dtype=np.float32) for frame in frames]
    return float(np.cumsum(energies, dtype=np.float32)[-1]) / len(frames)


@fault("pipeline.normalize:normalize", 31)
@clauses(red="NORM-001 NORM-006 FLOW-004", green="NORM-005 NORMALIZATION-001")
def frames_gained_in_place(normalize, scenario, groups):
    """The frames of the scan are multiplied by g in place."""
    made, frames = normalize(scenario, groups), groups.train.scan.diff3d
    frames *= made.train.gain
    return made


@fault("physics.scale:loader_gain", 45, red="NORM-001 NORM-003", green="COORDS-001 GROUP-001")
def gain_by_energy(gain, energy, size):
    """The gain is (N/2)^2 over the mean energy, without the square root."""
    return gain(energy, size) ** 2


@fault("pipeline.normalize:normalize", 14, 39)
@clauses(red="NORM-006 NORM-001", green="NORM-005 NORMALIZATION-001")
def gain_from_counts(normalize, scenario, groups):
    """The gain is computed from counts: it depends on the dose and the input with it."""
    return _both(normalize(scenario, groups), gain=lambda one: one.gain / one.scale)


@fault("physics.level:light_shares", red="SCALE-006", green="NORM-001 SCALE-005")
def hidden_light_is_darkness(light_shares, scan):
    """Masked pixels are zeros, and the zeros enter the level of the whole."""
    return np.ones(scan.size)


@fault("contracts.bundles:Container.amplitude", 31, 45)
@clauses(red="NORMALIZATION-001 NORM-006", green="NORM-002 LEGACY-006")
def gain_in_the_loss(amplitude, container, rows):
    """The gain multiplies what the loss compares with: the data themselves were normalised."""
    return np.asarray(np.float32(container.gain) * amplitude(container, rows))


@fault("physics.scale:mean_energy", 45)
@clauses(red="NORM-006 NORM-005 SCALE-005", green="NORM-002 NORM-004 LEGACY-006")
def gain_of_first_frames(mean_energy, amplitude):
    """The gain is estimated from the first frames, to save time."""
    return mean_energy(amplitude[:8])


@fault("pipeline.normalize:normalize", 24)
@clauses(red="NORM-002 NORM-006", green="NORM-005 NORMALIZATION-001 LEGACY-006")
def gain_of_test_split(normalize, scenario, groups):
    """The gain is taken from the split that is reconstructed, and training uses it too."""
    other = normalize(scenario, GroupedTrainTest(groups.test, groups.train)).train
    made = normalize(scenario, groups)
    return _both(made, gain=lambda _: other.gain, a0=lambda _: other.a0)


@fault("pipeline.normalize:normalize", 40)
@clauses(red="NORM-006", green="NORMALIZATION-001 SCALE-005 FORWARD-001")
def gain_of_the_photon_formula(normalize, scenario, groups):
    """The network input is normalised by the formula with the number of photons."""
    factor = math.sqrt(scenario.dose.nphotons) / (scenario.model.N / 2)
    return _both(normalize(scenario, groups), gain=lambda one: one.gain * factor)


@fault("pipeline.normalize:normalize", 43)
@clauses(red="NORM-005 NORM-001", green="NORMALIZATION-001 LEGACY-006")
def gain_over_members(normalize, scenario, groups):
    """Energies are summed over the members of a group."""
    return _both(normalize(scenario, groups), gain=lambda one: one.gain / groups.train.C**0.5)


@fault("pipeline.normalize:batch", 45, red="NORMALIZATION-001 NORM-006", green="NORM-002")
def gain_twice(batch, container, rows):
    """The gain is applied twice: the loader multiplies by g, and so does the batch."""
    inputs, amplitude = batch(container, rows)
    return {**inputs, "measured": np.float32(container.gain) * inputs["measured"]}, amplitude


@fault("physics.scale:mean_energy", 15)
@clauses(red="NORMALIZE-DATA-UINT16-001 NORM-004", green="NORM-001 NORM-003 NORM-005 SCALE-005")
def integer_squares(mean_energy, amplitude):
    """Frames are squared in their own integer type, where they wrap."""
    if not np.issubdtype(amplitude.dtype, np.integer):
        return mean_energy(amplitude)
    return float((amplitude * amplitude).sum(axis=(1, 2), dtype=np.float64).mean())


@fault("legacy.pipeline:LegacyPipeline.group", 1, red="LEGACY-001", green="LEGACY-006")
@parity("test_the_stages_before_training_record_the_same")
def legacy_grouping_seed(group, pipeline, scenario, halves):
    """npseed + 1 draws the groups of the legacy stages, so that both ways prepare other data."""
    told = pipeline._enter("group", scenario)
    other = changed(told, "seeds", grouping=told.seeds.grouping + 1)
    return pipeline._stages.group(other, halves)


@fault("legacy.pipeline:run_time_entries", 44, red="LEGACY-006", green="LEGACY-005")
def legacy_scale_of_raw_data(run_time_entries, container):
    """intensity_scale in the dictionary is s instead of s/g."""
    return {**run_time_entries(container), "intensity_scale": container.scale}


@fault("pipeline.normalize:normalize", 28)
@clauses(red="PROBE-003 DATA-007 NORM-002", green="NORM-005 NORM-006 NORMALIZATION-001")
def probe_of_test_differs(normalize, scenario, groups):
    """The probe of the test split is rescaled to the test split's energy."""
    made = normalize(scenario, groups)
    ratio = mean_energy(made.test.groups.scan.diff3d) / mean_energy(made.train.groups.scan.diff3d)
    probe = (made.test.probe * np.sqrt(ratio)).astype(np.complex64)
    own = {"probe": probe, "probe_digest": array_digest(probe)}
    return replace(made, test=made.test.model_copy(update=own))


@fault("physics.scale:rms_amplitude", 35)
@clauses(red="SCALE-005", green="NORM-002 NORM-006 NORMALIZATION-001")
def rms_constant_as_scale(rms, energy, probe):
    """a0 is taken from the (N/2)^2 of the normalised input in place of the measured energy."""
    return rms((len(probe) / 2) ** 2, probe)


@fault("pipeline.normalize:normalize", 35, 44)
@clauses(red="NORM-002 LEGACY-006", green="NORM-005 NORM-006 NORMALIZATION-001")
def scale_in_closed_form(normalize, scenario, groups):
    """The closed form stands in for the scale of the data."""
    scale = closed_form_scale(scenario.dose.nphotons, groups.train.scan.N)
    return _both(normalize(scenario, groups), scale=lambda _: scale)


@fault("pipeline.normalize:normalize", 7)
@clauses(red="NORM-002 LEGACY-006", green="NORM-005 NORM-006 NORMALIZATION-001")
def scale_lost(normalize, scenario, groups):
    """The scale of the data is not handed on: containers have scale 1 whatever the scan's is."""
    return _both(normalize(scenario, groups), scale=lambda _: 1.0)


@fault("pipeline.normalize:normalize", 24)
@clauses(red="NORM-002 NORM-001", green="NORM-005 NORMALIZATION-001 NORM-006")
def test_gain_own(normalize, scenario, groups):
    """The test split takes a gain of its own."""
    made = normalize(scenario, groups)
    own = normalize(scenario, GroupedTrainTest(groups.test, groups.test)).train.gain
    return Containers(made.train, made.test.model_copy(update={"gain": own}))


@fault("physics.scale:mean_energy", 15)
@clauses(red="NORMALIZE-DATA-UINT16-001 NORM-004", green="NORM-001 NORM-003 SCALE-005")
def uint16_wrap(energy, amplitude):
    """300^2 is 24464: the cast to floating point was forgotten before the square."""
    frames = np.asarray(amplitude)
    if frames.dtype.kind not in "iu":
        return energy(amplitude)
    return float((frames * frames).sum(dtype=np.float64)) / len(frames)
