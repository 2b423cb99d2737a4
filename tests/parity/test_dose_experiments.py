"""dose_experiments replayed: both loss modes beside each other, beside their controls, and from a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ptyspec.files.scan_file import read_scan
from ptyspec.runs.request import request
from ptyspec.spec.checks import Check
from tests.tiny_runs import SHALLOW, object_of, prepare, scores, stored, tiny

pytestmark = pytest.mark.expensive

LATTICE = (
    "scan.n_images=640",
    "grouping.n_groups=40",
    "training.batch_size=4",
    "training.nepochs=6",
    "model.canvas=0",
    *SHALLOW,
)
"""Two images of 96 pixels a split: 8 x 8 groups on each that trains, 4 x 4 on each that tests, frames of 32 pixels."""
MODES = ("dose_legacy_gs2", "dose_legacy_gs2_mae")


def replayed(mode: str) -> Path:
    return stored(mode, *LATTICE)


@pytest.mark.parametrize("mode", MODES)
def test_the_absolute_amplitude_comes_out_beside_controls_that_do_worse(mode: str) -> None:
    found = scores(replayed(mode))
    trivial = found["controls"]["trivial"]["amplitude"]
    assert found["amplitude"]["mean_ratio"] == pytest.approx(1, abs=0.02)
    assert found["amplitude"]["highpass_pearson_r"] > trivial["highpass_pearson_r"] + 0.3
    assert found["amplitude"]["pearson_r"] > trivial["pearson_r"]
    assert found["fits_canvas"]


def test_the_loss_mode_changes_the_object_by_little_and_its_scale_by_less() -> None:
    first, second = (np.abs(object_of(replayed(mode))) for mode in MODES)
    both = np.isfinite(first)
    np.testing.assert_array_equal(both, np.isfinite(second))
    assert first[both].mean() / second[both].mean() == pytest.approx(1, abs=0.02)
    assert not np.array_equal(first[both], second[both])


@pytest.mark.parametrize("image", [2, 3])
def test_each_test_image_is_right_by_itself(image: int) -> None:
    folder = replayed(MODES[0])
    truth = read_scan(folder / "scan.npz").objectGuess
    assert truth is not None
    with np.load(folder / "reconstruction.npz") as file:
        (x0, y0), made = file["origin"], np.abs(file["object"])
    assert y0 == 0
    first = image * (96 + 32)  # images of 96 pixels, 32 between them
    wanted, found = np.abs(truth[:, first : first + 96]), made[:96, first - x0 : first - x0 + 96]
    seen = np.isfinite(found)
    assert seen.sum() > 3000
    assert found[seen].mean() / wanted[seen].mean() == pytest.approx(1, abs=0.02)
    assert np.corrcoef(found[seen], wanted[seen])[0, 1] > 0.9


@pytest.mark.clause("GROUP-011", "SPLIT-006")
def test_a_lattice_that_is_read_from_a_file_gives_the_same_groups(clause: Check) -> None:
    asked = (
        "split.kind=image",
        "object.images_train=2",
        "grouping.kind=lattice",
        "grouping.n_groups=40",
    )
    read = prepare(request(str(replayed(MODES[0]) / "scan.npz"), settings=asked).scenario)
    made = prepare(tiny(MODES[0], *LATTICE).scenario)
    for name in ("train", "test"):
        ours, theirs = (getattr(part, name).groups for part in (made, read))
        clause("SPLIT-006").equal(
            theirs.scan.scan_index, ours.scan.scan_index, f"images that {name}"
        )
        clause("GROUP-011").equal(theirs.nn_indices, ours.nn_indices, f"groups that {name}")
        clause("GROUP-011").equal(theirs.coords, ours.coords, f"positions of groups that {name}")
