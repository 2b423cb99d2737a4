"""What is mended in a measured scan before it is used, as the settings say; every decision is written down.

`find_*` return what is wrong; `mend` applies the settings of `scan` and keeps what it did, and who asked for it, in
the scan's metadata under `decisions`, and in its warnings where nobody asked.
"""

import math
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import runs
from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.contracts.scenario import ScanSpec
from ptyspec.errors import ConfigError
from ptyspec.files.large import gathered
from ptyspec.physics import iterative
from ptyspec.physics.scan_facts import ScanFacts, quantum_of
from ptyspec.pipeline.score import predict_frames
from ptyspec.scores.dataspace import r_factor

OUTSHINES = 10.0
"""A pixel that has more than so many times the light of its neighbours is hot: a pattern is smooth over a pixel."""
TOLD = 30
"""Counts of a scan from which on a dark pixel, or a hot one, is no chance; so many equal largest values are none, too."""
FAMILY = (0.1, 8.0)
"""Counts of a frame over the median frame; right scans lie between 0.2 and 2.5, of objects with opaque parts too."""
FRAMES, SWEEPS = 100, 2
"""Frames in the middle of the scan, and sweeps of the iterative reference, for each of the eight orientations."""
STANDS_OUT, CLEARLY = 3.0, 0.02
"""Times the spread of the other orientations, and part of their misfit, by which the best one fits better."""
ONE_COUNT = 0.5, 2.0
"""Counts that the smallest value stands for; averages of some exposures and a dose known roughly stay within."""
MATTERS = 0.01
"""Part of the counts, or of the probe's pattern, from which on pixels are masked (SCAN-004, SCAN-005)."""
EIGHT = ("as-is", "x", "y", "xy", "swap", "swap-x", "swap-y", "swap-xy")
"""Orientations of the positions: x and y change places (swap), then the sign of x, of y, or of both is turned."""


def find_hot(facts: ScanFacts) -> Array:
    """Pixels that say the same in every frame, or outshine their neighbours beyond what the probe explains, (N, N) bool."""
    mean, most, size = facts.mean, facts.most, facts.scan.size
    constant = (mean > 0) & (mean * size > TOLD) & (most - mean <= 1e-6 * most) & (size > 2)
    beside = np.maximum(facts.around(mean), np.maximum(facts.around(facts.model), facts.model))
    bright = (mean > OUTSHINES * beside) & (mean * size > TOLD * OUTSHINES)
    return np.asarray(facts.seen & (constant | bright))


def find_dead(facts: ScanFacts) -> Array:
    """Pixels that never count although the probe lights them, (N, N) bool."""
    expected = facts.model * facts.scan.size / OUTSHINES  # a sample takes some of it away
    return np.asarray(facts.seen & (facts.mean == 0) & (expected > TOLD))


def find_full(facts: ScanFacts) -> Array:
    """Pixels in which the detector was full, (N, N) bool: they hold the scan's largest value, as more than TOLD values do."""
    times = facts.times_at_most
    return np.asarray((times > 0) & (times.sum() > TOLD))


def full_part(facts: ScanFacts) -> float:
    """Part of the counts in values at which the detector was full."""
    if not find_full(facts).any():
        return 0.0
    return float(facts.times_at_most.sum() * facts.most.max() / max(facts.counts.sum(), 1e-30))


def find_strange(facts: ScanFacts) -> Array:
    """Frames whose counts are out of family, their rows."""
    usual = float(np.median(facts.counts))
    part = facts.counts / usual if usual else np.ones(facts.scan.size)
    return np.flatnonzero((part < FAMILY[0]) | (part > FAMILY[1]))


