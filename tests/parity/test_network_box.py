"""A network as a black box: fitted once, asked about several test scans."""

from __future__ import annotations

from functools import cache

import pytest

from ptyspec.checks.box import SMALL, Box, box_of
from ptyspec.checks.clause_check import ClauseCheck
from ptyspec.checks.judge import registered
from ptyspec.pipeline.boxes import Network
from ptyspec.spec.checks import Check

pytestmark = pytest.mark.expensive


class Shallow(Network):
    """The cheapest generator: what is asked here needs no good image."""

    settings = {  # noqa: RUF012
        "model.gridsize": 1,
        "model.stages": 1,
        "model.filters": [8],
        "training.nepochs": 2,
        "grouping.n_groups": 100,
        "seeds.training": 0,
    }


@cache
def answers() -> Box:
    return box_of(Shallow(), SMALL)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(one, marks=pytest.mark.clause(one.clause), id=one.clause.lower())
        for one in registered()
        if one.door in ("network", "seeded")
        or one.clause in ("RECON-001", "RECON-021", "RECON-029")
    ],
)
def test_a_network_as_a_black_box_keeps_the_clause(check: ClauseCheck, clause: Check) -> None:
    check(clause, answers())
