"""A mask from a file of its own: told by its shape, its polarity stated or evident from the counts, joined to the scan's.

It covers the frames as they are stored, before any crop. True, or any number but 0, marks good pixels or bad ones.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.errors import InputFileError, ScanDataError
from ptyspec.files.disk import existing_file
from ptyspec.files.formats import NUMPY, ZIP, head_of, is_hdf5, unknown
from ptyspec.files.markers import counted, upright
from ptyspec.files.scan_parts import load_array
from ptyspec.files.zipped_arrays import NpzArchive

Polarity = Literal["good", "bad"]
NAMES = ("mask", "pixel_mask")
"""Names of a mask among other arrays; without them it is told by its shape."""


def with_mask(
    frames: Array, own: Array | None, path: Path, true: Polarity | None
) -> tuple[Array, list[str]]:
    """Return where both the scan's `own` mask and the one in the file are good, and what to say about it.

    `true`: what True marks, as the user says; else the counts say it, where one side holds none. Raises InputFileError
    for a file without a mask, ScanDataError for another shape, for a polarity that nothing says, and where no count
    is left.
    """
    stored = _fitting(_stored(path, frames.shape), frames.shape, str(path))
    if true is not None:
        good, who = stored if true == "good" else ~stored, f"as --mask-true {true} says"
    else:
        good, who = _told(frames, stored, path)
    said = [
        f"{path.name} was used as a mask, {int((~good).sum())} of {good.size} pixels bad, {who}"
    ]
    mask = good
    if own is not None:
        own, turned = upright(frames, _fitting(own, frames.shape, "the scan's own mask"))
        joined = f"it was joined to the scan's own mask, with {int((~own).sum())} of {own.size} bad"
        said += [*turned, joined]
        mask = good & own if good.ndim == own.ndim else np.broadcast_to(good & own, frames.shape)
    if not counted(frames, mask):
        other = "bad" if np.array_equal(good, stored) else "good"
        what, step = (
            "the mask leaves no count",
            f"`--mask-true {other}` if True marks {other} pixels",
        )
        value = f"{int(mask.sum())} of {mask.size} pixels left"
        raise ScanDataError(what, value=value, limit="the beam", source=path, next_step=step)
    return mask, said


def _told(frames: Array, stored: Array, path: Path) -> tuple[Array, str]:
    """The mask with the polarity that leaves counts, where only one does."""
    lit = [counted(frames, side) for side in (stored, ~stored)]
    if lit[0] == lit[1]:
        what = "nothing says whether True in the mask marks good or bad pixels"
        value = f"{int(stored.sum())} of {stored.size} are True, and {'both sides' if lit[0] else 'neither side'} hold counts"
        step = "pass `--mask-true good`, or `--mask-true bad`"
        limit = "counts on one side alone, or a statement"
        raise ScanDataError(what, value=value, limit=limit, source=path, next_step=step)
    return (
        (stored, "as only its True pixels hold counts")
        if lit[0]
        else (~stored, "as its True pixels hold no count")
    )


def _fitting(mask: Array, shape: tuple[int, ...], source: str) -> Array:
    """The mask as bool; ScanDataError for one that is neither of one frame nor of each."""
    whole = mask.dtype.kind in "biu" or (mask.dtype.kind == "f" and bool(np.isfinite(mask).all()))
    mask = mask[0] if mask.ndim == 3 and len(mask) == 1 else mask
    if not whole or mask.shape not in (shape, shape[1:]):
        what, step = "this is no mask of the frames", "give one of the frames as they are stored"
        value, limit = f"{mask.dtype} {mask.shape}", f"bool or integers, {shape[1:]} or {shape}"
        raise ScanDataError(what, value=value, limit=limit, source=source, next_step=step)
    return np.asarray(mask != 0)


def _stored(path: Path, shape: tuple[int, ...]) -> Array:
    """The array of a .npy, .npz or HDF5 file that is a mask by its name, or the only one of the frames' shape."""
    head = head_of(path := existing_file(path))
    if head.startswith(NUMPY):
        return load_array(path, "mask")
    if head.startswith(ZIP):
        with NpzArchive(path) as archive:
            shapes = {key: archive.header(key).shape for key in archive.keys}
            return archive.read(_named(shapes, shape, path))
    if not is_hdf5(head):
        raise unknown(path, head)
    # h5py is needed for these files alone
    from ptyspec.files.hdf5 import Hdf5File

    with Hdf5File(path) as file:
        return file.image(_named({one.key: one.shape for one in file.stored()}, shape, path))


def _named(shapes: dict[str, Any], shape: tuple[int, ...], path: Path) -> str:
    named = [key for key in shapes if key.rpartition("/")[2].lower() in NAMES]
    found = named or [key for key, one in shapes.items() if one in (shape, shape[1:])]
    if len(found) == 1:
        return found[0]
    what, step = "the file holds no mask, or several", "store one array `mask`, or give a .npy file"
    value = ", ".join(f"{key} {one}" for key, one in list(shapes.items())[:12]) or "no array"
    raise InputFileError(
        what, value=value, limit=f"one of {shape[1:]}", source=path, next_step=step
    )
