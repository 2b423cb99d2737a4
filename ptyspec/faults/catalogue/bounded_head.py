"""The amplitude head is a sigmoid that ends at 1, whatever the object's level (failure signature 32)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _unchecked(check: Callable[..., None]) -> Callable[..., None]:
    return lambda *args, **kwargs: None


def _bounded(build: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(*args: Any, **kwargs: Any) -> Any:
        from keras import ops

        model = build(*args, **kwargs)
        ceiling = (
            1.0 / model.a0
        )  # 1 in the unit of what the loss compares with; the generator's own unit is a0
        generator = model.generator
        if hasattr(generator, "head"):
            generator.head = lambda raw, start: ceiling * ops.sigmoid(raw)
        else:
            predict = generator.call

            def clipped(*inputs: Any) -> Any:
                return [_clipped(stage, ceiling) for stage in predict(*inputs)]

            generator.call = clipped
        return model

    return wrong


def _clipped(obj: Any, ceiling: float) -> Any:
    from keras import ops

    return obj.times(ops.minimum(1.0, ceiling * ops.rsqrt(obj.intensity + 1e-12)))


FAULT = Fault(
    id="bounded-head",
    stage="train",
    story="amplitudes end at 1 in the unit of the data, and nobody asks whether the object does",
    patches=(
        Patch("ptyspec.networks.reach:check_reach", _unchecked),
        Patch("ptyspec.pipeline.train:build_model", _bounded),
    ),
    red=("HEAD-001", "HEAD-002", "INFER-005"),
    green=("NORMALIZATION-001", "MATH-POLAR-001"),
    cost="parity",
    signatures=(32,),
    cases=(
        "[gs2-random]",
        "test_a_head_that_cannot",
        "test_the_whole_network_reaches",
        "test_the_gain_multiplies",
    ),
)
