"""Stage 8: a reconstruction against the truth, or against the data where there is no truth."""

from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array, RawScan, Reconstruction
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics.diffraction import expected_amplitude
from ptyspec.physics.geometry import extract_patches
from ptyspec.physics.level import scan_energy
from ptyspec.physics.scale import rms_amplitude
from ptyspec.scores.dataspace import data_scores
from ptyspec.scores.frame import has_nan
from ptyspec.scores.metrics import score as score_against

MOST_FRAMES = 512
"""Frames that the data-space scores look at, spread over the scan."""


def score(scenario: Scenario, scan: RawScan, reconstruction: Reconstruction) -> dict[str, Any]:
    """Return the block of metrics.json: truth scores where the object is known, data-space scores always.

    `scan` holds the frames that were reconstructed. Nothing is rescaled.
    """
    block: dict[str, Any] = {}
    if scan.objectGuess is not None:
        block.update(score_against(reconstruction, scan.objectGuess))
    else:
        finite = np.isfinite(reconstruction.object)
        block["coverage"] = {"pixels": int(finite.sum()), "fraction": float(finite.mean())}
        block["has_nan"] = has_nan(reconstruction)
    rows = np.unique(np.linspace(0, scan.size - 1, min(scan.size, MOST_FRAMES)).astype(int))
    predicted = predict_frames(scan, reconstruction, rows)
    block["data"] = data_scores(predicted, scan.diff3d[rows], scan.scale, scan.seen(rows))
    return block


def predict_frames(scan: RawScan, reconstruction: Reconstruction, rows: Array) -> Array:
    """Return |F(P O_j)| of a reconstruction at these frames, (len(rows), N, N); uncovered pixels count as a0."""
    fill = rms_amplitude(scan_energy(scan), scan.probeGuess)
    obj = np.where(np.isfinite(reconstruction.object), reconstruction.object, np.complex64(fill))
    patches = extract_patches(obj, scan.positions[rows] - np.array(reconstruction.origin), scan.N)
    return expected_amplitude(scan.probeGuess, patches)
