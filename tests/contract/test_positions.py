"""Positions that are known badly are found beside the object: by what each frame says of its own place."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.files.scan_file import write_scan
from ptyspec.physics.iterative import reconstruct
from ptyspec.physics.positions import refine_positions
from ptyspec.pipeline.simulate import simulate
from ptyspec.runs.request import request
from ptyspec.scores.metrics import score
from ptyspec.spec.checks import Check
from tests.small_scenes import scenario

SWEEPS = 20


@cache
def scan(modes: tuple[float, ...] = (1.0,)) -> RawScan:
    return simulate(
        scenario(
            object={"phase": "texture"},
            probe={"modes": modes},
            dose={"nphotons": 1e6},
            scan={"n_images": 120, "buffer": 34},
        )
    )


def jitter(scan: RawScan) -> Array:
    """1 px in each direction."""
    return np.random.default_rng(3).normal(size=(scan.size, 2))


def backlash(scan: RawScan) -> Array:
    """Every second frame lies 2 px beside."""
    return np.where(np.arange(scan.size)[:, None] % 2, [2.0, 0.0], 0.0)


def drift(scan: RawScan) -> Array:
    """A slow way of 3 px, there and back."""
    return 1.5 * np.sin(np.linspace(0, 2 * np.pi, scan.size))[:, None] * [1.0, -0.5]


def crossed(scan: RawScan) -> RawScan:
    """A mask with a cross beside the middle and a plane for each frame."""
    mask = np.random.default_rng(1).random(scan.diff3d.shape) > 0.02
    mask[:, scan.N // 2 + 3] = False
    return scan.model_copy(update={"mask": mask, "diff3d": scan.diff3d * mask})


def wrong(scan: RawScan, error: Array) -> RawScan:
    return scan.model_copy(
        update={"xcoords": scan.xcoords + error[:, 0], "ycoords": scan.ycoords + error[:, 1]}
    )


def left(scan: RawScan, positions: Array) -> float:
    """Rms distance from the true positions, pixels, without the common shift."""
    error = positions - scan.positions
    return float(np.sqrt(((error - error.mean(axis=0)) ** 2).sum(axis=1).mean()))


ERRORS: dict[str, tuple[Callable[[], RawScan], Callable[[RawScan], Array]]] = {
    "jitter": (scan, jitter),
    "backlash": (scan, backlash),
    "drift": (scan, drift),
    "masked": (lambda: crossed(scan()), jitter),
    "two-modes": (lambda: scan((0.7, 0.3)), jitter),
}


@pytest.mark.clause("ITERATIVE-004")
@pytest.mark.parametrize(("make", "error"), ERRORS.values(), ids=ERRORS)
def test_positions_are_found_beside_the_object(
    make: Callable[[], RawScan], error: Callable[[RawScan], Array], clause: Check
) -> None:
    given = wrong(make(), error(make()))
    assert left(make(), given.positions) >= 1
    found = refine_positions(given, sweeps=SWEEPS)
    clause.close(left(make(), found), 0.0, "rms distance from the true positions, pixels")
    np.testing.assert_allclose(found.mean(axis=0), given.positions.mean(axis=0), atol=1e-6)


@pytest.mark.clause("ITERATIVE-004")
def test_true_positions_stay(clause: Check) -> None:
    found = refine_positions(scan(), sweeps=SWEEPS)
    clause.close(left(scan(), found), 0.0, "rms distance from the true positions, pixels")


def amplitude_r(given: RawScan) -> float:
    truth = scan().objectGuess
    assert truth is not None
    return float(score(reconstruct(given, sweeps=20), truth)["amplitude"]["pearson_r"])


def test_a_run_on_a_file_refines_its_positions_where_it_is_asked_to(tmp_path: Path) -> None:
    given = wrong(scan(), jitter(scan()))
    path = str(write_scan(tmp_path / "scan.npz", given))
    as_it_is = simulate(request(path).scenario)
    np.testing.assert_array_equal(as_it_is.positions, given.positions)
    made = simulate(request(path, settings=[f"scan.refine_positions={SWEEPS}"]).scenario)
    assert left(scan(), made.positions) < 0.2
    np.testing.assert_array_equal(made.xcoords_start, given.xcoords)  # those of the file
    decided = made.metadata["decisions"]["refine_positions"]
    assert decided["rms_px"] == pytest.approx(left(scan(), given.positions), abs=0.1)
    assert "scan.refine_positions" in " ".join(made.metadata["warnings"])
    assert amplitude_r(as_it_is) < 0.9 < amplitude_r(made)  # measured: 0.41 and 0.958
