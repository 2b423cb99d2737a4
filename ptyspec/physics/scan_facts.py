"""What a scan shows before anything is reconstructed: sums over its frames, steps of its positions, its probe's pattern."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import spatial

from ptyspec.contracts.arrays import release_pages
from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.physics.diffraction import far_field
from ptyspec.physics.scale import probe_intensity

BLOCK = 256
"""Frames of one pass; memory does not grow with the number of frames."""
WINDOW = 5
"""Pixels of the square in which a pixel is held against its neighbours."""
SAMPLE, LEAST, LARGEST = 32, 5, 300.0
"""Frames, and different values of theirs, that tell counts from amplitudes; larger multiples are not told from whole ones."""
WHOLE = 1e-3
"""Distance from a whole number, of powers of float32 values that are at most LARGEST times the smallest."""

CELLS, MOST_CELLS = 16, 2048
"""Cells across the probe, and at most along the scan, by which the lit area is counted."""


def frame_sums(scan: RawScan) -> tuple[Array, Array, Array]:
    """Return mean and largest counts of each pixel (N, N), and counts of each frame (M,), float64."""
    total, most = np.zeros((2, scan.N, scan.N))
    counts = np.empty(scan.size)
    for start in range(0, scan.size, BLOCK):
        block = (scan.diff3d[start : start + BLOCK].astype(np.float64) * scan.scale) ** 2
        total += block.sum(axis=0)
        np.maximum(most, block.max(axis=0), out=most)
        counts[start : start + BLOCK] = block.sum(axis=(1, 2))
        release_pages(scan.diff3d)
    return total / scan.size, most, counts


def times_at_most(scan: RawScan) -> Array:
    """Return in how many frames each pixel holds the scan's largest value, (N, N) int; one pass."""
    largest, times = 0.0, np.zeros((scan.N, scan.N), int)
    for start in range(0, scan.size, BLOCK):
        block = scan.diff3d[start : start + BLOCK]
        if (here := float(block.max())) > largest:
            largest, times = here, np.zeros_like(times)
        if here == largest:
            times += (block == largest).sum(axis=0)
        release_pages(scan.diff3d)
    return times


