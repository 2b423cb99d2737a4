"""Why a finished run is wrong or doubtful: causes that can be told from its folder, each by a test of its own."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ptyspec.contracts.bundles import Array, Patches, RawScan, Reconstruction
from ptyspec.errors import PtyspecError
from ptyspec.physics.geometry import extract_patches
from ptyspec.physics.level import scan_energy
from ptyspec.physics.probes import as_modes
from ptyspec.physics.scale import rms_amplitude
from ptyspec.physics.stitch import stitch
from ptyspec.pipeline import trials
from ptyspec.pipeline.group import group
from ptyspec.pipeline.score import predict_frames
from ptyspec.pipeline.split import split
from ptyspec.pipeline.trials import Fit, Trial
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.scores.amplitude import highpass_pearson
from ptyspec.scores.dataspace import r_factor
from ptyspec.scores.frame import common
from ptyspec.scores.headline import lookup, shown
from ptyspec.spec.clause import specification

MOST_PATCHES = 512
"""Patches of a trial are spread over the scan: that many show a pattern, more take time."""
EXPLAINS, LEAST = 0.2, 0.5
"""A trial names a cause where its high-pass r exceeds that of the known object by so much, and is at
least so much: right runs gain nothing from any trial, wrong ones 0.5 and more."""
ALIKE = 0.9
"""High-pass r with the trivial baseline from which on the result is that baseline."""
BETTER, LIKELY = 0.85, 0.95
"""Part of the R factor that a trial of the scan has to leave at most, to be the cause, and to be likely. Right scans
leave 0.98 and more, whatever is tried; swapped or mirrored positions, put right, 0.79 and less."""
SHIFTED = 0.5
"""Pixels by which an object lies off its place, from which on that is a cause."""


class Cause(NamedTuple):
    """A reason that a test confirmed, with the clause that it breaks and the stage where it arose."""

    clause: str
    stage: str
    words: str


def cause_of(run: FinishedRun, *, level: bool, structure: bool, data: bool) -> Cause | None:
    """Return the first cause that a test confirms; None where no test does.

    `level`, `structure` and `data` say what is off: mean amplitude, detail, the fit to the data.
    Where nothing is off, only the place of the object is looked at.
    """
    tests = (
        (_truth_and_data, data or level or structure),
        (_positions, data),
        (_untrained, structure),
        (_flat, structure),
        (_shift, True),  # a pixel off its place costs few of the scores, and costs no time to see
        (_patches, structure),
    )
    for test, asked in tests:
        try:
            cause = test(run) if asked else None
        except PtyspecError:
            cause = None  # a test that the run is too small for confirms nothing
        if cause:
            return cause
    return None


def _truth_and_data(run: FinishedRun) -> Cause | None:
    """SCALE-002: the known object predicts the measured energy to the clause's tolerance."""
    scan = run.scan
    if scan.objectGuess is None or not np.isfinite(scan.objectGuess).all():
        return None
    truth = Reconstruction(
        object=scan.objectGuess, coverage=np.ones(scan.objectGuess.shape, np.float32), origin=(0, 0)
    )
    rows = np.unique(np.linspace(0, scan.size - 1, min(scan.size, MOST_PATCHES)).astype(int))
    predicted, mask = predict_frames(scan, truth, rows), scan.seen(rows)
    seen = np.ones(predicted.shape, bool) if mask is None else mask
    energy = float((predicted[seen] ** 2).sum())
    measured = float((scan.diff3d[rows][seen].astype(np.float64) ** 2).sum())
    ratio = energy / measured if measured else float("inf")
    if abs(ratio - 1) > specification()["SCALE-002"].tolerance.value:
        return Cause(
            "SCALE-002",
            "simulate",
            f"probe, scale and data do not belong together: the true object predicts {ratio:.3f} "
            f"of the measured energy (amplitudes off by {ratio**0.5:.3f})",
        )
    off = r_factor(predicted, scan.diff3d[rows], None if mask is None else seen)
    best = lookup(run.metrics, "controls.trivial.data.r_factor")
    if best is not None and off > best:
        return Cause(
            "DATA-007",
            "simulate",
            f"probe or positions do not belong to the data: the true object predicts them with R "
            f"factor {off:.3f}, one constant a patch with {best:.3f}",
        )
    return None


@lru_cache(maxsize=8)
def _tried(folder: Path, written: int) -> tuple[Fit, list[tuple[Trial, Fit]]]:
    """What `trials.tried` finds of a run's scan; once for its verdict, its pages and the command's last line."""
    run = FinishedRun(folder)
    # Both splits: a split by wrong positions leaves a half that lies scattered over the object.
    settings = run.resolved.scenario
    refine = trials.FOLLOWS if settings.probe.refine_sweeps else 0
    return trials.tried(run.scan, refine=refine, alpha=settings.inference.iterative_alpha)


