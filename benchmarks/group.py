"""Stage 3: groups of four neighbours among a million positions."""

from __future__ import annotations

import numpy as np

from benchmarks.measure import Row, peak_rss_mb, repeated
from ptyspec.contracts.scenario import GroupingSpec
from ptyspec.pipeline.group import form_groups
from ptyspec.seeds import generator

POSITIONS = 1_000_000
SPACING = 8.0
"""Mean distance of neighbours, pixels, as in the standard profile."""


def measure() -> list[Row]:
    """Time the formation of a million groups; the neighbour search uses every core, so wall and CPU differ."""
    side = SPACING * np.sqrt(POSITIONS)
    positions = generator(42, "benchmark positions").uniform(0, side, (POSITIONS, 2))
    spec = GroupingSpec(n_groups=POSITIONS, neighbor_count=6)
    spent = repeated(
        lambda: form_groups(positions, 4, spec, generator(42, "benchmark groups")), times=3
    )
    notes = {"cpu_s": spent.cpu, "peak_rss_mb": peak_rss_mb()}
    return [Row("group 1,000,000 positions (gridsize 2)", spent.wall, "s", 10, notes=notes)]
