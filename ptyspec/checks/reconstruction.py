"""Checks of a black box (specs/spec-reconstruction.md): the object against the truth, and against itself told otherwise."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ptyspec.checks.box import Answer, AnswerError, Box, light_of, relation
from ptyspec.checks.judge import checks
from ptyspec.contracts.bundles import Array
from ptyspec.pipeline.box import Scan
from ptyspec.scores.amplitude import highpass_pearson
from ptyspec.scores.phase import phase_pearson
from ptyspec.spec.checks import Check, shown

SEEDS = 2.0
"""A change counts beyond so many times that between two seeds."""
FACTOR, MOVED, FRACTION, FAR = 1.7, (7, -5), (0.3, 0.45), 300
"""How much stronger, how many pixels further, and how far away a question puts things."""
BRIGHTER = 1.25
"""So many times are amplitudes larger than those that a network was fitted to."""
REACH = 4
"""Shifts against the truth are looked for so many pixels in each direction; a larger one is told as the largest."""


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
    mask[side // 2 - 10 : side // 2 - 6] = False
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


@checks("RECON-037", door="box")
def the_answer_is_a_complex_image_and_a_place(check: Check, box: Box) -> None:
    """Types of what came back."""
    wanted = "complex64 or complex128 (H, W) and an origin (x, y)"
    try:
        image = np.asarray(box.begin().raw)
    except AnswerError as error:
        return check.fail("object and origin", shown(error.details["value"]), wanted)
    good = image.dtype in (np.complex64, np.complex128)
    return check.holds(good, "object and origin", f"{image.dtype} {image.shape}", wanted)


DRAWN = ("RECON-009", "RECON-010", "RECON-024", "RECON-033")
"""Here the frames themselves change, and with them what each random number meets."""


def _spread(box: Box) -> float:
    """The change between two seeds, 0 where there is none."""
    if not box.seed:
        return 0.0
    return relation(box.ask("another seed", None, None, **{box.seed: 1}), box.begin())[1]


def _same(check: Check, box: Box, answer: Answer, what: str, other: Answer | None = None) -> None:
    """Require that an answer is the plain one: within the clause's tolerance, or twice what chance changes.

    Chance is another seed where the random numbers meet other frames, or train a network; else the same request again.
    """
    level, change = relation(answer, other or box.begin())
    limit = check.clause.tolerance
    if check.clause.id in DRAWN or box.learns:
        chance, name = _spread(box), "seeds"
    else:
        chance, name = relation(box.ask("asked again"), box.begin())[1], "equal requests"
    if SEEDS * chance > limit.value:
        source = f"{SEEDS:g} times the change between {name}"
        limit = replace(limit, value=SEEDS * chance, kind="measured", source=source)
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


def _finite(check: Check, answer: Answer, what: str) -> None:
    if not answer.lit.any():
        return check.fail(what, "none on the canvas", "some")
    return check.finite(answer.image[answer.lit], what)


@checks("RECON-013", door="box")
def an_empty_frame_gives_no_nan(check: Check, box: Box) -> None:
    """Every twentieth frame is empty."""
    frames = np.array(box.scan.frames)
    frames[::20] = 0
    answer = box.ask("empty frames", box.scan.but(frames=frames))
    _finite(check, answer, "well lit pixels beside empty frames")


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
    there = best == "as it is" and scores[best] > 0
    check.holds(there, "orientation that agrees best with the truth", told, "as it is")


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


def _shift(box: Box, part: Array) -> Array | None:
    """[x, y] by which a part (bool, of the frame) of the object lies off the truth, pixels; None where nothing tells.

    The shift at which the amplitudes correlate best, of all up to REACH, and the top of a parabola through it and its
    neighbours. Areas have holes in the dark: a registration of rectangles would see little of them.
    """
    frame = box.frame
    known, truth = frame.mask & part, np.abs(frame.truth)
    image, steps = np.abs(frame.rec), range(-REACH, REACH + 1)
    scores = np.full((len(steps), len(steps)), -1.0)
    for row, down in enumerate(steps):
        for column, right in enumerate(steps):
            there = known & np.roll(frame.mask, (down, right), (0, 1))
            there[: max(down, 0)] = there[:, : max(right, 0)] = False
            moved = np.roll(truth, (down, right), (0, 1))
            one, other = image[there], moved[there]
            if there.sum() > 100 and one.std() and other.std():
                scores[row, column] = np.corrcoef(one, other)[0, 1]
    if scores.max() <= 0:
        return None
    best = np.unravel_index(scores.argmax(), scores.shape)
    return np.array([_top(scores[best[0]], best[1]), _top(scores[:, best[1]], best[0])]) - REACH


def _top(scores: Array, best: Any) -> float:
    """Place of the top of a parabola through the best score and its neighbours."""
    if not 0 < best < len(scores) - 1:
        return float(best)
    low, high, after = scores[best - 1 : best + 2]
    bend = low - 2 * high + after
    return float(best + (0.5 * (low - after) / bend if bend < 0 else 0.0))


@checks("RECON-021", door="box")
def the_origin_is_where_it_is_said_to_be(check: Check, box: Box) -> None:
    """One shift of the whole object."""
    found = _shift(box, box.frame.mask)
    if found is None:
        return check.fail("shift of the object against the truth", "cannot be registered", "0 px")
    return check.close(found, np.zeros(2), "shift [x, y] of the object against the truth, px")


@checks("RECON-022", door="box")
def distances_are_those_of_the_positions(check: Check, box: Box) -> None:
    """The shift at opposite ends of the object."""
    places = np.indices(box.frame.mask.shape)
    for axis, name in ((1, "left and right"), (0, "top and bottom")):
        half = places[axis] < box.frame.mask.shape[axis] / 2
        first, second = _shift(box, half), _shift(box, ~half)
        if first is None or second is None:
            check.fail(f"shift between {name}", "cannot be registered", "0 px")
        else:
            check.close(second - first, np.zeros(2), f"shift [x, y] between {name}, px")


@checks("RECON-023", door="box")
def every_frame_lies_on_the_canvas(check: Check, box: Box) -> None:
    """The windows of the frames, to half a pixel."""
    answer, size = box.begin(), box.scan.probe.shape[0]
    low = box.scan.positions - size // 2 - answer.origin
    high = low + size - np.array(answer.image.shape)[::-1]
    beside = float(max(-low.min(), high.max(), 0.0))
    check.between(0.0, beside, 0.5, "pixels by which a frame reaches beyond the canvas")


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


@checks("RECON-028", door="box")
def the_frames_are_explained(check: Check, box: Box) -> None:
    """R of the object over that of the truth."""
    own, known, _ = box.fits
    limit = 1 + check.clause.tolerance.value
    what = f"R factor over that of the truth ({known:.4f})"
    check.between(1 / limit, own / known, limit, what)


@checks("RECON-029", door="box")
def the_gauge_is_that_of_the_probe_that_was_given(check: Check, box: Box) -> None:
    """The factor on the object with which the given probe explains the frames best."""
    check.within_ratio(box.fits[2], 1.0, "factor that the object lacks beside the given probe")


@checks("RECON-030", door="box")
def where_no_light_fell_nothing_is_claimed(check: Check, box: Box) -> None:
    """Dark pixels of the canvas."""
    dark = box.begin().light <= 0
    claimed = int(np.isfinite(box.begin().image[dark]).sum())
    check.equal(claimed, 0, f"finite pixels among {int(dark.sum())} without light")


@checks("RECON-031", door="box")
def the_same_request_gives_the_same_bits(check: Check, box: Box) -> None:
    """Asked twice."""
    again = box.ask("asked again")
    check.equal(np.asarray(again.raw), np.asarray(box.begin().raw), "object of the same request")


@checks("RECON-032", door="seeded")
def another_seed_gives_the_same_object(check: Check, box: Box) -> None:
    """Two seeds."""
    change = _spread(box)
    if change == 0:
        told = "the same bits: it is not used"
        return check.fail(f"another value of {box.seed}", told, "other bits, the same object")
    return check.close(change, 0.0, "change of the object with another seed")


@checks("RECON-033", door="box")
def another_draw_of_the_noise_gives_the_same_object(check: Check, box: Box) -> None:
    """Two measurements of one object."""
    _same(check, box, box.ask("other noise", box.simulated(box.photons, 9)), "other noise")


@checks("RECON-034", door="box")
def what_was_given_is_left_as_it_was(check: Check, box: Box) -> None:
    """Arrays and settings, before and after."""
    box.begin()
    for name, (before, after) in box.given.items():
        check.equal(after, before, f"{name} after the reconstruction")


@checks("RECON-035", door="box")
def no_global_random_state_is_moved(check: Check, box: Box) -> None:
    """Python's and numpy's."""
    box.begin()
    for name, (before, after) in box.states.items():
        check.equal(after, before, f"{name} after the reconstruction")


@checks("RECON-036", door="box")
def nothing_is_written(check: Check, box: Box) -> None:
    """The working folder."""
    box.begin()
    left = sorted(box.left)
    check.equal(left, [], f"new files in {Path.cwd()}")


@checks("RECON-038", door="box")
def a_well_lit_pixel_is_finite(check: Check, box: Box) -> None:
    """No NaN in the light."""
    _finite(check, box.begin(), "well lit pixels")


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


@checks("RECON-044", door="untrained")
def it_shows_more_than_before_it_began(check: Check, box: Box) -> None:
    """Beside the same pipeline with nothing learnt."""
    first = box.beside(box.ask("nothing learnt", None, None, **box.untrained).seen)
    own, before = box.detail(box.frame), box.detail(first)
    told = f"r {own:.3f}, with nothing learnt {before:.3f}"
    check.holds(own > before + 0.1, "high-passed amplitudes", told, "r beyond it by 0.1")


@checks("RECON-045", door="network")
def the_company_of_a_test_frame_does_not_matter(check: Check, box: Box) -> None:
    """The left half of the test scan alone, where the right half casts no light."""
    left = box.scan.positions[:, 0] < np.median(box.scan.positions[:, 0])
    alone = box.predict("the left half alone", box.scan.take(np.flatnonzero(left)))
    rest = box.scan.take(np.flatnonzero(~left))
    other = light_of(rest, alone.image.shape, alone.origin)[0] > 0
    alone = replace(alone, image=np.where(other, np.nan, alone.image))
    _same(check, box, alone, "the left half of the test scan alone")


@checks("RECON-046", door="network")
def the_order_of_test_frames_does_not_matter(check: Check, box: Box) -> None:
    """The test scan backwards, with the same model."""
    rows = np.arange(len(box.scan.frames))[::-1]
    backwards = box.predict("test frames backwards", box.scan.take(rows))
    _same(check, box, backwards, "the test frames backwards")


@checks("RECON-047", door="network")
def a_brighter_test_scan_gives_a_brighter_object(check: Check, box: Box) -> None:
    """Amplitudes times 1.25, with the same model."""
    brighter = box.predict("brighter test scan", box.scan.but(scale=box.scan.scale / BRIGHTER))
    level, _ = relation(brighter, box.begin())
    check.within_ratio(level, BRIGHTER, "level of the object of a test scan 1.25 times as bright")


@checks("RECON-048", door="network")
def a_model_can_be_used_again(check: Check, box: Box) -> None:
    """The plain test scan, after others."""
    box.predict("brighter test scan", box.scan.but(scale=box.scan.scale / BRIGHTER))
    again = box.predict("the test scan again", box.scan)
    check.equal(np.asarray(again.raw), np.asarray(box.begin().raw), "object of the same model")
