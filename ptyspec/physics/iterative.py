"""Iterative reference: regularised PIE on the whole scan, the ceiling that a network is compared with.

Update (Maiden, Johnson, Li, Optica 4, 736 (2017)):
O += conj(P) (psi' - psi) / ((1 - alpha) |P|^2 + alpha max |P|^2), psi' = psi with the measured modulus.
After every few frames the object moves on along the running mean of its changes (the paper's momentum): low
frequencies of the phase, which overlaps pass on only from frame to frame, arrive several times sooner.
"""

from collections.abc import Callable

import numpy as np
from scipy import fft

from ptyspec.contracts.bundles import Array, RawScan, Reconstruction
from ptyspec.physics.geometry import object_extent
from ptyspec.physics.level import scan_energy
from ptyspec.physics.probes import orthogonal_modes
from ptyspec.physics.scale import illumination_weight, probe_energy, probe_modulus, rms_amplitude
from ptyspec.physics.stitch import finish
from ptyspec.seeds import generator

CHUNK = 256
"""Frames between two momentum steps."""
MOMENTUM = 0.97
"""At alpha = 0; alpha = 1, the calm form for measured data, has none, nor have scans of less than CHUNK frames."""


def shifted_probes(probe: Array, shifts: Array) -> Array:
    """Probe moved by sub-pixel (M, 2) shifts [dx, dy], (M, N, N) complex64, by the Fourier shift theorem.

    Of a probe with modes (K, N, N) all modes move: (M, K, N, N).

    |F(P O_j)| is the same whether the object is sampled at a fraction or the probe is moved by it, and moving
    the probe leaves the object on its own pixels.
    """
    ramp_x, ramp_y = shift_ramps(probe.shape[-1], shifts, probe.ndim)
    return np.asarray(fft.ifft2(fft.fft2(probe.astype(np.complex64)) * ramp_y * ramp_x))


def shift_ramps(size: int, shifts: Array, axes: int = 2) -> tuple[Array, Array]:
    """Fourier factors (M, 1, N) and (M, N, 1) that move content by (M, 2) shifts [dx, dy].

    For content of more axes (modes) they are (M, 1, 1, N) and (M, 1, N, 1).
    """
    frequency = fft.fftfreq(size)
    ramps = np.exp(-2j * np.pi * frequency * np.asarray(shifts)[:, :, None]).astype(np.complex64)
    across, down = ramps[:, 0, None, :], ramps[:, 1, :, None]
    return (across, down) if axes == 2 else (across[:, None], down[:, None])


def reconstruct(
    scan: RawScan,
    *,
    sweeps: int,
    alpha: float = 0.1,
    start: Reconstruction | None = None,
    seed: int = 0,
    min_coverage: float = 0.05,
    progress: Callable[[int, int], None] | None = None,
) -> Reconstruction:
    """Return the object after `sweeps` passes over all frames in random order, in the absolute gauge.

    Starts from `start` where it is covered and from the rms amplitude a0 elsewhere (and without `start`).
    """
    canvas = Canvas(scan)
    if start is not None:
        _paste(canvas.obj, start, *canvas.origin)
    order = generator(seed, "iterative order")
    weight, coverage = illumination_weight(scan.probeGuess), np.zeros(canvas.obj.shape, np.float32)
    for x, y in canvas.base:
        coverage[y : y + len(weight), x : x + len(weight)] += weight
    # 1 where at least half of the usual light falls, down to 0 in the dark, where momentum would run away.
    usual = np.percentile(coverage[coverage > 1e-3], 90)
    well_lit = np.asarray(np.clip(coverage / (0.5 * usual), 0, 1))
    momentum = (1 - alpha) * MOMENTUM * well_lit * (scan.size > CHUNK)
    velocity, before = np.zeros_like(canvas.obj), canvas.obj.copy()
    for sweep in range(sweeps):
        rows = order.permutation(scan.size)
        for first in range(0, scan.size, CHUNK):
            update_object(canvas, scan, rows[first : first + CHUNK], scan.probeGuess, alpha)
            velocity = momentum * velocity + (canvas.obj - before)
            canvas.obj += momentum * velocity
            before = canvas.obj.copy()
        if progress is not None:
            progress(sweep + 1, sweeps)
    return finish(canvas.obj, coverage, canvas.origin, min_coverage)


