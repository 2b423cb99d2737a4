"""200,000 frames from disk: does memory stay bounded? Needs 4 GB of free disk and several minutes; only on request.

The frames are written to a scan file, then a child process walks the stages over it and tells its peak memory after
each; training is not part of it (an epoch would look at batches as inference does).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any, cast

import numpy as np

from benchmarks.measure import Row, child, child_or_raise, peak_rss_mb, scratch
from ptyspec.contracts.bundles import Array
from ptyspec.files.zipped_arrays import write_arrays
from ptyspec.physics.objects import make_object
from ptyspec.physics.probes import make_probe
from ptyspec.physics.simulate import measure as expose
from ptyspec.runs.request import request
from ptyspec.seeds import generator

FRAMES = int(os.environ.get("PTYSPEC_BENCH_FRAMES", "200000"))
DISTINCT = 1000
"""Simulated frames; the file repeats them, each at a place of its own."""
SPACING = 8.0
BUDGET_MB = 3000.0
FREE_GB = 1.2 * FRAMES * 64 * 64 * 4 / 1e9
GROUPS = 512
"""Groups that are predicted and stitched; memory must not depend on how many there are in all."""


class Repeated:
    """Frames 0 .. n - 1 of an endless repetition, made as they are asked for: what write_arrays needs of an array."""

    def __init__(self, frames: Array, count: int) -> None:
        self.frames, self.dtype, self.ndim = frames, frames.dtype, frames.ndim
        self.shape = (count, *frames.shape[1:])
        self.nbytes = count * frames[0].nbytes

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, part: slice) -> Array:
        return self.frames[np.arange(*part.indices(len(self))) % len(self.frames)]


def measure() -> list[Row]:
    """Return the peak memory of each stage over a scan on disk, the last against the budget."""
    with scratch() as folder:
        free = shutil.disk_usage(folder).free / 1e9
        if free < FREE_GB:
            raise RuntimeError(
                f"{folder} has {free:.1f} GB free, {FREE_GB:.1f} GB are needed; set TMPDIR to a larger disk"
            )
        path = folder / "large.npz"
        # Written by a child of its own: a child begins with its parent's peak, which must therefore stay small.
        child_or_raise((sys.executable, "-m", "benchmarks.memory", "write", str(path)))
        done = child((sys.executable, "-m", "benchmarks.memory", "walk", str(path)))
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    rows = [
        Row(f"memory after {line['stage']}", line["peak_rss_mb"], "MB", notes={"s": line["s"]})
        for line in lines
    ]
    notes: dict[str, object] = {
        "cpu_s": done.spent.cpu,
        "wall_s": done.spent.wall,
        "exit_code": done.code,
    }
    what = f"memory, {FRAMES:,} frames from disk"
    if done.code:  # stopped half-way, by the system if memory ran out: no peak of the whole exists
        notes["error"] = done.stderr.strip()[-300:]
        return [*rows, Row(f"{what} (did not finish)", float("inf"), "MB", BUDGET_MB, notes=notes)]
    return [*rows, Row(what, done.peak_rss_mb, "MB", BUDGET_MB, notes=notes)]


def write(path: Path, count: int = FRAMES) -> None:
    """Simulate some frames and write a scan file that repeats them."""
    with path.open("wb") as file:
        write_arrays(file, repeated_scan(count))


def repeated_scan(count: int) -> dict[str, Array]:
    """Return the arrays of an NPZ scan of `count` frames, a few frames over and over, each at a place of its own."""
    scenario = request("gs2_custom").scenario
    obj = make_object(scenario.object, 42)
    probe = make_probe(scenario.probe, scenario.model.N, scenario.model.probe_scale, 1084)
    near = generator(42, "benchmark frames").uniform(10, scenario.object.size - 10, (DISTINCT, 2))
    frames, scale = expose(obj, probe, near, scenario.dose, 42)
    positions = generator(42, "benchmark positions").uniform(0, SPACING * count**0.5, (count, 2))
    return {
        "xcoords": positions[:, 0],
        "ycoords": positions[:, 1],
        "probeGuess": probe,
        "scale": np.array(scale),
        "measurement": np.array("amplitude"),
        "diff3d": cast(Array, Repeated(frames, count)),
    }


def walk(path: Path) -> None:
    """Load, split, group, normalise (with the coarse estimate), predict and stitch; print the peak after each."""
    from benchmarks.scene import network
    from ptyspec.pipeline.protocol import Session
    from ptyspec.pipeline.reference import ReferencePipeline
    from ptyspec.pipeline.train import predict_patches

    clock = time.perf_counter()

    def tell(stage: str) -> None:
        nonlocal clock
        seconds, clock = time.perf_counter() - clock, time.perf_counter()
        print(json.dumps({"stage": stage, "peak_rss_mb": peak_rss_mb(), "s": seconds}), flush=True)

    pipeline = ReferencePipeline()
    scenario = request(str(path), settings=["probe.refine_sweeps=0", "model.gridsize=2"]).scenario
    tell("request (reads the file once)")
    scan = pipeline.simulate(scenario)
    tell("simulate (reads the file)")
    halves = pipeline.split(scenario, scan)
    groups = pipeline.group(scenario, halves)
    tell("group")
    containers = pipeline.normalize(scenario, groups)
    tell("normalize (coarse estimate)")
    model, whole = network(scenario, containers)
    part = whole.model_copy(update={"groups": _first(whole.groups)})
    patches = predict_patches(model, part, scenario.inference.batch_size, Session())
    tell(f"infer, {part.size:,} groups")
    pipeline.stitch(scenario, patches)
    tell(f"stitch, {part.size:,} groups")


def _first(groups: Any) -> Any:
    """The groups nearest to the origin of the scan: neighbours, so that they can be stitched."""
    order = np.argsort(
        np.square(groups.coords_offsets.reshape(groups.size, 2)).sum(axis=1), kind="stable"
    )[:GROUPS]
    names = ("nn_indices", "coords_offsets", "coords_relative")
    return groups.model_copy(update={name: getattr(groups, name)[order] for name in names})


if __name__ == "__main__":
    {"write": write, "walk": walk}[sys.argv[1]](Path(sys.argv[2]))
