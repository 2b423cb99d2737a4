"""More groups than frames are formed although nobody switched oversampling on."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scenario import GroupingSpec
from ptyspec.faults.fault import Fault, Patch


def _switched_on(check: Callable[..., None]) -> Callable[..., None]:
    def wrong(count: int, members: int, spec: GroupingSpec) -> None:
        check(count, members, spec.model_copy(update={"enable_oversampling": True}))

    return wrong


FAULT = Fault(
    id="oversampling-switch-ignored",
    stage="group",
    story="enable_oversampling is not looked at",
    patches=(Patch("ptyspec.pipeline.group:_check_oversampling", _switched_on),),
    red=("OVERSAMPLING-001",),
    green=("GROUP-005", "GROUP-006", "GROUP-010"),
    signatures=(21,),
)
