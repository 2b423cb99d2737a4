"""Built network | declared network: what it can put out, what it trains, how it runs (specs/spec-inference-pipeline.md)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, Container
from ptyspec.errors import CanvasError
from ptyspec.pipeline.normalize import batch
from ptyspec.spec.checks import Check
from tests.tiny_runs import SHALLOW, fit, prepare, prepared, tiny

CNN = ("model.architecture=cnn", "model.amp_activation=softplus", "model.n_filters_scale=1")
KINDS = {"unrolled": SHALLOW, "cnn": CNN}
CASES = [pytest.param(kind, grid, id=f"{kind}-gs{grid}") for kind in KINDS for grid in (1, 2)]
RANGES = {
    "softplus": (0.0, np.inf),
    "relu": (0.0, np.inf),
    "sigmoid": (0.0, 1.0),
    "swish": (-0.2785, np.inf),
}
"""As declared by the specification, in units of a0."""


def container(grid: int, *settings: str) -> Container:
    """Groups of 32 x 32 frames; settings of the network do not enter."""
    return prepared(f"gs{grid}_custom", *settings).train


def built(kind: str, grid: int, *settings: str) -> Any:
    """A model as it was built, whatever became of its weights in another case."""
    from ptyspec.pipeline.train import assign

    model, weights = built_once(kind, grid, *settings)
    assign(model, weights)
    return model


@cache
def built_once(kind: str, grid: int, *settings: str) -> tuple[Any, list[Array]]:
    from ptyspec.pipeline.train import build_model, canvas_side, snapshot

    made = tiny(f"gs{grid}_custom", *KINDS[kind], *settings).scenario
    model = build_model(made, container(grid), canvas_side(made, prepared(f"gs{grid}_custom")))
    return model, snapshot(model)


def inputs(grid: int, count: int) -> dict[str, Array]:
    data = container(grid)
    return batch(data, np.arange(count) % data.size)[0]


def patches(model: Any, given: dict[str, Array]) -> Array:
    """Complex patches (B, N, N, C) of the last stage."""
    re, im = model(given)[-1]
    return np.asarray(re) + 1j * np.asarray(im)


@pytest.mark.clause("HEAD-003")
@pytest.mark.parametrize("drive", [-30.0, 30.0], ids=["down", "up"])
@pytest.mark.parametrize("head", list(RANGES))
def test_no_pixel_of_a_patch_leaves_the_declared_range(
    clause: Check, head: str, drive: float
) -> None:
    model = built("cnn", 1, f"model.amp_activation={head}")
    model.generator.amplitude.final.bias.assign([drive])
    amplitude = np.abs(patches(model, inputs(1, 4))) / container(1).a0
    low, high = RANGES[head]
    clause.close(
        amplitude,
        np.clip(amplitude, max(low, 0.0), high),
        "amplitude over a0, and its nearest allowed value",
    )


@pytest.mark.clause("HEAD-003")
@pytest.mark.parametrize("head", list(RANGES))
def test_the_heads_themselves_keep_their_sign_and_ceiling(clause: Check, head: str) -> None:
    """A modulus hides the sign."""
    from ptyspec.networks.generators.cnn import HEADS

    raw, start = np.meshgrid(np.linspace(-20, 20, 401), np.linspace(0, 5, 11))
    amplitude = np.asarray(HEADS[head](raw.astype(np.float32), start.astype(np.float32)))
    clause.close(
        amplitude,
        np.clip(amplitude, *RANGES[head]),
        "amplitude over a0, and its nearest allowed value",
    )


@pytest.mark.clause("HEAD-004")
@pytest.mark.parametrize("raw", [-5.0, 0.0, 5.0], ids=["minus-pi", "zero", "pi"])
def test_the_phase_head_reaches_both_ends_and_zero(clause: Check, raw: float) -> None:
    model = built("cnn", 1)
    model.generator.phase.final.kernel.assign(np.zeros(model.generator.phase.final.kernel.shape))
    model.generator.phase.final.bias.assign([raw])
    centre = patches(model, inputs(1, 2))[:, 8:24, 8:24]
    clause.close(np.angle(centre), np.full(centre.shape, np.pi * np.sign(raw)), "phase")


@pytest.mark.clause("HEAD-002")
@pytest.mark.parametrize("kind", list(KINDS))
def test_the_whole_network_reaches_three_times_the_rms_amplitude(clause: Check, kind: str) -> None:
    model = built(kind, 2)
    final = model.generator.nets[0].final if kind == "unrolled" else model.generator.amplitude.final
    final.bias.assign(np.full(final.bias.shape, 8.0))
    largest = float(np.abs(patches(model, inputs(2, 2))).max()) / container(2).a0
    clause.holds(
        largest > 3, "largest amplitude over a0", observed=f"{largest:.3g}", expected="> 3"
    )


SIZES = {
    "unrolled": (
        ("model.stages=2", "model.filters=[4,6]"),
        2 * 6,
    ),  # down 2, middle, up, join, final
    "cnn": (CNN, 6 + 2 * 7),  # encoder 2 x 3; two decoders of 2 x 3 + 1
}
"""Settings of each generator and the convolutions that it then has, counted by hand; each has a kernel and a bias."""


def stepped(model: Any, data: Container) -> tuple[list[Array], list[Array]]:
    """All variables before and after one step of training."""
    from ptyspec.networks.framework import keras

    model.compile(
        optimizer=keras.optimizers.Adam(1e-3), run_eagerly=True
    )  # one step is not worth a trace
    names = [v for v in model.variables if not v.path.startswith("optimizer")]
    before = [np.array(v.numpy()) for v in names]
    given, amplitude = batch(data, np.arange(8))
    model.train_on_batch(given, amplitude)
    return before, [np.array(v.numpy()) for v in names]


@pytest.mark.clause("NET-001", "NET-002")
@pytest.mark.parametrize("kind", list(KINDS))
def test_every_declared_parameter_is_listed_and_moves_and_nothing_else_does(
    clause: Check, kind: str
) -> None:
    settings, convolutions = SIZES[kind]
    model = built(kind, 1, *settings)
    fixed = [
        np.array(part)
        for part in (*model.forward.probe, model.forward.weight, model.a0, model.energy)
    ]
    listed = model.trainable_variables
    others = {v.path for v in listed if v.path.split("/")[-1] not in ("kernel", "bias")}
    clause("NET-002").equal(others, set(), "trained parameters beside kernels and biases")
    clause.equal(len(listed), 2 * convolutions, "listed parameters")
    before, after = stepped(model, container(1))
    still = [v.path for v, a, b in zip(listed, before, after, strict=False) if np.array_equal(a, b)]
    clause.equal(still, [], "parameters that did not move")
    kept = [
        np.array(part)
        for part in (*model.forward.probe, model.forward.weight, model.a0, model.energy)
    ]
    for name, a, b in zip(("probe", "probe", "weight", "a0", "energy"), fixed, kept, strict=True):
        clause("NET-002").equal(b, a, name)


@pytest.mark.clause("NET-005")
@pytest.mark.parametrize("size", [20, 36])
@pytest.mark.parametrize("kind", list(KINDS))
def test_sides_that_can_be_halved_only_twice_give_whole_patches(
    clause: Check, kind: str, size: int
) -> None:
    from ptyspec.pipeline.train import build_model, canvas_side

    wanted = ("scan.n_images=24", "grouping.n_groups=8", f"model.N={size}")
    made = tiny("gs2_custom", *KINDS[kind], "model.filters=[4,6,8]", *wanted).scenario
    data = prepared("gs2_custom", *wanted)
    model = build_model(made, data.train, canvas_side(made, data))
    found = patches(model, batch(data.train, np.arange(3))[0])
    clause.shape_dtype(found, (3, size, size, 4), np.complex64, "patches")
    clause.finite(found, "patches")


@pytest.mark.clause("NET-006")
@pytest.mark.parametrize(("kind", "grid"), CASES)
def test_a_network_on_symbolic_inputs_computes_what_the_eager_one_does(
    clause: Check, kind: str, grid: int
) -> None:
    from ptyspec.networks.framework import keras

    model, given = built(kind, grid), inputs(grid, 5)
    symbolic = {name: keras.Input(values.shape[1:], name=name) for name, values in given.items()}
    graph = keras.Model(symbolic, model(symbolic))
    flat = keras.tree.flatten(graph.outputs)
    clause.equal([part.shape for part in flat], [(None, 32, 32, grid**2)] * 2, "symbolic shapes")
    re, im = (np.asarray(part) for part in keras.tree.flatten(graph(given)))
    clause.equal(re + 1j * im, patches(model, given), "patches")


@pytest.mark.clause("NET-007")
@pytest.mark.parametrize(("kind", "grid"), CASES[:2])  # the forward model's shapes are what failed
def test_eager_traced_and_compiled_networks_agree(clause: Check, kind: str, grid: int) -> None:
    from ptyspec.networks.framework import tensorflow as tf

    model = built(kind, grid)
    compiled = tf.function(lambda given: model(given)[-1], jit_compile=True)
    given = inputs(grid, 64 // grid**2 + 1)
    eager = patches(model, given)
    for name, call in (("traced", lambda g: model.predict_on_batch(g)[-1]), ("compiled", compiled)):
        re, im = (np.asarray(part) for part in call(given))
        clause.close(re + 1j * im, eager, name)


@pytest.mark.clause("MERGE-001")
def test_the_network_merges_each_patch_at_its_own_offset_as_a_loop_does(clause: Check) -> None:
    """Offsets differ in every channel and group, patches are noise: any wrong pair shows."""
    from ptyspec.networks.forward import Field, ForwardModel
    from ptyspec.physics.merge import extract_group, merge_group
    from ptyspec.physics.scale import illumination_weight

    groups, members, size, canvas = 5, 4, 32, 48
    draws = np.random.default_rng(3)
    relative = draws.uniform(-7, 7, (groups, 1, 2, members)).astype(np.float32)
    re, im = draws.standard_normal((2, groups * members, size, size)).astype(np.float32)
    probe = container(2).probe
    merged = ForwardModel(probe, members, canvas).placement(relative).merged(Field(re, im), 1.0)
    made = (np.asarray(merged.re) + 1j * np.asarray(merged.im)).reshape(groups, members, size, size)
    stack = (re + 1j * im).reshape(groups, members, size, size)
    for b in range(groups):
        alone = np.moveaxis(stack[b : b + 1], 1, -1)
        canvas_of = merge_group(alone, relative[b : b + 1], illumination_weight(probe), canvas)
        for c in range(members):
            view = extract_group(canvas_of, relative[b : b + 1, :, :, c : c + 1], size)[0, :, :, 0]
            clause.close(made[b, c], view, f"member {c} of group {b}")


@pytest.mark.clause("MERGE-004")
@pytest.mark.parametrize("kind", list(KINDS))
def test_permuted_members_give_permuted_patches(clause: Check, kind: str) -> None:
    model, given, order = built(kind, 2), inputs(2, 3), [2, 0, 3, 1]
    turned = {name: values[..., order] for name, values in given.items()}
    clause.close(patches(model, turned), patches(model, given)[..., order], "patches")


@cache
def canvas_needed(grid: int) -> int:
    from ptyspec.pipeline.train import canvas_side

    return canvas_side(tiny(f"gs{grid}_custom", *SHALLOW).scenario, prepared(f"gs{grid}_custom"))


@pytest.mark.clause("NET-008")
@pytest.mark.parametrize("grid", [1, 2])
@pytest.mark.parametrize("merge", ["true", "false"])
def test_the_built_model_has_the_declared_geometry(clause: Check, grid: int, merge: str) -> None:
    merges = grid > 1 and merge == "true"
    for kind in KINDS:
        model = built(kind, grid, f"model.object_big={merge}")
        clause.equal(model.generator.forward.members, grid**2, f"{kind}: members")
        clause.equal(model.forward.size, 32, f"{kind}: side of a patch")
        clause.equal(
            model.generator.forward.canvas, canvas_needed(grid) if merges else 32, f"{kind}: canvas"
        )
        given = inputs(grid, 2)
        moved = given | {
            "relative": given["relative"] + np.float32([[0.5, -1.0, 0.25, 0.75]][0])[: grid**2]
        }
        depends = not np.array_equal(patches(model, given), patches(model, moved))
        clause.equal(depends, merges, f"{kind}: positions matter (members are merged)")


@pytest.mark.clause("NET-008")
def test_the_built_model_has_the_declared_stages_and_head(clause: Check) -> None:
    for stages in (1, 3):
        found = built("unrolled", 1, f"model.stages={stages}")(inputs(1, 1), training=True)
        clause.equal(len(found), stages, "stages")
    for head in RANGES:
        clause.equal(
            built("cnn", 1, f"model.amp_activation={head}").generator.head.__name__, head, "head"
        )


@pytest.mark.clause("NET-008")
@pytest.mark.parametrize("mask", ["true", "false"])
def test_the_probe_mask_of_the_built_model_is_the_declared_one(clause: Check, mask: str) -> None:
    from ptyspec.pipeline.train import build_model

    made = tiny(
        "gs1_custom", *SHALLOW, f"model.probe_mask={mask}", "model.probe_mask_diameter=16"
    ).scenario
    data = prepare(made)
    model = build_model(made, data.train, 32)
    rows, columns = np.indices((32, 32)) - 15.5
    outside = np.hypot(rows, columns) > 10
    light = float(np.hypot(*model.forward.probe)[outside].sum())
    clause.equal(light == 0, mask == "true", "no light outside the mask")
    clause.equal(model.forward.mask, None, "detector mask of a scan that has none")


@pytest.mark.clause("NET-010")
@pytest.mark.parametrize(("kind", "grid"), CASES)
def test_the_exit_wave_holds_the_light_outside_the_central_half(
    clause: Check, kind: str, grid: int
) -> None:
    from ptyspec.physics.geometry import extract_patches

    data, rows = container(grid), np.arange(8)
    predicted = patches(built(kind, grid), batch(data, rows)[0])
    scan = data.groups.scan
    assert scan.objectGuess is not None
    truth = extract_patches(
        scan.objectGuess, scan.positions[data.groups.nn_indices[rows].ravel()], 32
    )
    light = np.abs(data.probe) ** 2
    light[8:24, 8:24] = 0
    energy = [
        float((light * np.abs(o) ** 2).sum())
        for o in (np.moveaxis(predicted, -1, 1).reshape(-1, 32, 32), truth)
    ]
    clause.within_ratio(energy[0], energy[1], "energy of the exit wave outside the centre")


@pytest.mark.clause("CANVAS-003")
@pytest.mark.parametrize(
    ("grid", "merge"),
    [
        pytest.param(2, "true", id="merged"),
        pytest.param(2, "false", id="not-merged"),
        pytest.param(1, "true", id="single"),
    ],
)
def test_a_declared_canvas_that_is_too_small_is_refused_before_training(
    clause: Check, grid: int, merge: str
) -> None:
    made = tiny(
        f"gs{grid}_custom", *SHALLOW, f"model.object_big={merge}", "model.canvas=30"
    ).scenario
    with clause.raises_at(
        "train", CanvasError, "a canvas of 30 for patches of 32", mentions="model.canvas"
    ):
        fit(made, prepared(f"gs{grid}_custom"))


@pytest.mark.clause("CANVAS-001")
@pytest.mark.parametrize("wide", ["train", "test"])
def test_the_canvas_holds_the_groups_of_both_splits(clause: Check, wide: str) -> None:
    from ptyspec.physics.geometry import required_canvas
    from ptyspec.pipeline.protocol import Containers
    from ptyspec.pipeline.train import canvas_side

    parts = {name: getattr(prepared("gs2_custom"), name) for name in ("train", "test")}
    groups = parts[wide].groups
    spread = groups.model_copy(update={"coords_relative": 2 * groups.coords_relative})
    parts[wide] = parts[wide].model_copy(update={"groups": spread})
    side = canvas_side(tiny("gs2_custom", *SHALLOW).scenario, Containers(**parts))
    largest = max(float(np.abs(part.groups.coords_relative).max()) for part in parts.values())
    clause.equal(side, 32 + 2 * int(np.ceil(largest)), "side of the canvas")
    assert side == required_canvas(spread.coords_relative, 32)
