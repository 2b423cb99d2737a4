"""How cases are collected: other tiers' folders are left alone, and the garbage collector rests."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from ptyspec.spec.tiers import TIERS, tier_of_path


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Ignore what lies in a tier's folder that the mark expression, if one tier's name, excludes.

    `pytest -m contract` then imports no TensorFlow for what it deselects.
    """
    asked = config.option.markexpr.strip()
    if asked not in TIERS or not collection_path.is_relative_to(config.rootpath):
        return None
    tier = tier_of_path(collection_path.relative_to(config.rootpath).parts)
    return True if tier not in (None, asked) else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without looking for garbage, a sixth of the time: what is made now stays to the end."""
    was = gc.isenabled()
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        if was:
            gc.enable()


def pytest_unconfigure() -> None:
    """Let go of it: a session inside another process is not its last work."""
    gc.unfreeze()
