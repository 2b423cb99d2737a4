"""A refusal counts wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _anywhere(stage_of: Callable[..., str | None]) -> Callable[..., str | None]:
    from ptyspec.contracts.stages import STAGES

    class _Any(str):
        def __eq__(self, other: object) -> bool:
            return True

        def __ne__(self, other: object) -> bool:
            return False

        __hash__ = str.__hash__

    return lambda error: _Any(stage_of(error) or STAGES[0])


FAULT = Fault(
    id="any-error-any-stage",
    stage="evidence",
    story="raises_at does not look at the stage",
    patches=(Patch("ptyspec.spec.checks:stage_of", _anywhere),),
    red=("EVID-006",),
    green=("EVID-005", "FLOW-005"),
)
