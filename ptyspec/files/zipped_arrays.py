"""NPZ archives member by member: headers, checked reads, memory maps, streamed writes. Never a pickle.

Members are found by name inside the archive and never extracted, so a member called `../x` or `/x` is only a name.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

import numpy as np

from ptyspec.contracts.arrays import BLOCK_BYTES, blocks
from ptyspec.contracts.bundles import Array
from ptyspec.errors import InputFileError
from ptyspec.files.disk import existing_file
from ptyspec.files.large import gathered

_LOCAL_HEADER = struct.Struct("<4s22xHH")
_ZIP64_EXTRA = 20
READERS: dict[tuple[int, int], Any] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
"""By version of a member's header."""
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError)
"""What reading a damaged member raises."""
COPY_AGAIN = "copy the file again, or write it again with numpy.savez"
CONVERT = "rewrite the member as a plain array: numpy.savez(new, **{key: numpy.asarray(value, dtype=...)})"


class Header(NamedTuple):
    """What a member holds: shape, dtype, memory order, and where its data start inside the member."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran_order: bool
    start: int

    @property
    def nbytes(self) -> int:
        """Size of the data in bytes."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize


class NpzArchive:
    """An open NPZ file. Every failure is an InputFileError that names the file and the key."""

    def __init__(self, path: Path) -> None:
        self.path = existing_file(path)
        try:
            self._zip = zipfile.ZipFile(self.path)
        except (zipfile.BadZipFile, OSError) as error:
            what = "the file is no NPZ archive, or it is truncated"
            where: Any = {"source": self.path, "next_step": COPY_AGAIN}
            raise InputFileError(what, value=str(error), **where) from error
        arrays = [one for one in self._zip.infolist() if one.filename.endswith(".npy")]
        self._members = {one.filename.removesuffix(".npy"): one for one in arrays}

    def __enter__(self) -> "NpzArchive":
        return self

    def __exit__(self, *error: object) -> None:
        self._zip.close()

    def __contains__(self, key: str) -> bool:
        return key in self._members

    @property
    def keys(self) -> list[str]:
        """Names of the arrays, in file order."""
        return list(self._members)

    def source(self, key: str) -> str:
        """Return `file[key]`, for messages."""
        return f"{self.path}[{key}]"

    def header(self, key: str) -> Header:
        """Return what the member holds without reading its data."""
        with self._opened(key) as member:
            return self._header(key, member)

    def is_pickled(self, key: str) -> bool:
        """Tell whether the member is an object array, which is stored as a pickle and therefore never read."""
        return bool(self.header(key).dtype.hasobject)

    def read(self, key: str) -> Array:
        """Return the member as an array in memory; a checksum failure is an InputFileError."""
        with self._opened(key) as member:
            header = self._plain_header(key, self._header(key, member))
            parts = self._bytes(key, member, header.nbytes)
            flat = gathered(parts, (header.nbytes,), np.uint8).view(header.dtype)
        return flat.reshape(header.shape, order="F" if header.fortran_order else "C")

    def memmap(self, key: str) -> Array | None:
        """Return a read-only map of the member's data in the file, or None if the member is compressed."""
        info = self._members[key]
        header = self._plain_header(key, self.header(key))
        if info.compress_type != zipfile.ZIP_STORED or header.nbytes == 0:
            return None
        with self.path.open("rb") as file:
            file.seek(info.header_offset)
            magic, name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
        if magic != b"PK\x03\x04":
            raise self._damaged(key, "no local header where the archive's index points")
        offset = info.header_offset + _LOCAL_HEADER.size + name_length + extra_length + header.start
        order: Any = "F" if header.fortran_order else "C"
        return np.memmap(self.path, header.dtype, "r", offset, header.shape, order)

    def _opened(self, key: str) -> IO[bytes]:
        try:
            return self._zip.open(self._members[key])
        except (*DAMAGE, RuntimeError, NotImplementedError) as error:  # RuntimeError: encrypted
            raise self._damaged(key, error) from error

    def _header(self, key: str, member: IO[bytes]) -> Header:
        try:
            shape, fortran_order, dtype = READERS[np.lib.format.read_magic(member)](member)
        except (*DAMAGE, ValueError, KeyError) as error:
            raise self._damaged(key, error) from error
        header = Header(shape, dtype, fortran_order, member.tell())
        size = self._members[key].file_size
        declared = header.start + header.nbytes
        if not dtype.hasobject and declared != size:
            raise self._damaged(key, f"{size} bytes stored, {declared} declared")
        return header

    def _plain_header(self, key: str, header: Header) -> Header:
        if header.dtype.hasobject:
            what = f"{key} is a pickled object array; pickles can run code and are never read"
            value, limit, source = header.dtype, "a plain numeric or text array", self.source(key)
            raise InputFileError(what, value=value, limit=limit, source=source, next_step=CONVERT)
        return header

    def _bytes(self, key: str, member: IO[bytes], size: int) -> Iterator[Array]:
        """Yield the data in blocks to the last byte, at which zipfile verifies the checksum."""
        try:
            while size:
                chunk = member.read(min(BLOCK_BYTES, size))
                if not chunk:
                    raise EOFError("the data end early")
                yield np.frombuffer(chunk, np.uint8)
                size -= len(chunk)
        except DAMAGE as error:
            raise self._damaged(key, error) from error

    def _damaged(self, key: str, what: object) -> InputFileError:
        problem = f"{key} cannot be read: the archive is damaged or truncated"
        source = self.source(key)
        return InputFileError(problem, value=str(what), source=source, next_step=COPY_AGAIN)


def write_arrays(file: BinaryIO, arrays: Mapping[str, Array]) -> None:
    """Write an uncompressed NPZ, block by block, every array C-ordered and its data on a 64-byte boundary.

    Equal arrays give equal bytes (no time stamps). Object arrays are refused with TypeError: callers pass plain ones.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for key, array in arrays.items():
            if array.dtype.hasobject:
                raise TypeError(f"{key} is an object array")
            info = zipfile.ZipInfo(f"{key}.npy")
            info.external_attr = 0o644 << 16
            used = file.tell() + 30 + len(info.filename.encode()) + _ZIP64_EXTRA + 4
            padding = -used % 64  # the array header is itself a multiple of 64 bytes
            info.extra = struct.pack("<HH", 0xD935, padding) + bytes(padding)
            with archive.open(info, "w", force_zip64=True) as member:
                kind: Any = np.lib.format.dtype_to_descr(array.dtype)
                header = {"descr": kind, "fortran_order": False, "shape": array.shape}
                np.lib.format.write_array_header_1_0(member, header)
                for block in blocks(array if array.ndim else array.reshape(1)):
                    member.write(np.ascontiguousarray(block).tobytes())
