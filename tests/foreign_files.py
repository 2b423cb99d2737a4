"""One small scan as other programs keep it: each writer takes the folder and returns what `read_scan` is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ptyspec.contracts.bundles import Array
from tests import cxi_files
from tests.cxi_files import DISTANCE, OBJECT_PIXEL, PIXEL, WAVELENGTH, N, far_field_scan

JOULES = 1.986445857e-25 / WAVELENGTH
EV = JOULES / 1.602176634e-19
Given = dict[str, Any]
Writer = Callable[[Path], Given]


def moves() -> Array:
    """Positions [x, y] of the probe over the object, metres."""
    return far_field_scan()[1] * OBJECT_PIXEL


def probe_file(folder: Path) -> Path:
    np.save(folder / "probe.npy", far_field_scan()[2])
    return folder / "probe.npy"


def hdf5(path: Path, values: dict[str, Any], **how: Any) -> Path:
    """An HDF5 file of datasets by path; attributes of a dataset stand under `path@name`, of the root under `@name`."""
    with h5py.File(path, "w", **how) as file:
        for key, value in values.items():
            place, at, name = key.partition("@")
            if callable(value):
                value(file, key)
            elif at:
                (file[place] if place else file).attrs[name] = value
            elif value is not None:
                file[key] = value
    return path


def ptypy(chunks: int = 1, turned: bool = False, **changes: Any) -> Writer:
    """ptypy: energy in keV, positions (row, column) in metres; frames in chunks, their order in `indices`."""

    def write(folder: Path) -> Given:
        counts, place = far_field_scan()[0].astype(np.float32), moves()[:, ::-1]
        order = np.arange(len(counts))[::-1] if turned else np.arange(len(counts))
        values: dict[str, Any] = {
            "meta/energy": EV / 1e3,
            "meta/distance": DISTANCE,
            "meta/psize": np.array([PIXEL, PIXEL]),
            "meta/center": np.array([N / 2, N / 2]),
        }
        for number, rows in enumerate(np.array_split(order, chunks)):
            part = {"data": counts[rows], "indices": rows, "positions": place[rows]}
            values |= {f"chunks/{number}/{key}": value for key, value in part.items()}
            values[f"chunks/{number}/weights"] = np.ones((1, N, N), bool)
        return {"path": hdf5(folder / "s.ptyd", values | changes), "probe": probe_file(folder)}

    return write


def ptylab(shape: tuple[int, ...] = (1, 1), across: bool = False) -> Writer:
    """PtyLab: metres, `encoder` (row, column); numbers as arrays of one element."""

    def write(folder: Path) -> Given:
        encoder = moves()[:, ::-1]
        numbers = {"wavelength": WAVELENGTH, "zo": DISTANCE, "dxd": PIXEL, "binningFactor": 1}
        values: dict[str, Any] = {key: np.full(shape, one) for key, one in numbers.items()}
        values |= {"ptychogram": far_field_scan()[0], "encoder": encoder.T if across else encoder}
        return {"path": hdf5(folder / "s.hdf5", values), "probe": probe_file(folder)}

    return write


def product(path: Path, probe_axes: int = 3, centred: bool = False, **changes: Any) -> Path:
    """A ptychodus or pty-chi product: positions in metres, x to the right and y downwards."""
    x, y = (moves() - (moves().mean(axis=0) if centred else 0)).T
    probe = far_field_scan()[2]
    values: dict[str, Any] = {
        "@detector_object_distance_m": DISTANCE,
        "@probe_energy_eV": EV,
        "probe_position_indexes": np.arange(len(x)),
        "probe_position_x_m": x,
        "probe_position_y_m": y,
        "probe": probe.reshape((1,) * (probe_axes - 2) + probe.shape),
        "probe@pixel_width_m": OBJECT_PIXEL,
        "probe@pixel_height_m": OBJECT_PIXEL,
        "object": np.ones((1, 60, 60), complex),
    }
    return hdf5(path, values | changes)


def pair(option: str = "positions", **how: Any) -> Writer:
    """Diffraction, and the product that holds the rest, named by one of two options."""

    def write(folder: Path) -> Given:
        path = hdf5(folder / "x_dp.hdf5", {"dp": far_field_scan()[0].astype(np.uint32)})
        return {"path": path, option: product(folder / "x_para.hdf5", **how)}

    return write


def shuffled_pair(folder: Path) -> Given:
    """The product names the frame of each of its positions, in an order of its own."""
    order = np.random.default_rng(1).permutation(len(moves()))
    x, y = moves()[order].T
    frames = np.empty_like(far_field_scan()[0])
    frames[:] = far_field_scan()[0]
    named = {"probe_position_indexes": order, "probe_position_x_m": x, "probe_position_y_m": y}
    path = hdf5(folder / "x_dp.hdf5", {"dp": frames})
    return {"path": path, "positions": product(folder / "x_para.hdf5", **named), "order": order}


def matlab(saved: bool, **how: Any) -> Writer:
    """MATLAB 7.3: a user block of 512 bytes; a file that MATLAB saved has its axes in reverse."""

    def write(folder: Path) -> Given:
        counts = far_field_scan()[0].astype(np.float64)
        values: dict[str, Any] = {"dp": np.swapaxes(counts, 1, 2) if saved else counts}
        if saved:
            values["dp@MATLAB_class"] = np.bytes_("double")
        path = hdf5(folder / "s.mat", values, userblock_size=512, **how)
        np.save(folder / "positions.npy", moves() / OBJECT_PIXEL)
        given = {"positions": folder / "positions.npy", "probe": probe_file(folder)}
        return {"path": path, **given}

    return write


def table(text: str, unit: float = 1.0, **more: Any) -> Writer:
    """Frames in .npy, and positions in a text with columns in the order of its first line."""

    def write(folder: Path) -> Given:
        np.save(folder / "frames.npy", far_field_scan()[0])
        x, y = (moves() / unit if more else moves() / OBJECT_PIXEL).T
        columns = {"x": x, "y": y, "i": np.arange(len(x))}
        names = [name for name in ("x", "y", "i") if name in text.lower()] or ["x", "y"]
        names.sort(key=lambda name: text.lower().find(name))
        lines = [text] if text else []
        lines += [
            ",".join(f"{float(columns[name][row])!r}" for name in names) for row in range(len(x))
        ]
        (folder / "p.csv").write_text("\n".join(lines), encoding="utf-8")
        given: Given = {"positions": folder / "p.csv", "measurement": "counts"}
        return {"path": folder / "frames.npy", **given, "probe": probe_file(folder), **more}

    return write


def nexus(moved: bool = True, **changes: Any) -> Writer:
    """CXI with what NXptycho changes: `changes` are datasets by path, with / as __, or writers."""

    def write(folder: Path) -> Given:
        source = {f"{cxi_files.SOURCE}/energy": cxi_files.with_unit(3.0, "GeV")} if moved else {}
        beam = cxi_files.with_unit(EV / 1e3, "keV")
        return {
            "path": cxi_files.write(
                folder / "s.cxi",
                "links",
                **source,
                entry_1__definition="NXptycho",
                entry_1__instrument_1__beam_1__energy=beam if moved else None,
                **changes,
            )
        }

    return write
