"""From 64 patches on, all groups of a batch are merged on one canvas (failure signature 47)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch

FROM = 64
"""Patches of a batch from which upstream's batched merge forgets which group they belong to."""


def _one_canvas(total: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def wrong(placement: Any, placed: Any) -> Any:
        from keras import ops

        own = total(placement, placed)
        mixed = ops.broadcast_to(ops.sum(placed, axis=0, keepdims=True), ops.shape(own))
        return ops.where(ops.shape(placed)[0] >= FROM, mixed, own)

    return wrong


FAULT = Fault(
    id="batch-merged",
    stage="infer",
    story="the canvas of a group holds the patches of its whole batch",
    patches=(Patch("ptyspec.networks.forward:Placement._sum", _one_canvas),),
    red=("REASSEMBLY-BATCH-001", "MERGE-003"),
    green=("NORMALIZATION-001",),
    cost="parity",
    signatures=(47,),
    cases=(
        "test_a_group_is_predicted_alone_as_in_a_batch[gs2-6",
        "test_merging_true_patches",
        "gain_multiplies_the_networks_input",
    ),
)
