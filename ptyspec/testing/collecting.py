"""How cases are collected and shared out: tiers apart, and all cases of one file to one worker."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ptyspec.runs.threads import usable_cpus
from ptyspec.spec.cases import TIERS, tier_of

WORKER_BYTES = 2 * 10**9
"""Memory of one worker with TensorFlow and a trained model; measured: 1.1 to 1.6 * 10^9 bytes."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Ignore what lies in a tier's folder that the mark expression, if one tier's name, excludes.

    `pytest -m contract` then imports no TensorFlow for what it deselects.
    """
    asked = config.option.markexpr.strip()
    if asked not in TIERS or not collection_path.is_relative_to(config.rootpath):
        return None
    tier = tier_of(f"{collection_path.relative_to(config.rootpath).as_posix()}/")
    return True if tier not in (None, asked) else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without looking for garbage, a sixth of the time: what is made now stays to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return what `-n auto` means: the usable CPUs, as far as the memory goes."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(usable_cpus(), memory // WORKER_BYTES))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Send a file's cases to one worker, because they share what they trained; a `--dist` that was asked for stays.

    The cases of a file that `ptyspec_apart` names go one by one: they share nothing, and each is long.

    Not by `--dist loadgroup` and its marks: pytest-xdist 3.8 with pytest 9.2 ignores them without a word
    (pytest-xdist issue 1386).
    """
    if config.getvalue("dist") != "load":
        return None
    from xdist.scheduler.loadfile import LoadFileScheduling

    apart = tuple(config.getini("ptyspec_apart"))

    class Scheduling(LoadFileScheduling):  # type: ignore[misc] # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if nodeid.startswith(apart) else str(super()._split_scope(nodeid))

    return Scheduling(config, log)
