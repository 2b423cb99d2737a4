"""docs/investigation-items.md answers every item of the five reports, and every row can be run."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.spec.cases import collect
from ptyspec.spec.clause import specification
from tests.command_lines import check_command
from tests.investigation import Row, rows
from tests.tiny_runs import SMALL

ROOT = Path(__file__).parents[2]
PHASES = (
    "A0 A1 A1b A2 A3 A4 B0a B0b B0c B0d B0e B0f B0g B0h B1 B2 B3 B4 C1 C2 C2b C3 C3b C3c C3d C4a C4b C4c C4d C4e C4f "
    "D1 D1a D1b D1c D2 D2a D2b D2c D3 D4"
)
"""Checklist of the plan."""
HYPOTHESES = (
    "H-CONFIG H-PROBE-IDEAL-REGRESSION H-GRIDSIZE-NUMERIC H-PROBE-SCALE-CUSTOM H-INTENSITY-SCALE H-OFFSET-OVERFLOW "
    "H-GROUPING-KDTREE H-LOSS-WIRING H-LEGACY-CODEPATH H-SEED-DIVERGENCE H-LOSS-WEIGHT H-NORMALIZATION "
    "H-TRAINING-PARAMS H-ARCHITECTURE H-NEPOCHS"
)
CRITERIA = [f"criterion {name}" for name in ("1", "2", "3", "4", "5", "6a", "6b", "6c")]
COMPLIANCE = [f"compliance {number}" for number in range(1, 7)]
NUMBERED = {"HP": 16, "LP": 13, "LD": 9, "PL": 7, "FS": 16}
"""Rows of the hyperparameter audit, of the two reports on the loss, of the plan's other parts, of the summary."""
TOOLS = (
    "compute_normalization_invariant_check capture_legacy_params_defaults build_legacy_defaults_markdown "
    "--output-legacy-defaults probe_normalization_report.py grouping_summary.py reassembly_limits_report.py "
    "run_phase_c2_scenario.py inspect_intensity_scaler.py analyze_intensity_bias.py capture_dose_normalization.py "
    "parity_logging_spec hyperparam_diff loss_config_diff dose_loss_weights update_legacy_dict max_position_jitter"
)
WRONG = {
    "LD-1": "Wrong",
    "FS-2": "Wrong",
    "FS-12": "Not an amplitude",
    "D2c": "tautology",
    "FS-8": "Not a result",
    "FS-9": "3.746",
    "H-OFFSET-OVERFLOW": "category error",
}
"""Findings of the reports that did not hold, and what the answer has to say."""
TINY = [word for setting in SMALL for word in ("--set", setting)]


@pytest.mark.parametrize(
    ("name", "items"),
    [
        pytest.param("phases", PHASES.split(), id="phases"),
        pytest.param("hypotheses", HYPOTHESES.split(), id="hypotheses"),
        pytest.param("criteria", CRITERIA, id="criteria"),
        pytest.param("compliance", COMPLIANCE, id="compliance"),
        pytest.param(
            "others",
            [f"{k}-{n}" for k, last in NUMBERED.items() for n in range(1, last + 1)],
            id="numbered",
        ),
    ],
)
def test_every_item_of_the_reports_has_its_row(name: str, items: list[str]) -> None:
    assert not set(items) - {item for row in rows() for item in row.items}, name


def test_no_item_has_two_rows_and_no_answer_is_missing() -> None:
    assert max(Counter(item for row in rows() for item in row.items).values()) == 1
    assert all(row.said and row.answer for row in rows())


def test_every_tool_of_the_reports_is_named() -> None:
    text = " ".join(row.said for row in rows())
    assert [tool for tool in TOOLS.split() if tool not in text] == []


@pytest.mark.parametrize("item", WRONG)
def test_a_finding_that_did_not_hold_is_answered_as_such(item: str) -> None:
    [row] = [row for row in rows() if item in row.items]
    assert WRONG[item] in row.answer


def test_the_clauses_of_every_row_exist() -> None:
    assert {
        row.slug: name for row in rows() for name in row.clauses if name not in specification()
    } == {}


@pytest.mark.expensive
def test_the_test_of_every_row_is_collected_and_bound_to_a_clause_of_the_row(
    request: pytest.FixtureRequest,
) -> None:
    bound = bindings(request.session)
    unbound = {
        row.slug: row.test for row in rows() if not bound.get(row.test, set()) & set(row.clauses)
    }
    assert unbound == {}


def bindings(session: pytest.Session) -> dict[str, set[str]]:
    """Clauses of each test function: of this session where it has all the files, else collected anew."""
    found: dict[str, set[str]] = {}
    for item in session.items:
        names = {str(name) for mark in item.iter_markers("clause") for name in mark.args}
        found.setdefault(item.nodeid.partition("[")[0], set()).update(names)
    if {row.test.partition("::")[0] for row in rows()} <= {
        name.partition("::")[0] for name in found
    }:
        return found
    for case in collect(ROOT):
        found.setdefault(case.function, set()).update(case.clauses)
    return found


@pytest.mark.parametrize("row", rows(), ids=[row.slug for row in rows()])
def test_the_command_of_a_row_is_understood(row: Row) -> None:
    check_command(row.command)
    if "--clause" in row.command:
        assert row.command[-1] in row.clauses


NO_NETWORK = {"params", "probe", "grouping", "canvas", "dose"}
"""Audits that build no network; the others run on a finished run, all at once, in test_audit_cli.py."""
CHEAP = sorted(
    {
        row.command
        for row in rows()
        if row.command[1] == "scenarios"
        or (row.command[1] == "audit" and row.command[2] in NO_NETWORK)
    }
)


@pytest.mark.parametrize(
    "command", CHEAP, ids=[re.sub(r"[^\w.]+", "-", " ".join(words[1:])) for words in CHEAP]
)
def test_a_command_that_trains_nothing_runs_and_finds_nothing_broken(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = list(command[1:])
    if words[0] == "audit" and "gs" in " ".join(words):
        words += ["--profile", "quick", *TINY]  # the same question, of a scan of seconds
    result = CliRunner().invoke(app, words)
    assert result.exit_code in (0, 4), result.output
