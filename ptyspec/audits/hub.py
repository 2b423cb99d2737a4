"""The report hub: every audit of every subject in one self-describing folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ptyspec.audits.material import Material


def write_hub(folder: Path, materials: Sequence[Material]) -> Path:
    """Fill `folder` and return its index.md."""
    raise NotImplementedError(folder, materials)
