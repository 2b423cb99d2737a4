"""Checks of a black box that ask twice: the same scan told otherwise, the same object (specs/spec-reconstruction.md)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ptyspec.checks.answers import light_of, relation
from ptyspec.checks.box import Box, finite, same
from ptyspec.checks.clause_check import checks
from ptyspec.contracts.bundles import Array
from ptyspec.pipeline.box import Scan
from ptyspec.spec.checks import Check

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


@checks(" ".join(SAME), door="box")
def the_same_scan_told_otherwise(check: Check, box: Box) -> None:
    """The object comes back as it was."""
    what, told, back = SAME[check.clause.id]
    same(check, box, box.ask(what, told(box.scan), back), what)


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
    same(
        check, box, box.ask("1e5 under the mask", _gap(box.scan, 1e5)), "1e5 under the mask", clean
    )


@checks("RECON-013", door="box")
def an_empty_frame_gives_no_nan(check: Check, box: Box) -> None:
    """Every twentieth frame is empty."""
    frames = np.array(box.scan.frames)
    frames[::20] = 0
    answer = box.ask("empty frames", box.scan.but(frames=frames))
    finite(check, answer, "well lit pixels beside empty frames")


BRIGHTER = 1.25
"""So many times are amplitudes larger than those that a network was fitted to."""


@checks("RECON-045", door="network")
def the_company_of_a_test_frame_does_not_matter(check: Check, box: Box) -> None:
    """The left half of the test scan alone, where the right half casts no light."""
    left = box.scan.positions[:, 0] < np.median(box.scan.positions[:, 0])
    alone = box.predict("the left half alone", box.scan.take(np.flatnonzero(left)))
    rest = box.scan.take(np.flatnonzero(~left))
    other = light_of(rest, alone.image.shape, alone.origin)[0] > 0
    alone = replace(alone, image=np.where(other, np.nan, alone.image))
    same(check, box, alone, "the left half of the test scan alone")


@checks("RECON-046", door="network")
def the_order_of_test_frames_does_not_matter(check: Check, box: Box) -> None:
    """The test scan backwards, with the same model."""
    rows = np.arange(len(box.scan.frames))[::-1]
    backwards = box.predict("test frames backwards", box.scan.take(rows))
    same(check, box, backwards, "the test frames backwards")


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
    check.equal(again.image, box.begin().image, "object of the same model")