def _better(run: FinishedRun) -> tuple[Fit, list[tuple[Trial, Fit]]]:
    """The trials of a scan that leave clearly less than it does as it is, the best first."""
    as_is, made = _tried(run.folder, (run.folder / "scan.npz").stat().st_mtime_ns)
    if as_is.freedom > trials.FREE:
        return as_is, []
    return as_is, [one for one in made if one[1].corrected < LIKELY * as_is.corrected]


def _positions(run: FinishedRun) -> Cause | None:
    """Other positions or another probe let the iterative reference fit the data."""
    as_is, better = _better(run)
    if not better or better[0][1].corrected > BETTER * as_is.corrected:
        return None
    trial, left = better[0]
    return Cause(trial.clause, "simulate", _left(trial, left, as_is))


def _left(trial: Trial, left: Fit, as_is: Fit) -> str:
    said = f"{trial.words}: a few sweeps of the iterative reference then leave R factor"
    return f"{said} {left.r_factor:.3f}, as it is {as_is.r_factor:.3f} ({trial.remedy})"


def reasons_of(run: FinishedRun, off: set[str]) -> Iterator[str]:
    """Why a measured scan may have come out so, the likeliest first: what lets the reference explain its frames better.

    `off`: the clauses of what is broken or doubtful. Where the network alone is off, it is the reason; what the look at
    a scan or another clause says is its own reason.
    """
    if off <= {"INFER-006", "INFER-007"}:
        epochs = run.resolved.scenario.training.nepochs
        mine, best = (
            lookup(run.metrics, f"{of}data.r_factor") for of in ("", "controls.iterative.")
        )
        yield (
            f"the network is at fault, not the scan: it leaves R factor {shown(mine)}, the iterative "
            f"reference {shown(best)} (train longer: --set training.nepochs={2 * epochs})"
        )
        return
    if not off & {"DATA-007", "COORDS-001"}:
        return
    as_is, better = _better(run)
    if as_is.freedom > trials.FREE:
        yield (
            "there are too few photons, or the frames overlap too little: the object has "
            f"{as_is.freedom:.2f} values for each measured one above the noise, and trials need "
            f"{trials.FREE:g} at most"
        )
        return
    said = [(left.corrected / as_is.corrected, _left(trial, left, as_is)) for trial, left in better]
    found = run.metrics.get("better_positions") or {}
    if "COORDS-001" in off and found:
        (xx, xy), (yx, yy) = found["matrix"]
        part = found["r_factor_over_as_is"]
        words = (
            f"the positions are stretched, skewed or turned: times [[{xx:.2f}, {xy:.2f}], "
            f"[{yx:.2f}, {yy:.2f}]] they leave {part:.2f} of the R factor (check pixel size, "
            "distance and angle)"
        )
        said.append((part, words))
    yield from (words for _, words in sorted(said))
    if not said:
        yield (
            f"none of {len(trials.TRIALS)} trials explains the frames better: orientation, conjugate "
            "probe, frames one place off, another mode, a background"
        )


def _untrained(run: FinishedRun) -> Cause | None:
    """INFER-003: the result is the untrained network, bit by bit."""
    mine, other = run.reconstruction.object, run.control("untrained").object
    if mine.shape == other.shape and np.array_equal(mine, other, equal_nan=True):
        return Cause("INFER-003", "infer", "the result is the untrained network, bit by bit")
    return None


def _flat(run: FinishedRun) -> Cause | None:
    """INFER-006: the result is what the total counts alone say."""
    alike = _likeness(run, run.control("trivial"))
    if alike < ALIKE:
        return None
    words = "the result is the trivial baseline: one constant a patch, from the total counts"
    return Cause("INFER-006", "infer", f"{words} (high-pass r with it {alike:.3f})")


def _likeness(run: FinishedRun, other: Reconstruction) -> float:
    """High-pass r of the result and another image, on the pixels that both cover; 0 where it is not defined."""
    frame = common(run.reconstruction, other)
    return highpass_pearson(np.abs(frame.rec), np.abs(frame.truth), frame.mask) or 0.0


