"""The instrument that shows upstream's leak bridges rightly, and there is nothing left to show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(update: Callable[..., None]) -> Callable[..., None]:
    def wrong(cfg: Any, config: Any) -> None:
        from ptyspec.legacy.bridge import update_legacy_dict

        update_legacy_dict(cfg, config)

    return wrong


FAULT = Fault(
    id="violation-repaired",
    stage="evidence",
    story="what is measured as a violation is the healthy run",
    patches=(Patch("ptyspec.legacy.violations:update_as_upstream", _wrong),),
    red=("LEGACY-007",),
    green=("LEGACY-006",),
    cost="parity",
    signatures=(2,),
    cases=("test_a_none_that_leaks",),
)
