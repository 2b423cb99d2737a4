"""What each stage writes into its record: arrays (by summary), the ledger's numbers, yes-or-no facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Patches, RawScan, Reconstruction
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics.geometry import required_canvas
from ptyspec.pipeline.protocol import Containers, GroupedTrainTest, Trained, TrainTest

Facts = dict[str, Any]


def scan(made: RawScan) -> Facts:
    """The raw scan."""
    truth = {} if made.objectGuess is None else {"object": made.objectGuess}
    arrays = {"diff3d": made.diff3d, "probe": made.probeGuess, **truth}
    return {**arrays, "frames": made.size, "scale": made.scale}


def halves(made: TrainTest) -> Facts:
    """Both splits."""
    parts = {"train": made.train, "test": made.test}
    arrays = {f"{name}.diff3d": part.diff3d for name, part in parts.items()}
    return arrays | {f"{name}.frames": part.size for name, part in parts.items()}


def groups(made: GroupedTrainTest) -> Facts:
    """Groups of both splits; frames of a group are summarised where they lie, in the scan."""
    facts: Facts = {}
    for name, part in (("train", made.train), ("test", made.test)):
        facts[f"{name}.nn_indices"] = part.nn_indices
        facts[f"{name}.coords_relative"] = part.coords_relative
        facts[f"{name}.groups"] = part.size
        facts[f"{name}.frames_used"] = len(np.unique(part.nn_indices))
    return facts


def containers(made: Containers, scenario: Scenario) -> Facts:
    """Gain, scale, a0, canvas; a sample of the network's input beside the raw amplitude it came from."""
    train = made.train
    sample = train.amplitude(np.arange(min(train.size, 64)))
    offsets = (part.groups.coords_relative for part in (made.train, made.test))
    need = max(required_canvas(part, scenario.model.N) for part in offsets)
    padded = scenario.model.canvas or need
    return {
        "train.amplitude": sample,
        "train.network_input": np.float32(train.gain) * sample,
        **{name: getattr(train, name) for name in ("gain", "scale", "a0")},
        "required_canvas": need,
        "padded_size": padded,
        "fits_canvas": padded >= need,
    }


def trained(made: Trained) -> Facts:
    """Size and outcome of training."""
    epochs = made.history.epochs
    return {
        "parameters": sum(weight.size for weight in made.weights),
        "best_epoch": made.history.best_epoch,
        **{name: value for name, value in epochs[-1].metrics.items() if value is not None},
        "finite": all(record.finite for record in epochs),
    }


def patches(made: Patches) -> Facts:
    """Predicted patches."""
    return {"patches": made.object}


def reconstruction(made: Reconstruction, from_patches: Patches) -> Facts:
    """The stitched object; the weight ledger shows that no patch was dropped."""
    return {
        "object": made.object,
        "coverage": made.coverage,
        "patches": from_patches.object.shape[0] * from_patches.object.shape[-1],
        "covered_pixels": int(np.isfinite(made.object).sum()),
    }


def metrics(made: Mapping[str, Any]) -> Facts:
    """The headline."""
    scores = made.get("amplitude", {})
    names = ("mean_ratio", "pearson_r", "highpass_pearson_r", "ssim")
    known = {name: scores[name] for name in names if scores.get(name) is not None}
    return {**known, "has_nan": bool(made["has_nan"])}
