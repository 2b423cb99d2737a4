"""An HDF5 file from a stranger: no form of reference makes the reader open anything else (FILE-005).

`secret.cxi` is a whole scan that lies beside each hostile file. What refers to it must be refused,
and what refers to itself must not end the process.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.errors import InputFileError
from ptyspec.files.hdf5 import ILLUMINATION
from ptyspec.files.product import read_product
from ptyspec.files.scan_file import read_scan
from ptyspec.files.scan_parts import read_probe
from tests import cxi_files
from tests.cxi_files import M, N

pytestmark = pytest.mark.clause("FILE-005")
DATA = "entry_1/data_1/data"
SHAPE = (M, N, N)
Put = Callable[[h5py.File, str, Path], None]


def virtual(file: h5py.File, key: str, source: str, name: str, *, open_end: bool = False) -> None:
    """Make `key` a virtual dataset of `name` in the file `source` ("." is the file itself)."""
    most = (None, *SHAPE[1:]) if open_end else SHAPE
    layout = h5py.VirtualLayout(SHAPE, "int32", maxshape=most)
    origin = h5py.VirtualSource(source, name, SHAPE, maxshape=most)
    rows = h5py.h5s.UNLIMITED if open_end else M
    layout[:rows, :, :] = origin[:rows, :, :]
    file.create_virtual_dataset(key, layout)


def raw_storage(file: h5py.File, key: str, secret: Path) -> None:
    file.create_dataset(key, SHAPE, "int32", external=[(str(secret), 0, h5py.h5f.UNLIMITED)])


def external_link(file: h5py.File, key: str, secret: Path) -> None:
    file[key] = h5py.ExternalLink(str(secret), DATA)


def external_group(file: h5py.File, key: str, secret: Path) -> None:
    group = key.rpartition("/")[0] or key
    if group in file:
        del file[group]
    file[group] = h5py.ExternalLink(str(secret), "/entry_1")


def external_entry(file: h5py.File, key: str, secret: Path) -> None:
    if "entry_1" in file:
        del file["entry_1"]
    file["entry_1"] = h5py.ExternalLink(str(secret), "/entry_1")


def soft_to_external(file: h5py.File, key: str, secret: Path) -> None:
    file["away"] = h5py.ExternalLink(str(secret), "/")
    file[key] = h5py.SoftLink(f"/away/{DATA}")


def chain_of_soft_links(file: h5py.File, key: str, secret: Path) -> None:
    external_link(file, "away", secret)
    file["b"] = h5py.SoftLink("/away")
    file["a"] = h5py.SoftLink("//./b")
    file[key] = h5py.SoftLink("/a")


def soft_to_raw_storage(file: h5py.File, key: str, secret: Path) -> None:
    raw_storage(file, "raw", secret)
    file[key] = h5py.SoftLink("/raw")


def hard_to_raw_storage(file: h5py.File, key: str, secret: Path) -> None:
    raw_storage(file, "raw", secret)
    file[key] = file["raw"]


def virtual_elsewhere(file: h5py.File, key: str, secret: Path) -> None:
    virtual(file, key, str(secret), DATA)


def virtual_pattern(file: h5py.File, key: str, secret: Path) -> None:
    virtual(file, key, str(secret), DATA, open_end=True)


def virtual_behind_external(file: h5py.File, key: str, secret: Path) -> None:
    external_link(file, "away", secret)
    virtual(file, key, ".", "away")


def virtual_behind_soft(file: h5py.File, key: str, secret: Path) -> None:
    chain_of_soft_links(file, "link", secret)
    virtual(file, key, ".", "link")


def virtual_behind_group(file: h5py.File, key: str, secret: Path) -> None:
    file["away"] = h5py.ExternalLink(str(secret), "/entry_1")
    virtual(file, key, ".", "away/data_1/data")


def virtual_behind_raw_storage(file: h5py.File, key: str, secret: Path) -> None:
    raw_storage(file, "raw", secret)
    virtual(file, key, ".", "raw")


def virtual_behind_virtual(file: h5py.File, key: str, secret: Path) -> None:
    virtual(file, "second", str(secret), DATA)
    virtual(file, "first", ".", "second")
    virtual(file, key, ".", "first")


def virtual_by_own_path(file: h5py.File, key: str, secret: Path) -> None:
    external_link(file, "away", secret)
    virtual(file, key, str(Path(file.filename).resolve()), "away")


def virtual_by_own_name(file: h5py.File, key: str, secret: Path) -> None:
    external_link(file, "away", secret)
    virtual(file, key, Path(file.filename).name, "away")


def virtual_itself(file: h5py.File, key: str, secret: Path) -> None:
    virtual(file, key, ".", key)


def virtual_itself_open_end(file: h5py.File, key: str, secret: Path) -> None:
    virtual(file, key, ".", key, open_end=True)


def virtual_itself_by_path(file: h5py.File, key: str, secret: Path) -> None:
    virtual(file, key, str(Path(file.filename).resolve()), key)


def virtual_each_other(file: h5py.File, key: str, secret: Path) -> None:
    virtual(file, key, ".", "other")
    virtual(file, "other", ".", key)


def virtual_honest(file: h5py.File, key: str, secret: Path) -> None:
    """All data inside: refused as well, since HDF5 would follow the source without being watched."""
    file["frames"] = np.ones(SHAPE, np.int32)
    virtual(file, key, ".", "frames")


def object_reference(file: h5py.File, key: str, secret: Path) -> None:
    external_group(file, "away/data", secret)
    file["target"] = np.ones(SHAPE, np.int32)
    file[key] = np.array([file["target"].ref], h5py.ref_dtype)


def region_reference(file: h5py.File, key: str, secret: Path) -> None:
    file["target"] = np.ones(SHAPE, np.int32)
    file[key] = np.array([file["target"].regionref[:, 0, 0]], h5py.regionref_dtype)


FORMS: tuple[Put, ...] = (
    external_link,
    external_group,
    external_entry,
    soft_to_external,
    chain_of_soft_links,
    raw_storage,
    soft_to_raw_storage,
    hard_to_raw_storage,
    virtual_elsewhere,
    virtual_pattern,
    virtual_behind_external,
    virtual_behind_soft,
    virtual_behind_group,
    virtual_behind_raw_storage,
    virtual_behind_virtual,
    virtual_by_own_path,
    virtual_by_own_name,
    virtual_itself,
    virtual_itself_open_end,
    virtual_itself_by_path,
    virtual_each_other,
    virtual_honest,
    object_reference,
    region_reference,
)
forms = pytest.mark.parametrize("put", FORMS, ids=lambda put: put.__name__.replace("_", "-"))


def hostile(folder: Path, key: str, put: Put, name: str = "hostile.cxi") -> Path:
    """A CXI file whose dataset `key` is made by `put`; the scan it wants lies beside it."""
    secret = cxi_files.write(folder / "secret.cxi")
    path = cxi_files.write(folder / name, **{key: None})
    with h5py.File(path, "a") as file:
        put(file, key, secret)
    return path


def refusal(read: Callable[[Path], object], path: Path) -> str:
    """What the refusal says, after the things that each of them has to say."""
    with pytest.raises(InputFileError) as caught:
        read(path)
    details = caught.value.details
    assert str(path) in str(details["source"])
    assert all(details[key] for key in ("value", "limit", "next"))
    return str(caught.value)


@forms
@pytest.mark.parametrize(
    "key",
    [DATA, "entry_1/data_1/translation", f"{cxi_files.DETECTOR}/mask", ILLUMINATION],
    ids=["frames", "translations", "mask", "illumination"],
)
def test_a_scan_that_refers_elsewhere_is_refused(put: Put, key: str, tmp_path: Path) -> None:
    assert refusal(read_scan, hostile(tmp_path, key, put))


@forms
@pytest.mark.parametrize(
    "key", [ILLUMINATION, "probeGuess", "probe"], ids=["illumination", "probeGuess", "probe"]
)
def test_a_probe_file_that_refers_elsewhere_is_refused(put: Put, key: str, tmp_path: Path) -> None:
    path = tmp_path / "probe.h5"
    secret = cxi_files.write(tmp_path / "secret.cxi")
    with h5py.File(path, "w") as file:
        put(file, key, secret)
    with pytest.raises(InputFileError):
        read_probe(path)


@forms
def test_a_product_that_refers_elsewhere_is_refused(put: Put, tmp_path: Path) -> None:
    path = tmp_path / "product.h5"
    secret = cxi_files.write(tmp_path / "secret.cxi")
    with h5py.File(path, "w") as file:
        put(file, "probe_position_x_m", secret)
    with pytest.raises(InputFileError):
        read_product(path)


@pytest.mark.parametrize(
    "put", [virtual_behind_external, virtual_itself, raw_storage], ids=["away", "itself", "raw"]
)
def test_the_command_line_publishes_nothing_of_another_file(put: Put, tmp_path: Path) -> None:
    path, out = hostile(tmp_path, DATA, put), tmp_path / "out"
    outcome = CliRunner().invoke(app, ["run", str(path), "--out", str(out)])
    assert outcome.exit_code == 2
    assert "hostile.cxi" in outcome.output
    assert not out.exists()


@pytest.mark.parametrize("put", [virtual_behind_external, virtual_itself], ids=["away", "itself"])
def test_a_scenario_file_reaches_nothing_through_its_probe(put: Put, tmp_path: Path) -> None:
    probe, out = hostile(tmp_path, ILLUMINATION, put, "probe.cxi"), tmp_path / "out"
    scenario = tmp_path / "mine.yaml"
    scenario.write_text(f"probe: {{kind: file, path: {probe}}}\n")
    command = ["run", str(scenario), "--profile", "quick", "--out", str(out)]
    outcome = CliRunner().invoke(app, command)
    assert outcome.exit_code == 2
    assert "probe.cxi" in outcome.output
    assert not out.exists()
