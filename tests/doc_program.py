"""What `ptyspec` and Python are while a block of the documentation is executed: the real ones, on a scan of seconds.

`python -m tests.doc_program WORDS...` runs the command line in a process of its own.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from ptyspec.contracts.resolve import Layer, Resolved, nest
from ptyspec.spec.cases import Case
from tests.tiny_runs import SHALLOW, SMALL

LITTLE = (*SMALL, *SHALLOW)
"""What makes the run of a shipped scenario one of seconds."""
OWN_FILE = (
    *SHALLOW,
    "model.gridsize=1",
    "training.nepochs=2",
    "inference.iterative_sweeps=10",
    "probe.refine_sweeps=2",
)
"""What makes the run of a reader's own small file short."""
RUNS = ("run", "audit", "compare")
SCENARIO = re.compile(r"\bgs[12]_")
STANDS_FOR_A_RUN = "1a2b3c4d"
VIOLATION, INCOMPLETE, DOUBTFUL = 1, 4, 5


def reduced(words: Sequence[str]) -> list[str]:
    """The words with the settings of a tiny run before the reader's own, which so win."""
    name, *rest = words
    if name not in RUNS or {"--list", "--check"} & set(rest):
        return list(words)
    if name == "audit" and not SCENARIO.search(
        " ".join(rest)
    ):  # a finished run has its settings, a dictionary its own
        return [name, *(_a_run() if word == STANDS_FOR_A_RUN else word for word in rest)]
    own = any(word.endswith((".npz", ".cxi")) for word in rest if not word.startswith("-"))
    made = [word for setting in (OWN_FILE if own else LITTLE) for word in ("--set", setting)]
    profile = [] if own or "--profile" in rest else ["--profile", "quick"]
    return [name, *profile, *made, *rest]


def _a_run() -> str:
    from ptyspec.runs.threads import default_threads, set_threads

    set_threads(default_threads())
    from tests.tiny_runs import stored

    return str(stored("gs1_custom", *SHALLOW))


def command(words: list[str]) -> int:
    """Run the program; what a scan of seconds breaks (a ratio off by more than 5 %) is no failure of the block."""
    from ptyspec.cli.main import entry

    made = reduced(words) if words else words
    sys.argv = ["ptyspec", *made]
    try:
        entry()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        harmless = (
            made != words and "--control" not in words and code in (VIOLATION, INCOMPLETE, DOUBTFUL)
        )
        return 0 if harmless else code
    return 0


def small_requests(patch: Callable[[Any, str, Any], None] = setattr) -> None:
    """Let every request of this process give a tiny scenario, whoever imported it; what it says itself wins."""
    import ptyspec.runs.request as module

    original = module.resolve
    little = Layer("documentation", nest(dict(module._setting(text) for text in LITTLE)))

    def resolve(layers: Sequence[Layer]) -> Resolved:
        return original([*layers[:-1], little, layers[-1]])

    patch(module, "resolve", resolve)
    patch(module, "DEFAULT_PROFILE", "quick")


def one_picture(patch: Callable[[Any, str, Any], None] = setattr) -> None:
    """Let a run draw the first of its pictures alone; tests/meta/test_figures.py draws all."""
    import ptyspec.report.figures as module

    original = module.drawers
    patch(module, "drawers", lambda result: dict([*original(result).items()][:1]))


def few_cases() -> None:
    """Let a clause that is a symptom have one case, without a collection of the whole suite."""
    import ptyspec.explanations.laboratory as module

    file = "tests/contract/test_scale.py"
    name = f"{file}::test_the_gain_brings_the_mean_energy_to_half_n_squared"
    module.collect = lambda _: [Case(name, ("NORM-001",), "contract", file, 1, None)]


if __name__ == "__main__":
    one_picture()
    sys.exit(command(sys.argv[1:]))
