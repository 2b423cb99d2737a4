"""Groupings that must be refused, provoked on a subject's own positions; each with its outcome and its text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import GroupingError
from ptyspec.pipeline.protocol import Halves

FRAMES = 16


@dataclass(frozen=True)
class Provoked:
    """A grouping that gives no true groups: frames of a split, K, groups wanted; gridsize is 2."""

    clause: str
    frames: int
    neighbor_count: int
    n_groups: int
    oversampling: bool
    recorded: str | None = None
    """What upstream said, where it is recorded."""


PROVOKED = {
    "two frames a split (nimgs 2 taken for scan points)": Provoked(
        "GROUP-004",
        2,
        4,
        2,
        False,
        "Dataset has only 2 points but 4 coordinates per group requested.",
    ),
    "neighbor_count 1": Provoked("GROUP-004", FRAMES, 1, FRAMES, False),
    "more groups than frames": Provoked("OVERSAMPLING-001", FRAMES, 6, FRAMES + 1, False),
    "oversampling with K = C": Provoked("OVERSAMPLING-001", FRAMES, 4, FRAMES + 1, True),
    "more groups than different sets": Provoked(
        "OVERSAMPLING-001", FRAMES, 5, FRAMES * math.comb(5, 3) + 1, True
    ),
}


def provoke(material: Material) -> dict[str, dict[str, Any]]:
    """Return what the subject's pipeline did with each of them: refused with this text, formed, or crashed."""
    return {name: _outcome(material, case) for name, case in PROVOKED.items()}


def _outcome(material: Material, case: Provoked) -> dict[str, Any]:
    scenario, halves = _setting(material.scenario, case), material.halves
    count = min(case.frames, halves.train.size, halves.test.size)
    few = Halves(halves.train.take(np.arange(count)), halves.test.take(np.arange(count)))
    found: dict[str, Any] = {
        "clause": case.clause,
        "frames": count,
        "members": scenario.members,
        "neighbor_count": case.neighbor_count,
        "n_groups": case.n_groups,
        "oversampling": case.oversampling,
        "recorded": case.recorded,
        "error": None,
        "message": None,
        "details": None,
    }
    try:
        groups = material.pipeline.group(scenario, few)
    except GroupingError as error:
        details = {key: str(what) for key, what in error.details.items() if what is not None}
        return found | {
            "outcome": "refused",
            "error": type(error).__name__,
            "message": error.message,
            "details": details,
        }
    except Exception as error:  # whatever another pipeline raises is what this table is for
        return found | {"outcome": "crashed", "error": type(error).__name__, "message": str(error)}
    return found | {
        "outcome": "formed",
        "message": f"{groups.train.size} and {groups.test.size} groups",
    }


def _setting(scenario: Scenario, case: Provoked) -> Scenario:
    grouping = scenario.grouping.model_copy(
        update={
            "kind": "nearest",
            "n_groups": case.n_groups,
            "neighbor_count": case.neighbor_count,
            "enable_oversampling": case.oversampling,
        }
    )
    model = scenario.model.model_copy(update={"gridsize": 2})
    return scenario.model_copy(update={"grouping": grouping, "model": model})
