"""Checkpoints of all runs lie in one folder: a resumed training continues another scenario's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ptyspec.faults.fault import Fault, Patch


def _one_folder(checkpoint_folder: Callable[..., Path]) -> Callable[..., Path]:
    return lambda store, key: checkpoint_folder(store, "latest")


def _one_forgotten(forget: Callable[..., None]) -> Callable[..., None]:
    return lambda store, key: forget(store, "latest")


FAULT = Fault(
    id="checkpoints-shared",
    stage="train",
    story="the checkpoint of another scenario is accepted",
    patches=(
        Patch("ptyspec.runs.store:RunStore.checkpoint_folder", _one_folder),
        Patch("ptyspec.runs.store:RunStore.forget_checkpoints", _one_forgotten),
    ),
    red=("STORE-008",),
    green=("STORE-009",),
    signatures=(11,),
)
