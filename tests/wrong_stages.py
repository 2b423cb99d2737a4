"""Pipelines of one or two stages, each wrong in one way; what they lack is the reference's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Patches, RawScan, Reconstruction
from ptyspec.pipeline.protocol import GroupedTrainTest
from ptyspec.pipeline.reference import ReferencePipeline


def pipeline(stage: str, change: Callable[..., Any], name: str) -> Any:
    """A pipeline that has one stage: the reference's, and then `change` of what it makes."""

    def work(self: object, scenario: Any, *given: Any) -> Any:
        return change(getattr(ReferencePipeline(), stage)(scenario, *given), *given)

    return type(name, (), {"name": name, stage: work})()


def update(**fields: Callable[[Any], Any]) -> Callable[..., Any]:
    """Exchange fields of a bundle, each by a function of its value."""
    return lambda made, *_: made.model_copy(
        update={name: change(getattr(made, name)) for name, change in fields.items()}
    )


def one_nan(array: Any) -> Any:
    made = array.copy()
    made.reshape(-1)[7] = np.nan
    return made


def twin(patches: Patches, *_: Any) -> Patches:
    turned = np.roll(np.conj(patches.object[:, ::-1, ::-1]), (1, 1), axis=(1, 2))
    return patches.model_copy(update={"object": turned})


def twin_object(made: Reconstruction, *_: Any) -> Reconstruction:
    return made.model_copy(update={"object": np.conj(made.object[::-1, ::-1])})


def gain_left(patches: Patches, trained: Any, container: Any) -> Patches:
    left = (patches.object * container.gain).astype(np.complex64)
    return patches.model_copy(update={"object": left})


def mixed_groups(patches: Patches, *_: Any) -> Patches:
    shared = (patches.object + 0.01 * patches.object.mean(axis=0)).astype(np.complex64)
    return patches.model_copy(update={"object": shared})


def own_gain(made: Any, groups: Any) -> Any:
    energy = float((groups.test.scan.diff3d.astype(float) ** 2).sum(axis=(1, 2)).mean())
    own = made.test.model_copy(update={"gain": groups.test.scan.N / 2 / energy**0.5})
    return type(made)(made.train, own)


def stretched_groups(made: GroupedTrainTest, *_: Any) -> GroupedTrainTest:
    def of(part: Any) -> Any:
        fields = {
            name: 1.02 * getattr(part, name) for name in ("coords_offsets", "coords_relative")
        }
        return part.model_copy(update=fields)

    return GroupedTrainTest(of(made.train), of(made.test))


def short_canvas(made: Reconstruction, *_: Any) -> Reconstruction:
    rows, columns = slice(None, -6), slice(None, -6)
    return made.model_copy(
        update={"object": made.object[rows, columns], "coverage": made.coverage[rows, columns]}
    )


def late_canvas(made: Reconstruction, *_: Any) -> Reconstruction:
    x, y = made.origin
    cut = {"object": made.object[6:, 6:], "coverage": made.coverage[6:, 6:]}
    return made.model_copy(update={**cut, "origin": (x + 6, y + 6)})


def transposed(made: Reconstruction, *_: Any) -> Reconstruction:
    x, y = made.origin
    return made.model_copy(
        update={"object": made.object.T, "coverage": made.coverage.T, "origin": (y, x)}
    )


def other_sign(patches: Patches, trained: Any, container: Any) -> Patches:
    groups = container.groups
    return patches.model_copy(update={"coords": groups.coords_offsets + groups.coords_relative})


def weak_control(made: Any, *_: Any) -> Any:
    coarse = made.test.coarse
    flat = np.where(np.isfinite(coarse.object), 1, np.nan).astype(np.complex64)
    other = coarse.model_copy(update={"object": flat})
    return type(made)(made.train, made.test.model_copy(update={"coarse": other}))


def other_control(made: Any, *_: Any) -> Any:
    return type(made)(made.train, made.test.model_copy(update={"coarse": made.train.coarse}))


def frames_changed(made: Any, groups: Any) -> Any:
    groups.train.scan.diff3d[:] *= np.float32(1.5)
    return made


def drawn(made: Any, *_: Any) -> Any:
    np.random.random()  # that is what is wrong
    return made


class Lying:
    """It declares an inference that it does not have."""

    name = "lying"
    stages = ("stitch", "infer")

    def stitch(self, scenario: Any, patches: Patches) -> Reconstruction:
        return ReferencePipeline().stitch(scenario, patches)


