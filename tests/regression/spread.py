"""How far threads and oneDNN move each golden value: `python -m tests.regression.spread [CASE]...` (ten minutes for all).

Proposes the golden files in four environments, each with its own thread and oneDNN setting, and prints the largest
distance between any two beside the stated tolerance. A tolerance should be about four times the distance: narrower, and
another processor is red; wider, and a change of the code passes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

import numpy as np

from ptyspec.testing.golden.files import read
from ptyspec.testing.golden.proposal import read_index
from tests.child import ROOT, environment

SETTINGS = tuple(product((2, 1), (0, 1)))
"""Threads, oneDNN."""


def propose(out: Path, threads: int, onednn: int, cases: list[str]) -> None:
    settings = {"PTYSPEC_THREADS": str(threads), "TF_ENABLE_ONEDNN_OPTS": str(onednn)}
    command = [
        sys.executable,
        "-c",
        "from ptyspec.cli.main import entry; entry()",
        "golden",
        "propose",
        *cases,
    ]
    subprocess.run(
        [*command, "--out", str(out)],
        cwd=ROOT,
        env=environment(**settings),
        check=True,
        stdout=subprocess.DEVNULL,
    )


def rows(folders: list[Path]) -> dict[str, tuple[float, float, float]]:
    """Return {name: (spread, tolerance, size)} of every golden value; of an array, its largest element's."""
    found: dict[str, tuple[float, float, float]] = {}
    for made in read_index(folders[0]).proposals:
        paths = [folder / "new" / made.name for folder in folders]
        if made.name.endswith(".json"):
            several = [read(path, {}) for path in paths]
            if any(one.facts != several[0].facts for one in several):
                found[f"{made.name} FACTS DIFFER"] = (np.inf, 0.0, 0.0)
            for key, first in several[0].values.items():
                values = [one.values[key] for one in several]
                found[f"{made.name} {key}"] = (
                    max(values) - min(values),
                    several[0].tolerances[key].allowed(first),
                    abs(first),
                )
        else:
            several_arrays = [read(path, {}).values for path in paths]
            for key, limit in made.tolerances.items():
                first_array = several_arrays[0][key]
                moved = max(
                    float(np.nanmax(np.abs(one[key] - first_array))) for one in several_arrays
                )
                size = float(np.nanmean(np.abs(first_array)))
                found[f"{made.name} {key}"] = (moved, limit.allowed(size), size)
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folders = []
        for threads, onednn in SETTINGS:
            folders.append(Path(scratch) / f"{threads}-{onednn}")
            print(f"threads {threads}, oneDNN {onednn}", file=sys.stderr)
            propose(folders[-1], threads, onednn, sys.argv[1:])
        table = rows(folders)
    print(f"{'value':<72} {'spread':>9} {'relative':>9} {'of its tolerance':>17}")
    for name, (moved, allowed, size) in sorted(
        table.items(), key=lambda row: -row[1][0] / (row[1][1] or 1e-300)
    ):
        if moved:
            print(
                f"{name:<72} {moved:9.1e} {moved / size if size else np.nan:9.1e} {moved / allowed if allowed else np.inf:17.1%}"
            )
    print(
        f"{sum(not moved for moved, _, _ in table.values())} of {len(table)} values do not move at all"
    )


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
