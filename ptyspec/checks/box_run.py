"""Checks of a black box: the form of its answer, what surrounds the run, and refusals (specs/spec-reconstruction.md)."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ptyspec.checks.box import Box, finite, same, spread
from ptyspec.checks.clause_check import checks
from ptyspec.contracts.bundles import Array
from ptyspec.errors import AnswerError
from ptyspec.pipeline.box import STATES, Scan
from ptyspec.spec.checks import Check, shown


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


@checks("RECON-031", door="box")
def the_same_request_gives_the_same_bits(check: Check, box: Box) -> None:
    """Asked twice."""
    again = box.ask("asked again")
    check.equal(np.asarray(again.raw), np.asarray(box.begin().raw), "object of the same request")


@checks("RECON-032", door="seeded")
def another_seed_gives_the_same_object(check: Check, box: Box) -> None:
    """Two seeds."""
    change = spread(box)
    if change == 0:
        told = "the same bits: it is not used"
        return check.fail(f"another value of {box.seed}", told, "other bits, the same object")
    return check.close(change, 0.0, "change of the object with another seed")


@checks("RECON-033", door="box")
def another_draw_of_the_noise_gives_the_same_object(check: Check, box: Box) -> None:
    """Two measurements of one object."""
    same(check, box, box.ask("other noise", box.simulated(box.photons, 9)), "other noise")


@checks("RECON-034", door="watched")
def what_was_given_is_left_as_it_was(check: Check, box: Box) -> None:
    """Arrays and settings, before and after."""
    box.begin()
    changed = sorted(box.changed - {*STATES})
    check.equal(changed, [], "arrays and settings that the reconstruction changed")


@checks("RECON-035", door="watched")
def no_global_random_state_is_moved(check: Check, box: Box) -> None:
    """Python's and numpy's."""
    box.begin()
    moved = sorted(box.changed & {*STATES})
    check.equal(moved, [], "random states that the reconstruction moved")


@checks("RECON-036", door="box")
def nothing_is_written(check: Check, box: Box) -> None:
    """The working folder."""
    box.begin()
    left = sorted(box.left)
    check.equal(left, [], f"new files in {Path.cwd()}")


@checks("RECON-038", door="box")
def a_well_lit_pixel_is_finite(check: Check, box: Box) -> None:
    """No NaN in the light."""
    finite(check, box.begin(), "well lit pixels")


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
