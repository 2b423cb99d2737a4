"""The trivial estimator: what total counts alone say about the object. A control, and a generator's start."""

from __future__ import annotations

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Patches, Reconstruction
from ptyspec.contracts.scan import RawScan
from ptyspec.physics.scale import probe_energy
from ptyspec.physics.stitch import stitch


def trivial_estimate(scan: RawScan, min_coverage: float = 0.05) -> Reconstruction:
    """Paint each patch with the constant sqrt(total counts / sum|P|^2) / s and stitch: no phase, no learning."""
    patches = Patches(
        object=np.broadcast_to(frame_levels(scan)[:, None, None, None], (scan.size, scan.N, scan.N, 1)),
        coords=scan.positions[:, None, :, None],
        probe=scan.probeGuess,
    )
    return stitch(patches, synchronise=False, min_coverage=min_coverage)


def frame_levels(scan: RawScan) -> Array:
    """Rms object amplitude under the probe, one a frame, (M,) complex64: sqrt(sum X^2 / sum |P|^2)."""
    energies = [np.einsum("ij,ij->", frame, frame, dtype=np.float64) for frame in scan.diff3d]
    return np.sqrt(np.array(energies) / probe_energy(scan.probeGuess)).astype(np.complex64)
