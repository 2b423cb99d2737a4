"""A scan as NPZ: the canonical form and the aliases found in the wild (DATA-001); docs/file-formats.md has the keys."""

from pathlib import Path
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import as_array
from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.errors import InputFileError, ProbeError
from ptyspec.files import scan_parts as parts
from ptyspec.files.markers import without_markers
from ptyspec.files.mask_file import Polarity, with_mask
from ptyspec.files.placement import Placement
from ptyspec.files.read_noise import without_read_noise
from ptyspec.files.scan_parts import Measurement
from ptyspec.files.zipped_arrays import NpzArchive

FORMAT = "ptyspec-scan-1"
"""Value of the key `format` in files that write_scan wrote: read back as they are, nothing guessed."""
POSITIONS = ("xcoords", "ycoords", "xcoords_start", "ycoords_start")
FRAMES = ("diff3d", "diffraction")
OPTIONAL = ("scan_index", "objectGuess", "Y")
METADATA = ("_metadata", "metadata")
SCALES = ("scale", "intensity_scale")
USED = {
    *POSITIONS,
    *FRAMES,
    *OPTIONAL,
    "mask",
    *METADATA,
    *SCALES,
    "probeGuess",
    "measurement",
    "format",
}


def read_npz(
    path: Path,
    *,
    measurement: Measurement | None = None,
    probe: Path | None = None,
    place: Placement | None = None,
    mask: Path | None = None,
    mask_true: Polarity | None = None,
) -> RawScan:
    """Return the scan of an NPZ file.

    `measurement` declares the kind of frames where the file does not; `probe` names a file whose probe replaces the
    stored one, and `place` has positions, as they are, that replace the stored ones; `mask` is a file whose mask is joined
    to the stored one (see `with_mask`). Guesses are recorded in `metadata["warnings"]`, the origin of the scale in
    `metadata["scale_source"]`.
    Raises InputFileError, ScanDataError, MeasurementError, ProbeError.
    """
    with NpzArchive(path) as archive:
        refuse_product(archive)
        return _Reading(archive, place).scan(measurement, probe, mask, mask_true)


def refuse_product(archive: NpzArchive) -> None:
    """Raise InputFileError if the archive is a ptychodus product, which holds a result and no diffraction."""
    if "probe_position_x_m" in archive and not any(key in archive for key in FRAMES):
        raise parts.product_error(archive.path)


def _missing(archive: NpzArchive, key: str) -> InputFileError:
    what, value = f"the file lacks {key}", f"found: {', '.join(archive.keys) or 'nothing'}"
    step = "see docs/file-formats.md for the required keys and their aliases"
    return InputFileError(what, value=value, source=archive.path, next_step=step)


