"""Audit `architecture`: what was built. Layers, heads and their range, flags, where probe and scale enter.

Nothing is read from the settings that can be read from the network: flags come from shapes, kernels and behaviour (is a
member's object moved by another member's pattern?), the range from driving the last convolution to both ends, the
probe from the array that the forward model multiplies by, its digest beside the container's. The order object -> merge
-> times P -> transform -> |.|^2 -> loss is held against physics/ (numpy, double precision) on the true object; s is in
no step of it: the loss is in field units, and s^2 times the mean energy turns it into counts.

Range: the object needs max|O|/a0; a sigmoid ends at 1 (upstream: g |O| against 1, facts 0.2). Batch: one group alone
and in a batch of 64 patches, upstream's limit, on the untrained network. The stored run, where there is one, must not
be flat.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

import numpy as np

from ptyspec.checks import network_facts as facts
from ptyspec.checks.intensity import the_head_reaches_the_object
from ptyspec.checks.judge import checks
from ptyspec.checks.layer_table import layer_table
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.network_controls import OF_ARCHITECTURE
from ptyspec.checks.network_flags import differing, flags
from ptyspec.checks.report import Audit
from ptyspec.checks.stage_chain import over, tolerance
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.spec.checks import Check

HEADROOM = 3.0
"""Times a0 that an accepted head must reach (HEAD-002)."""


def layers(material: StageOutputs) -> dict[str, dict[str, Any]]:
    """Return the layers as they run."""
    return layer_table(material.model, material.sample.part(1)[0])


def summary(material: StageOutputs) -> dict[str, Any]:
    """Return what the network is made of."""
    output = material.facts(facts.together).shape
    rows, trained = material.facts(layers), material.model.trainable_variables
    return {
        "generator": type(material.model.generator).__name__,
        "parameters": sum(row["parameters"] for row in rows.values()),
        "trainable": int(sum(np.size(variable.numpy()) for variable in trained)),
        "idle": material.step.idle,
        "output": list(output),
        "N": material.scenario.model.N,
        "channels": int(output[-1]),
        "differing_flags": differing(material.facts(flags)),
    }


def contrast(material: StageOutputs) -> dict[str, Any] | None:
    """Return contrast of the stored run's object and of the truth; None where there is no run or no truth."""
    scores = material.metrics.get("amplitude", {}) if material.run_at_hand else {}
    if not scores.get("truth") or not scores["truth"]["std"]:
        return None
    found = {"object": scores["prediction"]["std"], "truth": scores["truth"]["std"]}
    return found | {"ratio": over(found["object"], found["truth"])}


@checks("NET-008", "train", network=True)
def the_flags_are_the_declared_ones(check: Check, outputs: StageOutputs) -> None:
    check.equal(differing(outputs.facts(flags)), [], "flags that differ from the declared ones")


@checks("BUG-TF-001", "group", network=True)
def the_channels_are_the_members(check: Check, outputs: StageOutputs) -> None:
    channels = int(outputs.facts(facts.together).shape[-1])
    check.equal(channels, outputs.scenario.members, "channels of the network's answer, gridsize^2")


@checks("PARAMS-N-DIV4-001", "simulate")
def the_side_is_divisible_by_4(check: Check, outputs: StageOutputs) -> None:
    check.equal(outputs.scenario.model.N % 4, 0, "N modulo 4")


@checks("NET-001", "train", network=True)
def every_parameter_moves(check: Check, outputs: StageOutputs) -> None:
    check.equal(outputs.step.idle, [], "trained parameters without gradient or motion")


@checks("PROBE-003", "infer", network=True)
def the_network_holds_the_probe_of_the_data(check: Check, outputs: StageOutputs) -> None:
    declared = outputs.containers.train.probe_digest
    check.equal(outputs.facts(facts.probe)["network"], declared, "digest of the network's probe")


