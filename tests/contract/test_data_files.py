"""Files: what is written comes back, what is foreign is understood, what is broken is refused (failures 13, 16, 17, 29)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, RawScan, Reconstruction
from ptyspec.errors import InputFileError, OutputFileError, UnsupportedScanError
from ptyspec.files.cxi import read_cxi, to_pixel_scan
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.files.product import read_product, write_product
from ptyspec.files.scan_file import read_scan, write_scan
from ptyspec.seeds import generator
from ptyspec.spec.checks import Check
from tests import cxi_files
from tests.npz_files import Bomb, M, N, boxed, fields, full_scan, saved, warnings_of
from tests.properties import given, settings, st

# Round trips


TEXT = st.sampled_from(["", "a", "two words", "Ångström", "\u0000 end", "名", '"quoted"'])
NUMBERS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
)
METADATA = st.dictionaries(TEXT, NUMBERS | TEXT | st.lists(NUMBERS, max_size=3), max_size=4)
OPTIONAL = st.sets(st.sampled_from(["objectGuess", "Y", "mask"]))


@pytest.mark.clause("FILE-001")
@given(metadata=METADATA, absent=OPTIONAL, scale=st.floats(1e-6, 1e6), seed=st.integers(0, 99))
def test_any_scan_comes_back_bit_for_bit(
    clause: Check,
    tmp_path: Path,
    metadata: dict[str, Any],
    absent: set[str],
    scale: float,
    seed: int,
) -> None:
    labels = generator(seed, "labels").normal(size=(M, N, N)).astype(np.complex64)
    update = {"metadata": metadata, "scale": scale, "Y": labels, **dict.fromkeys(absent)}
    scan = full_scan().model_copy(update=update)
    back = read_scan(write_scan(tmp_path / "s.npz", scan))
    for name in set(RawScan.model_fields) - {"source"}:
        value = getattr(back, name)
        clause.equal(
            np.array(value) if isinstance(value, np.ndarray) else value, getattr(scan, name), name
        )


@pytest.mark.clause("FILE-001", "FILE-002")
def test_labels_of_a_foreign_file_and_their_gauge_survive_rewriting(
    tmp_path: Path, clause: Check
) -> None:
    labels = (generator(3, "labels").normal(size=(M, N, N)) + 2j).astype(np.complex64)
    foreign = read_scan(
        saved(tmp_path, Y=labels[..., None], norm_Y_I=np.float64(4.6975), train_idx=np.arange(3))
    )
    back = read_scan(write_scan(tmp_path / "again.npz", foreign))
    clause.equal(np.array(back.Y), labels, "labels Y")
    for key, value in {"norm_Y_I": 4.6975, "train_idx": [0, 1, 2]}.items():
        clause("FILE-002").equal(back.metadata.get(key), value, key)


@pytest.mark.clause("FILE-007")
def test_a_scan_that_was_read_back_is_saved_as_the_same_bytes(
    tmp_path: Path, clause: Check
) -> None:
    first = write_scan(tmp_path / "a.npz", full_scan())
    second = write_scan(tmp_path / "b.npz", read_scan(first))
    clause.holds(first.read_bytes() == second.read_bytes(), "bytes of the two files")


# Foreign forms


@pytest.mark.clause("FORMAT-001")
@given(count=st.integers(2, 12).filter(lambda n: n != N), last=st.booleans())
def test_the_axis_as_long_as_the_positions_is_the_scan_axis(
    clause: Check, tmp_path: Path, count: int, last: bool
) -> None:
    frames = generator(count, "axis").uniform(0, 3, (count, N, N)).astype(np.float32)
    line = dict.fromkeys(
        ("xcoords", "ycoords", "xcoords_start", "ycoords_start"), np.arange(count, dtype=float)
    )
    stored = np.moveaxis(frames, 0, -1) if last else frames
    scan = read_scan(saved(tmp_path, diff3d=stored, **line))
    clause.equal(np.array(scan.diff3d), frames, f"frames stored as {stored.shape}")
    clause.equal(warnings_of(scan), "", "warnings")


ALIASES: dict[str, tuple[dict[str, Any], dict[str, Array], str]] = {
    "diffraction": ({"diff3d": None, "diffraction": fields()["diff3d"]}, {}, ""),
    "nominal-only": (
        {"xcoords": None, "ycoords": None},
        {"xcoords": fields()["xcoords_start"], "ycoords": fields()["ycoords_start"]},
        "nominal positions",
    ),
    "actual-only": (
        {"xcoords_start": None, "ycoords_start": None},
        {"xcoords_start": fields()["xcoords"], "ycoords_start": fields()["ycoords"]},
        "",
    ),
    "column-positions": ({"xcoords": fields()["xcoords"][:, None]}, {}, ""),
    "probe-mode-axis": ({"probeGuess": fields()["probeGuess"][None]}, {}, ""),
    "both-frame-keys": ({"diffraction": 2 * fields()["diff3d"]}, {}, "both diff3d and diffraction"),
}


@pytest.mark.clause("FILE-003")
@pytest.mark.parametrize("name", ALIASES)
def test_an_alias_gives_the_canonical_scan_and_says_where_it_chose(
    name: str, tmp_path: Path, clause: Check
) -> None:
    changes, differs, warning = ALIASES[name]
    scan = read_scan(saved(tmp_path, **changes))
    for key, value in (fields() | differs).items():
        clause.equal(np.array(getattr(scan, key)), value, key)
    said = warnings_of(scan)
    clause.holds(
        warning in said and bool(said) == bool(warning),
        "warnings",
        said or "none",
        warning or "none",
    )


# Refusals


@pytest.mark.clause("FILE-004")
@settings(max_examples=25)
@given(part=st.floats(0, 1, exclude_max=True), compressed=st.booleans())
def test_a_file_cut_anywhere_is_refused(
    clause: Check, tmp_path: Path, part: float, compressed: bool
) -> None:
    path = saved(tmp_path, compressed)
    data = path.read_bytes()
    path.write_bytes(data[: int(part * len(data))])
    with pytest.raises(InputFileError) as caught:
        read_scan(path)
    clause.holds(
        "scan.npz" in str(caught.value) and caught.value.details["next"],
        "error",
        caught.value,
        "file and step",
    )


@pytest.mark.clause("DATA-002")
@pytest.mark.parametrize("key", ["metadata", "_metadata", "diff3d", "probeGuess"])
def test_no_pickle_is_ever_opened(key: str, tmp_path: Path, clause: Check) -> None:
    trace = tmp_path / "trace"
    path = saved(tmp_path, **{key: boxed(Bomb(trace))})
    said = ""
    try:
        said = warnings_of(read_scan(path))
    except InputFileError as error:
        said = str(error)
    clause.holds(f"{key} is" in said and "pickled" in said, "what is said", said, f"{key} is named")
    clause.holds(not trace.exists(), "what the pickle would have done", "done", "not done")


# Atomic writes


def reconstruction(image: Array) -> Reconstruction:
    return Reconstruction(object=image, coverage=np.ones(image.shape, np.float32), origin=(3, -2))


IMAGE = (np.arange(20 * 30).reshape(20, 30) * (1 + 0.5j)).astype(np.complex64)


@pytest.mark.clause("FILE-006")
@pytest.mark.parametrize("suffix", [".npz", ".h5"], ids=["npz", "h5"])
def test_a_product_whose_writer_fails_leaves_the_former_one(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clause: Check
) -> None:
    path = write_product(tmp_path / f"p{suffix}", reconstruction(IMAGE), full_scan())
    before = path.read_bytes()

    def torn(file: Any, product: Any) -> None:
        file.write(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(
        f"ptyspec.files.product._write_{'npz' if suffix == '.npz' else 'hdf5'}", torn
    )
    with pytest.raises(OutputFileError):
        write_product(path, reconstruction(2 * IMAGE), full_scan())
    clause.equal([p.name for p in tmp_path.iterdir()], [path.name], "files in the folder")
    clause.holds(path.read_bytes() == before, "the former file", "changed", "unchanged")


@pytest.mark.clause("FILE-009", "FILE-006")
@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -np.float32("inf")], ids=["nan", "inf", "minus-inf"]
)
def test_json_refuses_what_is_no_number_and_keeps_the_former_file(
    value: float, tmp_path: Path, clause: Check
) -> None:
    path = tmp_path / "metrics.json"
    write_json(path, {"score": None})
    with pytest.raises(ValueError, match="Out of range"):
        write_json(path, {"score": value})
    clause.equal(read_json(path), {"score": None}, "content of the file")
    clause("FILE-006").equal(
        [p.name for p in tmp_path.iterdir()], ["metrics.json"], "files in the folder"
    )


# CXI and products


@pytest.mark.clause("CXI-001")
def test_cxi_positions_are_minus_the_translation_in_object_pixels(
    tmp_path: Path, clause: Check
) -> None:
    corners = cxi_files.far_field_scan()[1]
    source = {
        f"{cxi_files.SOURCE}/energy": None,
        f"{cxi_files.SOURCE}/wavelength": cxi_files.WAVELENGTH,
    }
    scan = read_scan(cxi_files.write(tmp_path / "s.cxi", **source))
    expected = corners - corners.min(axis=0) + cxi_files.N / 2 + 2
    clause.close(scan.positions, expected, "positions [x, y]")


@pytest.mark.clause("CXI-002")
@settings(max_examples=5)
@given(places=st.sets(st.tuples(st.integers(0, 31), st.integers(0, 31)), min_size=1, max_size=5))
def test_masked_pixels_are_zero_and_marked_whatever_they_held(
    clause: Check, tmp_path: Path, places: set[tuple[int, int]]
) -> None:
    counts, *_ = cxi_files.far_field_scan()
    mask = np.zeros(counts.shape[1:], np.uint32)
    counts = counts.astype(np.float32)
    for place in places:
        mask[place] = 1
        counts[(slice(None), *place)] = np.nan
    detector = f"{cxi_files.DETECTOR}/mask"
    scan = read_scan(
        cxi_files.write(tmp_path / "s.cxi", **{"entry_1/data_1/data": counts, detector: mask})
    )
    clause.equal(scan.mask, mask == 0, "mask")
    clause.equal(
        scan.diff3d[:, mask != 0], np.zeros((len(counts), len(places)), np.float32), "masked pixels"
    )


@pytest.mark.clause("CXI-003")
def test_a_near_field_scan_is_refused_before_its_probe_is_asked_for(
    tmp_path: Path, clause: Check
) -> None:
    moves = np.zeros((cxi_files.M, 3))
    moves[:, :2] = 8 * cxi_files.far_field_scan()[1] * cxi_files.OBJECT_PIXEL
    path = cxi_files.write(
        tmp_path / "s.cxi",
        **{"entry_1/data_1/translation": moves, f"{cxi_files.SOURCE}/illumination": None},
    )
    clause.equal(to_pixel_scan(read_cxi(path)).probe, None, "probe of the file")
    with pytest.raises(UnsupportedScanError) as caught:
        read_scan(path)
    clause.holds(
        "near-field" in str(caught.value), "error", caught.value, "near-field, with figures"
    )


@pytest.mark.clause("PRODUCT-001")
@pytest.mark.parametrize("suffix", [".npz", ".h5"], ids=["npz", "h5"])
@pytest.mark.parametrize("pixel", [1.0, 5e-9], ids=["pixels", "metres"])
def test_a_position_in_a_product_falls_on_the_object_pixel_it_had(
    suffix: str, pixel: float, tmp_path: Path, clause: Check
) -> None:
    geometry = {"geometry": {"wavelength_m": 1e-10, "distance_m": 2.0, "object_pixel_m": pixel}}
    scan = full_scan().model_copy(update={"metadata": {} if pixel == 1 else geometry})
    product = read_product(write_product(tmp_path / f"p{suffix}", reconstruction(IMAGE), scan))
    column = (product["probe_position_x_m"] - product["object_center_x_m"]) / product[
        "object_pixel_width_m"
    ] + 30 / 2
    row = (product["probe_position_y_m"] - product["object_center_y_m"]) / product[
        "object_pixel_height_m"
    ] + 20 / 2
    clause.close(column, scan.xcoords - 3, "column in the object array")
    clause.close(row, scan.ycoords + 2, "row in the object array")
    clause.equal(product["object"][0], IMAGE, "object")
    clause.holds(
        ("pixels, not metres" in product["comments"]) == (pixel == 1),
        "unit of lengths",
        product["comments"],
    )


@pytest.mark.clause("PRODUCT-002")
@pytest.mark.parametrize("suffix", [".npz", ".h5"], ids=["npz", "h5"])
def test_a_product_is_refused_as_a_scan(suffix: str, tmp_path: Path, clause: Check) -> None:
    path = write_product(tmp_path / f"p{suffix}", reconstruction(IMAGE), full_scan())
    with pytest.raises(InputFileError) as caught:
        read_scan(path)
    clause.holds(
        "give the diffraction file" in str(caught.value),
        "error",
        caught.value,
        "the file to give instead",
    )
