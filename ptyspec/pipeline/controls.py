"""What every score stands beside: the trivial estimator, the untrained network, the iterative reference."""

from __future__ import annotations

import numpy as np

from ptyspec.contracts.container import Container, Patches, Reconstruction
from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics import iterative
from ptyspec.physics import stitch as physics
from ptyspec.physics.scale import probe_energy
from ptyspec.pipeline.protocol import Session


def trivial(scenario: Scenario, scan: RawScan) -> Reconstruction:
    """Paint each patch with the constant sqrt(total counts / sum|P|^2) / s and stitch: no phase, no learning."""
    energies = np.array([np.einsum("ij,ij->", frame, frame, dtype=np.float64) for frame in scan.diff3d])
    level = np.sqrt(energies / probe_energy(scan.probeGuess)).astype(np.complex64)
    flat = np.broadcast_to(level[:, None, None, None], (scan.size, scan.N, scan.N, 1))
    coords = scan.positions[:, None, :, None]
    patches = Patches(object=flat, coords=coords, probe=scan.probeGuess)
    return physics.stitch(patches, synchronise=False, min_coverage=scenario.inference.min_coverage)


def sweep(
    scenario: Scenario, scan: RawScan, sweeps: int, session: Session, start: Reconstruction | None = None
) -> Reconstruction:
    """Run the iterative reference on the frames that are reconstructed, from `start` or from a flat object."""
    return iterative.reconstruct(
        scan, sweeps=sweeps, start=start, seed=scenario.seeds.training, min_coverage=scenario.inference.min_coverage,
        progress=session.progress.step,
    )  # fmt: skip


def half_sets(container: Container) -> tuple[RawScan, RawScan]:
    """Divide the frames of a scan into every other one in scan order: two independent measurements of one object."""
    scan = container.groups.scan
    rows = np.arange(scan.size)
    return scan.take(rows[::2]), scan.take(rows[1::2])
