"""Read noise makes dark counts negative: the level stays, and what is negative for another reason is refused."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.errors import ScanDataError
from ptyspec.files.scan_file import read_scan
from ptyspec.physics.iterative import reconstruct
from ptyspec.pipeline.simulate import simulate
from ptyspec.scores.metrics import score
from ptyspec.spec.checks import Check
from tests import cxi_files
from tests.npz_files import saved
from tests.small_scenes import scenario


@cache
def scan(photons: float = 1e4) -> RawScan:
    return simulate(
        scenario(
            object={"phase": "texture"},
            dose={"nphotons": photons},
            scan={"n_images": 300, "buffer": 34},
        )
    )


def noisy(given: RawScan, sigma: float) -> Array:
    counts = (given.diff3d.astype(np.float64) * given.scale) ** 2
    return counts + np.random.default_rng(5).normal(size=counts.shape) * sigma


def stored(folder: Path, counts: Array, given: RawScan) -> Path:
    light = (given.probeGuess * given.scale).astype(np.complex64)
    names = ("xcoords", "ycoords", "xcoords_start", "ycoords_start")
    places = {name: getattr(given, name) for name in names}
    rest: dict[str, Any] = {"scan_index": None, "Y": None, "objectGuess": None, "mask": None}
    return saved(folder, **places, **rest, diff3d=counts, measurement="counts", probeGuess=light)


@pytest.mark.clause("FILE-017")
@pytest.mark.parametrize(
    ("photons", "sigma", "dtype"),
    [(1e5, 1, "f4"), (1e5, 10, "f8"), (1e4, 1, "i2"), (1e4, 3, "f4"), (1e4, 3, "i4")],
)
def test_each_pixel_keeps_its_mean(
    photons: float, sigma: float, dtype: str, tmp_path: Path, clause: Check
) -> None:
    counts = noisy(scan(photons), sigma)
    counts = (np.rint(counts) if dtype[0] == "i" else counts).astype(dtype)
    made = read_scan(stored(tmp_path, counts, scan(photons)))
    mean = counts.mean(axis=0, dtype=np.float64).clip(0)
    found = (made.diff3d.astype(np.float64) ** 2).mean(axis=0)
    clause.close(found.sum() / mean.sum(), 1.0, "light over that of the signed counts")
    np.testing.assert_allclose(found, mean, rtol=1e-4, atol=1e-6)
    assert "read noise" in " ".join(made.metadata["warnings"])


@pytest.mark.clause("FILE-017")
def test_read_noise_in_a_cxi_file_keeps_the_level(tmp_path: Path, clause: Check) -> None:
    counts = cxi_files.far_field_scan()[0]
    dark = counts + np.random.default_rng(1).normal(size=counts.shape)
    made = read_scan(cxi_files.write(tmp_path / "s.cxi", entry_1__data_1__data=dark))
    expected = dark.mean(axis=0).clip(0).sum()
    found = (made.diff3d.astype(np.float64) ** 2).sum() / len(counts)
    clause.close(found / expected, 1.0, "light over that of the signed counts")


@pytest.mark.parametrize(("photons", "sigma"), [(1e5, 3), (1e5, 10), (1e4, 1), (1e4, 3)])
def test_the_object_keeps_its_amplitude(photons: float, sigma: float, tmp_path: Path) -> None:
    """Two per cent of what it is without read noise, of which a dim scan has its own bias."""
    truth = scan(photons).objectGuess
    assert truth is not None
    made = read_scan(stored(tmp_path, noisy(scan(photons), sigma), scan(photons)))
    found, best = (
        score(reconstruct(one, sweeps=10, alpha=1.0), truth)["amplitude"]
        for one in (made, scan(photons))
    )
    assert found["mean_ratio"] == pytest.approx(1, abs=0.02)
    assert found["pearson_r"] > 0.8 * best["pearson_r"]


def marker_in_some(counts: Array) -> Array:
    counts[::2, 3, 4] = -1
    return counts


def wrapped(counts: Array) -> Array:
    return np.where(counts > np.percentile(counts, 99.5), -30000 + counts % 100, counts)


OTHERS = {
    "marker-in-some-frames": (marker_in_some, "i4"),
    "wrapped": (wrapped, "i2"),
    "half-of-the-counts": (lambda counts: counts - 2 * counts.mean(), "f4"),
}


@pytest.mark.clause("FILE-017")
@pytest.mark.parametrize(("change", "dtype"), OTHERS.values(), ids=OTHERS)
def test_what_is_negative_and_no_noise_is_refused(
    change: Any, dtype: str, tmp_path: Path, clause: Check
) -> None:
    counts = change(np.rint(noisy(scan(), 0))).astype(dtype)
    try:
        made = read_scan(stored(tmp_path, counts, scan()))
    except ScanDataError as error:
        clause.holds("negative" in str(error), "error", str(error), "negative values")
    else:
        clause.fail("scan", made.metadata.get("warnings"), "an error")
