"""Runs that did not finish are left out of the evidence: a cause that breaks half of its runs looks harmless."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _dropped(judged: Callable[..., Any]) -> Callable[..., Any]:
    from ptyspec.experiments.measured import Missing

    def of_what_finished(compared: Any, observable: Any, values: Any, design: Any) -> Any:
        gone = {
            seed
            for arm in values.values()
            for seed, value in arm.items()
            if isinstance(value, Missing)
        }
        seeds = tuple(seed for seed in design.seeds if seed not in gone)
        return judged(compared, observable, values, design.model_copy(update={"seeds": seeds}))

    return of_what_finished


FAULT = Fault(
    id="failed-runs-dropped",
    stage="evidence",
    story="seeds at which a run diverged or was refused are left out, and the rest is judged",
    patches=(Patch("ptyspec.experiments.contrasts:judged", _dropped),),
    red=("EVID-011",),
    green=("EVID-012", "EVID-014", "EVID-015"),
    signatures=(72,),
)
