"""The run key forgets the seeds: another seed finds the run of the first (failure signatures 10 and 11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _forgetting(run_key: Callable[..., str]) -> Callable[..., str]:
    def wrong(values: Mapping[str, Any], code_version: str, threads: Mapping[str, int | str]) -> str:
        kept = {key: value for key, value in values.items() if key.partition(".")[0] != "seeds"}
        return run_key(kept, code_version, threads)

    return wrong


FAULT = Fault(
    id="key-without-seeds",
    stage="run",
    story="seeds are no part of the run key",
    patches=(Patch("ptyspec.io.runkey:run_key", _forgetting),),
    red=("STORE-001",),
    green=("STORE-002", "LEGACY-005"),
    signatures=(
        10,
        11,
    ),
)
