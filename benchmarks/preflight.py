"""What `ptyspec check-scan --quick` costs, whole command, from 1,000 to 100,000 frames of 64 x 64; only on request.

Memory is what the process holds itself (RssAnon, Linux): pages of files that are mapped count for nothing, the system
takes them back. Needs 6 GB of free disk in TMPDIR, of which nothing stays, and several minutes.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.measure import Row, child, child_or_raise, scratch

FRAMES = (1_000, 2_000, 10_000, 100_000)
LAST = FRAMES[-2:]
TIMES = 3
BUDGET_S = 5.0
"""Seconds that 2,000 frames may take."""
BUDGET_MB = 50.0
"""Megabytes by which the largest scan may need more than one of 10,000 frames: from 128 MB on frames lie on disk."""
LOOKED = (0, 5)
"""Exit codes of a look that came to its end: the places are drawn, so that a SHOULD may be broken."""


def measure() -> list[Row]:
    """Return seconds and peak memory for each kind of file and number of frames."""
    rows = []
    for kind in WRITERS:
        peaks = {}
        for count in FRAMES:
            with scratch() as folder:
                path = folder / kind
                # Written by a child of its own: a child begins with its parent's peak, which must stay small.
                words = (sys.executable, "-m", "benchmarks.preflight", kind, str(count), str(path))
                child_or_raise(words)
                look = (sys.executable, "-m", "benchmarks.preflight", "look", str(path))
                done = [child(look, {"TMPDIR": str(folder)}) for _ in range(TIMES)]
            if broke := [one for one in done if one.code not in LOOKED]:
                raise RuntimeError(f"{kind}, {count} frames: {broke[0].stdout}{broke[0].stderr}")
            peaks[count] = max(float(one.stderr.splitlines()[-1]) for one in done)
            cpu = statistics.median(one.spent.cpu for one in done)
            wall = statistics.median(one.spent.wall for one in done)
            notes = {"wall_s": wall, "anonymous_mb": peaks[count]}
            budget = BUDGET_S if count == 2_000 else None
            what = f"check-scan, {kind}, {count:,} frames"
            rows.append(Row(what, cpu, "s CPU", budget, notes=notes))
        more = peaks[LAST[1]] - peaks[LAST[0]]
        what = f"check-scan, {kind}, memory over {LAST[0]:,} frames"
        rows.append(Row(what, more, "MB", BUDGET_MB))
    return rows


def look(path: Path) -> None:
    """Run the command in this process, and print the most memory that it held on stderr."""
    import threading
    import time

    from ptyspec.cli.main import entry

    most = [0.0]

    def watch() -> None:
        while True:
            lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
            held = next(line for line in lines if line.startswith("RssAnon"))
            most[0] = max(most[0], float(held.split()[1]) * 1024 / 1e6)
            time.sleep(0.005)

    threading.Thread(target=watch, daemon=True).start()
    sys.argv = ["ptyspec", "check-scan", str(path), "--quick"]
    try:
        entry()
    finally:
        print(most[0], file=sys.stderr)


def _npz(path: Path, count: int) -> None:
    from benchmarks.memory import write

    write(path, count)


def _cxi(path: Path, count: int, **how: object) -> None:
    """Counts and translations of the same scan; lengths that make an object pixel of 20 nm."""
    import h5py

    from benchmarks.memory import repeated_scan
    from ptyspec.files.zipped_arrays import blocks

    scan = repeated_scan(count)
    frames, scale = scan["diff3d"], float(scan["scale"])
    moves = np.stack([scan["xcoords"], scan["ycoords"], 0 * scan["xcoords"]], axis=1) * 20e-9
    with h5py.File(path, "w") as file:
        entry = file.create_group("entry_1")
        detector = entry.create_group("instrument_1/detector_1")
        detector["distance"], detector["x_pixel_size"], detector["y_pixel_size"] = 1.28, 1e-4, 1e-4
        entry["instrument_1/source_1/wavelength"] = 1e-10
        entry["instrument_1/source_1/illumination"] = scan["probeGuess"] * np.float32(scale)
        entry["data_1/translation"] = moves
        data = entry.create_dataset("data_1/data", frames.shape, np.int32, **how)
        done = 0
        for block in blocks(frames):
            data[done : done + len(block)] = np.rint((block * scale) ** 2)
            done += len(block)


def _gzip(path: Path, count: int) -> None:
    _cxi(path, count, chunks=(16, 64, 64), compression=1)


WRITERS: dict[str, Callable[[Path, int], None]] = {"npz": _npz, "cxi": _cxi, "cxi gzip": _gzip}


if __name__ == "__main__":
    if sys.argv[1] == "look":
        look(Path(sys.argv[2]))
    else:
        WRITERS[sys.argv[1]](Path(sys.argv[3]), int(sys.argv[2]))
