"""The refined object is stored under the network's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _exchanged(write_run: Callable[..., None]) -> Callable[..., None]:
    def wrong(folder: Any, result: Any) -> None:
        better = result.refined if result.refined is not None else result.reconstruction
        write_run(folder, replace(result, reconstruction=better))

    return wrong


FAULT = Fault(
    id="refined-as-network",
    stage="run",
    story="reconstruction.npz holds what the iterative sweeps made of the network's object",
    patches=(Patch("ptyspec.runs.run_folder:write_run", _exchanged),),
    red=("RUN-001", "EVID-004"),
    green=("EVID-002", "REPORTING-ARTIFACT-BOUNDARY-001"),
    signatures=(70,),
)
