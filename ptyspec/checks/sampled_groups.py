"""Some groups of a container with the object under them: what an audit holds a built network against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ptyspec.contracts.bundles import Array, Container, GroupedScan
from ptyspec.physics.diffraction import expected_amplitude
from ptyspec.physics.geometry import extract_patches
from ptyspec.pipeline.batches import batch, coarse_patches

FRAMES = 64
"""So many frames are looked at: where upstream's batched merge began to mix groups (REASSEMBLY-BATCH-001)."""


@dataclass(frozen=True)
class Sample:
    """Groups spread over the whole split; arrays are (B, N, N, C).

    - inputs: what the network gets; measured: X, what the loss gets.
    - truth: the object under each frame; where none is known (`known` False) the trivial estimate, which is then an
      object like any other, with a measurement of its own.
    - expected: |F(P O)| of that object in double precision, by physics/: its noise-free measurement.
    - trivial: what total counts alone say.
    """

    rows: Array
    inputs: dict[str, Array]
    measured: Array
    truth: Array
    expected: Array
    trivial: Array
    known: bool

    @property
    def frames(self) -> int:
        """Number of frames."""
        return int(self.measured.shape[0] * self.measured.shape[-1])

    def part(self, groups: int) -> tuple[dict[str, Array], Array]:
        """Return inputs and measurement of the first few groups."""
        inputs = {name: values[:groups] for name, values in self.inputs.items()}
        return inputs, self.measured[:groups]


def sample_of(container: Container, frames: int = FRAMES) -> Sample:
    """Return about this many frames' groups, evenly spread."""
    groups = container.groups
    count = min(container.size, -(-frames // groups.C))
    rows = spread(container.size, count)
    inputs, measured = batch(container, rows)
    trivial = coarse_patches(container, rows) * np.float32(container.a0)
    known = groups.scan.objectGuess is not None
    truth = (true_patches(groups, rows) if known else trivial).astype(np.complex64)
    stack = np.moveaxis(truth, -1, 1).astype(np.complex128)
    expected = expected_amplitude(container.probe.astype(np.complex128), stack)
    if groups.scan.mask is not None:
        expected = expected * groups.scan.mask
    return Sample(
        rows,
        inputs,
        measured,
        truth,
        np.moveaxis(expected, 1, -1).astype(np.float32),
        trivial,
        known,
    )


def true_patches(groups: GroupedScan, rows: Array) -> Array:
    """Perfect patches (B, N, N, C) of these groups, cut at their frames' own positions; ones where no object is known."""
    scan, shape = groups.scan, (len(rows), groups.C, groups.scan.N, groups.scan.N)
    if scan.objectGuess is None:
        return np.ones((len(rows), scan.N, scan.N, groups.C), np.complex64)
    positions = scan.positions[groups.nn_indices[rows]].reshape(-1, 2)
    patches = extract_patches(scan.objectGuess, positions, scan.N)
    return np.moveaxis(patches.reshape(shape), 1, -1)


def spread(count: int, most: int) -> Array:
    """Return at most so many of `count` row numbers, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))