class _Reading:
    """One pass over one archive; collects the warnings on its way."""

    def __init__(self, archive: NpzArchive, place: Placement | None = None) -> None:
        self.archive, self.place = archive, place
        self.source = str(archive.path)
        self.canonical = "format" in archive and self._text("format") == FORMAT
        self.warnings: list[str] = []

    def scan(
        self,
        measurement: Measurement | None,
        probe: Path | None,
        other: Path | None = None,
        mask_true: Polarity | None = None,
    ) -> RawScan:
        frame_key = self._frame_key()
        positions = self._positions()
        frames = self._frames(frame_key, len(next(iter(positions.values()))))
        metadata = self._metadata()
        stored = self._text("measurement") if "measurement" in self.archive else None
        source = self.archive.source(frame_key)
        kind = parts.declared_kind(stored, measurement, frames.dtype, source)
        mask = self.archive.read("mask") if "mask" in self.archive else None
        if other is not None:
            mask, said = with_mask(frames, mask, other, mask_true)
            self.warnings += said
        if other is not None or not self.canonical:
            frames, mask, said = without_markers(frames, mask)
            self.warnings += said
        if not self.canonical:
            self.warnings += parts.contradictions(frames, kind)
            frames, said = without_read_noise(frames, kind)
            self.warnings += said
        amplitude, scale, origin = self._scaled(frames, kind or "amplitude", frame_key, metadata)
        present = (key for key in OPTIONAL if key in self.archive)
        fields: dict[str, Any] = {key: self.archive.read(key) for key in present}
        fields |= {
            "mask": mask,
            **positions,
            "diff3d": amplitude,
            "scale": scale,
            "probeGuess": parts.one_for_all(self._probe(probe), len(frames), self.source),
        }

        if not self.canonical:
            self._tidy(fields, metadata)
            metadata["scale_source"] = origin
        if self.warnings:
            metadata["warnings"] = [*metadata.get("warnings", []), *self.warnings]
        made = RawScan(**fields, metadata=metadata, source=self.source)
        if not self.canonical:
            parts.refuse_illuminated(made)
        return made

    def _frame_key(self) -> str:
        found = [key for key in FRAMES if key in self.archive]
        if not found:
            raise _missing(self.archive, "diff3d")
        if len(found) > 1:
            self.warnings.append("both diff3d and diffraction are present: diff3d was read")
        return found[0]

    def _positions(self) -> dict[str, Array]:
        """Actual positions, or the nominal ones where there are no others, and the reverse (SLAC readers)."""
        if self.place is not None:
            x, y = self.place.positions.T
            return {"xcoords": x, "ycoords": y, "xcoords_start": x, "ycoords_start": y}
        out = {key: self.archive.read(key) for key in POSITIONS if key in self.archive}
        for axis in ("x", "y"):
            actual, nominal = f"{axis}coords", f"{axis}coords_start"
            if actual not in out and nominal not in out:
                raise _missing(self.archive, actual)
            if actual not in out:
                self.warnings.append(f"{actual} is absent: {nominal} (nominal positions) was used")
                out[actual] = out[nominal]
        for key, array in out.items():
            if array.size == max(array.shape, default=1):  # one column, or one row
                out[key] = array.reshape(-1)
        return out

    def _frames(self, key: str, count: int) -> Array:
        """Frames with the scan axis first; mapped where the file allows it (FORMAT-001 for the other order)."""
        mapped = self.archive.memmap(key)
        frames = self.archive.read(key) if mapped is None else mapped
        if frames.ndim != 3 or not frames.size or frames.dtype.kind not in "biuf":
            # as_array says which of these it is
            source = self.archive.source(key)
            return as_array(key, frames, np.float32, (None, None, None), source=source)
        if self.canonical:
            return frames
        first, _, last = frames.shape
        if first == last == count:
            assumed = "(M, N, N) order was assumed, (N, N, M) looks the same"
            self.warnings.append(f"{key} is {frames.shape}: {assumed}")
        if first != count and last == count:
            return np.ascontiguousarray(np.moveaxis(frames, -1, 0))
        return frames

    def _scaled(
        self, frames: Array, kind: Measurement, key: str, metadata: dict[str, Any]
    ) -> tuple[Array, float, str]:
        """(X, s, origin of s). Counts know their own dose, so that nphotons says nothing about their scale."""
        stored = next((name for name in SCALES if name in self.archive), None)
        scale, origin = 1.0, f"assumed ({kind} without a stored scale)"
        if stored is not None:
            number = self.archive.read(stored).tolist()
            scale, origin = parts.positive(number, stored, self.source), f"key {stored}"
        amplitude = parts.amplitude_of(frames, kind, scale, key, self.archive.source(key))
        if stored is None and kind == "amplitude":
            dose_key, dose = self._dose(metadata)
            if dose is not None:
                scale, origin = parts.scale_from_dose(amplitude, dose, dose_key, self.source)
        return amplitude, scale, origin

    def _dose(self, metadata: dict[str, Any]) -> tuple[str, object]:
        if "nphotons" in self.archive:
            return "key nphotons", self.archive.read("nphotons").tolist()
        physics = metadata.get("physics_parameters")
        nested = physics.get("nphotons") if isinstance(physics, dict) else None
        return "metadata nphotons", metadata.get("nphotons", nested)

    def _probe(self, path: Path | None) -> Array:
        if path is not None:
            return parts.read_probe(path)
        if "probeGuess" not in self.archive:
            what = "the file holds no probe"
            step = "pass `--probe FILE` (.npy, .npz or .h5), or store probeGuess (N, N) complex64"
            raise ProbeError(what, limit="key probeGuess", source=self.source, next_step=step)
        return parts.stored_probe(
            self.archive.read("probeGuess"), self.archive.source("probeGuess")
        )

    def _metadata(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key in METADATA:
            if key in self.archive and self._skip_pickle(key):
                continue
            if key in self.archive:
                out |= parts.read_metadata(self._text(key), self.archive.source(key))
        if self.canonical:
            return out
        for key in self.archive.keys:
            if key not in USED and not self._skip_pickle(key):
                self._keep_extra(key, out)
        return out

    def _skip_pickle(self, key: str) -> bool:
        if not self.archive.is_pickled(key):
            return False
        step = "store it as JSON text in a plain text array to keep it"
        self.warnings.append(f"{key} is pickled and was skipped; {step}")
        return True

    def _keep_extra(self, key: str, out: dict[str, Any]) -> None:
        header = self.archive.header(key)
        scalar = header.shape == () and header.dtype.kind in "biufU"
        indices = len(header.shape) == 1 and header.dtype.kind in "biu"
        if scalar or indices:
            out.setdefault(key, self.archive.read(key).tolist())
        else:
            kind = f"{header.dtype}{header.shape}"
            self.warnings.append(f"{key} {kind} is not a key of a scan and was not kept")

    def _text(self, key: str) -> str:
        array = self.archive.read(key)
        if array.size == 1 and array.dtype.kind in "US":
            value = array.reshape(-1)[0]
            return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        what, step = f"{key} is not text", f"store {key} as numpy.array('...')"
        value, source = f"{array.dtype} {array.shape}", self.archive.source(key)
        raise InputFileError(what, value=value, limit="one text", source=source, next_step=step)

    @staticmethod
    def _tidy(fields: dict[str, Any], metadata: dict[str, Any]) -> None:
        """Drop what stands for nothing: axes of length one, an object or labels that are constant (no truth)."""
        labels, truth = fields.get("Y"), fields.get("objectGuess")
        if labels is not None and labels.ndim == 4 and labels.shape[-1] == 1:
            fields["Y"] = labels[..., 0]
        if truth is not None and truth.ndim == 3 and truth.shape[0] == 1:
            fields["objectGuess"] = truth[0]
        for key in ("objectGuess", "Y"):
            array = fields.get(key)
            if array is not None and array.size and bool(np.all(array == array.flat[0])):
                fields[key] = None
                metadata[key] = "constant, treated as absent"
