"""Stage 1: diffraction patterns from object, probe and positions."""

from __future__ import annotations

from benchmarks.measure import Row, rate, repeated
from ptyspec.physics.objects import make_object
from ptyspec.physics.probes import make_probe
from ptyspec.physics.scan import make_positions
from ptyspec.physics.simulate import measure as expose
from ptyspec.runs.request import request

PATTERNS = 1024


def measure() -> list[Row]:
    """Time exposure with counting noise, 64 x 64 pixels; making object and probe once is not counted."""
    scenario = request("gs1_custom", settings=[f"scan.n_images={PATTERNS}"]).scenario
    obj = make_object(scenario.object, 42)
    probe = make_probe(scenario.probe, scenario.model.N, scenario.model.probe_scale, 1084)
    positions = make_positions(scenario.scan, scenario.object.size, 42)
    spent = repeated(lambda: expose(obj, probe, positions, scenario.dose, 42))
    return [rate("simulate, 64 x 64, Poisson noise", PATTERNS, spent, 1500)]
