"""A measured scan's probe is a guess: refine it together with a throw-away object before anything is trained.

Batch form of the ePIE probe update (Maiden, Rodenburg, Ultramicroscopy 109, 1256 (2009)), averaged over the frames
of a batch: P += step sum_j conj(O_j) (psi'_j - psi_j) / max sum_j |O_j|^2. The probe's energy is held, since a factor
between probe and object is a gauge: the object keeps the scale that the file's probe gives it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import fft

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.physics.iterative import Canvas, shift_ramps, update_object
from ptyspec.physics.scale import probe_energy
from ptyspec.seeds import generator

BATCH = 32
WAIT = 2
"""Sweeps of the object alone before the probe moves."""


def refine_probe(
    scan: RawScan, *, sweeps: int, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> Array:
    """Return the (N, N) complex64 probe after `sweeps` passes over all frames, with the energy of the given one."""
    probe, energy = scan.probeGuess.copy(), probe_energy(scan.probeGuess)
    canvas = Canvas(scan)
    order = generator(seed, "probe refinement order")
    for sweep in range(sweeps):
        rows = order.permutation(scan.size)
        for first in range(0, scan.size, BATCH):
            part = rows[first : first + BATCH]
            made = update_object(canvas, scan, part, probe, alpha=1.0)
            if sweep >= WAIT:
                probe = probe + _probe_step(made, canvas.fraction[part])
                probe = (probe * np.sqrt(energy / probe_energy(probe))).astype(np.complex64)
        if progress is not None:
            progress(sweep + 1, sweeps)
    return np.asarray(probe, np.complex64)


def _probe_step(made: list[tuple[Array, Array]], shifts: Array) -> Array:
    """Average of the frames' probe changes, each moved back by its frame's sub-pixel shift."""
    windows = np.stack([window for window, _ in made])
    changes = np.stack([window.conj() * change for window, change in made])
    ramp_x, ramp_y = shift_ramps(windows.shape[-1], -shifts)
    moved = fft.ifft2((fft.fft2(changes) * ramp_y * ramp_x).sum(axis=0))
    light = (np.abs(windows) ** 2).sum(axis=0)
    return np.asarray(moved / light.max())
