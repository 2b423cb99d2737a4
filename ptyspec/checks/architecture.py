"""Audit `architecture`: what was built. Layers, heads and their range, flags, where probe and scale enter.

Nothing is read from the settings that can be read from the network: flags come from shapes, kernels and behaviour (is a
member's object moved by another member's pattern?), the range from driving the last convolution to both ends, the
probe from the array that the forward model multiplies by, its digest beside the container's. The order object -> merge
-> times P -> transform -> |.|^2 -> loss is held against physics/ (numpy, double precision) on the true object; s is in
no box of it: the loss is in field units, and s^2 times the mean energy turns it into counts.

Range: the object needs max|O|/a0; a sigmoid ends at 1 (upstream: g |O| against 1, facts 0.2). Batch: one group alone
and in a batch of 64 patches, upstream's limit, on the untrained network. The stored run, where there is one, must not
be flat.

Red means: a flag is not what was declared (NET-008), the channels are not gridsize^2 (BUG-TF-001), the network holds
another probe (PROBE-003) or another physics (FORWARD-005), groups mix (REASSEMBLY-BATCH-001, INFER-001), the head ends
below the object (HEAD-001), below three a0 (HEAD-002) or leaks out of its range (HEAD-003), A + i phi (MATH-POLAR-001),
a parameter that nothing moves (NET-001), a side that is not divisible by 4 (PARAMS-N-DIV4-001), a flat object (NET-009).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ptyspec.checks.head_range import RANGES, answer, combination, driven_range
from ptyspec.checks.layer_table import layer_table
from ptyspec.checks.material import Material
from ptyspec.checks.network_controls import ARCHITECTURE_CONTROLS
from ptyspec.checks.network_flags import differing, flags, network_probe
from ptyspec.checks.registry import Control
from ptyspec.checks.report import Audit
from ptyspec.checks.shown import ref
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scan import array_digest
from ptyspec.spec.registry import specification

HEADROOM = 3.0
"""Times a0 that an accepted head must reach (HEAD-002)."""


def audit(materials: Sequence[Material], report: Audit) -> None:
    """Fill the report."""
    for part in ("summary", "layers", "flags", "range", "probe", "batch", "contrast"):
        report.data[part] = {}
    for material in materials:
        _fill(material, report.data)
        _judge(material, report)
        _judge_range(material, report)
    _tables(materials, report)
    _figures(materials, report)


def _fill(material: Material, data: dict[str, Any]) -> None:
    name, sample, step = material.name, material.sample, material.step
    together = answer(material.model, sample.inputs)
    data["layers"][name] = layer_table(material.model, sample.part(1)[0])
    data["batch"][name], merged = _batch(material, together)
    rows = flags(material, together.shape, merged)
    data["flags"][name] = rows
    data["summary"][name] = {
        "generator": type(material.model.generator).__name__,
        "parameters": sum(row["parameters"] for row in data["layers"][name].values()),
        "trainable": int(
            sum(np.size(variable.numpy()) for variable in material.model.trainable_variables)
        ),
        "idle": step.idle,
        "inputs": {key: list(value.shape) for key, value in sample.inputs.items()},
        "output": list(together.shape),
        "N": material.scenario.model.N,
        "N_mod_4": material.scenario.model.N % 4,
        "channels": int(together.shape[-1]),
        "differing_flags": differing(rows),
    }
    data["range"][name] = _range(material, together)
    data["probe"][name] = _probe(material)
    data["contrast"][name] = _contrast(material)


def _batch(material: Material, together: Array) -> tuple[dict[str, Any], bool | None]:
    """A group alone, in the batch, and in a batch of which the other groups changed; is it merged from its members?"""
    sample, model = material.sample, material.model
    count, largest = len(sample.rows), float(np.abs(together).max())
    apart = []
    for at in sorted({0, count // 2, count - 1}):
        alone = answer(model, {name: values[at : at + 1] for name, values in sample.inputs.items()})
        apart.append(float(np.abs(together[at] - alone[0]).max()) / largest)
    others = {name: values.copy() for name, values in sample.inputs.items()}
    others["measured"][1:] *= np.float32(3.0)
    members = others["measured"].shape[-1]
    bits = int(np.sum(answer(model, others)[0] != together[0]))
    merged = None
    if members > 1:
        few = sample.part(1)[0]
        few = few | {"measured": few["measured"].copy()}
        few["measured"][..., 1:] *= np.float32(1.5)
        merged = bool(
            np.any(answer(model, few)[0, ..., 0] != answer(model, sample.part(1)[0])[0, ..., 0])
        )
    row = {
        "groups": count,
        "patches": sample.frames,
        "alone_or_together": max(apart),
        "changed_by_others": bits,
    }
    return row, merged


def _range(material: Material, together: Array) -> dict[str, Any]:
    """Range of the head, declared and as driven, and what the object needs; in units of a0."""
    from ptyspec.networks.reach import CEILINGS, required_reach

    train, head = material.containers.train, str(material.scenario.model.amp_activation)
    scan, need = train.groups.scan, required_reach(train)
    driven = driven_range(material)
    low, high = RANGES[head]
    ceiling = CEILINGS.get(head, high)
    darkest = None if scan.objectGuess is None else float(np.abs(scan.objectGuess).min()) / train.a0
    return {
        "head": head,
        "a0": train.a0,
        "declared": [low, ceiling],
        "driven": driven,
        "untrained": [
            float(np.abs(together).min()) / train.a0,
            float(np.abs(together).max()) / train.a0,
        ],
        "required": need,
        "required_low": darkest,
        "upstream_required": train.gain * need * train.a0,
        "ceiling_over_required": None if ceiling is None else ceiling / need,
        "combination": combination(material),
        "beyond": None
        if driven is None or ceiling is None
        else max(low - driven["low"], driven["high"] - ceiling, 0.0),
    }


def _probe(material: Material) -> dict[str, Any]:
    """Which probe the network multiplies by, and whether its patterns are those of physics/."""
    from ptyspec.networks.field import Field
    from ptyspec.networks.forward import fold

    model, train, sample = material.model, material.containers.train, material.sample
    held, own = network_probe(material), train.probe
    generator: Any = model.generator
    conditioned = generator.forward.probe
    energy = float(np.sum(np.asarray(conditioned.re) ** 2 + np.asarray(conditioned.im) ** 2))
    re, im = (fold(part.astype(np.float32)) for part in (sample.truth.real, sample.truth.imag))
    seen = np.sqrt(np.asarray(model.forward.intensity(Field(re, im)), np.float64))
    wanted = np.moveaxis(sample.expected, -1, 1).reshape(seen.shape).astype(np.float64)
    mask = train.groups.scan.mask
    seen = seen if mask is None else seen * mask
    return {
        "network": array_digest(held),
        "container": array_digest(own),
        "declared": train.probe_digest,
        "energy": float(np.sum(np.abs(held.astype(complex)) ** 2)),
        "conditioned_energy_over_N2_4": energy / (train.groups.scan.N / 2) ** 2,
        "pattern_difference": float(np.abs(seen - wanted).max() / wanted.max()),
        "loss_to_counts": train.scale**2 * float(model.energy),
    }


def _contrast(material: Material) -> dict[str, Any] | None:
    """Contrast of the stored run's object over that of the truth; None where there is no run or no truth."""
    if material.run_at_hand is None:
        return None
    scores = material.metrics.get("amplitude", {})
    if not scores.get("truth") or not scores["truth"]["std"]:
        return None
    found = {"object": scores["prediction"]["std"], "truth": scores["truth"]["std"]}
    return found | {"ratio": found["object"] / found["truth"]}


