"""Far field or near field: told by sampling, refused with the figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.errors import UnsupportedScanError
from ptyspec.files.cxi import read_cxi, to_pixel_scan
from ptyspec.files.far_field import MIN_DETERMINATION, measure_sampling, require_far_field
from ptyspec.files.scan_file import read_scan
from tests.cxi_files import (
    DISTANCE,
    NEAR_FIELD,
    OBJECT_PIXEL,
    PIXEL,
    WAVELENGTH,
    M,
    N,
    far_field_scan,
    speckle,
    write,
)
from tests.shared_data import shared_file


@pytest.mark.clause("CXI-003")
def test_a_far_field_scan_passes_with_a_beam_that_fits_its_field_of_view(tmp_path: Path) -> None:
    sampling = require_far_field(read_scan(write(tmp_path / "s.cxi")))
    assert sampling is not None
    assert sampling.step_m < sampling.field_of_view_m / 4


def test_a_scan_without_geometry_is_not_judged(tmp_path: Path) -> None:
    scan = read_scan(write(tmp_path / "s.cxi")).model_copy(update={"metadata": {}})
    assert require_far_field(scan) is None


@pytest.mark.clause("CXI-003")
def test_steps_wider_than_half_the_field_of_view_are_refused(tmp_path: Path) -> None:
    moves = np.zeros((M, 3))
    moves[:, :2] = 8 * far_field_scan()[1] * OBJECT_PIXEL
    with pytest.raises(UnsupportedScanError, match="near-field scan: the median step") as caught:
        read_scan(write(tmp_path / "s.cxi", **{"entry_1/data_1/translation": moves}))
    assert "fields of view" in str(caught.value.details["limit"])


def shadow_frames(magnification: float) -> tuple[Array, Array]:
    """(amplitudes, positions in object pixels): a wide beam casts a magnified shadow of the sample on the detector."""
    _, corners, _ = far_field_scan()
    image = 1 + 0.3 * np.tanh(np.real(speckle(8 * N, 2, "shadow")))
    axis = np.arange(N) - N / 2
    beam = np.exp(-(axis[:, None] ** 2 + axis[None] ** 2) / (2 * 6.0**2))
    shift = np.rint(magnification * corners).astype(int) + N
    frames = np.stack([beam * image[y : y + N, x : x + N] for x, y in shift])
    return np.sqrt(100 * frames).astype(np.float32), corners.astype(float)


GEOMETRY = {
    "wavelength_m": WAVELENGTH,
    "distance_m": DISTANCE,
    "detector_pixel_m": PIXEL,
    "object_pixel_m": OBJECT_PIXEL,
    "field_of_view_m": N * OBJECT_PIXEL,
}


def test_a_shadow_that_moves_little_betrays_a_beam_wider_than_the_field_of_view() -> None:
    amplitude, positions = shadow_frames(magnification=0.8 / 3 + 0.1)
    sampling = measure_sampling(amplitude, positions, GEOMETRY)
    assert sampling.shadow is not None
    beam = 4 * 6.0 / (0.8 / 3 + 0.1) * OBJECT_PIXEL
    assert sampling.shadow.determination > 0.5
    assert sampling.shadow.beam_m == pytest.approx(beam, rel=0.2)


@pytest.mark.clause("CXI-003")
@pytest.mark.parametrize(
    ("magnification", "refused"),
    [
        pytest.param(0.5, False, id="beam-of-one-and-a-half"),
        pytest.param(1.0, False, id="beam-that-fits"),
    ],
)
def test_a_shadow_of_a_beam_that_fits_is_no_reason(magnification: float, refused: bool) -> None:
    amplitude, positions = shadow_frames(magnification)
    assert bool(measure_sampling(amplitude, positions, GEOMETRY).reasons) == refused


@pytest.mark.clause("CXI-003")
def test_a_shadow_of_a_much_wider_beam_is_a_reason_with_its_figures() -> None:
    amplitude, positions = shadow_frames(magnification=1.0)
    small = GEOMETRY | {"object_pixel_m": OBJECT_PIXEL, "field_of_view_m": N * OBJECT_PIXEL / 4}
    sampling = measure_sampling(amplitude, positions, small)
    assert sampling.shadow is not None
    assert sampling.shadow.determination > MIN_DETERMINATION
    assert any(
        "shadow magnified" in reason and "2.9 fields of view" in reason
        for reason in sampling.reasons
    )


def test_frames_that_do_not_move_give_no_shadow() -> None:
    amplitude, positions = shadow_frames(magnification=0.0)
    assert measure_sampling(amplitude, positions, GEOMETRY).shadow is None


def test_the_real_near_field_file_is_read_whole() -> None:
    record = read_cxi(shared_file(NEAR_FIELD))
    assert record.frames.shape == (200, 100, 100)
    assert record.frames.sum() == pytest.approx(200 * 100 * 100 * 966.7603795)
    assert np.argwhere(~record.mask).tolist() == [[17, 39], [21, 76], [62, 9], [76, 23], [85, 81]]
    assert record.geometry.wave_m == pytest.approx(9.7949e-11, rel=1e-4)
    assert record.illumination is None
    scan = to_pixel_scan(record)
    assert scan.metadata["geometry"]["field_of_view_m"] == pytest.approx(1.9946e-6, rel=1e-3)
    np.testing.assert_allclose(scan.positions.min(axis=0), 52.0)


@pytest.mark.clause("CXI-003")
def test_the_real_near_field_file_is_refused_for_both_reasons_before_a_probe_is_asked_for() -> None:
    with pytest.raises(UnsupportedScanError, match="near-field") as caught:
        read_scan(shared_file(NEAR_FIELD))
    assert "0.60 of the far-field field of view 1.99 um" in str(caught.value)
    assert "beam on the sample is 8.5" in str(caught.value)


def test_the_real_shadow_moves_against_the_probe_alike_in_x_and_y() -> None:
    """Independent check of orientation and sign: the shadow follows the sample, not its mirror image."""
    scan = to_pixel_scan(read_cxi(shared_file(NEAR_FIELD)))
    shadow = measure_sampling(scan.diff3d, scan.positions, scan.metadata["geometry"]).shadow
    assert shadow is not None
    assert shadow.determination > 0.97
    np.testing.assert_allclose(shadow.law, -286 * np.eye(2), atol=15)
