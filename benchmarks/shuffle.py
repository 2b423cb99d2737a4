"""A pytest plugin that runs the files, and the cases of each file, in another order: `-p benchmarks.shuffle`."""

from __future__ import annotations

import random

import pytest

SEED = 20


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Shuffle files and, within them, cases; fixtures of a module are still made once."""
    draws = random.Random(SEED)
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    names = list(files)
    draws.shuffle(names)
    for name in names:
        draws.shuffle(files[name])
    items[:] = [item for name in names for item in files[name]]
