"""Clauses judged on the outputs of the stages: one function a clause, and everything that judges calls it.

A case of pytest calls the function with its `clause` fixture, and fails at the first violation. `judge` calls all of
them and returns every comparison as a `Finding`: for `ptyspec check`, audits, reports and `explain`. A tolerance is the
clause's own, `check.clause.tolerance`, which `close` and `within_ratio` take by themselves.
"""

from collections.abc import Callable, Collection, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ptyspec.checks.clause_check import REGISTRY, ClauseCheck, findings_of
from ptyspec.spec.finding import Finding

if TYPE_CHECKING:
    from ptyspec.contracts.scenario import Scenario

OF_STAGES = ("handovers", "simulated", "normalized", "placed", "light", "company", "scored")
"""Modules of checks that no audit shows: they ask a pipeline's stages themselves."""
SCAN = ("preflight",)
"""Modules whose checks look at a scan before it is reconstructed."""
BOX = ("box_run", "box_relations", "box_truth")
"""Modules whose checks ask a black box."""


def registered() -> tuple[ClauseCheck, ...]:
    """Return every check there is."""
    from ptyspec.checks.registry import KINDS

    for kind in (*KINDS, *OF_STAGES, *SCAN, *BOX):
        import_module(f"ptyspec.checks.{kind}")
    return tuple(REGISTRY)


def judge(
    outputs: Any,
    clauses: Collection[str] | None = None,
    *,
    among: Iterable[ClauseCheck] | None = None,
    trains: bool = True,
    progress: Callable[[int, int, str], None] = lambda done, total, note: None,
) -> list[Finding]:
    """Return what the checks say of these outputs, those of some clauses or all.

    A value that is not there is a finding that was not run; an exception is an error of that check alone. A check that
    has nothing to say of such a scenario gives no finding. With `trains` False nothing is trained for an answer.
    `progress` hears how many checks are done, of how many, and which clause comes next.
    """
    chosen = [
        check
        for check in (registered() if among is None else among)
        if (clauses is None or check.clause in clauses) and (trains or not check.trains)
        if check.concerns(outputs)
    ]
    found: list[Finding] = []
    for done, check in enumerate(chosen):
        progress(done, len(chosen), check.clause)
        found += findings_of(check, outputs)
    return found


def outputs_of(pipeline: Any, scenario: "Scenario") -> Any:
    """Return what the checks look at: the answers of a black box, or the outputs of a pipeline's stages on a scenario.

    Raises ConfigError for a pipeline whose source was edited after it was loaded.
    """
    from ptyspec.checks.box import box_of
    from ptyspec.checks.stage_outputs import StageOutputs
    from ptyspec.contracts.resolve import Resolved, known_keys
    from ptyspec.runs.pipelines import is_box, pipeline_code
    from ptyspec.runs.run_spec import RunSpec

    if is_box(pipeline):
        pipeline_code(pipeline)  # what was edited after it was loaded is not what would be judged
        return box_of(pipeline)
    resolved = Resolved(scenario, dict.fromkeys(known_keys(), "the scenario that was given"))
    subject = RunSpec(resolved, name=scenario.name, source=scenario.name)
    return StageOutputs(subject, pipeline=pipeline)
