"""ptychodus products: what is written is read back, in NPZ and HDF5 alike, and other tools' keys are met."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from ptyspec.contracts.bundles import RawScan, Reconstruction
from ptyspec.errors import InputFileError, OutputFileError, ScanDataError
from ptyspec.files.product import (
    NO_GEOMETRY,
    PIXELS,
    UNCOVERED,
    Product,
    read_product,
    write_product,
)
from ptyspec.files.scan_file import read_scan
from tests.npz_files import Bomb, boxed, full_scan, same_bits

GEOMETRY = {"wavelength_m": 1e-10, "distance_m": 2.0, "object_pixel_m": 5e-9}
SUFFIXES = [
    pytest.param(".npz", id="npz"),
    pytest.param(".h5", id="h5"),
    pytest.param(".hdf5", id="hdf5"),
]


def scan(geometry: bool = True) -> RawScan:
    return full_scan().model_copy(update={"metadata": {"geometry": GEOMETRY} if geometry else {}})


def reconstruction(uncovered: bool = True) -> Reconstruction:
    image = (np.arange(20 * 30).reshape(20, 30) * (1 + 0.5j)).astype(np.complex64)
    if uncovered:
        image[0, :5] = np.nan
    return Reconstruction(object=image, coverage=np.ones((20, 30), np.float32), origin=(3, -2))


def written(path: Path) -> Product:
    return read_product(
        write_product(
            path, reconstruction(), scan(), name="star", comments="dry run", losses=[3.0, 2.5]
        )
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_arrays_survive_writing_and_reading(suffix: str, tmp_path: Path) -> None:
    product = written(tmp_path / f"p{suffix}")
    assert same_bits(product["object"][0], np.nan_to_num(reconstruction().object))
    np.testing.assert_allclose(product["probe"][0, 0], 988.2118 * scan().probeGuess, rtol=1e-6)
    np.testing.assert_allclose(product["probe_position_x_m"], 5e-9 * scan().xcoords)
    np.testing.assert_allclose(product["probe_position_y_m"], 5e-9 * scan().ycoords)
    assert product["probe_position_indexes"].tolist() == list(range(6))
    assert (product["loss_epochs"].tolist(), product["loss_values"].tolist()) == (
        [0, 1],
        [3.0, 2.5],
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_words_and_numbers_survive_writing_and_reading(suffix: str, tmp_path: Path) -> None:
    product = written(tmp_path / f"p{suffix}")
    assert (product["name"], product["comments"]) == ("star", f"dry run {UNCOVERED}")
    assert product["detector_object_distance_m"] == 2.0
    assert product["probe_energy_eV"] == pytest.approx(12398.41984)
    counts = (988.2118 * scan().diff3d.astype(np.float64)) ** 2
    assert product["probe_photon_count"] == pytest.approx(counts.sum(axis=(1, 2)).mean())
    assert {product[key] for key in PIXELS} == {5e-9}


@pytest.mark.clause("PRODUCT-001")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_position_falls_on_the_object_pixel_it_had(suffix: str, tmp_path: Path) -> None:
    """ptychodus places x_m at pixel (x_m - centre) / pixel + W/2 of the object array."""
    product = written(tmp_path / f"p{suffix}")
    column = (product["probe_position_x_m"] - product["object_center_x_m"]) / product[
        "object_pixel_width_m"
    ] + 30 / 2
    row = (product["probe_position_y_m"] - product["object_center_y_m"]) / product[
        "object_pixel_height_m"
    ] + 20 / 2
    np.testing.assert_allclose(column, scan().xcoords - 3)
    np.testing.assert_allclose(row, scan().ycoords + 2)


def test_the_probe_and_object_written_explain_the_counts(tmp_path: Path) -> None:
    product = written(tmp_path / "p.npz")
    predicted = (
        np.abs(np.fft.fft2(product["probe"][0, 0] * product["object"][0, 4:12, 4:12], norm="ortho"))
        ** 2
    )
    patch = reconstruction().object[4:12, 4:12]
    gauge = 988.2118**2 * np.abs(np.fft.fft2(scan().probeGuess * patch, norm="ortho")) ** 2
    np.testing.assert_allclose(predicted, gauge, rtol=1e-3)


@pytest.mark.clause("PRODUCT-001")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_without_geometry_lengths_are_pixels_and_the_comments_say_so(
    suffix: str, tmp_path: Path
) -> None:
    product = read_product(
        write_product(
            tmp_path / f"p{suffix}", reconstruction(uncovered=False), scan(geometry=False)
        )
    )
    assert product["comments"] == NO_GEOMETRY
    assert {product[key] for key in PIXELS} == {1.0}
    assert product["loss_values"].size == 0
    np.testing.assert_allclose(product["probe_position_x_m"], scan().xcoords)


NPZ_KEYS = {
    "name",
    "comments",
    "detector_object_distance_m",
    "probe_energy_eV",
    "probe_photon_count",
    "exposure_time_s",
    "mass_attenuation_m2_kg",
    "tomography_angle_deg",
    "probe",
    "probe_pixel_height_m",
    "probe_pixel_width_m",
    "probe_position_indexes",
    "probe_position_x_m",
    "probe_position_y_m",
    "object",
    "object_center_x_m",
    "object_center_y_m",
    "object_layer_spacing_m",
    "object_pixel_height_m",
    "object_pixel_width_m",
    "loss_epochs",
    "loss_values",
}


def test_the_npz_holds_every_key_that_ptychodus_writes(tmp_path: Path) -> None:
    written(tmp_path / "p.npz")
    with np.load(tmp_path / "p.npz", allow_pickle=False) as file:
        assert set(file.files) == NPZ_KEYS


def test_the_hdf5_file_has_its_scalars_as_attributes(tmp_path: Path) -> None:
    written(tmp_path / "p.h5")
    with h5py.File(tmp_path / "p.h5") as file:
        assert file.attrs["name"] == "star"
        assert file.attrs["probe_energy_eV"] == pytest.approx(12398.41984)
        assert file["probe"].attrs["pixel_width_m"] == 5e-9
        assert file["object"].attrs["center_x_m"] == pytest.approx((3 + 15) * 5e-9)
        assert set(file) == {
            "probe",
            "object",
            "object_layer_spacing_m",
            "probe_position_indexes",
            "probe_position_x_m",
            "probe_position_y_m",
            "loss_epochs",
            "loss_values",
        }


def change_npz(path: Path, drop: tuple[str, ...] = (), **add: Any) -> None:
    with np.load(path) as file:
        keys = {key: file[key] for key in file.files if key not in drop}
    np.savez(path, **keys, **add)


def change_h5(path: Path, drop: tuple[str, ...] = (), **add: Any) -> None:
    with h5py.File(path, "a") as file:
        for key in drop:
            if key in file:
                del file[key]
            else:
                del file.attrs[key]
        for key, value in add.items():
            file[key] = value


CHANGES = [pytest.param(".npz", change_npz, id="npz"), pytest.param(".h5", change_h5, id="h5")]


@pytest.mark.parametrize(("suffix", "change"), CHANGES)
def test_older_products_keep_their_losses_under_costs(
    suffix: str, change: Callable[..., None], tmp_path: Path
) -> None:
    path = tmp_path / f"p{suffix}"
    written(path)
    change(path, ("loss_values", "loss_epochs"), costs=np.array([9.0, 8.0, 7.0]))
    product = read_product(path)
    assert (product["loss_epochs"].tolist(), product["loss_values"].tolist()) == (
        [0, 1, 2],
        [9.0, 8.0, 7.0],
    )


@pytest.mark.parametrize(
    "key", ["probe_photon_count", "mass_attenuation_m2_kg", "tomography_angle_deg"]
)
@pytest.mark.parametrize(("suffix", "change"), CHANGES)
def test_an_optional_number_that_is_absent_is_zero(
    suffix: str, change: Callable[..., None], key: str, tmp_path: Path
) -> None:
    path = tmp_path / f"p{suffix}"
    written(path)
    change(path, (key,))
    assert read_product(path)[key] == 0.0


@pytest.mark.parametrize(
    "key",
    [
        "name",
        "comments",
        "detector_object_distance_m",
        "exposure_time_s",
        "probe_position_x_m",
        "object",
    ],
)
@pytest.mark.parametrize(("suffix", "change"), CHANGES)
def test_a_required_key_that_is_absent_is_named(
    suffix: str, change: Callable[..., None], key: str, tmp_path: Path
) -> None:
    path = tmp_path / f"p{suffix}"
    written(path)
    change(path, (key,))
    with pytest.raises(InputFileError, match=rf"lacks {key}"):
        read_product(path)


def test_opr_weights_are_kept(tmp_path: Path) -> None:
    written(tmp_path / "p.npz")
    change_npz(tmp_path / "p.npz", opr_weights=np.eye(3))
    weights = read_product(tmp_path / "p.npz").get("opr_weights")
    assert weights is not None
    assert weights.shape == (3, 3)


def test_positions_of_unequal_length_are_refused(tmp_path: Path) -> None:
    written(tmp_path / "p.npz")
    change_npz(tmp_path / "p.npz", ("probe_position_y_m",), probe_position_y_m=np.zeros(3))
    with pytest.raises(ScanDataError, match="probe_position_y_m"):
        read_product(tmp_path / "p.npz")


@pytest.mark.clause("DATA-002")
def test_a_pickled_comment_is_refused_and_never_run(tmp_path: Path) -> None:
    written(tmp_path / "p.npz")
    change_npz(tmp_path / "p.npz", ("comments",), comments=boxed(Bomb(tmp_path / "trace")))
    with pytest.raises(InputFileError, match="comments is a pickled"):
        read_product(tmp_path / "p.npz")
    assert not (tmp_path / "trace").exists()


@pytest.mark.clause("PRODUCT-002")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_product_given_as_a_scan_is_refused_with_what_to_do(suffix: str, tmp_path: Path) -> None:
    written(tmp_path / f"p{suffix}")
    with pytest.raises(InputFileError, match=r"no diffraction[\s\S]*give the diffraction file"):
        read_scan(tmp_path / f"p{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_probe_of_a_product_serves_as_a_probe_file(suffix: str, tmp_path: Path) -> None:
    from ptyspec.files.scan_parts import read_probe

    product = written(tmp_path / f"p{suffix}")
    assert same_bits(read_probe(tmp_path / f"p{suffix}"), product["probe"][0, 0])


def test_another_suffix_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="suffix"):
        write_product(tmp_path / "p.mat", reconstruction(), scan())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_folder_that_does_not_exist_is_an_output_error(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(OutputFileError):
        write_product(tmp_path / "absent" / f"p{suffix}", reconstruction(), scan())
