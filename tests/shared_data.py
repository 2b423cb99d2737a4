"""Where the real data files are: beside the checkout, or where PTYSPEC_SHARED_DATA says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("PTYSPEC_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))


def shared_file(name: str) -> Path:
    """Return the file, or skip the test where it is absent."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not in ../shared/data (set PTYSPEC_SHARED_DATA to its folder)")
    return path
