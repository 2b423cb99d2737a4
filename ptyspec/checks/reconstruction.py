"""Checks of a black box (specs/spec-reconstruction.md): the object against the truth, and against itself told otherwise."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ptyspec.checks.box import Answer, Box, placed, relation, usual
from ptyspec.checks.judge import checks
from ptyspec.contracts.bundles import Array
from ptyspec.pipeline.box import Scan
from ptyspec.scores.amplitude import highpass_pearson
from ptyspec.scores.phase import phase_pearson
from ptyspec.spec.checks import Check

SEEDS = 2.0
"""A change counts beyond so many times that between two seeds."""
FACTOR, MOVED, FRACTION, FAR = 1.7, (7, -5), (0.3, 0.45), 300
"""How much stronger, how many pixels further, and how far away a question puts things."""


def mirrored(array: Array) -> Array:
    """Columns in the other order about pixel N/2."""
    return np.roll(array[..., ::-1], 1, axis=-1)


def swapped(array: Array) -> Array:
    """Rows and columns exchanged."""
    return np.swapaxes(array, -1, -2)


def _with(scan: Scan, change: Callable[[Array], Array], positions: Array) -> Scan:
    return scan.but(frames=change(scan.frames), probe=change(scan.probe), positions=positions)


def _unmirrored(image: Array, place: Any) -> tuple[Array, Any]:
    return image[:, ::-1], (-(place[0] + image.shape[1] - 1), place[1])


def _unswapped(image: Array, place: Any) -> tuple[Array, Any]:
    return image.T, (place[1], place[0])


def _unturned(image: Array, place: Any) -> tuple[Array, Any]:
    return _unmirrored(*_unswapped(image, place))


def _times(factor: complex) -> Callable[[Array, Any], tuple[Array, Any]]:
    return lambda image, place: (image * factor, place)


def _moved(by: tuple[float, float]) -> Callable[[Array, Any], tuple[Array, Any]]:
    return lambda image, place: (image, (place[0] - by[0], place[1] - by[1]))


def _gap(scan: Scan, under: float) -> Scan:
    side = scan.probe.shape[0]
    mask = np.ones((side, side), bool)
    mask[side // 2 - 12 : side // 2 - 9] = False
    return scan.but(mask=mask, frames=np.where(mask, scan.frames, under).astype(np.float32))


def _two_areas(scan: Scan) -> Scan:
    away = scan.positions + np.array((FAR, 0))
    return scan.but(
        frames=np.concatenate([scan.frames, scan.frames[::-1]]),
        positions=np.concatenate([scan.positions, away]),
    )


def _probe(scan: Scan, factor: complex) -> Scan:
    return scan.but(probe=(scan.probe * factor).astype(np.complex64))


def _orders(scan: Scan) -> Scan:
    other = scan.frames.astype(scan.frames.dtype.newbyteorder())
    return scan.but(frames=np.asfortranarray(other))


Question = tuple[str, Callable[[Scan], Scan], Callable[[Array, Any], tuple[Array, Any]] | None]
SAME: dict[str, Question] = {
    "RECON-003": ("probe x 1.7", lambda s: _probe(s, FACTOR), _times(FACTOR)),
    "RECON-004": ("scale / 1.7", lambda s: s.but(scale=s.scale / FACTOR), _times(1 / FACTOR)),
    "RECON-005": ("probe with a phase of 1 rad", lambda s: _probe(s, np.exp(1j)), None),
    "RECON-006": (
        "amplitudes in place of counts",
        lambda s: s.but(frames=s.amplitude, measurement="amplitudes"),
        None,
    ),
    "RECON-007": ("unsigned integers", lambda s: s.but(frames=s.frames.astype(np.uint32)), None),
    "RECON-008": ("big-endian frames in Fortran order", _orders, None),
    "RECON-009": (
        "frames in another order",
        lambda s: s.take(np.random.default_rng(0).permutation(len(s.frames))),
        None,
    ),
    "RECON-010": (
        "every frame twice",
        lambda s: s.take(np.repeat(np.arange(len(s.frames)), 2)),
        None,
    ),
    "RECON-012": ("a masked gap", lambda s: _gap(s, 0), None),
    "RECON-014": (
        "positions moved by whole pixels",
        lambda s: s.but(positions=s.positions + MOVED),
        _moved(MOVED),
    ),
    "RECON-015": (
        "positions moved by parts of a pixel",
        lambda s: s.but(positions=s.positions + FRACTION),
        _moved(FRACTION),
    ),
    "RECON-016": (
        "everything in a mirror",
        lambda s: _with(s, mirrored, s.positions * (-1, 1)),
        _unmirrored,
    ),
    "RECON-017": (
        "rows and columns exchanged",
        lambda s: _with(s, swapped, s.positions[:, ::-1]),
        _unswapped,
    ),
    "RECON-018": (
        "everything turned",
        lambda s: _with(
            s, lambda array: swapped(mirrored(array)), (s.positions * (-1, 1))[:, ::-1]
        ),
        _unturned,
    ),
    "RECON-024": ("another area far away", _two_areas, None),
}
"""By clause: the question, how the scan is told otherwise, and how the answer comes back."""


def _spread(box: Box) -> float:
    """The change between two seeds, 0 where there is none."""
    if not box.seed:
        return 0.0
    return relation(box.ask("another seed", None, None, **{box.seed: 1}), box.plain)[1]


def _same(check: Check, box: Box, answer: Answer, what: str, other: Answer | None = None) -> None:
    """Require that an answer is the plain one, within the clause's tolerance or twice the change between seeds."""
    level, change = relation(answer, other or box.plain)
    own = check.clause.tolerance
    seeds = SEEDS * _spread(box)
    limit = own
    if seeds > own.value:
        limit = replace(own, value=seeds, kind="measured", source="twice the change between seeds")
    check.close(change, 0.0, f"change of the object with {what} (level {level:.3f})", limit)


