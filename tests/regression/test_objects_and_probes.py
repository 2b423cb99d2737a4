"""Every kind of simulated sample and probe, at two sizes, by statistics that a change of any draw or filter moves."""

from __future__ import annotations

import pytest

from ptyspec.contracts.scenario import ObjectSpec, ProbeSpec
from ptyspec.physics.objects import AMPLITUDES, make_object
from ptyspec.physics.probes import make_probe
from ptyspec.testing.golden.checks import Golden
from tests.golden_numbers import LAST_BITS, statistics

OBJECTS = {
    f"{kind}-{size}": ObjectSpec(kind=kind, size=size) for kind in AMPLITUDES for size in (64, 200)
} | {
    f"lines-64-{phase}": ObjectSpec(kind="lines", size=64, phase=phase)
    for phase in ("set_phi", "texture")
}
PROBES = {
    f"{kind}-{size}": (ProbeSpec(kind=kind), size)
    for kind in ("ideal", "custom")
    for size in (32, 64)
}
SCALE = {"ideal": 10.0, "custom": 4.0}


@pytest.mark.golden("objects/{name}.json")
@pytest.mark.parametrize(
    "name", [pytest.param(name, id=name.replace("_", "-")) for name in OBJECTS]
)
def test_a_sample_of_a_seed_is_the_recorded_one(golden: Golden, name: str) -> None:
    made = make_object(OBJECTS[name], 42)
    golden.numbers(
        statistics(made), {"*": LAST_BITS}, facts={"shape": made.shape, "dtype": str(made.dtype)}
    )


@pytest.mark.golden("probes/{name}.json")
@pytest.mark.parametrize("name", PROBES)
def test_a_probe_is_the_recorded_one(golden: Golden, name: str) -> None:
    spec, size = PROBES[name]
    made = make_probe(spec, size, SCALE[spec.kind], 1084)
    golden.numbers(
        statistics(made), {"*": LAST_BITS}, facts={"shape": made.shape, "dtype": str(made.dtype)}
    )