@checks("FORWARD-005", "train", network=True)
def the_network_has_the_physics(check: Check, outputs: StageOutputs) -> None:
    difference = outputs.facts(facts.probe)["pattern_difference"]
    what = "pattern of the network | of physics/, over the largest"
    check.between(0.0, difference, tolerance("FORWARD-005"), what)


@checks("REASSEMBLY-BATCH-001", "infer", network=True)
def a_group_does_not_know_its_batch(check: Check, outputs: StageOutputs) -> None:
    apart = outputs.facts(facts.batch)["alone_or_together"]
    what = "a group alone | in a batch, over the largest amplitude"
    check.between(0.0, apart, tolerance("REASSEMBLY-BATCH-001"), what)


@checks("INFER-001", "infer", network=True)
def no_bit_comes_from_other_groups(check: Check, outputs: StageOutputs) -> None:
    bits = outputs.facts(facts.batch)["changed_by_others"]
    check.equal(bits, 0, "pixels of a group that change with the other groups")


@checks("NET-009", "score")
def the_stored_object_is_not_flat(check: Check, outputs: StageOutputs) -> None:
    found = outputs.facts(contrast)
    if found is not None:
        check.within_ratio(found["ratio"], 1.0, "contrast of the stored object over the truth's")


@checks("HEAD-002", "train", network=True)
def the_head_reaches_three_times_the_level(check: Check, outputs: StageOutputs) -> None:
    found, what = outputs.facts(facts.head), "largest amplitude over a0, last convolution driven up"
    if found["driven"] is None:
        check.missing(what, "this generator has no last convolution that is known")
    elif found["declared"][1] is None:
        check.between(HEADROOM, found["driven"]["high"], inf, what)


@checks("HEAD-003", "infer", network=True)
def nothing_leaves_the_declared_range(check: Check, outputs: StageOutputs) -> None:
    beyond = outputs.facts(facts.head)["beyond"]
    if beyond is not None:
        what = "amplitude over a0 outside the declared range"
        check.between(0.0, beyond, tolerance("HEAD-003"), what)


@checks("MATH-POLAR-001", "train", network=True)
def amplitude_and_phase_multiply(check: Check, outputs: StageOutputs) -> None:
    # The phase passes pi tanh and two functions in single precision, the modulus two products.
    for what, error in (outputs.facts(facts.combination) or {}).items():
        check.between(0.0, error, tolerance("MATH-POLAR-001"), f"error of the combined {what}")


TABLES = (
    Grid(
        "Built network",
        "summary/*",
        "generator, parameters, trainable, idle, output, N, differing flags=differing_flags",
    ),
    Grid(
        "Flags",
        "flags/*/*",
        "requested, dictionary, effective, effective value read from=read_from",
        corner="subject, flag",
    ),
    Grid(
        "Amplitude over a0",
        "range/*",
        "head, declared, driven, untrained, object needs=required, "
        "upstream: g max|O|=upstream_required, a0",
    ),
    Grid(
        "Probe and physics",
        "probe/*",
        "digest in the network=network, in the container=container, sum |P|^2=energy, "
        "conditioned over (N/2)^2=conditioned, pattern | physics=pattern_difference, "
        "counts per unit of loss=loss_to_counts",
    ),
    Grid(
        "Layers in the order of their calls, one group",
        "layers/*/*",
        "type, output, parameters",
        corner="subject, layer",
    ),
)


def _without_run(subjects: Sequence[StageOutputs], report: Audit) -> None:
    for one in subjects:
        if one.run_at_hand is None:
            report.notes.append(
                f"{one.name}: no finished run is at hand, so that no object's contrast is judged (ptyspec run)."
            )


CONTROLS = OF_ARCHITECTURE
LAYOUT = Layout(
    facts={
        "summary": summary,
        "layers": layers,
        "flags": flags,
        "range": facts.head,
        "probe": facts.probe,
        "batch": facts.batch,
        "contrast": contrast,
    },
    also=(the_head_reaches_the_object,),
    tables=TABLES,
    more=_without_run,
)