@checks(" ".join(SAME), door="box")
def the_same_scan_told_otherwise(check: Check, box: Box) -> None:
    """The object comes back as it was."""
    what, told, back = SAME[check.clause.id]
    _same(check, box, box.ask(what, told(box.scan), back), what)


@checks("RECON-001", door="box")
def the_level_is_that_of_the_truth(check: Check, box: Box) -> None:
    """The level."""
    frame = box.frame
    if not frame.pixels:
        return check.fail("well lit pixels on the truth", "none", "some")
    level = np.abs(frame.rec[frame.mask]).mean() / np.abs(frame.truth[frame.mask]).mean()
    return check.within_ratio(float(level), 1.0, "level of the object against the truth")


@checks("RECON-002", door="box")
def the_level_does_not_depend_on_the_dose(check: Check, box: Box) -> None:
    """Two doses."""
    weak, strong = (
        box.ask(f"{photons:g} photons", box.simulated(photons, 5)) for photons in (1e5, 1e9)
    )
    level, _ = relation(weak, strong)
    check.within_ratio(level, 1.0, "level at 1e5 photons over that at 1e9")


@checks("RECON-011", door="box")
def what_lies_under_the_mask_does_not_matter(check: Check, box: Box) -> None:
    """Zeros and large numbers under the same mask."""
    clean = box.ask("a masked gap", _gap(box.scan, 0))
    _same(
        check, box, box.ask("1e5 under the mask", _gap(box.scan, 1e5)), "1e5 under the mask", clean
    )


@checks("RECON-013", door="box")
def an_empty_frame_gives_no_nan(check: Check, box: Box) -> None:
    """Every twentieth frame is empty."""
    frames = np.array(box.scan.frames)
    frames[::20] = 0
    answer = box.ask("empty frames", box.scan.but(frames=frames))
    check.finite(answer.image[answer.lit], "well lit pixels beside empty frames")


EIGHT: dict[str, Callable[[Array], Array]] = {
    "as it is": lambda image: image,
    "mirrored": lambda image: image[:, ::-1],
    "upside down": lambda image: image[::-1],
    "turned by 180 degrees": lambda image: image[::-1, ::-1],
    "transposed": lambda image: image.T,
    "turned by 90 degrees": lambda image: np.rot90(image),
    "turned by 270 degrees": lambda image: np.rot90(image, 3),
    "transposed the other way": lambda image: image[::-1, ::-1].T,
}


