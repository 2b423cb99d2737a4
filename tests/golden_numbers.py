"""Golden numbers: small JSON files that tests read and never write; every number with its own tolerance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ptyspec.io.jsonfile import read_json

GOLDEN = Path(__file__).parents[1] / "golden"


def golden(name: str) -> dict[str, dict[str, Any]]:
    """Return {number: {value, atol, rtol, source}} of golden/regression/NAME.json."""
    return dict(read_json(GOLDEN / "regression" / f"{name}.json")["numbers"])


def check(name: str, number: str, observed: float) -> None:
    """Fail unless `observed` is the golden number within its tolerance |observed - value| <= atol + rtol |value|."""
    row = golden(name)[number]
    limit = row["atol"] + row["rtol"] * abs(row["value"])
    assert abs(observed - row["value"]) <= limit, (
        f"{name}.{number}: observed {observed!r}, golden {row['value']!r} +- {limit:.3g} ({row['source']})"
    )


def rows(name: str) -> list[Any]:
    """One parametrize row a number."""
    return [pytest.param(number, id=number.replace(".", "-")) for number in golden(name)]
