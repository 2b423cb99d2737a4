"""From patches to the scored object: frame, coverage, crop, chunks, lattice (specs/spec-inference-pipeline.md)."""

from __future__ import annotations

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, Patches, Reconstruction
from ptyspec.physics import stitch as physics
from ptyspec.physics.scale import illumination_weight
from ptyspec.physics.stitch import stitch
from ptyspec.pipeline.score import score
from ptyspec.spec.checks import Check
from tests.properties import given, st
from tests.small_scenes import (
    cut,
    exact_scan,
    lattice,
    scattered,
    scenario,
    small_probe,
    textured_object,
)

N = 32
HEIGHT, WIDTH = 110, 94
OBJECT = textured_object(HEIGHT, WIDTH)
PROBE = small_probe(N)
WEIGHT = illumination_weight(PROBE)
SCATTERED = scattered(90, HEIGHT, WIDTH, 18)


def patches_at(positions: Array, flat: Array | None = None, probe: Array = PROBE) -> Patches:
    """Perfect patches (or `flat`, (M, N, N)), each a group of its own."""
    values = cut(OBJECT, positions, N) if flat is None else flat
    return Patches(object=values[..., None], coords=positions[:, None, :, None], probe=probe)


@pytest.mark.clause("BASELINE-OFFSET-001", "STITCH-002")
@pytest.mark.parametrize(
    "centre",
    [
        pytest.param((0.0, 0.0), id="centred-on-zero"),
        pytest.param((-500.0, -300.0), id="negative"),
        pytest.param((4000.25, 3000.5), id="far-from-zero"),
    ],
)
def test_the_coverage_is_the_same_wherever_the_scan_lies(
    clause: Check, centre: tuple[float, float]
) -> None:
    ones = np.ones((len(SCATTERED), N, N))
    around = np.round(4 * SCATTERED) / 4  # quarters of a pixel: moved without rounding
    here = stitch(patches_at(around, ones))
    there = stitch(patches_at(around + np.floor(centre), ones))
    clause.equal(there.coverage, here.coverage, "coverage")
    assert (there.coverage > 0).mean() > 0.5
    clause("STITCH-002").within_ratio(
        float(there.coverage.sum(dtype=np.float64)),
        len(SCATTERED) * float(WEIGHT.sum(dtype=np.float64)),
        "summed coverage",
    )


@pytest.mark.clause("STITCH-002")
@given(st.lists(st.tuples(st.floats(-60, 60), st.floats(-60, 60)), min_size=1, max_size=6))
def test_the_coverage_holds_every_patch_wherever_it_lies(
    clause: Check, places: list[tuple[float, float]]
) -> None:
    positions = np.array(places)
    made = stitch(patches_at(positions, np.ones((len(positions), N, N))))
    whole = len(positions) * float(WEIGHT.sum(dtype=np.float64))
    clause.within_ratio(float(made.coverage.sum(dtype=np.float64)), whole, "summed coverage")


