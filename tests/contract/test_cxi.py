"""CXI files: both layouts, geometry, orientation, masks, crops and probes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.errors import ProbeError
from ptyspec.files.cxi import read_cxi, to_pixel_scan
from ptyspec.files.measured import to_raw_scan
from ptyspec.files.scan_file import read_scan
from ptyspec.spec.checks import Check
from tests.cxi_files import (
    DETECTOR,
    DISTANCE,
    OBJECT_PIXEL,
    PIXEL,
    SOURCE,
    WAVELENGTH,
    N,
    a_probe,
    far_field_scan,
    speckle,
    with_unit,
    write,
)


@pytest.mark.clause("CXI-001")
@pytest.mark.parametrize("layout", ["data_1", "detector_1", "links"])
def test_every_layout_gives_the_same_scan(layout: str, tmp_path: Path) -> None:
    counts, corners, probe = far_field_scan()
    scan = read_scan(write(tmp_path / "s.cxi", layout))
    np.testing.assert_allclose(scan.diff3d**2, counts, rtol=1e-6)
    np.testing.assert_allclose(
        scan.positions - scan.positions.min(axis=0), corners - corners.min(axis=0), atol=1e-6
    )
    np.testing.assert_array_equal(scan.probeGuess, probe)
    assert scan.scale == 1.0
    assert scan.mask is not None
    assert scan.mask.all()


@pytest.mark.clause("CXI-001")
def test_the_probe_and_positions_read_back_explain_the_counts(tmp_path: Path) -> None:
    """A wrong sign, a transposition or an unshifted detector breaks this by orders of magnitude."""
    counts, corners, _ = far_field_scan()
    scan = read_scan(write(tmp_path / "s.cxi"))
    sample = 1 + 0.3 * speckle(2 * N, 3, "sample")
    start = np.rint(scan.positions - scan.positions[0]).astype(int) + corners[0]
    waves = np.stack([scan.probeGuess * sample[y : y + N, x : x + N] for x, y in start])
    model = np.abs(np.fft.fftshift(np.fft.fft2(waves, norm="ortho"), axes=(1, 2))) ** 2
    assert (
        np.sum((model - counts) ** 2 / np.maximum(model, 1)) / counts.size < 1.5
    )  # Poisson: about 1 a pixel


def test_the_smallest_position_is_half_a_frame_and_a_margin_and_the_offset_is_recorded(
    tmp_path: Path,
) -> None:
    record = read_cxi(write(tmp_path / "s.cxi"))
    scan = to_raw_scan(to_pixel_scan(record))
    np.testing.assert_allclose(scan.positions.min(axis=0), N / 2 + 2)
    metres = (scan.positions - scan.metadata["position_offset_px"]) * OBJECT_PIXEL
    np.testing.assert_allclose(metres, record.translation_m[:, :2], atol=1e-15)


def test_the_geometry_is_recorded_in_metres(tmp_path: Path) -> None:
    geometry = read_scan(write(tmp_path / "s.cxi")).metadata["geometry"]
    assert geometry == pytest.approx(
        {
            "wavelength_m": WAVELENGTH,
            "distance_m": DISTANCE,
            "detector_pixel_m": PIXEL,
            "object_pixel_m": OBJECT_PIXEL,
            "field_of_view_m": N * OBJECT_PIXEL,
        }
    )


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({f"{SOURCE}/energy": None, f"{SOURCE}/wavelength": 1e-10}, id="wavelength"),
        pytest.param({f"{SOURCE}/energy": with_unit(12398.41984, "eV")}, id="energy-ev"),
        pytest.param({f"{SOURCE}/energy": with_unit(12.39841984, "keV")}, id="energy-kev"),
        pytest.param({f"{DETECTOR}/distance": with_unit(2000.0, "mm")}, id="distance-mm"),
        pytest.param({f"{DETECTOR}/y_pixel_size": None}, id="one-pixel-size"),
        pytest.param({f"{DETECTOR}/basis_vectors": [[0, -PIXEL], [-PIXEL, 0], [0, 0]]}, id="basis"),
        pytest.param(
            {f"{DETECTOR}/basis_vectors": [[0, -PIXEL, 0], [-PIXEL, 0, 0]]}, id="basis-as-rows"
        ),
    ],
)
def test_the_same_geometry_said_otherwise_gives_the_same_scan(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    plain, other = (
        read_scan(write(tmp_path / "a.cxi")),
        read_scan(write(tmp_path / "b.cxi", **changes)),
    )
    np.testing.assert_allclose(other.positions, plain.positions, rtol=1e-6)
    assert other.metadata["geometry"] == pytest.approx(plain.metadata["geometry"], rel=1e-6)


@pytest.mark.clause("CXI-001")
def test_a_turned_detector_turns_the_positions(tmp_path: Path) -> None:
    turned = {
        f"{DETECTOR}/basis_vectors": [[PIXEL, 0], [0, -PIXEL], [0, 0]]
    }  # rows along +x, columns along -y
    plain, other = (
        read_scan(write(tmp_path / "a.cxi")),
        read_scan(write(tmp_path / "b.cxi", **turned)),
    )
    plain_x, plain_y = (plain.positions - plain.positions[0]).T
    other_x, other_y = (other.positions - other.positions[0]).T
    np.testing.assert_allclose(other_x, plain_y, atol=1e-6)
    np.testing.assert_allclose(other_y, -plain_x, atol=1e-6)


def test_wavelength_and_energy_that_disagree_give_a_warning(tmp_path: Path) -> None:
    scan = read_scan(write(tmp_path / "s.cxi", **{f"{SOURCE}/wavelength": 1.05e-10}))
    assert scan.metadata["geometry"]["wavelength_m"] == pytest.approx(1.05e-10)
    assert "energy implies" in scan.metadata["warnings"][0]


@pytest.mark.clause("CXI-002")
def test_masked_pixels_are_zero_and_marked_and_a_signal_flag_is_no_defect(tmp_path: Path) -> None:
    mask = np.zeros((N, N), np.uint32)
    mask[3, 4], mask[5, 6] = 1, 0x1000
    scan = read_scan(write(tmp_path / "s.cxi", **{f"{DETECTOR}/mask": mask}))
    assert scan.mask is not None
    assert np.argwhere(~scan.mask).tolist() == [[3, 4]]
    assert not scan.diff3d[:, 3, 4].any()
    assert scan.diff3d[:, N // 2, N // 2].all()


@pytest.mark.clause("CXI-002")
def test_frames_may_have_masks_of_their_own(tmp_path: Path, clause: Check) -> None:
    bad = np.zeros((len(far_field_scan()[0]), N, N), np.uint32)
    bad[2, 3, 4] = 1
    scan = read_scan(write(tmp_path / "s.cxi", **{f"{DETECTOR}/mask": bad}))
    assert scan.mask is not None
    clause.equal(np.argwhere(~scan.mask).tolist(), [[2, 3, 4]], "places that are masked")
    clause.equal(float(scan.diff3d[2, 3, 4]), 0.0, "what stands there")


@pytest.mark.clause("CXI-002")
def test_nan_below_the_mask_is_no_error(tmp_path: Path) -> None:
    counts = far_field_scan()[0].astype(np.float32)
    counts[:, 0, 0] = np.nan
    mask = np.zeros((N, N), np.uint32)
    mask[0, 0] = 1
    scan = read_scan(
        write(tmp_path / "s.cxi", **{"entry_1/data_1/data": counts, f"{DETECTOR}/mask": mask})
    )
    assert np.isfinite(scan.diff3d).all()


@pytest.mark.clause("CXI-002")
def test_the_largest_unsigned_count_is_a_gap_and_is_masked_with_a_warning(tmp_path: Path) -> None:
    counts = far_field_scan()[0].astype(np.uint32)
    counts[:, 2, 2] = np.iinfo(np.uint32).max
    scan = read_scan(write(tmp_path / "s.cxi", **{"entry_1/data_1/data": counts}))
    assert scan.mask is not None
    assert not scan.mask[2, 2]
    assert "1 pixels" in scan.metadata["warnings"][0]


def padded(left: int, right: int) -> Array:
    return np.pad(far_field_scan()[0], ((0, 0), (left, right), (left, right)))


@pytest.mark.parametrize(
    ("frames", "changes"),
    [
        pytest.param(padded(0, 1), {}, id="odd"),
        pytest.param(padded(1, 1), {}, id="not-divisible-by-4"),
        pytest.param(np.pad(far_field_scan()[0], ((0, 0), (0, 0), (4, 4))), {}, id="not-square"),
        pytest.param(
            padded(10, 0),
            {f"{DETECTOR}/beam_center_x": 26.0, f"{DETECTOR}/beam_center_y": 26.0},
            id="off-centre",
        ),
    ],
)
def test_frames_are_cropped_to_the_largest_square_around_the_beam(
    frames: Array, changes: dict[str, Any], tmp_path: Path
) -> None:
    scan = read_scan(write(tmp_path / "s.cxi", **{"entry_1/data_1/data": frames, **changes}))
    np.testing.assert_allclose(scan.diff3d**2, far_field_scan()[0], rtol=1e-6)
    rows = scan.metadata["crop"]["rows"]
    assert rows[1] - rows[0] == N
    assert scan.metadata["geometry"]["object_pixel_m"] == pytest.approx(OBJECT_PIXEL)


def test_a_probe_as_large_as_an_uncropped_detector_is_cut_to_the_same_band(tmp_path: Path) -> None:
    wide = np.fft.fftshift(
        np.fft.ifft2(np.fft.ifftshift(np.pad(centred(a_probe()), 1)), norm="ortho")
    )
    path = write(
        tmp_path / "s.cxi", **{"entry_1/data_1/data": padded(1, 1), f"{SOURCE}/illumination": wide}
    )
    np.testing.assert_allclose(read_scan(path).probeGuess, a_probe(), atol=1e-4)


def centred(probe: Array) -> Array:
    """Spectrum of the probe, zero frequency in the middle."""
    spectrum: Array = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(probe), norm="ortho"))
    return spectrum


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(np.abs(a_probe()), id="real"),
        pytest.param(a_probe()[None], id="mode-axis"),
        pytest.param(a_probe().astype(np.complex128), id="complex128"),
    ],
)
def test_the_illumination_becomes_one_complex_probe(stored: Array, tmp_path: Path) -> None:
    scan = read_scan(write(tmp_path / "s.cxi", **{f"{SOURCE}/illumination": stored}))
    np.testing.assert_array_equal(scan.probeGuess, stored.reshape(N, N).astype(np.complex64))


def test_without_illumination_a_probe_file_is_asked_for_and_used(tmp_path: Path) -> None:
    path = write(tmp_path / "s.cxi", **{f"{SOURCE}/illumination": None})
    with pytest.raises(ProbeError, match="--probe FILE"):
        read_scan(path)
    np.save(tmp_path / "probe.npy", 2 * a_probe())
    np.testing.assert_array_equal(
        read_scan(path, probe=tmp_path / "probe.npy").probeGuess, 2 * a_probe()
    )


def test_a_cxi_file_can_lend_its_illumination_as_probe(tmp_path: Path) -> None:
    lender = write(tmp_path / "lender.cxi", **{f"{SOURCE}/illumination": 3 * a_probe()})
    scan = read_scan(write(tmp_path / "s.cxi", **{f"{SOURCE}/illumination": None}), probe=lender)
    np.testing.assert_array_equal(scan.probeGuess, 3 * a_probe())


def test_declared_amplitudes_are_left_as_they_are(tmp_path: Path) -> None:
    amplitude = np.sqrt(far_field_scan()[0]).astype(np.float32)
    path = write(tmp_path / "s.cxi", **{"entry_1/data_1/data": amplitude})
    np.testing.assert_array_equal(read_scan(path, measurement="amplitude").diff3d, amplitude)
    assert "square roots" in read_scan(path).metadata["warnings"][0]
