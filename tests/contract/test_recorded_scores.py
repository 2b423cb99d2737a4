"""The investigation's own scorer, whole frame and zeros counted, by hand and on what it was given (facts 5.2)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.scores.metrics import as_recorded, score
from ptyspec.seeds import generator
from tests.scored_objects import TRUTH, as_reconstruction

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def lines(size: int = 392) -> Array:
    """Blurred random segments, bright in the middle, as in the investigation: mean 2.7."""
    random, canvas = generator(42, "lines"), np.zeros((2 * size, 2 * size))
    for r0, c0, r1, c1 in random.integers(0, 2 * size, (400, 4)):
        steps = max(abs(r1 - r0), abs(c1 - c0)) + 1
        canvas[np.linspace(r0, r1, steps).astype(int), np.linspace(c0, c1, steps).astype(int)] = 1
    image = (
        gaussian_filter(canvas, 1)
        + 2 * gaussian_filter(canvas, 5)
        + 5 * gaussian_filter(canvas, 10)
    )
    middle = image[size // 2 : -(size // 2), size // 2 : -(size // 2)]
    return np.asarray(middle * 2.708 / middle.mean())


def tiles(image: Array, positions: Array, side: int = 20) -> Reconstruction:
    """Square tiles of an image, one a position, on their bounding box and placed where they belong."""
    weight = np.zeros(image.shape, np.float32)
    for x, y in np.rint(positions).astype(int):
        weight[max(0, y - side // 2) : y + side // 2, max(0, x - side // 2) : x + side // 2] += 1
    rows, columns = np.flatnonzero(weight.any(axis=1)), np.flatnonzero(weight.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    rec = as_reconstruction(image[box], weight[box] > 0, (int(columns[0]), int(rows[0])))
    return rec.model_copy(update={"coverage": weight[box]})


@pytest.mark.clause("SCORE-001")
def test_the_recorded_score_cannot_tell_the_truth_from_a_constant() -> None:
    truth = lines()
    positions = generator(0, "scan").uniform((10, 196), (382, 382), (64, 2))
    whole, flat = tiles(truth, positions), tiles(np.ones_like(truth), positions)
    perfect, constant = score(whole, truth), score(flat, truth)["as_recorded"]
    assert perfect["amplitude"]["pearson_r"] == pytest.approx(1.0)
    assert perfect["amplitude"]["mean_ratio"] == pytest.approx(1.0)
    recorded = perfect["as_recorded"]
    assert 0.0 < recorded["pearson_r"] < 0.25
    assert recorded["pearson_r"] == pytest.approx(constant["pearson_r"], abs=0.05)
    assert recorded["undershoot"] * perfect["coverage"]["fraction"] == pytest.approx(1.0, abs=0.25)


def test_the_true_object_of_a_recorded_scan_scores_the_recorded_blind_value() -> None:
    path = DATA / "scenario_gs1_custom.npz"
    if not path.exists():
        pytest.skip(f"{path.name} is not in ../shared/data")
    with np.load(path) as scan:
        truth, chosen = scan["objectGuess"], scan["test_idx"][:64]
        positions = np.stack([scan["xcoords"], scan["ycoords"]], axis=1)[chosen]
    perfect = score(tiles(truth, positions), truth)
    constant = score(tiles(np.ones_like(truth), positions), truth)["as_recorded"]
    assert perfect["amplitude"]["pearson_r"] == pytest.approx(1.0)
    assert perfect["as_recorded"]["pearson_r"] == pytest.approx(0.14, abs=0.01)
    assert constant["pearson_r"] == pytest.approx(0.139, abs=0.01)
    assert perfect["as_recorded"]["undershoot"] == pytest.approx(7.2, rel=0.1)
    assert constant["undershoot"] == pytest.approx(19.0, rel=0.1)
    assert perfect["as_recorded"]["mae"] == pytest.approx(2.38, abs=0.05)


def test_a_canvas_larger_than_the_object_is_cropped_about_its_centre() -> None:
    grown = np.pad(TRUTH, ((3, 3), (8, 8)), constant_values=9.0)
    assert score(as_reconstruction(grown), TRUTH)["as_recorded"]["pearson_r"] == pytest.approx(1.0)


def test_the_recorded_score_counts_every_pixel_of_the_frame() -> None:
    truth = np.full((4, 6), 2.0)
    truth[0] = 4.0  # not covered
    recorded = as_recorded(as_reconstruction(np.full((2, 3), 0.5)), truth)
    assert recorded["non_zero"] == pytest.approx(6 / 24)
    assert recorded["mae"] == pytest.approx((6 * 1.5 + 12 * 2 + 6 * 4) / 24)
    assert recorded["undershoot"] == pytest.approx((18 * 2 + 6 * 4) / (6 * 0.5))
    assert recorded["reason"] is None


@pytest.mark.clause("SCORE-008")
def test_the_recorded_score_says_what_it_lacks() -> None:
    dark = as_recorded(as_reconstruction(TRUTH, np.zeros(TRUTH.shape, bool)), TRUTH)
    flat = as_recorded(as_reconstruction(TRUTH), np.ones(TRUTH.shape))
    assert (dark["pearson_r"], dark["undershoot"], flat["pearson_r"]) == (None, None, None)
    assert dark["reason"].split("; ") == [
        "an image is constant: no correlation",
        "the canvas is zero: no undershoot",
    ]
    assert flat["reason"] == "an image is constant: no correlation"


def test_what_sticks_out_of_the_recorded_frame_does_not_come_back_on_the_other_side() -> None:
    rec = as_reconstruction(np.ones((5, 7)))
    rec.coverage[-1, -1] = 1e6  # the centre of light: the frame's lower and right half stay empty
    assert as_recorded(rec, np.ones((5, 7)))["non_zero"] == pytest.approx(3 * 4 / 35)
