"""A group alone | the same group in a batch: groups never influence each other (design 3)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.pipeline.normalize import batch, full_batches
from ptyspec.spec.checks import Check
from tests.tiny_runs import UNVALIDATED, Fitted, fitted, relative_l2

TARGETS = ["gs1_custom", "gs2_custom"]
BATCHES = [pytest.param("gs1_custom", b, id=f"gs1-{b}") for b in (16, 63, 64, 65)] + [
    pytest.param("gs2_custom", b, id=f"gs2-{4 * b}") for b in (4, 15, 16, 17)
]


def run_of(target: str) -> Fitted:
    return fitted(target, *UNVALIDATED)


@cache
def model(target: str) -> Any:
    from ptyspec.pipeline.train import assign, build_model, canvas_side

    own = run_of(target)
    made = build_model(own.scenario, own.containers.test, canvas_side(own.scenario, own.containers))
    assign(made, own.trained.weights)
    return made


def predict(target: str, inputs: dict[str, Array]) -> Array:
    re, im = model(target).predict_on_batch(inputs)[-1]
    return np.asarray(re) + 1j * np.asarray(im)


def groups(target: str, count: int) -> dict[str, Array]:
    """Inputs of `count` groups; beyond the scan's own they come again, each with other photons."""
    container = run_of(target).containers.test
    inputs = batch(container, np.arange(count) % container.size)[0]
    factor = 1 + 0.01 * (np.arange(count) // container.size)
    return inputs | {"measured": inputs["measured"] * np.float32(factor)[:, None, None, None]}


@pytest.mark.clause("REASSEMBLY-BATCH-001")
@pytest.mark.parametrize(("target", "count"), BATCHES)
def test_a_group_is_predicted_alone_as_in_a_batch(clause: Check, target: str, count: int) -> None:
    inputs = groups(target, count)
    together = predict(target, inputs)
    assert together.shape == inputs["measured"].shape
    for i in (0, count // 2, count - 1):
        alone = predict(target, {name: values[i : i + 1] for name, values in inputs.items()})
        clause.close(together[i], alone[0], f"group {i} of {count}")


@pytest.mark.clause("INFER-001")
@pytest.mark.parametrize("target", TARGETS)
def test_what_the_other_groups_hold_changes_no_bit(clause: Check, target: str) -> None:
    inputs = groups(target, 16)
    others = {name: values.copy() for name, values in inputs.items()}
    others["measured"][1:] *= np.float32(3.0)
    others["relative"][1:] *= np.float32(0.5)
    others["start"][1:] = 5.0
    first, second = predict(target, inputs), predict(target, others)
    clause.equal(second[0], first[0], "the group that was left alone")
    assert relative_l2(second[1:], first[1:]) > 0.1  # the others did change


@pytest.mark.clause("REASSEMBLY-BATCH-001")
@pytest.mark.parametrize("target", TARGETS)
def test_the_order_of_groups_is_the_order_of_objects(clause: Check, target: str) -> None:
    inputs = groups(target, 16)
    turned = predict(target, {name: values[::-1] for name, values in inputs.items()})
    clause.close(turned[::-1], predict(target, inputs), "objects in reversed order")


@pytest.mark.clause("PINN-CHUNKED-001")
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("size", [16, 64, 128])
def test_the_padding_of_the_last_batch_changes_nothing(
    clause: Check, target: str, size: int
) -> None:
    from ptyspec.pipeline.protocol import Session
    from ptyspec.pipeline.train import predict_patches

    container = run_of(target).containers.test
    assert container.size % 16 != 0  # the last batch is padded
    made = predict_patches(model(target), container, size, Session()).object
    assert made.shape == (container.size, 32, 32, container.groups.C)
    whole = predict(target, batch(container, np.arange(container.size))[0])
    clause.close(made, whole, f"patches in batches of {size}")


@pytest.mark.clause("PINN-CHUNKED-001")
@pytest.mark.parametrize("size", [1, 7, 39, 40, 41])
def test_every_group_is_in_exactly_one_batch(clause: Check, size: int) -> None:
    container = run_of("gs1_custom").containers.test
    made = [(inputs["measured"], valid) for inputs, valid in full_batches(container, size)]
    assert all(len(frames) == size for frames, _ in made)
    kept = np.concatenate([frames[:valid] for frames, valid in made])
    clause.equal(
        kept, batch(container, np.arange(container.size))[0]["measured"], "frames of all batches"
    )
