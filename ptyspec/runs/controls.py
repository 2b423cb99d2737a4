"""What a network is measured against: the iterative reference, and itself on half of the frames."""

from __future__ import annotations

import numpy as np

from ptyspec.contracts.container import Container, Reconstruction
from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics import iterative
from ptyspec.pipeline.protocol import Session


def sweep(
    scenario: Scenario,
    scan: RawScan,
    sweeps: int,
    session: Session,
    start: Reconstruction | None = None,
) -> Reconstruction:
    """Run the iterative reference on the frames that are reconstructed, from `start` or from a flat object."""
    return iterative.reconstruct(
        scan,
        sweeps=sweeps,
        alpha=scenario.inference.iterative_alpha,
        start=start,
        seed=scenario.seeds.training,
        min_coverage=scenario.inference.min_coverage,
        progress=session.progress.step,
    )


def half_sets(container: Container) -> tuple[RawScan, RawScan]:
    """Divide the frames of a scan into every other one in scan order: two independent measurements of one object."""
    scan = container.groups.scan
    rows = np.arange(scan.size)
    return scan.take(rows[::2]), scan.take(rows[1::2])
