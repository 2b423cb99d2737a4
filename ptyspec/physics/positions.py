"""Refinement of scan positions beside the object of the iterative reference, with the probe as it is.

Each frame moves by the Gauss-Newton step of its misfit sum (m - |F(P O)|)^2 in its own two coordinates: the derivative
of the modulus by the position is Re(conj(F(P O)) F(P dO/dx)) / |F(P O)| (Guizar-Sicairos, Fienup, Optics Express 16,
7264 (2008), eq. 20 there as a gradient; Odstrcil et al., Optics Express 26, 3108 (2018), section 2.5 as a step).
"""

from collections.abc import Callable

import numpy as np
from scipy import fft

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.physics.iterative import (
    BATCH,
    WAIT,
    Canvas,
    corner_frames,
    over_modes,
    shifted_probes,
    update_object,
)
from ptyspec.physics.scale import probe_modulus
from ptyspec.seeds import generator

ALPHA = 0.2
"""Of the object's update; below it positions follow the noise, above it they come slowly."""
ROOM = 8
"""Pixels by which a position may move in all."""
LONGEST = 0.25
"""Pixels of one step: beyond it the derivative says nothing."""
DAMPING = 1e-3
"""Part of the trace that is added to the normal equations: a frame without structure stays where it is."""


def refine_positions(
    scan: RawScan, *, sweeps: int, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> Array:
    """Return positions (M, 2) [x, y] after `sweeps` passes over all frames, together with a throw-away object.

    The mean position is kept, since a common shift moves the object and changes no frame. Masks are respected, modes
    move together.
    """
    canvas = Canvas(scan, room=ROOM + 1)
    order = generator(seed, "position refinement order")
    moved = np.zeros_like(scan.positions)
    for sweep in range(sweeps):
        rows = order.permutation(scan.size)
        for first in range(0, scan.size, BATCH):
            part = rows[first : first + BATCH]
            if sweep >= WAIT:
                moved[part] += _steps(canvas, scan, part)
            update_object(canvas, scan, part, scan.probeGuess, ALPHA)
        moved = np.clip(moved - moved.mean(axis=0), -ROOM, ROOM)
        canvas.place(scan.positions + moved, scan.N)
        if progress is not None:
            progress(sweep + 1, sweeps)
    return np.asarray(scan.positions + moved)


def _steps(canvas: Canvas, scan: RawScan, rows: Array) -> Array:
    """Steps (m, 2) [x, y] of these frames, pixels."""
    probes = shifted_probes(scan.probeGuess, canvas.fraction[rows])
    measured, seen = corner_frames(scan, rows)
    steps = np.zeros((len(rows), 2))
    for at, (row, probe, modulus) in enumerate(zip(rows, probes, measured, strict=True)):
        window = canvas.window(row, scan.N)
        down, right = np.gradient(window)
        field, *slopes = (fft.fft2(probe * one, norm="ortho") for one in (window, right, down))
        made = np.maximum(probe_modulus(field), 1e-9)
        weight = 1.0 if seen is None else seen[at]
        misfit = weight * (modulus - made)
        slope = [weight * over_modes((field.conj() * one).real) / made for one in slopes]
        normal = np.array([[np.vdot(one, two) for two in slope] for one in slope])
        normal += (DAMPING * np.trace(normal) + 1e-30) * np.eye(2)
        step = np.linalg.solve(normal, [np.vdot(one, misfit) for one in slope])
        steps[at] = step * min(1.0, LONGEST / max(float(np.hypot(*step)), 1e-9))
    return steps