def _judge(material: Material, report: Audit) -> None:
    name, clauses, data = material.name, specification(), report.data
    report.equal(
        "NET-008",
        f"{name}: flags of the network that differ from the declared ones",
        [],
        "summary",
        name,
        "differing_flags",
    )
    report.equal(
        "BUG-TF-001",
        f"{name}: channels of the network's answer, gridsize^2",
        material.scenario.members,
        "summary",
        name,
        "channels",
    )
    report.equal("PARAMS-N-DIV4-001", f"{name}: N modulo 4", 0, "summary", name, "N_mod_4")
    report.equal(
        "NET-001",
        f"{name}: trained parameters without gradient or motion",
        [],
        "summary",
        name,
        "idle",
    )
    report.equal(
        "PROBE-003",
        f"{name}: digest of the network's probe",
        data["probe"][name]["declared"],
        "probe",
        name,
        "network",
    )
    report.within(
        "FORWARD-005",
        f"{name}: pattern of the network | of physics/, over the largest",
        0.0,
        clauses["FORWARD-005"].tolerance.value,
        "probe",
        name,
        "pattern_difference",
    )
    report.within(
        "REASSEMBLY-BATCH-001",
        f"{name}: a group alone | in a batch, over the largest amplitude",
        0.0,
        clauses["REASSEMBLY-BATCH-001"].tolerance.value,
        "batch",
        name,
        "alone_or_together",
    )
    report.equal(
        "INFER-001",
        f"{name}: pixels of a group that change with the other groups",
        0,
        "batch",
        name,
        "changed_by_others",
    )
    if data["contrast"][name] is not None:
        flat = clauses["NET-009"].tolerance.value
        report.within(
            "NET-009",
            f"{name}: contrast of the stored object over the truth's",
            1 - flat,
            1 + flat,
            "contrast",
            name,
            "ratio",
        )
    elif material.run_at_hand is None:
        report.note(
            f"{name}: no finished run is at hand, so that no object's contrast is judged (ptyspec run)."
        )