@pytest.mark.clause("REASSEMBLY-M-CONTRACT-001")
@pytest.mark.parametrize("step", [8, N], ids=["overlapping", "side-by-side"])
def test_each_patch_arrives_with_all_its_pixels(clause: Check, step: int) -> None:
    """Under even light the number of patches that a pixel has seen is that of the squares N x N around positions."""
    positions = lattice(HEIGHT, WIDTH, 16, step)
    even = np.ones((N, N), np.complex64)
    made = stitch(patches_at(positions, probe=even))
    x0, y0 = made.origin
    seen = np.zeros(made.coverage.shape, np.float32)
    for x, y in positions.astype(int):
        seen[y - N // 2 - y0 : y + N // 2 - y0, x - N // 2 - x0 : x + N // 2 - x0] += 1
    clause.equal(made.coverage, seen, "patches a pixel has seen")
    clause.equal(np.isfinite(made.object), seen > 0, "covered pixels")


@pytest.mark.clause("REASSEMBLY-METRIC-FRAME-001")
@pytest.mark.parametrize(
    "positions", [lattice(HEIGHT, WIDTH, 18, 8), SCATTERED], ids=["whole-pixel-grid", "scattered"]
)
def test_oracle_patches_pass_the_evaluator_of_networks(clause: Check, positions: Array) -> None:
    scan = exact_scan(OBJECT, PROBE, positions)
    block = score(scenario(), scan, stitch(patches_at(positions)))
    clause.close(block["amplitude"]["pearson_r"], 1.0, "correlation of the amplitude")
    clause.close(block["amplitude"]["mean_ratio"], 1.0, "ratio of the mean amplitudes")
    clause.close(block["phase"]["pearson_r"], 1.0, "correlation of the phase")


@pytest.mark.clause("REASSEMBLY-METRIC-FRAME-001")
def test_the_evaluator_sees_a_frame_that_is_two_pixels_off(clause: Check) -> None:
    """Positive control."""
    scan, made = exact_scan(OBJECT, PROBE, SCATTERED), stitch(patches_at(SCATTERED))

    def correlation(given: Reconstruction) -> float:
        return float(score(scenario(), scan, given)["amplitude"]["pearson_r"])

    x0, y0 = made.origin
    moved = made.model_copy(update={"origin": (x0 + 2, y0)})
    clause.detects(correlation, made, moved, "correlation of the amplitude", at_least=0.1)


@pytest.mark.clause("PINN-CHUNKED-001")
@pytest.mark.parametrize("size", [1, 7, 89, 90, 91])
def test_stitching_in_chunks_is_stitching_in_one_piece(
    clause: Check, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    whole = stitch(patches_at(SCATTERED))
    monkeypatch.setattr(physics, "CHUNK", size)
    made = stitch(patches_at(SCATTERED))
    clause.close(made.object, whole.object, "object")
    clause.close(made.coverage, whole.coverage, "coverage")


STEP = 8
CELLS = 6
"""Whole cells of the lattice in the window whose spectrum is looked at."""


def lattice_error(made: Reconstruction) -> Array:
    """Amplitude of the error's lattice components (first orders along x, y and both), over the object's mean."""
    x0, y0 = made.origin
    side = CELLS * STEP
    top, left = ((length - side) // 2 for length in made.object.shape)
    window = np.abs(made.object)[top : top + side, left : left + side]
    truth = np.abs(OBJECT)[y0 + top : y0 + top + side, x0 + left : x0 + left + side]
    spectrum = 2 * np.abs(np.fft.fft2(window - truth)) / side**2
    return np.array([spectrum[0, CELLS], spectrum[CELLS, 0], spectrum[CELLS, CELLS]]) / truth.mean()


@pytest.mark.clause("STITCH-007")
def test_errors_in_the_dim_rim_of_every_patch_do_not_show_as_a_lattice(clause: Check) -> None:
    positions = lattice(HEIGHT, WIDTH, 16, STEP)
    wrong_rim = cut(OBJECT, positions, N) * (1 - 0.3 * (WEIGHT < 0.05))
    observed = lattice_error(stitch(patches_at(positions, wrong_rim), synchronise=False))
    clause.close(observed, np.zeros(3), "lattice components of the error")


@pytest.mark.clause("STITCH-007")
def test_the_lattice_shows_where_patches_are_averaged_without_weights(clause: Check) -> None:
    """Positive control."""
    positions = lattice(HEIGHT, WIDTH, 16, STEP)
    flat = cut(OBJECT, positions, N) * (1 - 0.3 * (WEIGHT < 0.05))

    def worst(probe: Array) -> float:
        return float(
            lattice_error(stitch(patches_at(positions, flat, probe), synchronise=False)).max()
        )

    clause.detects(
        worst, PROBE, np.ones((N, N), np.complex64), "worst lattice component", at_least=0.004
    )