def _patch_wise(box: Box, change: Callable[[Array], Array]) -> float:
    """Correlation with the truth of the largest square that is well lit, changed."""
    frame = box.frame
    side = min(frame.rec.shape)
    top, left = ((size - side) // 2 for size in frame.rec.shape)
    window = slice(top, top + side), slice(left, left + side)
    rec, truth, mask = (array[window] for array in (frame.rec, frame.truth, frame.mask))
    return highpass_pearson(np.abs(change(rec)), np.abs(truth), change(mask) & mask) or 0.0


@checks("RECON-019", door="box")
def the_orientation_is_that_of_the_truth(check: Check, box: Box) -> None:
    """The eight orientations of the whole object."""
    scores = {name: _patch_wise(box, change) for name, change in EIGHT.items()}
    best = max(scores, key=lambda name: scores[name])
    told = f"{best} (high-pass r {scores[best]:.3f}, as it is {scores['as it is']:.3f})"
    check.holds(best == "as it is", "orientation that agrees best with the truth", told, "as it is")


@checks("RECON-020", door="box")
def it_is_not_its_twin(check: Check, box: Box) -> None:
    """The object, and its inverted conjugate."""

    def agreement(change: Callable[[Array], Array]) -> float:
        frame, both = box.frame, box.frame.mask & change(box.frame.mask).real.astype(bool)
        a, b = change(frame.rec)[both], frame.truth[both]
        a, b = a - a.mean(), b - b.mean()
        return float(abs(np.vdot(a, b)) / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-30))

    own = agreement(lambda image: image)
    twin = agreement(lambda image: np.conj(image[::-1, ::-1]))
    told = f"{twin:.3f} as its twin, {own:.3f} as it is"
    check.holds(own > twin, "mean-free correlation with the truth", told, "more as it is")


def _shift(box: Box, window: tuple[slice, slice]) -> Array | None:
    """[x, y] by which a part of the object lies off the truth, pixels; None where nothing can be registered."""
    from ptyspec.scores.gauge import offset

    rec, truth = box.frame.rec[window], box.frame.truth[window]
    image, known = np.abs(rec), np.abs(truth)
    if min(image.shape) < 16 or not image.std() or not known.std():
        return None
    return offset(image, known, upsample=50)[::-1]


@checks("RECON-021", door="box")
def the_origin_is_where_it_is_said_to_be(check: Check, box: Box) -> None:
    """One shift of the whole object."""
    found = _shift(box, box.frame.rectangle) if box.frame.pixels else None
    if found is None:
        return check.fail("shift of the object against the truth", "cannot be registered", "0 px")
    return check.close(found, np.zeros(2), "shift [x, y] of the object against the truth, px")