def _judge_range(material: Material, report: Audit) -> None:
    name, clauses, row = material.name, specification(), report.data["range"][material.name]
    if row["ceiling_over_required"] is not None:
        report.within(
            "HEAD-001",
            f"{name}: ceiling of the head over the brightest amplitude of the object",
            1.0,
            math.inf,
            "range",
            name,
            "ceiling_over_required",
        )
    if row["driven"] is None:
        report.skipped(
            "HEAD-002",
            f"{name}: range as driven",
            "this generator has no last convolution that is known",
        )
        return
    if row["declared"][1] is None:
        report.within(
            "HEAD-002",
            f"{name}: largest amplitude over a0, last convolution driven up",
            HEADROOM,
            math.inf,
            "range",
            name,
            "driven",
            "high",
        )
    else:
        report.within(
            "HEAD-003",
            f"{name}: amplitude over a0 outside the declared range",
            0.0,
            clauses["HEAD-003"].tolerance.value,
            "range",
            name,
            "beyond",
        )
    if row["combination"] is not None:
        # The phase passes pi tanh and two functions in single precision, the modulus two products.
        for what in ("modulus", "angle"):
            report.within(
                "MATH-POLAR-001",
                f"{name}: error of the combined {what}",
                0.0,
                clauses["MATH-POLAR-001"].tolerance.value,
                "range",
                name,
                "combination",
                what,
            )


