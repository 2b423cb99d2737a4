"""The recorded verdict of every hypothesis is what its evidence gives; cheap ones are run again."""

from __future__ import annotations

import pytest

from ptyspec.experiments.judge import standing
from ptyspec.experiments.registry import names
from ptyspec.spec.checks import Check

pytestmark = pytest.mark.expensive


@pytest.mark.clause("EVID-011")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.hypothesis(name)) for name in names()]
)
def test_the_recorded_verdict_follows_from_the_evidence(clause: Check, name: str) -> None:
    clause.equal(standing(name), [], "what keeps the last verdict from standing")
