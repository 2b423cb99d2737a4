"""The run key forgets the threads, which change bits (failure signature 11)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _forgetting(run_key: Callable[..., str]) -> Callable[..., str]:
    return lambda values, code_version, threads: run_key(values, code_version, {})


FAULT = Fault(
    id="key-without-threads",
    stage="run",
    story="thread settings are no part of the run key",
    patches=(Patch("ptyspec.runs.runkey:run_key", _forgetting),),
    red=("STORE-001",),
    green=("STORE-002", "LEGACY-005"),
    signatures=(11,),
)
