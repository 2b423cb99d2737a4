"""Checks of what stages hand over, at the stage that does: its form, its memory, and what it leaves alone."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from ptyspec.checks.clause_check import checks
from ptyspec.checks.placed import oracle, perfect_inference, stitched_once, trains_itself
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.base import Bundle
from ptyspec.contracts.bundles import Array, array_digest
from ptyspec.contracts.stages import STAGES
from ptyspec.errors import HandoverError
from ptyspec.pipeline.box import STATES, random_states
from ptyspec.pipeline.declared import checked, claimed_in_vain, own_part
from ptyspec.runs.remote import Remote
from ptyspec.spec.checks import Check

UNTRAINED = ("simulate", "split", "group", "normalize", "infer", "stitch")
"""Stages that can be asked without training: inference gets a perfect generator, stitching perfect patches."""


def given_to(outputs: StageOutputs, stage: str) -> tuple[Any, ...]:
    """Return what a stage is given, without training."""
    before: dict[str, Callable[[], tuple[Any, ...]]] = {
        "simulate": lambda: (),
        "split": lambda: (outputs.scan,),
        "group": lambda: (outputs.halves,),
        "normalize": lambda: (outputs.groups,),
        "infer": lambda: outputs.facts(oracle),
        "stitch": lambda: (outputs.facts(stitched_once)[0],),
    }
    return before[stage]()


def handed_over(outputs: StageOutputs, stage: str) -> Any:
    """Return what a stage hands over, without training; HandoverError where it is not what it should be."""
    made: Callable[[], Any] = {
        "simulate": lambda: outputs.scan,
        "split": lambda: outputs.halves,
        "group": lambda: outputs.groups,
        "normalize": lambda: outputs.containers,
        "infer": lambda: outputs.facts(perfect_inference),
        "stitch": lambda: outputs.facts(stitched_once)[1],
    }[stage]
    return checked(stage, made(), outputs.pipeline)


def can_be_asked(outputs: StageOutputs, stage: str) -> bool:
    """Whether a stage is the pipeline's own, and can be asked without training."""
    return stage in outputs.declared and not (stage == "infer" and trains_itself(outputs))


def arrays_of(bundle: Any, name: str = "") -> Iterator[tuple[str, Array]]:
    """Yield every array of a hand-over with its path."""
    if isinstance(bundle, np.ndarray):
        yield name, bundle
    elif isinstance(bundle, Bundle):
        for key in type(bundle).model_fields:
            yield from arrays_of(getattr(bundle, key), f"{name}.{key}".strip("."))
    elif is_dataclass(bundle) and not isinstance(bundle, type):
        for one in fields(bundle):
            yield from arrays_of(getattr(bundle, one.name), f"{name}.{one.name}".strip("."))


def digests(*bundles: Any) -> dict[str, str]:
    """Return the digest of every array, by path."""
    found: dict[str, str] = {}
    for bundle in bundles:
        found |= {path: array_digest(array) for path, array in arrays_of(bundle)}
    return found


def repeated(outputs: StageOutputs) -> dict[str, dict[str, list[str]]]:
    """Return by stage, for a second call: what came out otherwise, what it changed of its arguments and of the process."""
    rows = {}
    for stage in (one for one in UNTRAINED if can_be_asked(outputs, one)):
        once, given = digests(handed_over(outputs, stage)), given_to(outputs, stage)
        before, states = digests(*given), random_states()
        own = own_part(outputs.pipeline)
        told = own.changed if isinstance(own, Remote) else set[str]()
        told.clear()
        again = digests(getattr(outputs.pipeline, stage)(outputs.scenario, *given))
        after, then = digests(*given), random_states()
        changed = {path for path in before if before[path] != after.get(path)}
        drawn = {name for name in states if states[name] != then[name]}
        rows[stage] = {
            "other": sorted(path for path in once | again if once.get(path) != again.get(path)),
            "changed": sorted(changed | told - {*STATES}),
            "drawn": sorted(drawn | told & {*STATES}),
        }
    return rows


def _form(stage: str, trains: bool) -> None:
    def hands_over(check: Check, outputs: StageOutputs) -> None:
        _as_declared(check, outputs, stage, trains)

    hands_over.__name__ = f"what_{'a_run_s_' * trains}{stage}_hands_over_is_as_declared"
    checks("FLOW-006", stage, trains=trains, of="train infer" if trains else "")(hands_over)


def _as_declared(check: Check, outputs: StageOutputs, stage: str, trains: bool = False) -> None:
    made = (lambda: outputs.finished) if trains else (lambda: handed_over(outputs, stage))
    as_declared(check, stage, made)


def as_declared(check: Check, stage: str, made: Callable[[], Any]) -> None:
    """Require that what a stage hands over is what its bundle declares."""
    try:
        made()
    except HandoverError as error:
        if error.stage != stage:  # what stands before it is wrong: this was not reached
            raise
        what = f"{stage}: {error.field}" if error.field else error.message
        check.fail(what, error.found, error.wanted)
    else:
        check.holds(True, f"what {stage} hands over")


for _stage in STAGES:
    if _stage in UNTRAINED:
        _form(_stage, trains=False)
    if _stage in ("train", "infer", "stitch"):
        _form(_stage, trains=True)


def _stage_checks(stage: str) -> None:
    """Register the checks that ask one stage."""

    def is_there(check: Check, outputs: StageOutputs) -> None:
        vain = claimed_in_vain(own_part(outputs.pipeline))
        check.holds(stage not in vain, f"{stage}, which is declared", "no method", "a method")

    def gives_equal_bits(check: Check, outputs: StageOutputs) -> None:
        what = f"arrays that {stage} makes otherwise when it is called again"
        _none(check, outputs, stage, "other", what)

    def leaves_arguments(check: Check, outputs: StageOutputs) -> None:
        _none(check, outputs, stage, "changed", f"arguments that {stage} changed")

    def draws_of_its_own(check: Check, outputs: StageOutputs) -> None:
        _none(check, outputs, stage, "drawn", f"random states of the process that {stage} changed")

    rows = {"FLOW-001": is_there}
    if stage in UNTRAINED:
        rows |= {"FLOW-003": gives_equal_bits, "FLOW-004": leaves_arguments}
        rows |= {"DET-003": draws_of_its_own}
    for clause, function in rows.items():
        function.__name__ = f"{stage}_{function.__name__}"
        checks(clause, stage, watched=clause in ("FLOW-004", "DET-003"))(function)


def _none(check: Check, outputs: StageOutputs, stage: str, key: str, what: str) -> None:
    if can_be_asked(outputs, stage):
        check.equal(outputs.facts(repeated)[stage][key], [], what)


for _stage in STAGES:
    _stage_checks(_stage)


@checks("DATA-001", "simulate")
def the_scan_has_the_canonical_form(check: Check, outputs: StageOutputs) -> None:
    _as_declared(check, outputs, "simulate")
