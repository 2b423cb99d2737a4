"""The object is drawn with a seed of the generator's own (failure signature 10)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scenario import ObjectSpec
from ptyspec.faults.fault import Fault, Patch


def _fixed(make: Callable[[ObjectSpec, int], Array]) -> Callable[[ObjectSpec, int], Array]:
    def wrong(spec: ObjectSpec, seed: int) -> Array:
        return make(spec, 42)

    return wrong


FAULT = Fault(
    id="object-seed-ignored",
    stage="simulate",
    story="the object's seed is hard-coded: another declared seed gives the same object",
    patches=(Patch("ptyspec.physics.objects:make_object", _fixed),),
    red=("SIMULATE-001", "DET-002", "NESTED-002"),
    green=("OBJECT-001", "OBJECT-002", "PROBE-003", "SCALE-002"),
    signatures=(10,),
)
