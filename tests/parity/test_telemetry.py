"""Quick | standard: the load changes numbers and lengths; what a run records, and how, stays the same (design 6)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ptyspec.contracts.stages import STAGES
from ptyspec.files.jsonfile import read_json
from ptyspec.runs.finished_run import FILES
from ptyspec.runs.request import request
from ptyspec.runs.run import produce
from tests.tiny_runs import SHALLOW

pytestmark = pytest.mark.expensive

LOADS = {
    "quick": ("quick", ()),
    "standard": (
        "standard",
        (*SHALLOW, "training.nepochs=1", "inference.iterative_sweeps=1", "grouping.n_groups=100"),
    ),
}
"""The quick run is that of the other files; the records of a short training have the shape of a long one's."""


@cache
def folder(profile: str) -> Path:
    name, settings = LOADS[profile]
    return produce(request("gs1_custom", profile=name, settings=settings))


def records(profile: str) -> dict[str, Any]:
    return {stage["name"]: stage for stage in read_json(folder(profile) / "stages.json")["stages"]}


def differences(a: Any, b: Any, path: str = "") -> list[str]:
    """Where two documents differ in keys or kinds of values; null is something that could not be had in one of them."""
    if a is None or b is None:
        return []
    if isinstance(a, dict) and isinstance(b, dict):
        found = [f"{path}.{key}" for key in a.keys() ^ b.keys()]
        return found + [
            where
            for key in a.keys() & b.keys()
            for where in differences(a[key], b[key], f"{path}.{key}")
        ]
    if isinstance(a, list) and isinstance(b, list):
        return differences(a[0], b[0], f"{path}[0]") if a and b else []
    numbers = type(a) in (int, float) and type(b) in (int, float)
    return [] if numbers or type(a) is type(b) else [path]


def test_the_two_loads_differ() -> None:
    sizes = [
        records(profile)["simulate"]["arrays"]["diff3d"]["shape"]
        for profile in ("quick", "standard")
    ]
    assert sizes[0][0] * 4 < sizes[1][0]
    assert sizes[0][1:] == sizes[1][1:]


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_records_the_same_arrays_numbers_and_flags(name: str) -> None:
    quick, standard = (records(profile)[name] for profile in ("quick", "standard"))
    for part in ("arrays", "numbers", "flags"):
        assert list(quick[part]) == list(standard[part])
    for array, stats in quick["arrays"].items():
        other = standard["arrays"][array]
        assert (stats["dtype"], len(stats["shape"])) == (other["dtype"], len(other["shape"]))
        assert stats["nan_count"] == 0 or name in ("stitch", "score")


@pytest.mark.parametrize(
    "name", ["stages.json", "history.json", "metrics.json", "environment.json", "scenario.json"]
)
def test_a_document_has_the_same_keys_and_kinds_of_values(name: str) -> None:
    assert (
        differences(read_json(folder("quick") / name), read_json(folder("standard") / name)) == []
    )


@pytest.mark.parametrize(
    ("other", "where"),
    [
        pytest.param({"a": [{"b": 1.0}]}, ".a[0].c", id="a-key-less"),
        pytest.param({"a": [{"b": "1", "c": None}]}, ".a[0].b", id="text-for-a-number"),
        pytest.param({"a": {"b": 1}}, ".a", id="mapping-for-a-list"),
    ],
)
def test_the_comparison_sees(other: Any, where: str) -> None:
    assert differences({"a": [{"b": 2, "c": True}]}, other) == [where]


def test_the_folders_hold_the_same_files() -> None:
    for profile in ("quick", "standard"):
        assert {*FILES} <= {path.name for path in folder(profile).iterdir()}