def _shift(run: FinishedRun) -> Cause | None:
    """STITCH-001: the object lies off its place, and is right where it lies."""
    shift = ((run.metrics.get("gauge") or {}).get("aligned") or {}).get("shift")
    raw = lookup(run.metrics, "gauge.raw.amplitude_pearson_r")
    aligned = lookup(run.metrics, "gauge.aligned.amplitude_pearson_r")
    if not shift or raw is None or aligned is None or max(map(abs, shift)) < SHIFTED:
        return None
    if (1 - aligned) > 0.5 * (1 - raw):
        return None
    x, y = shift
    return Cause(
        "STITCH-001",
        "stitch",
        f"the object lies ({x:+.1f}, {y:+.1f}) pixels [x, y] off its place: amplitude r {raw:.3f} "
        f"there, {aligned:.3f} after the shift",
    )


def _patches(run: FinishedRun) -> Cause | None:
    """What the known object becomes when its patches are spoiled: one of these is what was found."""
    scenario = run.resolved.scenario
    halves = split(scenario, run.scan)
    scan, groups = halves.test, group(scenario, halves).test
    known, origin = _known(run, scan)
    chosen = np.unique(np.linspace(0, groups.size - 1, MOST_PATCHES // groups.C).astype(int))
    # (B, C, 2): where each member of each group was measured, and the middle of its group.
    places = np.moveaxis(groups.coords[chosen, 0], 1, 2)
    middles = np.broadcast_to(groups.coords_offsets[chosen, 0, :, 0][:, None], places.shape)
    positions, middles = places.reshape(-1, 2), middles.reshape(-1, 2)
    patches = extract_patches(known, positions - np.array(origin), scan.N)

    def likeness(patches: Array, positions: Array) -> float:
        made = Patches(
            object=patches[..., None].astype(np.complex64),
            coords=positions[:, None, :, None],
            probe=scan.probeGuess,
        )
        least = scenario.inference.min_coverage
        return _likeness(run, stitch(made, synchronise=False, min_coverage=least))

    plain = likeness(patches, positions)
    alike, cause = max(
        (likeness(spoiled, moved), cause)
        for cause, spoiled, moved in _spoiled(patches, positions, middles)
    )
    if alike < max(plain + EXPLAINS, LEAST):
        return None
    said = f"{cause.words} (high-pass r {alike:.3f} with an object spoiled so, {plain:.3f} without)"
    return cause._replace(words=said)


def _spoiled(
    patches: Array, positions: Array, middles: Array
) -> Iterator[tuple[Cause, Array, Array]]:
    """Patches and positions as known mistakes make them."""
    words = "the patches are transposed: rows and columns change places"
    yield Cause("STITCH-005", "stitch", words), np.swapaxes(patches, 1, 2), positions
    words = "the patches are twins: turned by 180 degrees and conjugated"
    twins = np.roll(np.conj(patches[:, ::-1, ::-1]), 1, axis=(1, 2))
    yield Cause("INFER-006", "infer", words), twins, positions
    words = "x and y of the positions change places"
    yield Cause("COORDS-001", "group", words), patches, positions[:, ::-1]
    words, centre = "the sign of the positions is wrong", positions.mean(axis=0)
    yield Cause("COORDS-003", "group", words), patches, 2 * centre - positions
    if not np.array_equal(positions, middles):
        words = "the sign of the offsets within a group is wrong"
        yield Cause("COORDS-003", "group", words), patches, 2 * middles - positions


def _known(run: FinishedRun, scan: RawScan) -> tuple[Array, tuple[int, int]]:
    """The object that was to be found, and its origin: the truth, or the iterative reference where none is known."""
    if scan.objectGuess is not None:
        return scan.objectGuess, (0, 0)
    reference = run.control("iterative")
    level = rms_amplitude(scan_energy(scan), scan.probeGuess)
    filled = np.where(np.isfinite(reference.object), reference.object, np.complex64(level))
    return filled, reference.origin


def twin_is_possible(probe: Array) -> bool:
    """Return whether the probe (each of its modes) equals its own twin, conj(P(-r)), to 2 % of its norm, up to one global phase.

    A single pattern then cannot tell an object patch from its twin: both give the same counts.
    Both centres of an even array are tried: pixel N/2 and the middle between the central pixels.
    """
    return all(_is_its_twin(mode) for mode in as_modes(probe))


def _is_its_twin(probe: Array) -> bool:
    energy = float(np.linalg.norm(probe))
    twins = (np.conj(probe[::-1, ::-1]), np.conj(np.roll(probe[::-1, ::-1], 1, axis=(0, 1))))
    # |<P, twin>| = |P|^2 exactly where the two are one array up to a phase.
    return any(abs(np.vdot(probe, twin)) > (1 - 2e-4) * energy**2 for twin in twins)