def turned(scan: RawScan, orientation: str) -> RawScan:
    """The scan with its positions in one of the EIGHT orientations, within the same limits."""
    if orientation not in EIGHT:
        what, step = "no orientation has this name", f"one of auto, {', '.join(EIGHT)}"
        raise ConfigError(what, value=orientation, source="scan.orientation", next_step=step)
    x, y = scan.xcoords, scan.ycoords
    if orientation.startswith("swap"):
        x, y = y, x
    signs = orientation.removeprefix("swap").removeprefix("-") if orientation != "as-is" else ""
    if "x" in signs:
        x = x.max() + x.min() - x
    if "y" in signs:
        y = y.max() + y.min() - y
    moved = {"xcoords": x, "ycoords": y, "xcoords_start": x, "ycoords_start": y}
    return scan if orientation == "as-is" else scan.model_copy(update=moved)


def misfits(scan: RawScan) -> dict[str, float]:
    """R factor that a few sweeps of the iterative reference leave, for each of the EIGHT orientations."""
    low, high = scan.positions.min(axis=0), scan.positions.max(axis=0)
    far = np.abs(scan.positions - (low + high) / 2).max(axis=1)
    # Neighbours, so that they overlap, around the middle, which every orientation leaves alone.
    part = scan.take(np.sort(np.argsort(far, kind="stable")[:FRAMES]))
    mask = part.seen(np.arange(part.size))
    left = {}
    for name in EIGHT:
        one = turned(part, name)
        found = iterative.reconstruct(one, sweeps=SWEEPS, alpha=1.0, seed=0)
        left[name] = r_factor(predict_frames(one, found, np.arange(one.size)), one.diff3d, mask)
    return left


def better_orientation(left: dict[str, float]) -> str:
    """The orientation that explains the frames where `as-is` does not; `as-is` where none stands out."""
    best = min(left, key=lambda name: left[name])
    others = np.array([value for name, value in left.items() if name != best])
    usual = float(np.median(others))
    spread = float(np.median(np.abs(others - usual)))
    ahead = usual - left[best]
    beaten = left["as-is"] - left[best] > 0.5 * ahead
    return best if beaten and ahead > max(STANDS_OUT * spread, CLEARLY * usual) else "as-is"


