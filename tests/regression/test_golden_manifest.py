"""Golden files and their manifest: nothing golden is unlisted, altered, missing or without a reason."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import pytest

from ptyspec.io.jsonfile import read_json
from tests.golden_numbers import GOLDEN, golden

FILES = sorted((GOLDEN / "regression").glob("*.json"))
MANIFEST = read_json(GOLDEN / "manifest.json")["files"]


def test_every_golden_file_is_listed_and_every_listed_one_is_there() -> None:
    here = {p.relative_to(GOLDEN).as_posix() for p in GOLDEN.rglob("*") if p.is_file()} - {"manifest.json"}
    assert here == set(MANIFEST)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_golden_file_is_the_approved_one(path: Path) -> None:
    entry = MANIFEST[path.relative_to(GOLDEN).as_posix()]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]
    assert entry["producer"]
    assert entry["reason"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_golden_number_states_its_tolerance_and_where_it_comes_from(path: Path) -> None:
    for name, row in golden(path.stem).items():
        assert set(row) == {"value", "atol", "rtol", "source"}, name
        assert math.isfinite(row["value"])
        assert row["atol"] >= 0 <= row["rtol"] < 0.1
        assert row["source"]
