"""Comparing with golden values: what is refused, what agrees, what the message says, and that nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.files.disk import sha256_of
from ptyspec.spec.checks import Check
from ptyspec.testing.golden.checks import Golden, GoldenDrift
from ptyspec.testing.golden.files import (
    Content,
    Entry,
    GoldenError,
    Tolerance,
    read,
    tolerances_of,
    write,
    write_manifest,
)

LIMIT = Tolerance(1e-3, 1e-3, "derived")
IMAGE = np.linspace(1, 2, 64).reshape(8, 8).astype(np.complex64)


@pytest.fixture
def kept(tmp_path: Path, request: pytest.FixtureRequest) -> Golden:
    """A golden folder with a number and an image, as a case sees it."""
    folder = tmp_path / "golden"
    limits = {"mean": LIMIT, "count": LIMIT}
    write(folder / "a/n.json", Content({"mean": 1.0, "count": 3}, limits, {"kind": "x"}))
    write(folder / "a/n.npz", Content({"image": IMAGE, "index": np.arange(3)}, {}))
    entries = {}
    for name, stated in (("a/n.json", {}), ("a/n.npz", {"image": LIMIT, "index": LIMIT})):
        entries[name] = Entry(
            sha256=sha256_of(folder / name),
            environment="elsewhere",
            producer="case",
            reason="a reason",
            tolerances=stated,
        )
    write_manifest(folder, entries)

    def array_check() -> Any:
        return request.getfixturevalue("ndarrays_regression").check

    return Golden(folder, "tests/x.py::test_it", ("a/n.json", "a/n.npz"), array_check)


def numbers(kept: Golden, **changes: Any) -> None:
    given: dict[str, Any] = {
        "values": {"mean": 1.0, "count": 3},
        "tolerances": {"*": LIMIT},
        "facts": {"kind": "x"},
    }
    kept.numbers(**(given | changes))


def arrays(kept: Golden, **changes: Any) -> None:
    kept.arrays({"image": IMAGE, "index": np.arange(3)} | changes, {"*": LIMIT})


def content(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(p): (p.read_bytes(), p.stat().st_mtime_ns)
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_what_lies_within_its_tolerance_agrees(kept: Golden) -> None:
    numbers(kept)
    numbers(kept, values={"mean": 1.0019, "count": 3})
    arrays(kept)
    arrays(kept, image=(IMAGE * 1.0009).astype(np.complex64))
    assert kept.compared == {"a/n.json", "a/n.npz"}


DRIFTS: dict[str, dict[str, Any]] = {
    "beyond": {"values": {"mean": 1.0021, "count": 3}},
    "missing": {"values": {"mean": 1.0}},
    "more": {"values": {"mean": 1.0, "count": 3, "new": 1}},
    "fact": {"facts": {"kind": "y"}},
    "fact-type": {"facts": {"kind": True}},
    "tolerance": {"tolerances": {"*": Tolerance(1.0, 0.0, "made wider in the case alone")}},
}


@pytest.mark.parametrize("what", DRIFTS)
def test_numbers_that_left_their_tolerance_are_drift(kept: Golden, what: str) -> None:
    with pytest.raises(
        GoldenDrift,
        match=r"(?s)golden drift: a/n\.json: \d of \d values differ.*next: ptyspec golden",
    ):
        numbers(kept, **DRIFTS[what])


ARRAYS: dict[str, dict[str, Any]] = {
    "beyond": {"image": (IMAGE * 1.01).astype(np.complex64)},
    "one-element": {
        "image": np.where(np.arange(64).reshape(8, 8) == 9, 3, IMAGE).astype(np.complex64)
    },
    "nan": {
        "image": np.where(np.arange(64).reshape(8, 8) == 9, np.nan, IMAGE).astype(np.complex64)
    },
    "dtype": {"image": IMAGE.astype(np.complex128)},
    "shape": {"image": IMAGE[:4]},
    "whole-number": {"index": np.array([0, 1, 3])},
    "key": {"other": IMAGE},
}


@pytest.mark.parametrize("what", ARRAYS)
def test_arrays_that_left_their_tolerance_are_drift(kept: Golden, what: str) -> None:
    with pytest.raises(
        GoldenDrift, match=r"(?s)golden drift: a/n\.npz.*next: ptyspec golden"
    ) as raised:
        arrays(kept, **ARRAYS[what])
    assert "regen" not in str(raised.value)


def test_a_drift_tells_value_tolerance_source_and_both_environments(kept: Golden) -> None:
    with pytest.raises(GoldenDrift) as raised:
        numbers(kept, values={"mean": 1.5, "count": 3})
    text = str(raised.value)
    assert "mean: observed 1.5, golden 1.0, off by 0.5, allowed 0.002 (derived)" in text
    assert "approved in: elsewhere\nobserved in: numpy" in text


@pytest.mark.clause("GOLD-001")
@pytest.mark.parametrize("name", ["a/n.json", "a/n.npz"], ids=["json", "npz"])
def test_an_altered_file_is_refused_although_the_values_agree(
    clause: Check, kept: Golden, name: str
) -> None:
    path = kept.folder / name
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(GoldenError) as raised:
        (numbers if name.endswith("json") else arrays)(kept)
    clause.holds(
        "was changed without approval" in str(raised.value),
        "the altered file is refused",
        raised.value,
    )


@pytest.mark.clause("GOLD-001")
def test_a_file_without_its_entry_is_refused(clause: Check, kept: Golden) -> None:
    write_manifest(kept.folder, {})
    with pytest.raises(GoldenError) as raised:
        numbers(kept)
    clause.holds(
        "has no entry in the manifest" in str(raised.value),
        "the unlisted file is refused",
        raised.value,
    )


@pytest.mark.clause("GOLD-002")
@pytest.mark.parametrize(
    "stated",
    [{}, {"other": LIMIT}, {"m*": LIMIT, "*n": LIMIT}],
    ids=["none", "another", "ambiguous"],
)
def test_a_value_without_its_tolerance_is_refused(
    clause: Check, kept: Golden, stated: dict[str, Tolerance]
) -> None:
    with pytest.raises(GoldenError) as raised:
        kept.numbers({"mean": 1.0}, stated)
    clause.holds(
        "stated for a golden value" in str(raised.value),
        "a value without tolerance is refused",
        raised.value,
    )
    with pytest.raises(GoldenError):
        kept.arrays({"mean": IMAGE}, stated)


@pytest.mark.clause("GOLD-002")
@pytest.mark.parametrize(
    ("atol", "rtol", "source"),
    [
        (-1.0, 0.0, "s"),
        (float("inf"), 0.0, "s"),
        (float("nan"), 0.0, "s"),
        (0.0, 0.1, "s"),
        (0.0, -1.0, "s"),
        (1.0, 0.0, " "),
    ],
    ids=["negative", "infinite", "nan", "tenth", "rtol-negative", "no-source"],
)
def test_a_tolerance_is_finite_small_and_has_a_source(
    clause: Check, atol: float, rtol: float, source: str
) -> None:
    with pytest.raises(GoldenError) as raised:
        Tolerance(atol, rtol, source)
    clause.holds("not a tolerance" in str(raised.value), "the tolerance is refused", raised.value)


def test_a_name_wins_over_a_pattern() -> None:
    narrow = Tolerance(0.0, 0.0, "whole numbers")
    assert tolerances_of(["count", "mean"], {"*": LIMIT, "count": narrow}) == {
        "count": narrow,
        "mean": LIMIT,
    }


@pytest.mark.clause("GOLD-004")
def test_comparing_writes_nothing_whether_it_agrees_or_not(clause: Check, kept: Golden) -> None:
    before = content(kept.folder)
    numbers(kept)
    arrays(kept)
    with pytest.raises(GoldenDrift):
        numbers(kept, values={"mean": 2.0, "count": 3})
    with pytest.raises(GoldenDrift):
        arrays(kept, image=2 * IMAGE)
    clause.equal(content(kept.folder), before, "the golden folder after four comparisons")


@pytest.mark.clause("GOLD-004")
def test_a_missing_file_is_not_made(clause: Check, kept: Golden) -> None:
    """pytest-regressions would create it, and pass the second time."""
    for name in kept.declared:
        (kept.folder / name).unlink()
    write_manifest(kept.folder, {})
    before = content(kept.folder)
    for compare in (numbers, arrays, numbers, arrays):
        with pytest.raises(GoldenDrift, match="there is no golden file yet"):
            compare(kept)
    clause.equal(content(kept.folder), before, "the golden folder after comparisons with nothing")


def test_a_proposal_keeps_the_golden_value_of_what_holds(kept: Golden, tmp_path: Path) -> None:
    """Otherwise a value walks away, each step within its tolerance."""
    kept.proposals = tmp_path / "proposals"
    numbers(kept, values={"mean": 1.001, "count": 9})
    found = read(tmp_path / "proposals/new/a/n.json", {})
    assert found.values == {"mean": 1.0, "count": 9}
    kept.proposals = tmp_path / "others"
    numbers(kept, values={"mean": 1.001, "count": 3}, tolerances={"*": Tolerance(0.1, 0, "wider")})
    found = read(tmp_path / "others/new/a/n.json", {})
    assert found.values == {"mean": 1.0, "count": 3}, "another tolerance alone moves no value"


def test_an_array_without_an_approved_tolerance_is_proposed(kept: Golden, tmp_path: Path) -> None:
    """Where the manifest lost its entry, the array could otherwise never be approved again."""
    write_manifest(kept.folder, {})
    kept.proposals = tmp_path / "proposals"
    arrays(kept)
    [proposal] = kept.proposed
    assert proposal.status == "changed"
    assert "no approved tolerance" in "".join(proposal.differences)


def test_a_number_that_is_not_finite_is_no_golden_number(kept: Golden) -> None:
    with pytest.raises(GoldenError, match="not finite"):
        numbers(kept, values={"mean": float("nan"), "count": 3})
