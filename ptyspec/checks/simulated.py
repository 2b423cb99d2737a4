"""Checks of a simulated scan against its own truth, and against the same scan told otherwise."""

from typing import Any

import numpy as np

from ptyspec.checks.clause_check import checks
from ptyspec.checks.handovers import digests
from ptyspec.checks.stage_chain import SIGMAS, frame_sums
from ptyspec.checks.stage_outputs import StageOutputs, spread
from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.physics.diffraction import expected_amplitude
from ptyspec.physics.geometry import extract_patches
from ptyspec.spec.checks import Check

FRAMES = 32
"""Frames that are predicted, spread over the scan."""
SMALL = 24
"""Frames of a scan that is simulated again."""
AROUND = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
"""Own place first, then the places one pixel beside it."""
OWN = 0.95
"""Part of the frames that their own place must explain best: beside a dark pattern all places are alike."""
LEAST = 2.5
"""Photons a pixel from which the variance of (k - rate)^2 / rate is that of large counts (DOSE-002)."""
KNOWN = "the scan is measured, or no object is known"


def predicted(outputs: StageOutputs) -> tuple[Array, list[Array]] | None:
    """Return some measured frames, and what the truth predicts at their places and one pixel beside; None without truth."""
    scan = outputs.scan
    if outputs.scenario.measured or scan.objectGuess is None:
        return None
    rows = spread(scan.size, FRAMES)
    truth, probe = scan.objectGuess.astype(np.complex128), scan.probeGuess.astype(np.complex128)
    mask = 1.0 if scan.mask is None else scan.seen(rows)
    frames = [
        expected_amplitude(probe, extract_patches(truth, scan.positions[rows] + by, scan.N)) * mask
        for by in AROUND
    ]
    return scan.diff3d[rows].astype(np.float64), frames


def likeness(measured: Array, frames: Array) -> Array:
    """Correlation of each measured frame with each predicted one, without the level."""
    products = (measured * frames).sum(axis=(1, 2))
    norms = (np.linalg.norm(one, axis=(1, 2)) for one in (measured, frames))
    first, second = norms
    return np.asarray(products / np.maximum(first * second, 1e-30))


@checks("COORDS-005")
def a_frame_was_taken_where_its_position_says(check: Check, outputs: StageOutputs) -> None:
    what = "part of the frames that the object at their own position explains best, of places 1 px away"
    if (known := outputs.facts(predicted)) is None:
        check.missing(what, KNOWN)
        return
    best = np.argmax([likeness(known[0], frames) for frames in known[1]], axis=0)
    check.between(OWN, float(np.mean(best == 0)), 1, what)


@checks("FORWARD-002")
def zero_frequency_is_in_the_middle(check: Check, outputs: StageOutputs) -> None:
    what = "likeness of the frames to what the truth predicts, less that of the best wrong order"
    if (known := outputs.facts(predicted)) is None:
        check.missing(what, KNOWN)
        return
    measured, frames = known[0], known[1][0]
    half = measured.shape[-1] // 2
    wrong = {
        "zero frequency at pixel 0": np.roll(frames, (half, half), axis=(1, 2)),
        "rows and columns exchanged": np.swapaxes(frames, 1, 2),
        "rows upwards": np.roll(frames[:, ::-1], 1, axis=1),
        "columns to the left": np.roll(frames[:, :, ::-1], 1, axis=2),
    }
    right = float(likeness(measured, frames).mean())
    for name, other in wrong.items():
        value = right - float(likeness(measured, other).mean())
        check.holds(value > 0, f"frames are not stored with {name}", f"{value:.3g}", "> 0")


def _photons(outputs: StageOutputs) -> tuple[Array, Array] | None:
    """Counts and rates of some frames; None without a truth or without noise."""
    known = outputs.facts(predicted)
    if known is None or outputs.scenario.dose.noise != "poisson":
        return None
    scale = outputs.scan.scale
    return (scale * known[0]) ** 2, (scale * known[1][0]) ** 2


@checks("DOSE-002")
def counts_have_the_variance_of_their_mean(check: Check, outputs: StageOutputs) -> None:
    what = "mean of (k - rate)^2 / rate"
    if (both := outputs.facts(_photons)) is None:
        check.missing(what, KNOWN)
        return
    counts, rates = (part[both[1] > LEAST] for part in both)
    if counts.size < 1000:
        check.missing(what, f"{counts.size} pixels with enough light")
    else:
        check.within_ratio(float(((counts - rates) ** 2 / rates).mean()), 1.0, what)


