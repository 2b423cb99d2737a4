"""Checks of a black box beside the object that was simulated: level, place, structure (specs/spec-reconstruction.md)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ptyspec.checks.box import SEEDS, Box
from ptyspec.checks.clause_check import checks
from ptyspec.contracts.bundles import Array
from ptyspec.errors import AnswerError, NotReachedError, ProcessError
from ptyspec.scores.amplitude import highpass_pearson
from ptyspec.scores.phase import phase_pearson
from ptyspec.spec.checks import Check

REACH = 4
"""Shifts against the truth are looked for so many pixels in each direction; a larger one is told as the largest."""


@checks("RECON-001", door="box")
def the_level_is_that_of_the_truth(check: Check, box: Box) -> None:
    """The level."""
    frame = box.frame
    if not frame.pixels:
        return check.fail("well lit pixels on the truth", "none", "some")
    level = np.abs(frame.rec[frame.mask]).mean() / np.abs(frame.truth[frame.mask]).mean()
    return check.within_ratio(float(level), 1.0, "level of the object against the truth")


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


@checks("RECON-050", door="box")
def no_well_lit_pixel_is_far_from_the_truth(check: Check, box: Box) -> None:
    """The pixel that is furthest off."""
    check.close(box.errors.max(), 0.0, "largest error of a well lit pixel over the mean modulus")


@checks("RECON-049", door="box")
def frames_of_another_size_give_as_good_an_object(check: Check, box: Box) -> None:
    """The error beside that of the usual frames."""
    usual, limit = _rms(box), check.clause.tolerance
    size = box.sized.scan.probe.shape[0]
    try:
        found = _rms(box.sized)
    except (ProcessError, AnswerError, NotReachedError, MemoryError):
        raise  # no answer is no refusal
    except Exception as error:
        return check.holds(error, f"refusal of frames of {size} px")
    if SEEDS * usual > limit.value:
        source = f"{SEEDS:g} times the error with the usual frames"
        limit = replace(limit, value=SEEDS * usual, kind="measured", source=source)
    return check.close(found, 0.0, f"root mean square error with frames of {size} px", limit)


def _rms(box: Box) -> float:
    return float(np.sqrt((box.errors**2).mean()))


@checks("RECON-044", door="untrained")
def it_shows_more_than_before_it_began(check: Check, box: Box) -> None:
    """Beside the same pipeline with nothing learnt."""
    first = box.beside(box.ask("nothing learnt", None, None, **box.untrained).seen)
    own, before = box.detail(box.frame), box.detail(first)
    told = f"r {own:.3f}, with nothing learnt {before:.3f}"
    check.holds(own > before + 0.1, "high-passed amplitudes", told, "r beyond it by 0.1")
