"""The result of one run, as stages hand it to the store and to the report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ptyspec.contracts.bundles import RawScan, Reconstruction
from ptyspec.contracts.records import History, StageRecord
from ptyspec.contracts.resolve import Resolved


@dataclass(frozen=True)
class RunResult:
    """Everything a finished run is made of.

    - reconstruction: from the network alone, never refined, never rescaled.
    - refined: the same after `inference.refine` sweeps of the iterative reference, or None.
    - controls: reconstructions by name: `trivial`, `untrained`, `iterative`, and with refinement `flat_start`
      (the same number of sweeps without the network).
    - metrics: the content of metrics.json.
    - history: None where no network was trained.
    """

    resolved: Resolved
    scan: RawScan
    reconstruction: Reconstruction
    refined: Reconstruction | None
    controls: Mapping[str, Reconstruction]
    metrics: Mapping[str, Any]
    history: History | None
    stages: tuple[StageRecord, ...]
    environment: Mapping[str, Any]
