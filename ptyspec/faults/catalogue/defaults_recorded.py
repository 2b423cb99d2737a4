"""A run records the defaults in place of the values in effect (failure signature 2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _defaults(as_json: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def wrong(resolved: Any) -> dict[str, Any]:
        from ptyspec.contracts.resolve import Resolved
        from ptyspec.contracts.scenario import Scenario

        return as_json(Resolved(Scenario(name=resolved.scenario.name), resolved.provenance))

    return wrong


FAULT = Fault(
    id="defaults-recorded",
    stage="settings",
    story="scenario.json holds what the scenario would be if nothing had been said",
    patches=(Patch("ptyspec.contracts.resolve:Resolved.as_json", _defaults),),
    red=("RUN-004", "CONFIG-009"),
    green=("CONFIG-002",),
    signatures=(2,),
)
