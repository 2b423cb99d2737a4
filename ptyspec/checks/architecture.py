"""Audit `architecture`: what was built. Parameters, heads and their range, flags, where probe and scale enter.

Nothing is read from the settings that can be read from the network. The order object -> merge -> times P -> transform
-> |.|^2 -> loss is held against physics/ (numpy, double precision) on the true object; s is in no step of it. Range:
the object needs max|O|/a0; a sigmoid ends at 1. Batch: 64 patches, upstream's limit, on the untrained network.
"""

from functools import partial
from math import inf
from typing import Any

from ptyspec.checks import network_facts as facts
from ptyspec.checks.clause_check import checks
from ptyspec.checks.registry import Control, Grid, Layout, control, of_faults, with_model
from ptyspec.checks.stage_chain import tolerance
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.networks.registry import CEILINGS, required_reach
from ptyspec.spec.checks import Check

HEADROOM = 3.0
"""Times a0 that an accepted head must reach (HEAD-002)."""


def summary(material: StageOutputs) -> dict[str, Any]:
    """Return what the network is made of."""
    return {
        "generator": type(material.model.generator).__name__,
        "parameters": material.model.count_params(),
        "output": list(material.facts(facts.together).shape),
        "N": material.scenario.model.N,
    }


@checks("NET-008", network=True)
def the_flags_are_the_declared_ones(check: Check, outputs: StageOutputs) -> None:
    differing = [
        name
        for name, row in outputs.facts(facts.flags).items()
        if not row["requested"] == row["effective"] == row.get("dictionary", row["effective"])
    ]
    check.equal(differing, [], "flags that differ from the declared ones")


@checks("BUG-TF-001", network=True)
def the_channels_are_the_members(check: Check, outputs: StageOutputs) -> None:
    channels = int(outputs.facts(facts.together).shape[-1])
    check.equal(channels, outputs.scenario.members, "channels of the network's answer, gridsize^2")


@checks("PARAMS-N-DIV4-001")
def the_side_is_divisible_by_4(check: Check, outputs: StageOutputs) -> None:
    check.equal(outputs.scenario.model.N % 4, 0, "N modulo 4")


@checks("NET-001", network=True)
def every_parameter_moves(check: Check, outputs: StageOutputs) -> None:
    check.equal(outputs.step.idle, [], "trained parameters without gradient or motion")


@checks("PROBE-003", network=True)
def the_network_holds_the_probe_of_the_data(check: Check, outputs: StageOutputs) -> None:
    declared = outputs.containers.train.probe_digest
    check.equal(outputs.facts(facts.probe)["network"], declared, "digest of the network's probe")


@checks("FORWARD-005", network=True)
def the_network_has_the_physics(check: Check, outputs: StageOutputs) -> None:
    difference = outputs.facts(facts.probe)["pattern_difference"]
    what = "pattern of the network | of physics/, over the largest"
    check.between(0.0, difference, tolerance("FORWARD-005"), what)


@checks("REASSEMBLY-BATCH-001", network=True)
def a_group_does_not_know_its_batch(check: Check, outputs: StageOutputs) -> None:
    apart = outputs.facts(facts.batch)["alone_or_together"]
    what = "a group alone | in a batch, over the largest amplitude"
    check.between(0.0, apart, tolerance("REASSEMBLY-BATCH-001"), what)


@checks("INFER-001", network=True)
def no_bit_comes_from_other_groups(check: Check, outputs: StageOutputs) -> None:
    bits = outputs.facts(facts.batch)["changed_by_others"]
    check.equal(bits, 0, "pixels of a group that change with the other groups")


@checks("HEAD-001", network=True)
def the_head_reaches_the_object(check: Check, outputs: StageOutputs) -> None:
    container = outputs.containers.train
    ceiling = CEILINGS.get(outputs.scenario.model.amp_activation, inf) * container.a0
    need = required_reach(container) * container.a0
    check.between(0.0, need, ceiling, "largest amplitude that the head must reach")


@checks("HEAD-002", network=True)
def the_head_reaches_three_times_the_level(check: Check, outputs: StageOutputs) -> None:
    found, what = outputs.facts(facts.head), "largest amplitude over a0, last convolution driven up"
    if found["driven"] is None:
        check.missing(what, "this generator has no last convolution that is known")
    elif found["ceiling"] is None:
        check.between(HEADROOM, found["driven"]["high"], inf, what)


@checks("HEAD-003", network=True)
def nothing_leaves_the_declared_range(check: Check, outputs: StageOutputs) -> None:
    beyond = outputs.facts(facts.head)["beyond"]
    if beyond is not None:
        what = "amplitude over a0 outside the declared range"
        check.between(0.0, beyond, tolerance("HEAD-003"), what)


@checks("MATH-POLAR-001", network=True)
def amplitude_and_phase_multiply(check: Check, outputs: StageOutputs) -> None:
    # The phase passes pi tanh and two functions in single precision, the modulus two products.
    for what, error in (outputs.facts(facts.combination) or {}).items():
        check.between(0.0, error, tolerance("MATH-POLAR-001"), f"error of the combined {what}")


CNN: dict[str, Any] = {"architecture": "cnn", "amp_activation": "softplus", "n_filters_scale": 1}
SIGMOID = CNN | {"amp_activation": "sigmoid"}


@control("BUG-TF-001")
def frozen_gridsize(material: StageOutputs) -> StageOutputs:
    """The network was built for another gridsize."""
    return with_model(material).replaced(model=with_model(material, gridsize=1).model)


@control("PARAMS-N-DIV4-001")
def odd_side(material: StageOutputs) -> StageOutputs:
    """The side N is declared as 30."""
    return with_model(material, N=30).replaced(model=material.model)


CONTROLS = (
    *(frozen_gridsize, odd_side),
    Control(
        "bounded-head", "a sigmoid that ends at a0", "HEAD-001", partial(with_model, **SIGMOID)
    ),
    *of_faults("NET-008 merge-flag-ignored", **CNN, object_big=False),
    *of_faults("HEAD-003 a-plus-i-phi escaping-branch", **SIGMOID),
    *of_faults("MATH-POLAR-001 a-plus-i-phi sum-for-product", **CNN),
    *of_faults(
        *("PROBE-003 input-probe-in-the-loss other-probe", "HEAD-002 bounded-head clipped"),
        "FORWARD-005 network-transform-not-centred other-physics",
        *("REASSEMBLY-BATCH-001 batch-merged mixed-batch", "INFER-001 batch-merged coupled-groups"),
        "NET-001 part-never-trained idle-layer",
    ),
)
LAYOUT = Layout(
    facts={
        "summary": summary,
        "parameters": lambda outputs: outputs.step.parameters,
        "flags": facts.flags,
        "range": facts.head,
        "probe": facts.probe,
        "batch": facts.batch,
    },
    tables=(
        Grid("Built network", "summary/*", "generator, parameters, output, N"),
        Grid(
            "Flags",
            "flags/{subject}/{flag}",
            "requested, dictionary, effective, effective value read from=read_from",
        ),
        Grid("Amplitude over a0", "range/*", "head, ceiling, driven, object needs=required"),
        Grid(
            "Probe and physics",
            "probe/*",
            "digest in the network=network, in the container=container, sum |P|^2=energy, "
            "pattern | physics=pattern_difference, counts per unit of loss=loss_to_counts",
        ),
        Grid(
            "Parameters, and the first step of training",
            "parameters/{subject}/{parameter}",
            "shape, trainable, gradient, moved",
        ),
    ),
)