def _tables(materials: Sequence[Material], report: Audit) -> None:
    names = [material.name for material in materials]
    summary = ("generator", "parameters", "trainable", "idle", "output", "N", "differing_flags")
    report.grid("Built network", "summary", columns=summary, corner="subject")
    keys = list(report.data["summary"][names[0]]["inputs"])
    report.table(
        "Inputs: groups, rows, columns, members",
        ("input", *names),
        [(key, *(ref("summary", name, "inputs", key) for name in names)) for key in keys],
    )
    _flag_table(names, report)
    report.table(
        "Amplitude over a0",
        (
            "subject",
            "head",
            "declared",
            "driven",
            "untrained",
            "object needs",
            "upstream: g max|O|",
            "a0",
        ),
        [
            (
                name,
                *(
                    ref("range", name, key)
                    for key in (
                        "head",
                        "declared",
                        "driven",
                        "untrained",
                        "required",
                        "upstream_required",
                        "a0",
                    )
                ),
            )
            for name in names
        ],
    )
    report.table(
        "Probe and physics",
        (
            "subject",
            "digest in the network",
            "in the container",
            "sum |P|^2",
            "conditioned, over (N/2)^2",
            "pattern | physics",
            "counts per unit of loss",
        ),
        [
            (
                name,
                *(
                    ref("probe", name, key)
                    for key in (
                        "network",
                        "container",
                        "energy",
                        "conditioned_energy_over_N2_4",
                        "pattern_difference",
                        "loss_to_counts",
                    )
                ),
            )
            for name in names
        ],
    )
    report.grid(
        "Groups in a batch",
        "batch",
        corner="subject",
        columns=("groups", "patches", "alone_or_together", "changed_by_others"),
    )
    if any(report.data["contrast"].values()):
        report.table(
            "Contrast of the stored object",
            ("subject", "object", "truth", "ratio"),
            [
                (name, *(ref("contrast", name, key) for key in ("object", "truth", "ratio")))
                for name in names
                if report.data["contrast"][name]
            ],
        )
    layers = report.data["layers"]
    every = dict.fromkeys(layer for name in names for layer in layers[name])
    report.table(
        "Layers in the order of their calls, one group",
        (
            "layer",
            *(f"{name}: {what}" for name in names for what in ("type", "output", "parameters")),
        ),
        [
            (
                layer,
                *(
                    ref("layers", name, layer, what) if layer in layers[name] else "–"
                    for name in names
                    for what in ("type", "output", "parameters")
                ),
            )
            for layer in every
        ],
    )


def _flag_table(names: list[str], report: Audit) -> None:
    data = report.data["flags"]
    columns = [
        (name, what)
        for name in names
        for what in ("requested", "dictionary", "effective")
        if any(what in row for row in data[name].values())
    ]
    rows = []
    for flag in dict.fromkeys(flag for name in names for flag in data[name]):
        source = next(name for name in names if flag in data[name])
        cells = [
            ref("flags", name, flag, what) if what in data[name].get(flag, {}) else "–"
            for name, what in columns
        ]
        rows.append((flag, *cells, ref("flags", source, flag, "read_from")))
    report.table(
        "Flags",
        ("flag", *(f"{name}: {what}" for name, what in columns), "effective value read from"),
        rows,
    )


def _figures(materials: Sequence[Material], report: Audit) -> None:
    from ptyspec.checks.network_figures import graph, ranges

    shown = {
        name: {
            "reached": (row["declared"][0], row["driven"]["high"]),
            "required": (row["required_low"] or 0.0, row["required"]),
            "upstream": (
                (row["required_low"] or 0.0)
                * row["a0"]
                * row["upstream_required"]
                / (row["required"] * row["a0"]),
                row["upstream_required"],
            ),
        }
        for name, row in report.data["range"].items()
        if row["driven"] is not None
    }
    if shown:
        report.figure(
            "range",
            "What the network reaches when its last convolution is driven to both ends, and what "
            "the object needs",
            lambda: ranges(shown),
        )
    first = materials[0].name
    boxes = _boxes(report.data, first)
    report.figure(
        "graph",
        f"Order of computation in the network of {first}, and what enters where",
        lambda: graph(boxes),
    )


def _boxes(data: dict[str, Any], name: str) -> list[tuple[str, str]]:
    flag = {
        key.partition(".")[2] or key: row["effective"] for key, row in data["flags"][name].items()
    }
    digest, stages = data["probe"][name]["network"][:8], flag.get("stages", 1)
    where = "in each stage" if stages > 1 else "once"
    merge = f"{where}, {flag['canvas']} px" if flag.get("object_big") else "off"
    return [
        ("input\ng X", "gain g\ncoarse start / a0"),
        (f"generator\n{flag['architecture']}", f"stages: {stages}\nP conditioned"),
        ("merge", f"weights |P|²\n{merge}"),
        ("times a0", "object in the\nabsolute gauge"),
        ("times P", f"probe\n{digest}"),
        ("transform", "orthonormal,\nnothing padded"),
        ("|·|²", "field units:\nno s, no g"),
        (f"loss\n{flag['loss']}", "measured X,\nbackground"),
    ]


CONTROLS: tuple[Control, ...] = ARCHITECTURE_CONTROLS
