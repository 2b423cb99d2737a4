"""What alignment removes, tells and leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import fourier_shift, gaussian_filter

from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.scores.frame import cut
from ptyspec.scores.gauge import Aligned, align, gauge_scores
from ptyspec.scores.phase import nrmse
from ptyspec.seeds import generator
from ptyspec.spec.checks import Check

SIDE, MARGIN = 104, 20
SHIFT, RAMP, SCALE = (0.3737, -0.6141), (0.013, -0.021), 0.43 * np.exp(1.1j)


@cache
def truth() -> Array:
    """A periodic object without symmetry, so that it can be shifted exactly."""
    draws = generator(11, "periodic object")
    amplitude, phase = (
        gaussian_filter(draws.normal(size=(SIDE, SIDE)), 2.0, mode="wrap") for _ in range(2)
    )
    return np.asarray(
        (2.7 + 0.5 * amplitude / amplitude.std()) * np.exp(0.5j * phase / phase.std())
    )


def changed(
    shift: tuple[float, float] = (0, 0), ramp: tuple[float, float] = (0, 0), scale: complex = 1
) -> Array:
    moved = np.fft.ifft2(fourier_shift(np.fft.fft2(truth()), shift[::-1]))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.asarray(scale * moved * np.exp(2j * np.pi * (ramp[0] * columns + ramp[1] * rows)))


def inner(image: Array) -> Reconstruction:
    """The inner part of an image, as if the rest had not been scanned."""
    part = image[MARGIN:-MARGIN, MARGIN:-MARGIN].astype(np.complex64)
    return Reconstruction(
        object=part, coverage=np.ones(part.shape, np.float32), origin=(MARGIN, MARGIN)
    )


def block(image: Array) -> dict[str, Any]:
    return gauge_scores(cut(inner(image), truth()))


@cache
def found() -> Aligned:
    frame = cut(inner(changed(SHIFT, RAMP, SCALE)), truth())
    return align(frame.rec, frame.truth, frame.mask)


@pytest.mark.clause("GAUGE-004")
def test_the_removed_ramp_shift_and_factor_are_told_as_large_as_they_were(clause: Check) -> None:
    told = block(changed(SHIFT, RAMP, SCALE))["aligned"]
    clause.close(told["shift"], SHIFT, "shift, pixels")
    across = (SIDE - 2 * MARGIN) * (np.array(told["ramp"]) - RAMP)
    clause.close(across, np.zeros(2), "ramp, cycles over the frame")
    factor = told["scale"]["modulus"] * np.exp(1j * told["scale"]["phase"])
    clause.close(abs(factor), abs(SCALE), "modulus of the factor")


@pytest.mark.clause("GAUGE-002")
def test_raw_and_aligned_scores_are_of_the_same_pixels(clause: Check) -> None:
    both, pair = block(changed(SHIFT, RAMP, SCALE)), found()
    clause.equal(pair.raw.shape, pair.rec.shape, "pixels of both")
    clause.equal(both["pixels"], pair.rec.size, "pixels that are told")
    for name, image in (("raw", pair.raw), ("aligned", pair.rec)):
        clause.equal(
            both[name]["nrmse"],
            nrmse(image.ravel(), pair.truth.ravel()),
            f"{name} error on these pixels",
        )
    clause.equal(set(both["raw"]) - set(both["aligned"]), set(), "scores without a partner")


@pytest.mark.clause("GAUGE-002")
@pytest.mark.parametrize("rings", [False, True], ids=["scores", "scores-and-rings"])
def test_rings_stand_in_both_blocks_where_they_are_asked_for(clause: Check, rings: bool) -> None:
    frame = cut(inner(changed(SHIFT)), truth())
    both = gauge_scores(frame, rings=True) if rings else gauge_scores(frame)
    clause.equal(
        ["frc" in both[name] for name in ("raw", "aligned")],
        [rings, rings],
        "rings in raw and aligned",
    )


@pytest.mark.clause("SCORE-008")
def test_an_object_of_one_amplitude_says_why_its_amplitude_is_not_correlated(clause: Check) -> None:
    pure = truth() / np.abs(truth())
    both = gauge_scores(cut(inner(pure), pure))
    clause.equal(
        both["reason"], "an amplitude is constant: no correlation", "reason of a pure phase object"
    )
    clause.equal(
        {both[name]["amplitude_pearson_r"] for name in ("raw", "aligned")},
        {None},
        "amplitude correlations",
    )
    clause.equal(
        block(changed(SHIFT))["reason"], None, "reason of an object with amplitude and phase"
    )


@pytest.mark.clause("GAUGE-003")
@pytest.mark.parametrize(
    ("change", "name"),
    [
        pytest.param({"ramp": (0.004, 0.0)}, "phase_pearson_r", id="ramp"),
        pytest.param({"shift": (2.3, 0.0)}, "amplitude_pearson_r", id="shift"),
        pytest.param({"scale": 1.2}, "nrmse", id="factor"),
    ],
)
def test_each_gauge_shows_in_the_raw_scores_and_goes_by_alignment(
    clause: Check, change: Any, name: str
) -> None:
    both = block(changed(**change))
    perfect = 0.0 if name == "nrmse" else 1.0
    off = {kind: abs(both[kind][name] - perfect) for kind in ("raw", "aligned")}
    clause.holds(off["raw"] > 0.1, f"raw {name}", both["raw"][name], "0.1 from perfect at least")
    clause.holds(
        off["aligned"] < 0.01, f"aligned {name}", both["aligned"][name], f"within 0.01 of {perfect}"
    )


OTHERS: dict[str, Callable[[Array], Array]] = {
    "mirrored": lambda image: image[:, ::-1],
    "upside-down": lambda image: image[::-1],
    "transposed": lambda image: image.T,
    "rotated": lambda image: image[::-1, ::-1],
    "conjugated": np.conj,
    "twin": lambda image: np.conj(image[::-1, ::-1]),
}


@pytest.mark.clause("GAUGE-005")
@pytest.mark.parametrize("name", OTHERS)
def test_alignment_makes_no_other_object_the_true_one(clause: Check, name: str) -> None:
    aligned = block(OTHERS[name](truth()))["aligned"]
    both = [aligned["amplitude_pearson_r"], aligned["phase_pearson_r"]]
    clause.holds(
        None in both or min(both) < 0.5, f"correlations of the {name} object", both, "one below 0.5"
    )


@pytest.mark.clause("GAUGE-005")
def test_alignment_leaves_the_true_object_the_true_one(clause: Check) -> None:
    aligned = block(truth())["aligned"]
    both = [aligned["amplitude_pearson_r"], aligned["phase_pearson_r"]]
    clause.holds(min(both) > 0.999, "correlations of the object itself", both, "both above 0.999")


@pytest.mark.clause("GAUGE-006", "SCORE-008")
@pytest.mark.parametrize("kind", ["blank", "too-small"])
def test_what_cannot_be_registered_is_not_evaluated_and_says_why(clause: Check, kind: str) -> None:
    image = np.full((SIDE, SIDE), 1.0 + 0j) if kind == "blank" else truth()
    made = inner(image)
    if kind == "too-small":
        made.coverage[20:] = 0
    both = gauge_scores(cut(made, truth()))
    clause("SCORE-008").holds(
        str(both["reason"]).startswith("not evaluated: "),
        "reason",
        both["reason"],
        "not evaluated: ...",
    )
    values = {value for part in ("raw", "aligned") for value in both[part].values()}
    clause("GAUGE-006").equal((values, both["pixels"]), ({None}, 0), "scores and pixels")
