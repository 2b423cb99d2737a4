"""What counts as evidence: comparisons that can fail, clauses with cases, golden files that somebody approved."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.files.disk import sha256_of
from ptyspec.spec.cases import Case
from ptyspec.spec.checks import Check, ClauseViolation
from ptyspec.spec.clause import EXACT, Clause
from ptyspec.spec.finding import State
from ptyspec.spec.ledger import FILE, SCHEMA_VERSION, Ledger, Outcome, Stamps, read
from ptyspec.spec.trace import Trace, trace
from ptyspec.testing.golden.checks import Golden, GoldenDrift
from ptyspec.testing.golden.files import (
    MANIFEST,
    Entry,
    GoldenError,
    Tolerance,
    approved,
    problems,
    write_manifest,
)

ROOT = Path(__file__).parents[2]


def rule(name: str, level: Any = "MUST", mode: Any = "exact") -> Clause:
    """A clause of no document."""
    from ptyspec.spec.clause import Tolerance as Limit

    limit = EXACT if mode == "exact" else Limit(0.1, mode, "assigned", "an example")
    return Clause(
        name,
        "A rule",
        1,
        level,
        f"It {level} be so.",
        "so",
        limit,
        "evidence",
        (),
        "S",
        Path("x.md"),
        1,
    )


# EVID-006

NEVER: dict[str, tuple[Any, Any]] = {
    "nan": (np.nan, 1.0),
    "one-nan-of-many": ([1.0, np.nan], [1.0, 1.0]),
    "nan-that-was-expected": ([1.0, 1.0], [1.0, np.nan]),
    "infinite": (np.inf, 1.0),
    "other-shape": (np.ones((3, 1)), np.ones((3, 3))),
    "other-length": (np.ones(2), np.ones(3)),
    "one-for-many": (1.0, np.ones(4)),
    "nothing-for-something": (np.empty(0), np.ones(2)),
    "beyond": (1.2, 1.0),
}


@pytest.mark.clause("EVID-006")
@pytest.mark.parametrize("mode", ["relative", "absolute", "ratio", "exact"])
@pytest.mark.parametrize("what", NEVER)
def test_a_comparison_fails_for_what_cannot_be_compared(what: str, mode: str) -> None:
    observed, expected = NEVER[what]
    with pytest.raises(ClauseViolation, match=r"AREA-001"):
        Check(rule("AREA-001", mode=mode)).close(observed, expected, what)


@pytest.mark.clause("EVID-006")
@pytest.mark.parametrize(
    "claim",
    [
        pytest.param(lambda check: check.finite(np.array([1.0, np.nan]), "values"), id="finite"),
        pytest.param(
            lambda check: check.detects(abs, 2.0, -2.0, "a diagnostic that is blind"),
            id="blind-diagnostic",
        ),
        pytest.param(
            lambda check: check.detects(float, 1.0, float("nan"), "a diagnostic of NaN"),
            id="nan-diagnostic",
        ),
        pytest.param(
            lambda check: check.equal(np.ones(2, np.float32), np.ones(2), "other dtype"), id="dtype"
        ),
        pytest.param(
            lambda check: check.equal(np.array([0.0]), np.array([-0.0]), "other bits"), id="bits"
        ),
        pytest.param(lambda check: check.holds(None, "a condition"), id="nothing"),
    ],
)
def test_a_claim_without_ground_fails(claim: Callable[[Check], None]) -> None:
    with pytest.raises(ClauseViolation):
        claim(Check(rule("AREA-001")))


@pytest.mark.clause("EVID-006")
@pytest.mark.parametrize("text", ["", "words"], ids=["no-error", "at-no-stage"])
def test_an_error_that_did_not_come_or_came_elsewhere_is_no_rejection(text: str) -> None:
    with (
        pytest.raises(ClauseViolation),
        Check(rule("AREA-001")).raises_at("group", ValueError, "a refusal"),
    ):
        float(text or "1.5")


# EVID-007 to EVID-009


def case(name: str, *clauses: str) -> Case:
    return Case(
        f"tests/contract/test_x.py::{name}", clauses, "contract", "tests/contract/test_x.py", 1, "0"
    )


def traced(level: Any = "MUST", cases: tuple[Case, ...] = (), **ended: str) -> Trace:
    rows = {}
    for one in cases:
        if (state := ended.get(one.id.rpartition("::")[2])) is not None:
            rows[one.id] = Outcome(State(state), dict.fromkeys(one.clauses, State(state)))
    return trace({"AREA-001": rule("AREA-001", level)}, cases, Ledger("here", rows), {})


def told(found: Trace, severity: Any, words: str) -> bool:
    return any(words in finding.message for finding in found.of(severity))


ONE = (case("test_it", "AREA-001"),)


@pytest.mark.clause("EVID-007")
@pytest.mark.parametrize(("level", "severity"), [("MUST", "violation"), ("SHOULD", "note")])
def test_a_binding_clause_without_a_case_is_a_violation(
    clause: Check, level: str, severity: str
) -> None:
    clause.holds(
        told(traced(level), severity, "without a case"),
        f"a {level} without a case",
        "not told",
        severity,
    )
    clause.holds(
        not told(traced(level, ONE, test_it="passed"), severity, "without a case"),
        "one with a case",
    )


@pytest.mark.clause("EVID-008")
def test_a_case_of_an_unknown_clause_is_a_violation(clause: Check) -> None:
    found = traced(
        cases=(*ONE, case("test_other", "ARAE-001")), test_it="passed", test_other="passed"
    )
    named = [
        finding.clause
        for finding in found.of("violation")
        if "not in any document" in finding.message
    ]
    clause.equal(named, ["ARAE-001"], "unknown clauses")


@pytest.mark.clause("EVID-009")
@pytest.mark.parametrize(
    ("ended", "state", "severity"),
    [
        pytest.param({}, "not run", "incomplete", id="not-run"),
        pytest.param({"test_it": "not run"}, "not run", "violation", id="skipped"),
        pytest.param({"test_it": "failed"}, "failed", "violation", id="failed"),
        pytest.param({"test_it": "error"}, "error", "violation", id="error"),
        pytest.param({"test_it": "not reached"}, "not reached", "violation", id="not-reached"),
    ],
)
def test_what_did_not_pass_is_not_fulfilled(
    clause: Check, ended: dict[str, str], state: str, severity: Any
) -> None:
    found = traced(cases=ONE, **ended)
    clause.equal(found.rows[0].state, state, "state of the clause")
    clause.holds(
        bool(found.of(severity)) and found.status != "ok", "headline", found.status, severity
    )


@pytest.mark.clause("EVID-009")
def test_one_failure_among_passed_cases_is_a_failure(clause: Check) -> None:
    found = traced(cases=(*ONE, case("test_b", "AREA-001")), test_it="passed", test_b="failed")
    clause.equal(found.rows[0].state, "failed", "state of the clause")


@pytest.mark.clause("EVID-009")
def test_an_outcome_of_other_code_is_none(clause: Check, tmp_path: Path) -> None:
    source, record = tmp_path / ONE[0].id.partition("::")[0], tmp_path / FILE
    for path in (source, record):
        path.parent.mkdir(parents=True)
    source.write_text("def test_it(): ...", encoding="utf-8")
    row = Outcome(State.PASSED, {"AREA-001": State.PASSED}).as_json(Stamps(tmp_path).of(ONE[0].id))
    content = {"schema_version": SCHEMA_VERSION, "environment": "here", "cases": {ONE[0].id: row}}
    record.write_text(json.dumps(content), encoding="utf-8")
    states = []
    for text in ("def test_it(): ...", "def test_it(): assert False"):
        source.write_text(text, encoding="utf-8")
        states.append(
            trace({"AREA-001": rule("AREA-001")}, ONE, read(tmp_path, Stamps(tmp_path).of), {})
            .rows[0]
            .state
        )
    clause.equal(
        states,
        ["passed", "not run"],
        "state of the clause with the code that ran, and with other code",
    )


# Golden files

STATED = Tolerance(0.0, 1e-6, "an example")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with one approved number, and a case that declares it."""
    folder = tmp_path / "golden"
    (folder / "area").mkdir(parents=True)
    numbers = {"numbers": {"energy": {"value": 2.5, **asdict(STATED)}}}
    (folder / "area" / "one.json").write_text(json.dumps(numbers), encoding="utf-8")
    entry = approved_entry(folder / "area" / "one.json", "counted by hand")
    write_manifest(folder, {"area/one.json": entry})
    return folder


