"""How long a user waits before anything happens."""

from __future__ import annotations

import statistics
import sys

from benchmarks.measure import PTYSPEC, Row, child_or_raise

TIMES = 7
IMPORT = (
    "import time; start = time.perf_counter(); import ptyspec; print(time.perf_counter() - start)"
)


def measure() -> list[Row]:
    """Time `import ptyspec` inside a fresh interpreter, and the whole process `ptyspec --help`."""
    imports = [float(child_or_raise((sys.executable, "-c", IMPORT)).stdout) for _ in range(TIMES)]
    helps = [child_or_raise((*PTYSPEC, "--help")) for _ in range(TIMES)]
    wall = statistics.median(done.spent.wall for done in helps)
    cpu = statistics.median(done.spent.cpu for done in helps)
    return [
        Row("import ptyspec", statistics.median(imports), "s", 0.3),
        Row("ptyspec --help", wall, "s", 0.3, notes={"cpu_s": cpu}),
    ]