@checks("DOSE-003")
def counts_are_whole_numbers(check: Check, outputs: StageOutputs) -> None:
    what = "distance of (s X)^2 from whole numbers, the largest, over the rounding of X"
    if (both := outputs.facts(_photons)) is None:
        check.missing(what, KNOWN)
        return
    counts = both[0]
    allowed = check.clause.tolerance.value * np.maximum(counts, 1.0)
    check.between(0, float((np.abs(counts - np.rint(counts)) / allowed).max()), 1, what)


def again(outputs: StageOutputs, **update: Any) -> RawScan:
    """Return the scan of few frames, simulated under changed parts of the scenario: `seeds={"noise": 1}`."""
    scenario = outputs.scenario
    parts: dict[str, dict[str, Any]] = {"scan": {"n_images": SMALL}, **update}
    changed = {
        name: getattr(scenario, name).model_copy(update=values) for name, values in parts.items()
    }
    return RawScan.model_validate(
        outputs.pipeline.simulate(scenario.model_copy(update=changed)).__dict__
    )


def small(outputs: StageOutputs) -> RawScan:
    """Return that scan under the scenario as it is."""
    return again(outputs)


def _simulated(outputs: StageOutputs) -> bool:
    """Whether there is a scan of few frames to simulate again."""
    return not outputs.scenario.measured and outputs.scenario.scan.kind != "nested"


@checks("DOSE-004")
def more_photons_do_not_change_the_level(check: Check, outputs: StageOutputs) -> None:
    if _simulated(outputs):
        photons = 16 * outputs.scenario.dose.nphotons
        base, more = outputs.facts(small), again(outputs, dose={"nphotons": photons})
        first, second = (float(frame_sums(scan)[1].mean()) for scan in (base, more))
        noise = SIGMAS / (outputs.scenario.dose.nphotons * base.size) ** 0.5
        limit = check.clause.tolerance.value + noise
        what = "mean energy with 16 times the photons, over that without"
        check.between(1 - limit, second / first, 1 + limit, what)


@checks("SCALE-003")
def a_probe_of_twice_the_scale_is_half_the_probe(check: Check, outputs: StageOutputs) -> None:
    spec = outputs.scenario
    if spec.probe.kind == "file" or spec.dose.noise != "poisson":
        return
    if _simulated(outputs):
        base = outputs.facts(small)
        other = again(outputs, model={"probe_scale": 2 * spec.model.probe_scale})
        check.equal(2 * other.probeGuess, base.probeGuess, "twice the probe of twice the scale")
        ratio = other.scale / base.scale
        check.between(2 - 1e-6, ratio, 2 + 1e-6, "s of twice the probe_scale over s")
        energy = float(frame_sums(other)[1].sum() / frame_sums(base)[1].sum())
        check.between(0.25 - 1e-6, energy, 0.25 + 1e-6, "energy of the stored amplitudes")


@checks("SIMULATE-001")
def equal_seeds_give_equal_bytes(check: Check, outputs: StageOutputs) -> None:
    if _simulated(outputs):
        base, same = digests(outputs.facts(small)), digests(again(outputs))
        unlike = sorted(name for name in base if base[name] != same.get(name))
        check.equal(unlike, [], "arrays that differ between two simulations of equal seeds")


SEEDS = {
    "noise": ({"diff3d"}, {"xcoords", "probeGuess", "objectGuess"}),
    "scan": ({"xcoords", "diff3d"}, {"probeGuess", "objectGuess"}),
}
"""By seed the arrays that it must change and those that it must leave."""


@checks("DET-002", "simulate")
def a_seed_changes_what_it_names(check: Check, outputs: StageOutputs) -> None:
    if not _simulated(outputs):
        return
    base, seeds = digests(outputs.facts(small)), outputs.scenario.seeds
    for name, (changes, leaves) in SEEDS.items():
        if name == "noise" and outputs.scenario.dose.noise != "poisson":
            continue
        other = digests(again(outputs, seeds={name: getattr(seeds, name) + 1}))
        changed = {one for one in base if base[one] != other.get(one)}
        check.equal(
            sorted(changes - changed), [], f"arrays that the seed {name} leaves as they were"
        )
        check.equal(sorted(leaves & changed), [], f"arrays that the seed {name} changes besides")
