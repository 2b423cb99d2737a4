"""What a canvas inside the model costs: one epoch of training in a process of its own, and the memory that it took."""

import json
import subprocess
import sys

from ptyspec.errors import PtyspecError

CODE = """
import json, resource, sys
from ptyspec.runs.threads import default_threads, set_threads
set_threads(default_threads())
from ptyspec.faults.apply import from_environment
from_environment()
from ptyspec.experiments.observe import _walk
from ptyspec.experiments.observe import variant
seed, canvas = int(sys.argv[1]), int(sys.argv[2])
settings = ["scan.n_images=200", "grouping.n_groups=48", "training.nepochs=1", f"model.canvas={canvas}"]
found = _walk(variant("gs2_ideal:january", profile="quick", seed=seed, settings=settings))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
numbers = found["numbers"]
print(json.dumps({"peak_mb": peak, "cpu_seconds": found["cpu_seconds"], "needed": numbers["normalize.required_canvas"],
                  "level": found["metrics"]["amplitude"]["mean_ratio"]}))
"""


def cost(seed: int, canvas: int) -> dict[str, float]:
    """Return peak memory in MB, CPU seconds, the side that groups need and the mean ratio; canvas 0 is what they need.

    Raises PtyspecError where the process ends otherwise, with its last words.
    """
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(seed), str(canvas)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        what = "the measured process ended early"
        step = "\n".join(done.stderr.strip().splitlines()[-3:])
        raise PtyspecError(what, value=done.returncode, source="canvas_memory", next_step=step)
    return {
        name: float(number) for name, number in json.loads(done.stdout.splitlines()[-1]).items()
    }
