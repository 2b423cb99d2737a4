"""What scores may and may not depend on; that each of them can fail (failures 33, 59, 65, 67, 77)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.contracts.resolve import flatten
from ptyspec.scores.dataspace import poisson_deviance_per_pixel
from ptyspec.scores.metrics import score
from ptyspec.seeds import generator
from ptyspec.spec.checks import Check
from tests.small_scenes import textured_object

TRUTH = textured_object(96, 100, seed=3)
SHAPE, ORIGIN = (48, 100), (0, 48)


def lit() -> Array:
    """All but one corner."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return np.asarray(~((y < 10) & (x > 80)))


def made_of(image: Array) -> Reconstruction:
    held = np.where(lit(), image, np.nan).astype(np.complex64)
    return Reconstruction(object=held, coverage=lit().astype(np.float32), origin=ORIGIN)


@cache
def good() -> Reconstruction:
    """The lower part of the object with a small error."""
    noise = generator(1, "error").normal(size=(2, *SHAPE))
    return made_of(TRUTH[48:] + 0.2 * (noise[0] + 1j * noise[1]))


def times(factor: complex, found: Reconstruction | None = None) -> Reconstruction:
    start = found or good()
    return start.model_copy(update={"object": (start.object * factor).astype(np.complex64)})


@cache
def block() -> dict[str, Any]:
    return score(good(), TRUTH)