def quantum_of(scan: RawScan) -> tuple[int, float]:
    """Return (p, g): X^p are whole multiples of the smallest one, which stands for g = (s X)^2 counts; (0, 0) if none are.

    p of 1, 2 and 4 are tried. Counts are whole numbers, so that p is 2 where X is their root, 1 where counts were taken
    for amplitudes, 4 where amplitudes were taken for counts; g is 1 unless counts were multiplied.
    """
    frames = scan.diff3d[:: max(1, scan.size // SAMPLE)][:SAMPLE]
    values = np.unique(frames[frames > 0]).astype(np.float64)
    for power in (1, 2, 4):
        parts = (values / values[:1]) ** power
        parts = parts[parts < LARGEST]
        if len(parts) >= LEAST and np.abs(parts - np.rint(parts)).max() < WHOLE:
            return power, float(values[0] * scan.scale) ** 2
    return 0, 0.0


def step_of(places: Array) -> float:
    """Median distance of a place (K, 2) to its nearest neighbour, pixels; 0 where there is one place alone."""
    if len(places) < 2:
        return 0.0
    distances, _ = spatial.KDTree(places).query(places, k=2)
    return float(np.median(distances[:, 1]))


def lit_diameter(probe: Array) -> float:
    """Diameter of a circle with the area that a probe lights, pixels: (sum |P|^2)^2 / sum |P|^4."""
    power = probe_intensity(probe)
    return float(2 * np.sqrt(power.sum() ** 2 / (power**2).sum() / np.pi))


def lit_area(places: Array, diameter: float) -> float:
    """Area that circles of this diameter around the places (K, 2) cover, square pixels; to some percent."""
    from scipy import ndimage

    extent = float(np.ptp(places, axis=0).max())
    cell = max(diameter / CELLS, extent / MOST_CELLS)
    at = np.floor((places - places.min(axis=0) + diameter / 2) / cell).astype(int)
    dark = np.ones(at.max(axis=0) + int(np.ceil(diameter / 2 / cell)) + 1, bool)
    dark[tuple(at.T)] = False
    near = ndimage.distance_transform_edt(dark) <= diameter / 2 / cell
    return float(near.sum()) * cell**2


def edge_part(probe: Array) -> float:
    """Part of a probe's energy in the outermost pixels of its window."""
    power = probe_intensity(probe)
    return float(1 - power[1:-1, 1:-1].sum() / power.sum())


def offset_of(image: Array, model: Array) -> tuple[int, int]:
    """(rows, columns) by which an image lies off another one, where their square roots agree best."""
    one, other = (np.fft.fft2(np.sqrt(array)) for array in (image, model))
    both = np.fft.ifft2(one * np.conj(other)).real
    place = np.unravel_index(both.argmax(), both.shape)
    rows, columns = (
        int((at + size // 2) % size - size // 2) for at, size in zip(place, both.shape, strict=True)
    )
    return rows, columns


def likeness(image: Array, model: Array) -> float:
    """Correlation of the square roots of two images; 0 where one of them is constant."""
    one, other = np.sqrt(image), np.sqrt(model)
    return float(np.corrcoef(one, other)[0, 1]) if one.std() and other.std() else 0.0


@dataclass
class ScanFacts:
    """A scan, and what its checks look at; each number is computed once."""

    scan: RawScan
    doors: tuple[str, ...] = ("scan",)

    @cached_property
    def _sums(self) -> tuple[Array, Array, Array]:
        return frame_sums(self.scan)

    @property
    def mean(self) -> Array:
        """Mean counts of each pixel, (N, N) float64."""
        return self._sums[0]

    @property
    def most(self) -> Array:
        """Largest counts of each pixel, (N, N) float64."""
        return self._sums[1]

    @property
    def counts(self) -> Array:
        """Counts of each frame, (M,) float64."""
        return self._sums[2]

    @cached_property
    def seen(self) -> Array:
        """(N, N) bool: where the detector measured, in one frame at least."""
        mask = self.scan.known_pixels
        return np.ones(self.mean.shape, bool) if mask is None else np.asarray(mask)

    @cached_property
    def hidden(self) -> Array:
        """Part of the frames in which each pixel was not measured, (N, N) float64."""
        mask = self.scan.mask
        every = ~self.seen if mask is None or mask.ndim == 2 else 1 - mask.mean(axis=0)
        return np.asarray(every, np.float64)

    @cached_property
    def pattern(self) -> Array:
        """|F(P)|^2, (N, N) float64: what an empty sample gives, without a factor."""
        return np.asarray(probe_intensity(far_field(self.scan.probeGuess.astype(np.complex128))))

    @cached_property
    def model(self) -> Array:
        """The pattern with the counts of the mean frame on the measured pixels, (N, N) float64."""
        there = self.pattern[self.seen].sum()
        return np.asarray(self.pattern * (self.mean[self.seen].sum() / there if there else 1.0))

    def around(self, image: Array) -> Array:
        """Median of the measured neighbours of each pixel in a square of WINDOW, (N, N); 0 where there are none."""
        half = WINDOW // 2
        known = np.pad(np.where(self.seen, image, np.nan), half, constant_values=np.nan)
        squares = np.lib.stride_tricks.sliding_window_view(known, (WINDOW, WINDOW))
        return np.stack([_medians(row) for row in squares])

    @cached_property
    def places(self) -> Array:
        """Positions without repeats, (K, 2): those nearer than a millionth of the scan's extent are one."""
        positions = self.scan.positions
        grain = max(1e-6 * float(np.ptp(positions, axis=0).max()), 1e-300)
        _, rows = np.unique(np.round(positions / grain), axis=0, return_index=True)
        return np.asarray(positions[np.sort(rows)])

    @cached_property
    def times_at_most(self) -> Array:
        """In how many frames each pixel holds the largest value, (N, N) int."""
        return times_at_most(self.scan)

    @cached_property
    def quantum(self) -> tuple[int, float]:
        """Power of the frames that is whole, and counts of one."""
        return quantum_of(self.scan)

    @cached_property
    def step(self) -> float:
        """Step from place to place, pixels."""
        return step_of(self.places)

    @property
    def dose(self) -> float:
        """Counts of all frames over the area that the probe lit, a square pixel of the object."""
        diameter = lit_diameter(self.scan.probeGuess)
        return float(self.counts.sum()) / lit_area(self.places, diameter)

    @cached_property
    def spread(self) -> float:
        """Side of the square that each place has of the scanned area, pixels: repeats that an encoder tells apart count little."""
        return float(np.sqrt(np.ptp(self.places, axis=0).prod() / len(self.places)))

    @cached_property
    def shift(self) -> tuple[int, int]:
        """(rows, columns) by which the mean pattern lies off that of the probe."""
        return offset_of(np.where(self.seen, self.mean, 0), np.where(self.seen, self.model, 0))


def _medians(squares: Array) -> Array:
    """Medians of what is known in each square (K, WINDOW, WINDOW) around its middle, (K,); 0 where nothing is."""
    beside = np.delete(squares.reshape(len(squares), -1), WINDOW**2 // 2, axis=1)
    ranked, count = np.sort(beside, axis=1), np.isfinite(beside).sum(axis=1)  # NaN comes last
    at = np.stack([(count - 1) // 2, count // 2], axis=1).clip(0)
    return np.asarray(np.where(count, np.take_along_axis(ranked, at, axis=1).mean(axis=1), 0.0))