def approved_entry(path: Path, reason: str) -> Entry:
    return Entry(
        sha256=sha256_of(path), environment="here", producer="test_x.py::test_it", reason=reason
    )


def compared(folder: Path, value: float, tolerance: Tolerance = STATED) -> None:
    no_arrays = partial(pytest.fail, "numbers are compared without pytest-regressions")
    golden = Golden(folder, "test_x.py::test_it", ("area/one.json",), no_arrays)
    golden.numbers({"energy": value}, {"energy": tolerance})


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.clause("GOLD-001")
def test_a_golden_file_that_was_changed_is_refused_before_it_is_compared_with(
    clause: Check, folder: Path
) -> None:
    compared(folder, 2.5)
    path = folder / "area" / "one.json"
    path.write_text(path.read_text(encoding="utf-8").replace("2.5", "2.7"), encoding="utf-8")
    for value in (2.5, 2.7):
        with pytest.raises(GoldenError, match="changed without approval"):
            compared(folder, value)
    clause.holds(
        any(
            "changed without approval" in line
            for line in problems(folder.parent, ["area/one.json"])
        ),
        "told",
    )


@pytest.mark.clause("GOLD-001", "GOLD-002", "GOLD-003")
def test_the_golden_files_of_this_project_are_the_approved_ones(clause: Check) -> None:
    names = sorted(json.loads((ROOT / "golden" / MANIFEST).read_text(encoding="utf-8"))["files"])
    clause.holds(len(names) >= 4, "golden files", names, "at least four")
    for name in names:
        clause.holds(approved(ROOT / "golden", name), name, "not approved", "approved")
    for name in ("GOLD-002", "GOLD-003"):
        clause(name).equal(problems(ROOT, names), [], "what is wrong with the golden folder")