def leaves(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return dict(flatten(metrics))


@pytest.mark.clause("SCORE-003")
@pytest.mark.parametrize("factor", [0.25, 2.0], ids=["quarter", "double"])
def test_the_level_of_a_scaled_reconstruction_is_scored_as_it_is(
    clause: Check, factor: float
) -> None:
    one, other = block()["amplitude"], score(times(factor), TRUTH)["amplitude"]
    clause.equal(other["mean_ratio"], factor * one["mean_ratio"], "mean ratio")
    clause.equal(
        other["least_squares_scalar"], one["least_squares_scalar"] / factor, "least-squares factor"
    )
    clause.equal(other["prediction"]["p95"], factor * one["prediction"]["p95"], "95th percentile")
    for name in ("mae", "rmse", "ssim"):
        clause.detects(
            lambda found, key=name: found[key], one, other, f"{name} of a scaled object", 0.2
        )


@pytest.mark.clause("SCORE-004")
@pytest.mark.parametrize(
    "unit", [1e-3, 12.3, 255.0], ids=["thousandth", "twelve", "peak-of-8-bits"]
)
def test_structural_similarity_does_not_depend_on_the_unit_of_the_object(
    clause: Check, unit: float
) -> None:
    one, other = block()["amplitude"], score(times(unit), TRUTH * np.float32(unit))["amplitude"]
    clause.close(other["ssim"], one["ssim"], "structural similarity in another unit")


@pytest.mark.clause("SCORE-004", "SCORE-003")
def test_structural_similarity_depends_on_the_unit_of_one_object_alone(clause: Check) -> None:
    for name in ("SCORE-004", "SCORE-003"):
        clause(name).detects(
            lambda found: found["amplitude"]["ssim"],
            block(),
            score(times(1.2), TRUTH),
            "similarity",
            1e-3,
        )


def without_peak(metrics: Mapping[str, Any], path: str = "") -> list[str]:
    """Noise ratios that stand without the peak they are relative to."""
    found = []
    for key, value in metrics.items():
        if isinstance(value, Mapping):
            found += without_peak(value, f"{path}{key}.")
        elif "psnr" in key.lower() and not {"peak", "data_range"} & set(metrics):
            found.append(f"{path}{key}")
    return found


@pytest.mark.clause("SCORE-005")
def test_no_noise_ratio_stands_without_its_peak(clause: Check) -> None:
    clause.equal(without_peak({"amplitude": {"psnr": 68.6}}), ["amplitude.psnr"], "a planted one")
    clause.equal(
        without_peak({"amplitude": {"psnr": 68.6, "data_range": 3.1}}), [], "one with its range"
    )
    clause.equal(without_peak(block()), [], "noise ratios without a peak")


@pytest.mark.clause("GAUGE-001")
@pytest.mark.parametrize("angle", [0.4, -2.2], ids=["small", "large"])
def test_a_phase_factor_changes_no_score_but_the_phase_that_is_told(
    clause: Check, angle: float
) -> None:
    one, other = leaves(block()), leaves(score(times(np.exp(1j * angle)), TRUTH))
    told = other.pop("gauge.aligned.scale.phase") - one["gauge.aligned.scale.phase"]
    clause.close(
        math.remainder(told - angle, 2 * math.pi), 0.0, "the phase factor that alignment tells"
    )
    same = [
        key
        for key, value in other.items()
        if isinstance(value, float | list) and not key.startswith("gauge.aligned")
    ]
    clause.close(
        *(np.concatenate([np.ravel(found[key]) for key in same]) for found in (other, one)),
        "all scores",
    )
    rest = [key for key, value in other.items() if not isinstance(value, float | list)]
    clause.equal(
        {key: other[key] for key in rest},
        {key: one[key] for key in rest},
        "counts, flags and reasons",
    )


# EVID-001

PERTURBED: dict[str, Callable[[], Reconstruction]] = {
    "doubled": lambda: times(2.0),
    "blurred": lambda: made_of(blurred(TRUTH)[48:]),
    "shifted-ramp": lambda: made_of(
        np.roll(TRUTH, 2, axis=1)[48:] * np.exp(2j * np.pi * 0.004 * np.arange(100))
    ),
    "wild": lambda: made_of(wild()),
    "hole": lambda: good().model_copy(
        update={"object": holed(), "coverage": np.where(np.isnan(holed()), 2.0, 1.0) * lit()}
    ),
}
SAID_OF_THE_TRUTH = ("amplitude.truth.", "frc.amplitude.frequency", "frc.complex.frequency")
"""Numbers about the truth or the grid, which no reconstruction changes."""


def blurred(image: Array) -> Array:
    return np.asarray(gaussian_filter(image.real, 2.0) + 1j * gaussian_filter(image.imag, 2.0))


def wild() -> Array:
    """Random amplitudes and phases: no part of the object."""
    draws = generator(2, "wild")
    return np.asarray(
        draws.uniform(0.1, 9.0, SHAPE) * np.exp(1j * draws.uniform(-np.pi, np.pi, SHAPE))
    )


def holed() -> Array:
    image = good().object.copy()
    image[20:34, 60:86] = np.nan
    return image


@cache
def perturbed() -> dict[str, dict[str, Any]]:
    return {name: leaves(score(make(), TRUTH)) for name, make in PERTURBED.items()}


def moved(before: Any, after: Any) -> bool:
    """Whether a number changed by more than the rounding of a sum."""
    if isinstance(before, float) and isinstance(after, float):
        return abs(after - before) > 1e-9 * max(abs(before), abs(after))
    return bool(after != before)


def unmoved(one: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Numbers that none of the perturbations changes."""
    about = [key for key, value in one.items() if isinstance(value, bool | int | float | list)]
    return [
        key
        for key in about
        if not any(moved(one[key], other[key]) for other in others.values())
        and not key.startswith(SAID_OF_THE_TRUTH)
    ]


@pytest.mark.clause("EVID-001")
def test_every_number_of_the_score_changes_with_the_reconstruction(clause: Check) -> None:
    one = leaves(block())
    clause.holds(
        sum(isinstance(value, int | float | list) for value in one.values()) > 50,
        "numbers in the score",
    )
    clause.equal(unmoved(one, perturbed()), [], "numbers that no perturbation changes")


@pytest.mark.clause("EVID-001")
def test_the_recorded_chain_of_ratios_is_found_out(clause: Check) -> None:
    """Positive control: the invariant chain of the investigation telescopes, whatever the prediction is."""
    raw, grouped = 1.363, 1.378

    def chain(found: Reconstruction) -> dict[str, Any]:
        level, truth = float(np.nanmean(np.abs(found.object))), float(np.abs(TRUTH).mean())
        return {
            "chain": round((grouped / raw) * (level / grouped) * (truth / level), 9),
            "mean": level,
        }

    others = {name: chain(make()) for name, make in PERTURBED.items()}
    clause.equal(unmoved(chain(good()), others), ["chain"], "numbers that no perturbation changes")


@pytest.mark.clause("EVID-001")
@pytest.mark.parametrize(
    ("key", "name", "at_least"),
    [
        pytest.param("amplitude.mean_ratio", "doubled", 0.5, id="level"),
        pytest.param("amplitude.highpass_pearson_r", "blurred", 0.03, id="detail"),
        pytest.param("amplitude.pearson_r", "wild", 0.5, id="amplitude"),
        pytest.param("phase.pearson_r", "wild", 0.5, id="phase"),
        pytest.param("complex.nrmse", "shifted-ramp", 0.3, id="complex"),
        pytest.param("gauge.aligned.scale.modulus", "doubled", 0.5, id="removed-scale"),
        pytest.param("coverage.pixels", "hole", 300, id="coverage"),
    ],
)
def test_a_score_sees_what_it_is_about(clause: Check, key: str, name: str, at_least: float) -> None:
    clause.detects(
        lambda found: found[key], leaves(block()), perturbed()[name], f"{key}, {name}", at_least
    )


@pytest.mark.clause("SCORE-012")
def test_counts_at_their_true_rate_leave_a_deviance_of_one(clause: Check) -> None:
    rate = generator(1, "rate").uniform(5, 200, size=(40, 32, 32))
    counts = generator(1, "counts").poisson(rate).astype(np.float64)
    clause.close(poisson_deviance_per_pixel(rate, counts), 1.0, "deviance a pixel at the true rate")
    clause.detects(
        lambda r: poisson_deviance_per_pixel(r, counts),
        rate,
        1.05 * rate,
        "deviance, rate 5 % off",
        0.03,
    )
