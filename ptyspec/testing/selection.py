"""`-m TIER` leaves the other tiers' folders alone: `pytest -m contract` imports no TensorFlow for what it deselects."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptyspec.spec.tiers import TIERS, tier_of_path


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Ignore what lies in a tier's folder that the mark expression, where it is one tier's name, excludes."""
    asked = config.option.markexpr.strip()
    if asked not in TIERS or not collection_path.is_relative_to(config.rootpath):
        return None
    tier = tier_of_path(collection_path.relative_to(config.rootpath).parts)
    return True if tier not in (None, asked) else None