def mend(scan: RawScan, spec: ScanSpec) -> RawScan:
    """Return the scan as the settings want it; the scan itself where they change nothing.

    - where the file tells no scale, the smallest step of its counts is one photon.
    - frames out of family are left out (`drop_frames`), hot and dead pixels, and values where the detector was full, are
      masked (`hot_pixels`), the pattern is moved to the middle (`centre`), positions are turned (`orientation`), each as
      `spec` says.
    """
    decisions: dict[str, Any] = {}
    power, counts = quantum_of(scan)
    told = not str(scan.metadata.get("scale_source", "")).startswith("assumed")
    if power == 2 and not told and not ONE_COUNT[0] <= counts <= ONE_COUNT[1]:
        scan = scan.model_copy(update={"scale": scan.scale / math.sqrt(counts)})
        decisions["scale"] = counts
    rows = _dropped(scan, spec.drop_frames)
    if rows.size:
        scan = scan.take(np.setdiff1d(np.arange(scan.size), rows))
        decisions["drop_frames"] = rows.tolist()
    if spec.centre != "keep":
        shift = ScanFacts(scan).shift if spec.centre == "auto" else _pair(spec.centre, scan.N)
        if any(shift):
            scan = _moved(scan, shift)
            decisions["centre"] = [scan.N // 2 + side for side in reversed(shift)]
    if spec.hot_pixels == "find":
        facts = ScanFacts(scan)
        hot, dead = find_hot(facts), find_dead(facts)
        bad = np.zeros_like(hot)
        if facts.mean[hot].sum() > MATTERS * facts.mean[facts.seen].sum():
            bad |= hot
        if facts.model[dead].sum() > MATTERS * facts.model.sum():
            bad |= dead
        if bad.any():
            scan = masked(scan, bad)
            decisions["hot_pixels"] = np.argwhere(bad).tolist()
            facts = ScanFacts(scan)
        if full_part(facts) > MATTERS:  # in those frames alone
            bad |= find_full(facts)
            scan = masked(scan, scan.diff3d == scan.diff3d.max())
            decisions["hot_pixels"] = np.argwhere(bad).tolist()
    if spec.orientation != "as-is":
        name = spec.orientation
        name = better_orientation(misfits(scan)) if name == "auto" else name
        scan = turned(scan, name)
        decisions["orientation"] = name
    return _told(scan, decisions) if decisions else scan


def masked(scan: RawScan, bad: Array) -> RawScan:
    """The scan without these pixels."""
    good = ~bad if scan.mask is None else scan.mask & ~bad
    every = np.broadcast_to(good, scan.diff3d.shape)
    parts = (scan.diff3d[run] * every[run] for run in runs(scan.diff3d))
    frames = gathered(parts, scan.diff3d.shape, np.float32)
    return scan.model_copy(update={"mask": good, "diff3d": frames})


def _dropped(scan: RawScan, words: str) -> Array:
    if words in ("auto", "none"):
        return find_strange(ScanFacts(scan)) if words == "auto" else np.array([], int)
    try:
        rows = np.array([int(word) for word in words.split(",")], int)
    except ValueError:
        rows = np.array([-1])
    if rows.size and not ((rows >= 0) & (rows < scan.size)).all():
        what, limit = "these are no frames of the scan", f"auto, none or rows 0 to {scan.size - 1}"
        step = "such as scan.drop_frames=3,17"
        where = "scan.drop_frames"
        raise ConfigError(what, value=words, limit=limit, source=where, next_step=step)
    return np.unique(rows)


def _pair(words: str, size: int) -> tuple[int, int]:
    """(rows, columns) from the middle, of a centre X,Y."""
    try:
        x, y = (round(float(word)) for word in words.split(","))
    except ValueError:
        what, step = "this is no centre", "keep, auto, or column and row such as scan.centre=31,34"
        raise ConfigError(what, value=words, source="scan.centre", next_step=step) from None
    return y - size // 2, x - size // 2


def _moved(scan: RawScan, shift: tuple[int, int]) -> RawScan:
    """The scan with every pattern moved by -shift; corners come to the middle, what comes in from beside is masked."""
    back = tuple(-side for side in shift)
    frames = np.roll(scan.diff3d, back, (1, 2))
    good = np.ones((scan.N, scan.N), bool) if scan.mask is None else scan.mask
    good = np.roll(good, back, (-2, -1))
    if (
        max(map(abs, shift)) < scan.N // 4
    ):  # else zero frequency was in the corner, and all of it is there
        for axis, side in enumerate(shift):
            edge = slice(0, -side) if side < 0 else slice(scan.N - side, None)
            good[(..., edge, *(slice(None),) * (1 - axis))] &= side == 0
    return scan.model_copy(update={"diff3d": frames * good, "mask": good})


SAID = {
    "scale": "the file tells no scale: its smallest step, {:.4g}, was taken for one photon",
    "drop_frames": "frames out of family were left out (scan.drop_frames): rows {}",
    "hot_pixels": "hot, dead or full pixels were masked (scan.hot_pixels), [row, column]: {}",
    "centre": "the pattern's middle was taken at column and row {} (scan.centre)",
    "orientation": "positions were used in the orientation {} (scan.orientation)",
}


def _told(scan: RawScan, decisions: dict[str, Any]) -> RawScan:
    """Keep what was decided: whole in `decisions`, the first ten of each in a warning."""
    said = []
    for key, value in decisions.items():
        long = isinstance(value, list) and len(value) > 10
        short = f"{value[:10]} and {len(value) - 10} more" if long else value
        said.append(SAID[key].format(short))
    metadata = {**scan.metadata, "decisions": decisions}
    metadata["warnings"] = [*metadata.get("warnings", []), *said]
    return scan.model_copy(update={"metadata": metadata})
