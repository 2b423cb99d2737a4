"""The table of formats: how each is recognised, by content alone, and who reads it.

docs/file-formats.md shows the same table. Nothing here looks at a file's name.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ptyspec.errors import InputFileError
from ptyspec.files.scan_parts import HDF5, HDF5_OFFSETS

if TYPE_CHECKING:
    from ptyspec.files.hdf5 import Hdf5File
    from ptyspec.files.measured import Measured

HEAD = HDF5_OFFSETS[-1] + len(HDF5)
"""Bytes that tell the kind of a file."""
NUMPY, ZIP = b"\x93NUMPY", b"PK"
FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"MATLAB 5.0 MAT-file", "a MATLAB 5 file", "save it in MATLAB with the option -v7.3"),
    (b"II*\0", "a TIFF image", "stack the images into one array: tifffile.imread, numpy.save"),
    (b"MM\0*", "a TIFF image", "stack the images into one array: tifffile.imread, numpy.save"),
    (b"HDR,", "a Merlin (.mib) file", "read it with RosettaSciIO, and numpy.save the array"),
    (
        b"\0\0\0\3",
        "a Digital Micrograph (.dm3) file",
        "read it with ncempy or RosettaSciIO, and numpy.save the array",
    ),
    (
        b"\0\0\0\4",
        "a Digital Micrograph (.dm4) file",
        "read it with ncempy or RosettaSciIO, and numpy.save the array",
    ),
    (b"II\x97\x01", "a TIA (.ser) file", "read it with ncempy, and numpy.save the array"),
    (b"IMGBLO", "a Blockfile (.blo)", "read it with RosettaSciIO, and numpy.save the array"),
    (b"###CBF", "a CBF image", "read the images with fabio, and numpy.save the stack"),
    (b"\x89PNG", "a PNG image", "diffraction needs raw counts: find the detector's own file"),
    (b"\x1f\x8b", "a gzip archive", "unpack it first: gunzip"),
    (b"BZh", "a bzip2 archive", "unpack it first: bunzip2"),
    (b"\x0e\x03\x13\x01", "an HDF4 file", "convert it to HDF5: h4toh5"),
    (b"\x80\x04\x95", "a pickle, which is never read", "store plain arrays: numpy.savez(...)"),
    (b"\x80\x05\x95", "a pickle, which is never read", "store plain arrays: numpy.savez(...)"),
)
"""First bytes of what is not read, what it is, and what would read it."""


@dataclass(frozen=True)
class Format:
    """One format in HDF5: its name, how its content is recognised, and its reader (or what refuses it)."""

    name: str
    recognise: "Callable[[Hdf5File], bool]"
    read: "Callable[[Hdf5File], Measured]"


def hdf5_formats() -> tuple[Format, ...]:
    """Return the formats in HDF5 beside CXI, the more particular ones first; the last has no names of its own."""
    # h5py is needed for these files alone
    from ptyspec.files import programs, stacks

    return (
        Format("product", programs.is_product_file, programs.refuse_product_file),
        Format(programs.PTYPY, programs.is_ptypy_data, programs.read_ptypy_data),
        Format("ptypy result", programs.is_ptypy_result, programs.refuse_ptypy_result),
        Format(programs.PTYLAB, programs.is_ptylab, programs.read_ptylab),
        Format("stack or datacube", stacks.is_stack, stacks.read_stack),
    )


def read_measured(path: Path, head: bytes, links: Path | None = None) -> "Measured":
    """Return what a file says that begins with `head`; InputFileError for one that is not read.

    `links`: the folder in which linked files may lie.
    """
    if head.startswith(NUMPY):
        from ptyspec.files.stacks import read_npy

        return read_npy(path)
    if not is_hdf5(head):
        raise unknown(path, head)
    from ptyspec.files.hdf5 import Hdf5File

    with Hdf5File(path, links) as file:
        for one in hdf5_formats():
            if one.recognise(file):
                return replace(one.read(file), linked=file.linked)
        stacks = [f"{one.key} {one.shape}" for one in file.stored() if len(one.shape) > 2]
        found = ", ".join((stacks or file.names())[:12]) or "nothing"
    what, limit = "no scan was recognised in this HDF5 file", "a format of docs/file-formats.md"
    step = "copy the frames into one dataset `dp` (M, N, N), or convert the scan to NPZ"
    value = f"found: {found}"
    raise InputFileError(what, value=value, limit=limit, source=path, next_step=step)


def is_cxi(path: Path, links: Path | None = None) -> bool:
    """Tell whether an HDF5 file is CXI or NeXus: it has an entry, and is none of the particular formats."""
    from ptyspec.files.hdf5 import Hdf5File
    from ptyspec.files.nexus import find_entry

    with Hdf5File(path, links) as file:
        particular = any(one.recognise(file) for one in hdf5_formats()[:-1])
        return not particular and find_entry(file) is not None


def head_of(path: Path) -> bytes:
    """Return the bytes that tell the kind of a file."""
    with path.open("rb") as opened:
        return opened.read(HEAD)


def is_hdf5(head: bytes) -> bool:
    """Tell whether a file that begins so is HDF5, behind a user block too."""
    return any(head[at:].startswith(HDF5) for at in HDF5_OFFSETS)


def is_scan(path: Path) -> bool:
    """Tell whether an existing file is of a kind that scans are kept in, whatever its name says."""
    head = head_of(path)
    return head.startswith((ZIP, NUMPY)) or is_hdf5(head)


def unknown(path: Path, head: bytes) -> InputFileError:
    """Return the error for a file that is not read: what it is, and what would read it."""
    limit = "NPZ, .npy, or HDF5 (CXI, NXptycho, ptypy, PtyLab, ptychodus, MATLAB 7.3, datacubes)"
    value, step = "no known kind of file", "convert the scan to NPZ (docs/file-formats.md)"
    for magic, name, advice in FOREIGN:
        if head.startswith(magic):
            value, step = name, advice
            break
    else:
        if path.suffix.lower() in {".npz", ".cxi", ".h5", ".hdf5", ".mat", ".npy", ".ptyd"}:
            value = f"no {path.suffix} file inside"
            step = "copy the file again; it is damaged or was named wrongly"
    what = "this kind of file is not read"
    return InputFileError(what, value=value, limit=limit, source=path, next_step=step)
