"""The digest of what measures and judges, part by part, so that a later verdict can say what changed in between."""

from __future__ import annotations

from pathlib import Path

import ptyspec
from ptyspec.experiments.hypothesis import Hypothesis
from ptyspec.runs.store import source_digest

JUDGES = ("contrasts.py", "hypothesis.py", "intervals.py", "measured.py", "verdict.py")
OBSERVES = ("experiments/observe.py", "experiments/variant.py", "scores")
ROOT = Path(ptyspec.__file__).parent


def instrument(hypothesis: Hypothesis) -> dict[str, str]:
    """Return the digest of each part: `statistics`, and the `probe` or what observes a run (`observation`)."""
    parts = {"statistics": source_digest(ROOT / "experiments", JUDGES)}
    if hypothesis.probe is None:
        parts["observation"] = source_digest(ROOT, OBSERVES)
    else:
        module = hypothesis.probe.partition(":")[0]
        parts["probe"] = source_digest(ROOT / "experiments" / "observations", (f"{module}.py",))
    return {name: whole[:16] for name, whole in parts.items()}