class Canvas:
    """The object under reconstruction, flat at a0, and where each frame lies on it; `room`: free pixels around it."""

    def __init__(self, scan: RawScan, room: int = 0) -> None:
        x0, y0, width, height = object_extent(scan.positions, scan.N)
        amplitude = rms_amplitude(scan_energy(scan), scan.probeGuess)
        self.origin = (x0 - room, y0 - room)
        self.obj = np.full((height + 1 + 2 * room, width + 1 + 2 * room), amplitude, np.complex64)
        self.place(scan.positions, scan.N)

    def place(self, positions: Array, size: int) -> None:
        """Lay the frames of `size` pixels at these positions (M, 2) [x, y]."""
        low = positions - size // 2 - self.origin
        self.base = np.floor(low).astype(int)
        self.fraction = low - self.base

    def window(self, row: int, size: int) -> Array:
        """View of the object under frame `row`."""
        x, y = self.base[row]
        return self.obj[y : y + size, x : x + size]


def update_object(
    canvas: Canvas, scan: RawScan, rows: Array, probe: Array, alpha: float
) -> list[tuple[Array, Array]]:
    """Update the object by these frames in order; return each frame's (object window before, exit wave change).

    The exit waves of all modes are changed by one ratio, measured over predicted modulus (Thibault, Menzel, Nature
    494, 68 (2013)).
    """
    size = scan.N
    probes = shifted_probes(probe, canvas.fraction[rows])
    measured, seen = corner_frames(scan, rows)
    made = []
    for at, (row, shifted, modulus) in enumerate(zip(rows, probes, measured, strict=True)):
        window = canvas.window(row, size)
        before = window.copy()
        exit_wave = shifted * window
        field = fft.fft2(exit_wave, norm="ortho")
        factor = modulus / np.maximum(probe_modulus(field), 1e-9)
        if seen is not None:
            factor[~seen[at]] = 1.0  # an unmeasured pixel keeps the model's own value
        change = fft.ifft2(field * factor, norm="ortho") - exit_wave
        intensity = over_modes(shifted.real**2 + shifted.imag**2)
        push = over_modes(shifted.conj() * change)
        window += push / ((1 - alpha) * intensity + alpha * intensity.max())
        made.append((before, change))
    return made


def corner_frames(scan: RawScan, rows: Array) -> tuple[Array, Array | None]:
    """Return measured moduli and what was seen of them (None: all), zero frequency in the corner."""
    masks = scan.seen(rows)
    seen = None if masks is None else fft.ifftshift(masks, axes=(-2, -1))
    return fft.ifftshift(scan.diff3d[rows], axes=(-2, -1)), seen


def over_modes(values: Array) -> Array:
    """Sum over the modes of (K, N, N); what has none is as it was."""
    return np.asarray(values.sum(axis=0) if values.ndim == 3 else values)


def _paste(obj: Array, start: Reconstruction, x0: int, y0: int) -> None:
    dx, dy = start.origin[0] - x0, start.origin[1] - y0
    rows = slice(max(dy, 0), min(dy + start.object.shape[0], obj.shape[0]))
    columns = slice(max(dx, 0), min(dx + start.object.shape[1], obj.shape[1]))
    source = start.object[rows.start - dy : rows.stop - dy, columns.start - dx : columns.stop - dx]
    target = obj[rows, columns]
    covered = np.isfinite(source)
    target[covered] = source[covered]


BATCH = 32
WAIT = 2
"""Sweeps of the object alone before the probe moves."""


def refine_probe(
    scan: RawScan, *, sweeps: int, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> Array:
    """Return the complex64 probe after `sweeps` passes over all frames, shape and energy those of the given one.

    A measured scan's probe is a guess: it is refined together with a throw-away object before anything is trained.
    Batch form of the ePIE probe update (Maiden, Rodenburg, Ultramicroscopy 109, 1256 (2009)), averaged over the
    frames of a batch: P += step sum_j conj(O_j) (psi'_j - psi_j) / max sum_j |O_j|^2. The energy is held, since a
    factor between probe and object is a gauge: the object keeps the scale that the file's probe gives it. Modes are
    refined together and come back orthogonal, strongest first.
    """
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
    return orthogonal_modes(np.asarray(probe, np.complex64))


def _probe_step(made: list[tuple[Array, Array]], shifts: Array) -> Array:
    """Average of the frames' probe changes, each moved back by its frame's sub-pixel shift."""
    windows = np.stack([window for window, _ in made])
    changes = np.stack([window.conj() * change for window, change in made])
    ramp_x, ramp_y = shift_ramps(windows.shape[-1], -shifts, changes.ndim - 1)
    moved = fft.ifft2((fft.fft2(changes) * ramp_y * ramp_x).sum(axis=0))
    light = (np.abs(windows) ** 2).sum(axis=0)
    return np.asarray(moved / light.max())
