"""Stage 4: the numbers that condition network input, all from the training split (NORMALIZATION-001); and groups to
tensors, the one place that multiplies by the gain.
"""

from collections.abc import Iterator

import numpy as np

from ptyspec.contracts.bundles import Array, Container, GroupedScan, array_digest
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics.coarse import trivial_estimate
from ptyspec.physics.geometry import extract_patches
from ptyspec.physics.level import mean_pattern, scan_energy
from ptyspec.physics.scale import loader_gain, rms_amplitude
from ptyspec.pipeline.protocol import Containers, GroupedTrainTest


def normalize(scenario: Scenario, groups: GroupedTrainTest) -> Containers:
    """Return both splits with the training split's gain g, scale s and rms amplitude a0.

    g conditions the network's input and never enters loss or object; the test split does not get a gain of its own.
    """
    scan = groups.train.scan
    energy = scan_energy(scan)
    gain, a0 = loader_gain(energy, scan.N), rms_amplitude(energy, scan.probeGuess)

    each = scan.mask is not None and scan.mask.ndim == 3
    expected = np.sqrt(mean_pattern(scan)).astype(np.float32) if each else None

    def contain(part: GroupedScan) -> Container:
        return Container(
            groups=part,
            gain=gain,
            scale=scan.scale,
            a0=a0,
            probe=scan.probeGuess,
            coarse=trivial_estimate(part.scan, scenario.inference.min_coverage),
            probe_digest=array_digest(scan.probeGuess),
            split=part.split,
            seed=scenario.seeds.grouping,
            expected=expected,
        )

    return Containers(contain(groups.train), contain(groups.test))


Batch = tuple[dict[str, Array], Array]


def batch(container: Container, rows: Array) -> Batch:
    """Return ({measured: g X, relative, start}, X) for these groups; the loss gets X, never g X.

    Where frames have masks of their own, `seen` (B, N, N, C) says to the loss what each of them measured, and the input
    holds the mean frame's amplitude on the other pixels.
    """
    amplitude = container.amplitude(rows)
    inputs = {
        "measured": np.float32(container.gain) * amplitude,
        "relative": container.relative(rows),
        "start": coarse_patches(container, rows),
    }
    if container.expected is not None and (seen := container.groups.seen(rows)) is not None:
        usual = np.float32(container.gain) * container.expected[..., None]
        inputs["measured"] = np.where(seen, inputs["measured"], usual)
        inputs["seen"] = seen.astype(np.float32)
    return inputs, amplitude


def coarse_patches(container: Container, rows: Array) -> Array:
    """Trivial estimate under each member over a0, (len(rows), N, N, C) float32; 1 where it is not covered.

    A single pattern of a real symmetric probe leaves the twin of its patch equally likely; starting from brightness
    as it varies over the scan decides between them.
    """
    groups, coarse = container.groups, container.coarse
    lit = np.isfinite(coarse.object)
    canvas = np.where(lit, coarse.object.real, container.a0).astype(np.float32)
    size, members = groups.scan.N, groups.C
    positions = groups.scan.positions[groups.nn_indices[rows]].reshape(-1, 2)
    positions = positions - np.array(coarse.origin)
    padding = np.float32(container.a0)
    patches = extract_patches(canvas - padding, positions, size) + padding
    return np.moveaxis(patches.reshape(-1, members, size, size), 1, -1) / padding


def full_batches(container: Container, size: int) -> Iterator[tuple[dict[str, Array], int]]:
    """Yield (inputs, valid) over all groups in order; the last batch repeats its last group up to `size`.

    One shape means one traced graph; groups never influence each other, so the padding changes nothing.
    """
    for start in range(0, container.size, size):
        rows = np.arange(start, start + size)
        valid = min(size, container.size - start)
        yield batch(container, np.minimum(rows, container.size - 1))[0], valid
