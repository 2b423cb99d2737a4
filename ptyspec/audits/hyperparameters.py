"""Audit `hyperparameters`."""

from __future__ import annotations

from collections.abc import Sequence

from ptyspec.audits.material import Material
from ptyspec.audits.registry import Control
from ptyspec.audits.report import Audit


def audit(materials: Sequence[Material], report: Audit) -> None:
    """Fill the report."""
    raise NotImplementedError


CONTROLS: tuple[Control, ...] = ()
