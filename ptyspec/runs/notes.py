"""What each stage writes into its record: arrays by summary, the ledger's numbers, yes-or-no facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ptyspec.contracts.container import Patches, Reconstruction
from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics.geometry import required_canvas
from ptyspec.pipeline.protocol import Containers, GroupedTrainTest, Trained, TrainTest
from ptyspec.runs.record import StageNote


def scan(note: StageNote, made: RawScan) -> StageNote:
    """The raw scan."""
    note.array("diff3d", made.diff3d)
    note.array("probe", made.probeGuess)
    if made.objectGuess is not None:
        note.array("object", made.objectGuess)
    note.number("frames", made.size)
    note.number("scale", made.scale)
    return note


def halves(note: StageNote, made: TrainTest) -> StageNote:
    """Both splits."""
    for name, part in (("train", made.train), ("test", made.test)):
        note.array(f"{name}.diff3d", part.diff3d)
        note.number(f"{name}.frames", part.size)
    return note


def groups(note: StageNote, made: GroupedTrainTest) -> StageNote:
    """Groups of both splits; frames of a group are summarised where they lie, in the scan."""
    for name, part in (("train", made.train), ("test", made.test)):
        note.array(f"{name}.nn_indices", part.nn_indices)
        note.array(f"{name}.coords_relative", part.coords_relative)
        note.number(f"{name}.groups", part.size)
        note.number(f"{name}.frames_used", len(np.unique(part.nn_indices)))
    return note


def containers(note: StageNote, made: Containers, scenario: Scenario) -> StageNote:
    """Gain, scale, a0, canvas; a sample of the network's input beside the raw amplitude it came from."""
    train = made.train
    sample = train.amplitude(np.arange(min(train.size, 64)))
    note.array("train.amplitude", sample)
    note.array("train.network_input", np.float32(train.gain) * sample)
    for name in ("gain", "scale", "a0"):
        note.number(name, getattr(train, name))
    need = max(
        required_canvas(part.groups.coords_relative, scenario.model.N)
        for part in (made.train, made.test)
    )
    padded = scenario.model.canvas or need
    note.number("required_canvas", need)
    note.number("padded_size", padded)
    note.flag("fits_canvas", padded >= need)
    return note


def trained(note: StageNote, made: Trained) -> StageNote:
    """Size and outcome of training."""
    note.number("parameters", sum(weight.size for weight in made.weights))
    note.number("best_epoch", made.history.best_epoch)
    for name, value in made.history.epochs[-1].metrics.items():
        if value is not None:
            note.number(name, value)
    note.flag("finite", all(record.finite for record in made.history.epochs))
    return note


def patches(note: StageNote, made: Patches) -> StageNote:
    """Predicted patches."""
    note.array("patches", made.object)
    return note


def reconstruction(note: StageNote, made: Reconstruction, from_patches: Patches) -> StageNote:
    """The stitched object; the weight ledger shows that no patch was dropped."""
    note.array("object", made.object)
    note.array("coverage", made.coverage)
    note.number("patches", from_patches.object.shape[0] * from_patches.object.shape[-1])
    note.number("covered_pixels", int(np.isfinite(made.object).sum()))
    return note


def metrics(note: StageNote, made: Mapping[str, Any]) -> StageNote:
    """The headline."""
    for name in ("mean_ratio", "pearson_r", "highpass_pearson_r", "ssim"):
        value = made.get("amplitude", {}).get(name)
        if value is not None:
            note.number(name, value)
    note.flag("has_nan", bool(made["has_nan"]))
    return note
