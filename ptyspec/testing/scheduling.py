"""How pytest-xdist shares out the cases: how many workers, and all cases of one file to one of them."""

from __future__ import annotations

import os
from typing import Any

import pytest

from ptyspec.runs.threads import usable_cpus

WORKER_BYTES = 2 * 10**9
"""Memory of one worker with TensorFlow and a trained model; measured: 1.1 to 1.6 * 10^9 bytes."""


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
