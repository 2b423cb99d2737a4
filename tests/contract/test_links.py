"""Links out of an HDF5 file are followed under a switch, and never out of the folder that it names (FILE-005)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.errors import InputFileError, ScanDataError
from ptyspec.files.disk import sha256_of
from ptyspec.files.scan_file import read_scan
from ptyspec.pipeline.simulate import measured
from ptyspec.runs.request import request
from ptyspec.spec.checks import Check
from tests import cxi_files
from tests import foreign_files as foreign
from tests.contract import test_hdf5_stays_inside as inside
from tests.cxi_files import M, N, far_field_scan

pytestmark = pytest.mark.clause("FILE-005")
DATA = inside.DATA
Put = inside.Put
FOLLOWED: tuple[Put, ...] = (
    inside.external_link,
    inside.external_entry,
    inside.soft_to_external,
    inside.chain_of_soft_links,
    inside.virtual_elsewhere,
    inside.virtual_behind_external,
    inside.virtual_behind_soft,
    inside.virtual_behind_group,
    inside.virtual_by_own_path,
    inside.virtual_by_own_name,
)
STORED_HERE: tuple[Put, ...] = (inside.virtual_honest,)
NEVER = tuple(put for put in inside.FORMS if put not in (*FOLLOWED, *STORED_HERE))


def slug(put: Put) -> str:
    return put.__name__.replace("_", "-")


def rows(scan: object) -> object:
    return np.rint(scan.diff3d**2)  # type: ignore[attr-defined]


@pytest.mark.parametrize("put", FOLLOWED, ids=slug)
def test_a_link_into_the_folder_is_followed(put: Put, tmp_path: Path, clause: Check) -> None:
    scan = read_scan(inside.hostile(tmp_path, DATA, put), links=tmp_path)
    clause.equal(rows(scan), far_field_scan()[0].astype(np.float32), "counts")
    clause.equal([*scan.metadata["linked"]], ["secret.cxi"], "files that were read")


@pytest.mark.parametrize("put", NEVER, ids=slug)
def test_what_is_no_stored_dataset_of_the_folder_is_refused(put: Put, tmp_path: Path) -> None:
    with pytest.raises(InputFileError):
        read_scan(inside.hostile(tmp_path, DATA, put), links=tmp_path)


@pytest.mark.parametrize("put", [put for put in FOLLOWED if "own" not in slug(put)], ids=slug)
def test_a_link_out_of_the_folder_is_refused(put: Put, tmp_path: Path) -> None:
    path = inside.hostile(tmp_path, DATA, put)
    (tmp_path / "data").mkdir()
    message = inside.refusal(lambda one: read_scan(one, links=tmp_path / "data"), path)
    assert "leads out of the folder" in message


def master(folder: Path, *targets: str, name: str = "scan_master.h5") -> Path:
    """A DECTRIS master: no frames, no positions, one link for each data file."""
    values = {f"{cxi_files.DETECTOR}/detector_distance": cxi_files.DISTANCE}
    gone = {f"{cxi_files.DETECTOR}/distance": None, "entry_1/data_1/data": None}
    path = cxi_files.write(folder / name, **gone, **values)
    with h5py.File(path, "a") as file:
        for number, target in enumerate(targets, 1):
            file[f"entry_1/data_1/data_{number:06}"] = h5py.ExternalLink(target, "/entry/data/data")
    return path


def parts(folder: Path, count: int) -> list[str]:
    names = [f"scan_data_{number:06}.h5" for number in range(1, count + 1)]
    for name, frames in zip(names, np.array_split(far_field_scan()[0], count), strict=True):
        foreign.hdf5(folder / name, {"entry/data/data": frames})
    return names


@pytest.mark.parametrize("count", [1, 2, 12])
def test_the_data_files_of_a_master_are_read_in_the_order_of_their_numbers(
    count: int, tmp_path: Path, clause: Check
) -> None:
    path = master(tmp_path, *parts(tmp_path, count))
    with pytest.raises(InputFileError, match="--links FOLDER"):
        read_scan(path)
    scan = read_scan(path, links=tmp_path)
    clause.equal(rows(scan), far_field_scan()[0].astype(np.float32), "counts")
    clause.equal(len(scan.metadata["linked"]), count, "files that were read")


def test_a_virtual_stack_of_several_files_is_put_together(tmp_path: Path, clause: Check) -> None:
    names = parts(tmp_path, 3)
    path = cxi_files.write(tmp_path / "s.nxs", **{"entry_1/data_1/data": None})
    layout, done = h5py.VirtualLayout((M, N, N), "int64"), 0
    for name, frames in zip(names, np.array_split(far_field_scan()[0], 3), strict=True):
        source = h5py.VirtualSource(name, "entry/data/data", frames.shape)
        layout[done : done + len(frames)] = source
        done += len(frames)
    with h5py.File(path, "a") as file:
        file.create_virtual_dataset(DATA, layout)
    scan = read_scan(path, links=tmp_path)
    clause.equal(rows(scan), far_field_scan()[0].astype(np.float32), "counts")


def test_every_second_frame_of_a_source_is_taken_where_the_file_says_so(tmp_path: Path) -> None:
    twice = np.repeat(far_field_scan()[0], 2, axis=0)
    foreign.hdf5(tmp_path / "twice.h5", {"frames": twice})
    path = cxi_files.write(tmp_path / "s.nxs", **{"entry_1/data_1/data": None})
    layout = h5py.VirtualLayout((M, N, N), "int32")
    layout[:] = h5py.VirtualSource("twice.h5", "frames", twice.shape)[::2]
    with h5py.File(path, "a") as file:
        file.create_virtual_dataset(DATA, layout)
    np.testing.assert_array_equal(rows(read_scan(path, links=tmp_path)), far_field_scan()[0])


def test_what_a_detector_leaves_at_0_was_never_set(tmp_path: Path, clause: Check) -> None:
    path, pixel = master(tmp_path, *parts(tmp_path, 2)), f"{cxi_files.OBJECT_PIXEL!r} m"
    with h5py.File(path, "a") as file:
        detector = file[cxi_files.DETECTOR]
        detector["detector_distance"][()] = 0.0
        detector["beam_center_x"] = detector["beam_center_y"] = 0.0
    with pytest.raises(ScanDataError, match="--object-pixel"):
        read_scan(path, links=tmp_path)
    scan = read_scan(path, links=tmp_path, object_pixel=pixel)
    clause.equal(rows(scan), far_field_scan()[0].astype(np.float32), "counts")
    assert "the middle was used" in str(scan.metadata["warnings"])


def climbing(folder: Path, outside: Path) -> str:
    return os.path.relpath(outside, folder)


def absolute(folder: Path, outside: Path) -> str:
    return str(outside)


def by_symlink(folder: Path, outside: Path) -> str:
    (folder / "inner.h5").symlink_to(outside)
    return "inner.h5"


def by_linked_folder(folder: Path, outside: Path) -> str:
    (folder / "inner").symlink_to(outside.parent, target_is_directory=True)
    return f"inner/{outside.name}"


def by_link_of_a_link(folder: Path, outside: Path) -> str:
    with h5py.File(folder / "middle.h5", "w") as file:
        file["entry"] = h5py.ExternalLink(str(outside), "/entry")
    return "middle.h5"


def by_virtual_of_a_link(folder: Path, outside: Path) -> str:
    with h5py.File(folder / "middle.h5", "w") as file:
        inside.virtual(file, "entry/data/data", str(outside), "entry/data/data")
    return "middle.h5"


WAYS_OUT = (
    climbing,
    absolute,
    by_symlink,
    by_linked_folder,
    by_link_of_a_link,
    by_virtual_of_a_link,
)


@pytest.mark.parametrize("way", WAYS_OUT, ids=lambda way: way.__name__.replace("_", "-"))
def test_no_way_leads_out_of_the_folder(way: Callable[[Path, Path], str], tmp_path: Path) -> None:
    folder, secret = tmp_path / "scan", tmp_path / "secret"
    folder.mkdir()
    secret.mkdir()
    outside = secret / parts(secret, 1)[0]
    path = master(folder, way(folder, outside))
    with pytest.raises(InputFileError, match="leads out of the folder"):
        read_scan(path, links=folder)


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    for one, other in (("a.h5", "b.h5"), ("b.h5", "a.h5")):
        with h5py.File(tmp_path / one, "w") as file:
            file["entry/data/data"] = h5py.ExternalLink(other, "/entry/data/data")
    with pytest.raises(InputFileError, match="circle"):
        read_scan(master(tmp_path, "a.h5"), links=tmp_path)


def test_a_data_file_that_is_missing_is_named(tmp_path: Path) -> None:
    names = parts(tmp_path, 2)
    (tmp_path / names[1]).unlink()
    with pytest.raises(InputFileError, match=names[1]):
        read_scan(master(tmp_path, *names), links=tmp_path)


def test_a_chunk_of_ptypy_in_a_file_of_its_own_is_read_and_never_left_out(
    tmp_path: Path, clause: Check
) -> None:
    given = foreign.ptypy(chunks=2)(tmp_path)
    whole = read_scan(**given)
    with h5py.File(given["path"], "a") as file, h5py.File(tmp_path / "part.h5", "w") as part:
        file.copy("chunks/1", part, "chunk")
        del file["chunks/1"]
        file["chunks/1"] = h5py.ExternalLink("part.h5", "chunk")
    with pytest.raises(InputFileError, match="--links FOLDER"):
        read_scan(**given)
    clause.equal(read_scan(**given, links=tmp_path).diff3d, whole.diff3d, "frames")


def test_a_run_knows_the_files_that_it_was_linked_to(tmp_path: Path) -> None:
    names = parts(tmp_path, 2)
    path = master(tmp_path, *names)
    words = [f"scan.links={tmp_path}"]
    before = request(str(path), settings=words).scenario.scan
    assert before.sha256 != sha256_of(path)
    assert request(str(path), settings=words).scenario.scan == before
    scenario = request(str(path), settings=words).scenario
    assert measured(scenario).size == M
    with h5py.File(tmp_path / names[1], "a") as file:
        file["entry/data/data"][0, 0, 0] += 1
    with pytest.raises(InputFileError, match="the scan file changed"):
        measured(scenario)
    assert request(str(path), settings=words).scenario.scan.sha256 != before.sha256


def test_convert_writes_what_the_links_led_to_into_one_file(tmp_path: Path) -> None:
    path, out = master(tmp_path, *parts(tmp_path, 2)), tmp_path / "one.npz"
    command = ["convert", str(path), str(out), "--links", str(tmp_path)]
    outcome = CliRunner().invoke(app, command)
    assert outcome.exit_code == 0, outcome.output
    np.testing.assert_array_equal(read_scan(out).diff3d, read_scan(path, links=tmp_path).diff3d)


def test_a_folder_for_links_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no folder"):
        read_scan(cxi_files.write(tmp_path / "s.cxi"), links=tmp_path / "nowhere")