@checks("RECON-022", door="box")
def distances_are_those_of_the_positions(check: Check, box: Box) -> None:
    """The shift at opposite ends of the object."""
    if not box.frame.pixels:
        return check.fail("parts of the object on the truth", "none", "some")
    rows, columns = box.frame.rectangle
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    halves = {
        "left and right": [
            (rows, slice(columns.start, columns.start + wide // 2)),
            (rows, slice(columns.stop - wide // 2, columns.stop)),
        ],
        "top and bottom": [
            (slice(rows.start, rows.start + high // 2), columns),
            (slice(rows.stop - high // 2, rows.stop), columns),
        ],
    }
    for name, (one, other) in halves.items():
        first, second = _shift(box, one), _shift(box, other)
        if first is None or second is None:
            check.fail(f"shift between {name}", "cannot be registered", "0 px")
        else:
            check.close(second - first, np.zeros(2), f"shift [x, y] between {name}, px")
    return None


@checks("RECON-023", door="box")
def every_frame_lies_on_the_canvas(check: Check, box: Box) -> None:
    """The light that falls beside the canvas."""
    x0, y0, width, height = box.extent
    whole = placed(np.zeros((height + 1, width + 1)), (x0, y0), box.scan)
    lit = int((whole.light >= 0.5 * usual(whole.light)).sum())
    held = int((box.plain.light >= 0.5 * usual(whole.light)).sum())
    check.equal(held, lit, "well lit pixels on the canvas")


@checks("RECON-025", door="box")
def fine_detail_is_there(check: Check, box: Box) -> None:
    """High-passed amplitudes."""
    score = box.detail(box.frame)
    check.close(1 - score, 0.0, f"1 - r of the high-passed amplitudes (r {score:.3f})")


@checks("RECON-026", door="box")
def it_is_better_than_the_trivial_estimate(check: Check, box: Box) -> None:
    """Beside the estimate from total counts."""
    own, trivial = box.detail(box.frame), box.detail(box.trivial)
    told = f"r {own:.3f}, trivial estimate {trivial:.3f}"
    check.holds(own > trivial + 0.1, "high-passed amplitudes", told, "r beyond the trivial by 0.1")


@checks("RECON-027", door="box")
def the_phase_is_that_of_the_truth(check: Check, box: Box) -> None:
    """Phases after one constant."""
    frame = box.frame
    score = phase_pearson(frame.rec[frame.mask], frame.truth[frame.mask])[0] if frame.pixels else 0
    check.close(1 - (score or 0.0), 0.0, f"1 - r of the phases (r {score or 0.0:.3f})")


@checks("RECON-028 RECON-029", door="box")
def the_frames_are_explained_and_not_their_noise(check: Check, box: Box) -> None:
    """R of the object over that of the truth."""
    own, known = box.residuals
    tolerance = check.clause.tolerance.value
    what = f"R factor over that of the truth ({known:.4f})"
    if check.clause.id == "RECON-028":
        return check.between(0.0, own / known, 1 + tolerance, what)
    return check.between(1 - tolerance, own / known, np.inf, what)


@checks("RECON-030", door="box")
def where_no_light_fell_nothing_is_claimed(check: Check, box: Box) -> None:
    """Dark pixels of the canvas."""
    dark = box.plain.light <= 0
    claimed = int(np.isfinite(box.plain.image[dark]).sum())
    check.equal(claimed, 0, f"finite pixels among {int(dark.sum())} without light")


@checks("RECON-031", door="box")
def the_same_request_gives_the_same_bits(check: Check, box: Box) -> None:
    """Asked twice."""
    again = box.ask("asked again")
    check.equal(np.asarray(again.raw), np.asarray(box.plain.raw), "object of the same request")


@checks("RECON-032", door="box")
def another_seed_gives_the_same_object(check: Check, box: Box) -> None:
    """Two seeds."""
    if not box.seed:
        return check.missing("another seed", "the adapter names no setting that seeds it")
    return check.close(_spread(box), 0.0, "change of the object with another seed")


@checks("RECON-033", door="box")
def another_draw_of_the_noise_gives_the_same_object(check: Check, box: Box) -> None:
    """Two measurements of one object."""
    _same(check, box, box.ask("other noise", box.simulated(box.photons, 9)), "other noise")


@checks("RECON-034", door="box")
def what_was_given_is_left_as_it_was(check: Check, box: Box) -> None:
    """Arrays and settings, before and after."""
    for name, (before, after) in box.given.items():
        check.equal(after, before, f"{name} after the reconstruction")


@checks("RECON-035", door="box")
def no_global_random_state_is_moved(check: Check, box: Box) -> None:
    """Python's and numpy's."""
    for name, (before, after) in box.states.items():
        check.equal(after, before, f"{name} after the reconstruction")


@checks("RECON-036", door="box")
def nothing_is_written(check: Check, box: Box) -> None:
    """The working folder."""
    left = sorted(box.left)
    check.equal(left, [], f"new files in {Path.cwd()}")


@checks("RECON-037", door="box")
def the_answer_is_a_complex_image_and_a_place(check: Check, box: Box) -> None:
    """Types of what came back."""
    image = np.asarray(box.plain.raw)
    check.holds(
        image.ndim == 2 and image.dtype in (np.complex64, np.complex128),
        "object",
        f"{image.dtype} {image.shape}",
        "complex64 or complex128 (H, W)",
    )
    place = np.asarray(box.plain.place, float)
    check.holds(
        place.shape == (2,) and bool(np.isfinite(place).all()), "origin", f"{place}", "(x, y)"
    )


@checks("RECON-038", door="box")
def a_well_lit_pixel_is_finite(check: Check, box: Box) -> None:
    """No NaN in the light."""
    check.finite(box.plain.image[box.plain.lit], "well lit pixels")


REFUSED: dict[str, tuple[str, Callable[[Scan], Scan]]] = {
    "RECON-039": ("one position too few", lambda s: s.but(positions=s.positions[:-1])),
    "RECON-040": ("a probe of half the size", lambda s: s.but(probe=s.probe[::2, ::2])),
    "RECON-041": ("a count that is NaN", lambda s: s.but(frames=_one(s.frames, np.nan))),
    "RECON-042": ("a negative count", lambda s: s.but(frames=_one(s.frames, -3.0))),
    "RECON-043": ("a position that is NaN", lambda s: s.but(positions=_one(s.positions, np.nan))),
}


def _one(array: Array, value: float) -> Array:
    changed = np.array(array)
    changed.flat[changed.size // 2] = value
    return changed


@checks(" ".join(REFUSED), door="box")
def what_makes_no_sense_is_refused(check: Check, box: Box) -> None:
    """An exception, and no object."""
    what, told = REFUSED[check.clause.id]
    refusal = box.refusal(told(box.scan))
    check.holds(refusal is not None, what, "an object, without a word", "an error")