class Nothing:
    """Its stitching returns nothing."""

    name = "nothing"

    def stitch(self, scenario: Any, patches: Patches) -> None:
        return None


def _scale(factor: float, *names: str) -> Callable[..., Any]:
    return update(**dict.fromkeys(names, lambda value: (factor * value).astype(value.dtype)))


def _scores(change: Callable[[dict[str, Any], Reconstruction], None]) -> Callable[..., Any]:
    def changed(made: dict[str, Any], scan: RawScan, image: Reconstruction) -> dict[str, Any]:
        change(made, image)
        return made

    return changed


def _phase(made: dict[str, Any], image: Reconstruction) -> None:
    made.setdefault("complex", {})["nrmse"] = float(np.nansum(image.object.real))


def _rescaled(made: dict[str, Any], image: Reconstruction) -> None:
    made.setdefault("amplitude", {}).update(mean_ratio=1.0, rmse=0.0)


def _smooth(made: dict[str, Any], image: Reconstruction) -> None:
    block = made.setdefault("amplitude", {})
    block["highpass_pearson_r"] = block.get("pearson_r")


def _kind(made: dict[str, Any], image: Reconstruction) -> None:
    made["data"]["r_factor"] = 0.1


def _invented(made: dict[str, Any], image: Reconstruction) -> None:
    made.setdefault("amplitude", {}).update(pearson_r=0.9)


def _undefined(made: dict[str, Any], image: Reconstruction) -> None:
    made.setdefault("phase", {}).update(pearson_r=0.0)


def _noise(made: RawScan, *_: Any) -> RawScan:
    return made.model_copy(update={"diff3d": np.abs(made.diff3d + np.float32(5 / made.scale))})


def trivial(patches: Patches, trained: Any, container: Any) -> Patches:
    constant = np.abs(patches.object).mean(axis=(1, 2), keepdims=True)
    return patches.model_copy(update={"object": patches.object * 0 + constant})


def remembering() -> Callable[..., Any]:
    kept: list[Any] = []

    def first(made: Any, *_: Any) -> Any:
        kept.append(made)
        return kept[0]

    return first


