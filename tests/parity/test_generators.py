"""Generator beside generator: both start from what the counts say and can reach the object (design 3)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Container, Patches
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import ConfigError, HeadRangeError, UnknownNameError
from ptyspec.networks.registry import builder, generator_names
from ptyspec.pipeline.normalize import batch
from ptyspec.pipeline.protocol import Progress, Session
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.spec.checks import Check
from tests.tiny_runs import SHALLOW, fit, predict_once, prepared, relative_l2, tiny

KINDS = {
    "unrolled": SHALLOW,
    "cnn": ("model.architecture=cnn", "model.amp_activation=softplus", "model.n_filters_scale=1"),
}
CASES = [pytest.param(kind, grid, id=f"{kind}-gs{grid}") for kind in KINDS for grid in (1, 2)]


def scenario(kind: str, grid: int, *settings: str) -> Scenario:
    return tiny(f"gs{grid}_custom", *KINDS[kind], *settings).scenario


def container(kind: str, grid: int) -> Container:
    return prepared(f"gs{grid}_custom", *KINDS[kind]).test


def model(kind: str, grid: int, *settings: str) -> Any:
    from ptyspec.pipeline.train import build_model, canvas_side

    made = scenario(kind, grid, *settings)
    return build_model(
        made, container(kind, grid), canvas_side(made, prepared(f"gs{grid}_custom", *KINDS[kind]))
    )


def test_the_registered_generators_are_the_specified_ones() -> None:
    assert generator_names() == ["cnn", "unrolled"]
    for name in generator_names():
        assert callable(builder(name))


def test_an_unknown_generator_is_refused_by_name() -> None:
    with pytest.raises(UnknownNameError) as error:
        fit(scenario("unrolled", 1, "model.architecture=unroled"), prepared("gs1_custom"))
    assert "unroled" in str(error.value)
    assert "cnn, unrolled" in str(error.value)


@pytest.mark.clause("NET-008")
@pytest.mark.parametrize(
    ("kind", "head"), [("unrolled", "softplus"), ("cnn", "cartesian")], ids=["unrolled", "cnn"]
)
def test_a_head_that_a_generator_does_not_have_is_refused(
    clause: Check, kind: str, head: str
) -> None:
    with clause.raises_at("train", ConfigError, "an ineffective head", mentions=head):
        model(kind, 1, f"model.amp_activation={head}")


@pytest.mark.clause("HEAD-005")
@pytest.mark.parametrize(("kind", "grid"), CASES)
def test_an_untrained_generator_starts_at_the_right_amplitude(
    clause: Check, kind: str, grid: int
) -> None:
    made, data, walk = scenario(kind, grid), container(kind, grid), ReferencePipeline()
    found = predict_once(model(kind, grid), data)
    patches = Patches(object=found, coords=data.groups.coords, probe=data.probe)
    scores = walk.score(made, data.groups.scan, walk.stitch(made, patches))
    clause.within_ratio(scores["amplitude"]["mean_ratio"], 1.0, "ratio of the mean amplitudes")
    assert scores["amplitude"]["pearson_r"] > 0.5


@pytest.mark.clause("NET-008")
@pytest.mark.parametrize("kind", list(KINDS))
def test_models_for_other_gridsizes_in_one_process_have_their_own_channels(kind: str) -> None:
    """MODULE-SINGLETON-001: a model is made for its configuration, not for the one that came first."""
    for grid in (1, 2):
        data = container(kind, grid)
        made = model(kind, grid)
        re, im = made(batch(data, np.arange(2))[0])[-1]
        assert re.shape == im.shape == (2, 32, 32, grid**2)
        assert made.generator.forward.members == grid**2


@pytest.mark.clause("NET-004")
@pytest.mark.parametrize("kind", list(KINDS))
def test_equal_seeds_give_equal_weights_and_others_do_not(clause: Check, kind: str) -> None:
    first, again, other = (
        [np.asarray(w) for w in model(kind, 1, *seed).trainable_weights]
        for seed in ((), (), ("seeds.training=43",))
    )
    for a, b in zip(first, again, strict=True):
        clause.equal(b, a, "initial weights")
    kernels = [(a, b) for a, b in zip(first, other, strict=True) if a.ndim > 1]
    assert kernels
    clause.holds(not any(np.array_equal(a, b) for a, b in kernels), "other seeds, other kernels")
    draws = {
        tuple(np.round(w.ravel()[:9] / w.ravel()[0], 3)) for w, _ in kernels
    }  # whatever the widths of the layers
    clause.equal(len(draws), len(kernels), "layers that draw numbers of their own")


@pytest.mark.clause("MERGE-005", "NET-008")
@pytest.mark.parametrize("kind", list(KINDS))
def test_merged_members_agree_where_they_overlap_and_separate_ones_are_left_alone(
    clause: Check, kind: str
) -> None:
    data = container(kind, 2)
    inputs = batch(data, np.arange(4))[0]
    merged, apart = (
        np.asarray(model(kind, 2, f"model.object_big={flag}")(inputs)[-1][0])
        for flag in ("true", "false")
    )
    change = relative_l2(apart, merged)
    clause("NET-008").holds(change > 1e-3, "the flag reaches the generator", change, "> 1e-3")
    clause("MERGE-005").close(
        disagreement(data, merged) / disagreement(data, apart), 0.0, "difference after over before"
    )


def disagreement(data: Container, patches: Any) -> float:
    """Rms difference of the members of a group on their common canvas, where at least two are bright, over a0."""
    from ptyspec.physics.merge import placement
    from ptyspec.physics.scale import illumination_weight

    relative = data.groups.coords_relative[:4]
    vertical, horizontal = placement(relative, 32, 64)
    across = np.swapaxes(horizontal, -1, -2)
    placed = vertical @ np.moveaxis(patches, -1, 1) @ across
    bright = vertical @ illumination_weight(data.probe) @ across > 0.1
    shared = (bright.sum(axis=1, keepdims=True) >= 2) & bright
    mean = (placed * bright).sum(axis=1, keepdims=True) / np.maximum(
        bright.sum(axis=1, keepdims=True), 1
    )
    return float(np.sqrt(((placed - mean) ** 2)[shared].mean())) / data.a0


@pytest.mark.clause("HEAD-001", "HEAD-002")
@pytest.mark.parametrize(("head", "ceiling"), [("softplus", np.inf), ("sigmoid", 1.0)])
def test_the_amplitude_head_reaches_three_times_a0_or_is_known_not_to(
    clause: Check, head: str, ceiling: float
) -> None:
    """Driven to its end by the last layer's offset, the whole network must come out at three times a0."""
    from ptyspec.networks.registry import CEILINGS

    made, data = model("cnn", 1, f"model.amp_activation={head}"), container("cnn", 1)
    made.generator.amplitude.final.bias.assign(
        np.full(made.generator.amplitude.final.bias.shape, 8.0)
    )
    re, im = (np.asarray(part) for part in made(batch(data, np.arange(2))[0])[-1])
    largest = float(np.hypot(re, im).max()) / data.a0
    clause("HEAD-001").equal(CEILINGS.get(head, np.inf), ceiling, "known ceiling")
    clause("HEAD-002").equal(largest > 3, ceiling > 3, "whether it reaches three times a0")
    clause("HEAD-001").holds(largest <= ceiling * (1 + 1e-6), "largest", largest, ceiling)


