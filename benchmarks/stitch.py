"""Stage 7: patches to one object, with and without synchronised phases."""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.measure import Row, rate, repeated
from ptyspec.contracts.bundles import Patches
from ptyspec.physics.geometry import extract_patches
from ptyspec.physics.objects import make_object
from ptyspec.physics.probes import make_probe
from ptyspec.physics.scan import make_positions
from ptyspec.physics.stitch import stitch
from ptyspec.runs.request import request
from ptyspec.seeds import generator

PATCHES = 4000


def measure() -> list[Row]:
    """Time 4,000 single patches with random phases on the standard object."""
    scenario = request("gs1_custom", settings=[f"scan.n_images={PATCHES}"]).scenario
    obj = make_object(scenario.object, 42)
    probe = make_probe(scenario.probe, scenario.model.N, scenario.model.probe_scale, 1084)
    positions = make_positions(scenario.scan, scenario.object.size, 42)
    turns = np.exp(1j * generator(42, "benchmark phases").uniform(-np.pi, np.pi, PATCHES)).astype(
        np.complex64
    )
    cut = extract_patches(obj, positions, scenario.model.N) * turns[:, None, None]
    patches = Patches(object=cut[..., None], coords=positions[:, None, :, None], probe=probe)
    rows = []
    for words, synchronise in (("without synchronisation", False), ("with synchronisation", True)):
        spent = repeated(partial(stitch, patches, synchronise=synchronise), times=3)
        rows.append(rate(f"stitch 4,000 patches, {words}", PATCHES, spent, 5000, "patches"))
    return rows
