"""Property-based cases: equal examples on every machine, no time limit, no example database."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

settings.register_profile(
    "ptyspec",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("ptyspec")

__all__ = ["given", "settings", "st"]