COUNTER = iter(range(1, 10**6))
ONE_PIXEL = {"xcoords": lambda x: x + 1, "xcoords_start": lambda x: x + 1}
WRONG: dict[str, tuple[str, Callable[..., Any], str, str]] = {
    "nan-in-frames": ("simulate", update(diff3d=one_nan), "FLOW-006", "simulate"),
    "frames-float16": (
        "simulate",
        update(diff3d=lambda x: x.astype(np.float16)),
        "FLOW-006",
        "simulate",
    ),
    "frames-float64": (
        "simulate",
        update(diff3d=lambda x: x.astype(float)),
        "DATA-001",
        "simulate",
    ),
    "probe-too-small": ("simulate", update(probeGuess=lambda p: p[1:]), "FLOW-006", "simulate"),
    "probe-x-1.2": ("simulate", _scale(1.2, "probeGuess"), "PROBE-003", "simulate"),
    "positions-x-1.02": ("simulate", _scale(1.02, "xcoords", "ycoords"), "COORDS-005", "simulate"),
    "positions-off-by-one": ("simulate", update(**ONE_PIXEL), "COORDS-005", "simulate"),
    "frames-transposed": (
        "simulate",
        update(diff3d=lambda x: np.swapaxes(x, 1, 2).copy()),
        "FORWARD-002",
        "simulate",
    ),
    "noise-beyond-counting": ("simulate", _noise, "DOSE-002", "simulate"),
    "dose-in-the-level": (
        "simulate",
        lambda made: made.model_copy(update={"diff3d": made.diff3d * np.float32(made.scale)}),
        "DOSE-004",
        "simulate",
    ),
    "each-call-another": (
        "simulate",
        update(diff3d=lambda x: x * np.float32(1 + 1e-3 * next(COUNTER))),
        "SIMULATE-001",
        "simulate",
    ),
    "groups-x-1.02": ("group", stretched_groups, "COORDS-003", "group"),
    "gain-of-test": ("normalize", own_gain, "NORM-002", "normalize"),
    "control-of-ones": ("normalize", weak_control, "SCORE-009", "normalize"),
    "control-of-training-part": ("normalize", other_control, "SCORE-009", "normalize"),
    "frames-gained": ("normalize", frames_changed, "FLOW-004", "normalize"),
    "nan-in-patches": ("infer", update(object=one_nan), "FLOW-006", "infer"),
    "patches-float16": (
        "infer",
        update(object=lambda x: x.real.astype(np.float16)),
        "FLOW-006",
        "infer",
    ),
    "patches-cropped": ("infer", update(object=lambda x: x[:, 1:]), "FLOW-006", "infer"),
    "gain-left": ("infer", gain_left, "NORMALIZATION-001", "infer"),
    "mixed-groups": ("infer", mixed_groups, "REASSEMBLY-BATCH-001", "infer"),
    "one-bit-of-others": ("infer", mixed_groups, "INFER-001", "infer"),
    "trivial-patches": ("infer", trivial, "MERGE-003", "infer"),
    "conjugate-patches": ("infer", update(object=np.conj), "MERGE-003", "infer"),
    "first-answer-again": ("infer", remembering(), "REASSEMBLY-BATCH-001", "infer"),
    "twin-patches": ("infer", twin, "MERGE-003", "infer"),
    "sign-in-use": ("infer", other_sign, "COORDS-002", "infer"),
    "probe-of-patches-x-1.2": ("infer", _scale(1.2, "probe"), "DATA-007", "infer"),
    "object-complex128": (
        "stitch",
        update(object=lambda x: x.astype(complex)),
        "FLOW-006",
        "stitch",
    ),
    "object-real": ("stitch", update(object=lambda x: np.abs(x)), "FLOW-006", "stitch"),
    "infinite-object": (
        "stitch",
        update(object=lambda x: np.where(np.isfinite(x), x, np.inf).astype(np.complex64)),
        "FLOW-006",
        "stitch",
    ),
    "object-transposed": ("stitch", transposed, "STITCH-GRIDSIZE-001", "stitch"),
    "origin-off-by-one": (
        "stitch",
        update(origin=lambda at: (at[0] + 1, at[1])),
        "STITCH-001",
        "stitch",
    ),
    "origin-in-fractions": (
        "stitch",
        update(origin=lambda at: (at[0] + 0.5, at[1])),
        "FLOW-006",
        "stitch",
    ),
    "canvas-6-px-short": ("stitch", short_canvas, "STITCH-001", "stitch"),
    "conjugate-object": ("stitch", update(object=np.conj), "STITCH-GRIDSIZE-001", "stitch"),
    "canvas-6-px-late": ("stitch", late_canvas, "STITCH-001", "stitch"),
    "origin-off-by-one-row": (
        "stitch",
        update(origin=lambda at: (at[0], at[1] - 1)),
        "STITCH-GRIDSIZE-001",
        "stitch",
    ),
    "twin-object": ("stitch", twin_object, "STITCH-005", "stitch"),
    "gain-in-object": ("stitch", _scale(0.27, "object"), "STITCH-005", "stitch"),
    "other-global-phase": (
        "stitch",
        update(object=lambda x: x * np.complex64(1j)),
        "STITCH-008",
        "stitch",
    ),
    "rim-cut": (
        "stitch",
        update(coverage=lambda x: np.where(x < 0.2, 0, x).astype(np.float32)),
        "REASSEMBLY-M-CONTRACT-001",
        "stitch",
    ),
    "draws-for-all": ("stitch", drawn, "DET-003", "stitch"),
    "object-of-python-numbers": (
        "stitch",
        update(object=lambda x: x.astype(object)),
        "FLOW-006",
        "stitch",
    ),
    "a-list-of-scores": ("score", lambda made, *_: [made], "FLOW-006", "score"),
    "scores-of-the-real-part": ("score", _scores(_phase), "GAUGE-001", "score"),
    "scores-rescaled": ("score", _scores(_rescaled), "GAUGE-003", "score"),
    "brightness-for-detail": ("score", _scores(_smooth), "SCORE-010", "score"),
    "any-object-fits": ("score", _scores(_kind), "SCORE-013", "score"),
    "truth-invented": ("score", _scores(_invented), "LABEL-001", "score"),
    "phase-of-no-phase": ("score", _scores(_undefined), "SCORE-006", "score"),
    "no-data-scores": ("score", lambda made, *_: made | {"data": {}}, "SCORE-011", "score"),
}
"""By name the stage, what is done to its output, the clause that must be red, and the stage that it names."""