@pytest.mark.clause("HEAD-001")
def test_a_head_that_cannot_reach_the_object_is_refused_before_training_with_the_numbers(
    clause: Check,
) -> None:
    data = prepared("gs1_custom", *KINDS["cnn"])
    told: list[str] = []

    class Watch(Progress):
        """Sees any step of training."""

        def step(self, done: int, total: int, note: str = "") -> None:
            told.append(note)

    bounded, scan = scenario("cnn", 1, "model.amp_activation=sigmoid"), data.train.groups.scan
    assert scan.objectGuess is not None
    need = float(np.abs(scan.objectGuess).max())
    for number in (f"ceiling {data.train.a0:.3g}", f">= {need:.3g}"):
        with clause.raises_at(
            "train", HeadRangeError, "a sigmoid below the object", mentions=number
        ):
            fit(bounded, data, Session(Watch()))
    clause.equal(told, [], "steps of training before the refusal")


@pytest.mark.clause("HEAD-001")
def test_the_needed_reach_without_a_truth_is_that_of_the_brightest_frame() -> None:
    from ptyspec.networks.registry import check_reach, required_reach
    from ptyspec.physics.scale import probe_energy

    data = prepared("gs1_custom").train
    groups = data.groups
    blind = data.model_copy(
        update={
            "groups": groups.model_copy(
                update={"scan": groups.scan.model_copy(update={"objectGuess": None})}
            )
        }
    )
    frames = groups.scan.diff3d.astype(float)
    brightest = np.sqrt((frames**2).sum(axis=(1, 2)).max() / probe_energy(data.probe)) / data.a0
    assert required_reach(blind) == pytest.approx(brightest, rel=1e-6)
    assert 1 < brightest < required_reach(data)
    with pytest.raises(HeadRangeError):
        check_reach(scenario("cnn", 1, "model.amp_activation=sigmoid"), blind)
    check_reach(scenario("cnn", 1), blind)
