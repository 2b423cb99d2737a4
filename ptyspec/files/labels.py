"""Labels are the bare object under each frame, never the exit wave (SIM-LABELS-ILLUMINATED-001)."""

from __future__ import annotations

import math

import numpy as np

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.errors import ScanDataError
from ptyspec.physics.geometry import extract_patches

SAMPLED_FRAMES = 16
MATCH = 0.1
"""Relative residual below which labels are what they are compared with; interpolations differ by some percent."""


def refuse_illuminated(scan: RawScan) -> None:
    """Raise ScanDataError if the labels Y are the object times the probe or its modulus.

    Told from a sample of frames and only where the scan holds the object too; a common factor of the labels (a label
    gauge such as norm_Y_I) does not matter.
    """
    if scan.Y is None or scan.objectGuess is None:
        return
    rows = np.unique(np.linspace(0, scan.size - 1, min(scan.size, SAMPLED_FRAMES)).astype(int))
    labels, bare = scan.Y[rows], extract_patches(scan.objectGuess, scan.positions[rows], scan.N)
    probe: Array = scan.probeGuess
    lit = min(_residual(labels, probe * bare), _residual(labels, np.abs(probe) * bare))
    if lit < MATCH and lit < _residual(labels, bare) / 2:
        raise ScanDataError(
            "the labels are illuminated: object times probe (SIM-LABELS-ILLUMINATED-001)",
            source=scan.source or None,
            value=f"|Y| / |O| follows |P| to {lit:.2g}",
            limit="Y = O under each frame, without the probe",
            next_step="store the bare patches of objectGuess as Y, or remove the key Y",
        )


def _residual(labels: Array, model: Array) -> float:
    """Smallest |labels - c model| / |labels| over complex factors c."""
    a, b = labels.astype(np.complex128).ravel(), model.astype(np.complex128).ravel()
    power = float(np.vdot(a, a).real) * float(np.vdot(b, b).real)
    return math.sqrt(max(0.0, 1 - float(abs(np.vdot(b, a))) ** 2 / power)) if power else 1.0
