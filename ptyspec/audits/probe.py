"""Audit `probe`: the illumination, by two paths that share no code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ptyspec.audits.material import Material
from ptyspec.audits.registry import Control
from ptyspec.audits.report import Audit
from ptyspec.contracts.arrays import Array
from ptyspec.physics.probes import central_mask


def audit(materials: Sequence[Material], report: Audit) -> None:
    """Fill the report."""
    report.data["probes"] = {material.name: _facts(material) for material in materials}
    report.grid("Amplitude", "probes", columns=("min", "max", "mean", "std", "l2", "mean_masked"), corner="probe")


def _facts(material: Material) -> dict[str, Any]:
    probe = np.abs(material.scan.probeGuess).astype(np.float64)
    return amplitude_facts(probe) | {"mean_masked": float((probe * central_mask(len(probe), len(probe) // 2)).mean())}


def amplitude_facts(values: Array) -> dict[str, float]:
    """Return min, max, mean, std and L2 norm of real values."""
    return {
        "min": float(values.min()), "max": float(values.max()), "mean": float(values.mean()),
        "std": float(values.std()), "l2": float(np.sqrt(np.sum(values**2))),
    }  # fmt: skip


CONTROLS: tuple[Control, ...] = ()