@pytest.mark.clause("GOLD-002")
@pytest.mark.parametrize("lost", ["atol", "rtol", "source"])
def test_a_golden_number_without_its_tolerance_is_refused(
    clause: Check, folder: Path, lost: str
) -> None:
    path = folder / "area" / "one.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["numbers"]["energy"][lost]
    path.write_text(json.dumps(content), encoding="utf-8")
    write_manifest(folder, {"area/one.json": approved_entry(path, "approved like this")})
    with pytest.raises(GoldenError):
        compared(folder, 2.5)
    clause.holds(
        problems(folder.parent, ["area/one.json"]),
        f"a golden number without {lost}",
        "not told",
        "told",
    )


@pytest.mark.clause("GOLD-002")
@pytest.mark.parametrize(
    ("atol", "rtol", "source"),
    [(0.0, 0.2, "half of it"), (float("inf"), 0.0, "any"), (-1.0, 0.0, "none"), (0.0, 0.0, " ")],
    ids=["a-fifth", "anything", "negative", "no-source"],
)
def test_what_is_no_tolerance_is_refused(atol: float, rtol: float, source: str) -> None:
    with pytest.raises(GoldenError, match="not a tolerance"):
        Tolerance(atol, rtol, source)


@pytest.mark.clause("GOLD-002")
def test_a_tolerance_that_a_case_widens_is_seen(folder: Path) -> None:
    with pytest.raises(GoldenDrift, match="the case states"):
        compared(folder, 2.6, Tolerance(1.0, 0.0, "wide enough"))


@pytest.mark.clause("GOLD-003")
@pytest.mark.parametrize("kind", ["no-entry", "no-file", "no-reader"])
def test_an_orphan_is_reported(clause: Check, folder: Path, kind: str) -> None:
    declared = ["area/one.json"]
    clause.equal(problems(folder.parent, declared), [], "problems of a sound folder")
    if kind == "no-entry":
        shutil.copy(folder / "area" / "one.json", folder / "area" / "other.json")
    elif kind == "no-file":
        (folder / "area" / "one.json").unlink()
    found = problems(folder.parent, [] if kind == "no-reader" else declared)
    clause.holds(found, kind, "not reported", "reported")


@pytest.mark.clause("GOLD-004")
@pytest.mark.parametrize("value", [2.5, 2.7], ids=["agrees", "differs"])
def test_a_comparison_writes_nothing(clause: Check, folder: Path, value: float) -> None:
    before = contents(folder)
    try:
        compared(folder, value)
        agreed = True
    except GoldenDrift:
        agreed = False
    clause.equal(agreed, value == 2.5, "agreement")
    clause.equal(contents(folder), before, "the golden folder")


@pytest.mark.clause("GOLD-004")
def test_a_value_without_a_golden_file_fails_and_makes_none(clause: Check, folder: Path) -> None:
    (folder / "area" / "one.json").unlink()
    write_manifest(folder, {})
    before = contents(folder)
    with pytest.raises(GoldenDrift, match="no golden file yet"):
        compared(folder, 2.5)
    clause.equal(contents(folder), before, "the golden folder")
