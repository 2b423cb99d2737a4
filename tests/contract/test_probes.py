"""Simulated probes and the one normalisation (upstream facts 3.2; design: golden facts)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.scenario import ProbeSpec
from ptyspec.errors import ProbeError
from ptyspec.physics.probes import central_mask, ideal, make_probe, normalise
from ptyspec.pipeline.simulate import simulate
from ptyspec.spec.checks import Check
from ptyspec.spec.clause import Tolerance
from tests.small_scenes import scenario

IDEAL, CUSTOM = ProbeSpec(kind="ideal"), ProbeSpec(kind="custom")
SEEDS = [1, 2, 1084]


@pytest.mark.clause("PROBE-006")
@pytest.mark.parametrize(
    ("statistic", "recorded", "digits"),
    [
        pytest.param(lambda p: np.abs(p).mean(), 0.1, 1e-6, id="mean"),
        pytest.param(lambda p: np.abs(p).max(), 1.08936, 5e-6, id="max"),
    ],
)
def test_the_ideal_probe_has_the_recorded_statistics(
    statistic: Callable[[Array], float], recorded: float, digits: float, clause: Check
) -> None:
    probe = make_probe(IDEAL, 64, 10.0, 0)
    assert probe.dtype == np.complex64
    # Half a unit of the last recorded digit; the mean is 1/probe_scale, exact but for float32.
    clause.close(
        statistic(probe),
        recorded,
        "statistic of |P|",
        Tolerance(digits, "absolute", "derived", "last digit"),
    )


@pytest.mark.clause("PROBE-006")
def test_the_ideal_probe_has_the_recorded_normalisation_factor(clause: Check) -> None:
    factor = 10.0 * np.mean(central_mask(64) * np.abs(ideal(64)))
    clause.close(
        factor,
        0.917969,
        "normalisation factor",
        Tolerance(5e-7, "absolute", "derived", "six decimals"),
    )


@pytest.mark.clause("PROBE-006")
def test_the_ideal_probe_has_the_recorded_norm(clause: Check) -> None:
    clause.close(np.linalg.norm(make_probe(IDEAL, 64, 10.0, 0)), 20.02, "L2 norm")


@pytest.mark.clause("PROBE-001")
def test_the_mask_holds_812_pixels_at_64_and_is_symmetric() -> None:
    mask = central_mask(64)
    assert mask.sum() == 812  # recorded count
    assert mask.dtype == np.bool_
    assert (mask == mask[::-1, ::-1]).all()
    assert (mask == mask.T).all()


def test_the_mask_follows_the_diameter_that_was_given() -> None:
    assert (central_mask(64, 32.0) == central_mask(64)).all()  # N/2 is the default
    area = central_mask(64, 48.0).sum()
    assert area == pytest.approx(
        np.pi * 24**2, rel=0.01
    )  # a circle of 24 pixels; its edge counts some 0.5 %


@pytest.mark.parametrize("seed", SEEDS)
def test_the_custom_probe_has_the_recorded_statistics_whatever_the_seed(seed: int) -> None:
    probe = make_probe(CUSTOM, 64, 4.0, seed)
    assert probe.dtype == np.complex64
    assert np.abs(probe).mean() == pytest.approx(
        0.292, rel=1e-5
    )  # solved for; recorded with three decimals
    assert np.linalg.norm(probe) == pytest.approx(
        42.65, rel=1e-5
    )  # solved for; recorded with two decimals


@pytest.mark.parametrize("seed", SEEDS)
def test_the_custom_probe_is_complex_and_structured(seed: int) -> None:
    probe = make_probe(CUSTOM, 64, 4.0, seed)
    bright = np.abs(probe) > 0.5 * np.abs(probe).max()
    assert np.angle(probe)[bright].std() > 0.3  # aberrated: a real probe has 0
    assert np.abs(probe)[bright].std() > 0.05 * np.abs(probe)[bright].mean()  # no flat disk


@pytest.mark.clause("PROBE-005")
@pytest.mark.parametrize("seed", SEEDS)
def test_the_custom_probe_differs_from_its_twin_and_so_tells_an_object_from_its_own(
    seed: int, clause: Check
) -> None:
    likeness = twin_likeness(make_probe(CUSTOM, 64, 4.0, seed))
    clause.holds(
        likeness < 0.9, "overlap of the probe with its twin", likeness, "< 0.9"
    )  # 1: two objects a pattern


def test_the_ideal_probe_is_its_own_twin() -> None:
    assert twin_likeness(make_probe(IDEAL, 64, 10.0, 0)) == pytest.approx(
        1, abs=1e-6
    )  # float32; real and symmetric


def twin_likeness(probe: Array) -> float:
    """|<P, conj P(-r)>| / |P|^2."""
    return float(abs(np.vdot(probe[::-1, ::-1].conj(), probe)) / np.vdot(probe, probe).real)


@pytest.mark.clause("SIMULATE-001")
def test_custom_probes_of_equal_seeds_are_equal_and_of_other_seeds_are_not() -> None:
    first, again, other = (make_probe(CUSTOM, 32, 4.0, seed) for seed in (3, 3, 4))
    assert first.tobytes() == again.tobytes()
    assert np.abs(first - other).max() > 0.1


@pytest.mark.clause("PROBE-001", "PROBE-002")
@pytest.mark.parametrize("scale", [1.0, 4.0, 10.0])
@pytest.mark.parametrize("size", [32, 64])
def test_the_masked_modulus_has_mean_one_over_probe_scale_over_the_whole_frame(
    size: int, scale: float, clause: Check
) -> None:
    draws = np.random.default_rng(5)
    raw = draws.standard_normal((size, size)) + 1j * draws.standard_normal((size, size))
    probe = normalise(raw, scale)
    clause.close(np.mean(central_mask(size) * np.abs(probe)), 1 / scale, "mean |mask P|")
    factor = float(np.abs(probe).sum() / np.abs(raw).sum())
    clause("PROBE-002").close(probe, factor * raw, "probe over one factor")


@pytest.mark.clause("PROBE-004")
def test_a_probe_without_light_near_its_centre_is_refused() -> None:
    probe = np.zeros((32, 32))
    probe[0, 0] = 1
    with pytest.raises(ProbeError, match="no amplitude near its centre"):
        normalise(probe, 4.0)


@pytest.mark.clause("PROBE-MASK-DEFAULT-001")
def test_a_masked_probe_is_zero_outside_the_mask_and_unchanged_inside() -> None:
    plain = simulate(scenario()).probeGuess
    masked = simulate(
        scenario(model={"N": 32, "probe_mask": True, "probe_mask_diameter": 20})
    ).probeGuess
    inside = central_mask(32, 20)
    assert not masked[~inside].any()
    assert (masked[inside] == plain[inside]).all()
