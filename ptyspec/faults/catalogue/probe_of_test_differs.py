"""Training and test get probes of their own (failure signature 28)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ptyspec.contracts.scan import array_digest
from ptyspec.faults.fault import Fault, Patch
from ptyspec.physics.scale import mean_energy
from ptyspec.pipeline.protocol import Containers


def _of_its_own(normalize: Callable[..., Containers]) -> Callable[..., Containers]:
    def wrong(scenario: Any, groups: Any) -> Containers:
        made = normalize(scenario, groups)
        ratio = mean_energy(made.test.groups.scan.diff3d) / mean_energy(
            made.train.groups.scan.diff3d
        )
        probe = (made.test.probe * np.sqrt(ratio)).astype(np.complex64)
        own = {"probe": probe, "probe_digest": array_digest(probe)}
        return replace(made, test=made.test.model_copy(update=own))

    return wrong


FAULT = Fault(
    id="probe-of-test-differs",
    stage="normalize",
    story="the probe of the test split is rescaled to the test split's energy",
    patches=(Patch("ptyspec.pipeline.normalize:normalize", _of_its_own),),
    red=("PROBE-003", "DATA-007", "NORM-002"),
    green=("NORM-005", "NORM-006", "NORMALIZATION-001"),
    signatures=(28,),
)
