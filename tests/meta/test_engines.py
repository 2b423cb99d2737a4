"""engines/: what is kept of each engine, its explanations, and the scoreboard that is made of both."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from engines.catalogue import ENGINES, HERE, Engine
from engines.documents import AGREEMENT, WANTED, Agreement, EngineVerdict, explanations, verdict
from engines.scoreboard import badge, board, files, page
from ptyspec.files.jsonfile import read_document
from ptyspec.report.scoreboard import MARKS
from ptyspec.spec.clause import specification

RED = ("failed", "error", "not reached")
ADAPTER_LINES = 75
"""A class and its calls; the engines' own names take most of them."""
judged = [engine for engine in ENGINES if verdict(engine.name) is not None]


def kept(engine: Engine) -> EngineVerdict:
    found = verdict(engine.name)
    assert found is not None
    return found


def requirements(engine: Engine) -> Path:
    return HERE / "requirements" / f"{engine.environment}.txt"


def test_every_file_of_the_scoreboard_is_current() -> None:
    stale = [
        str(path)
        for path, text in files().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "write them again: python -m engines.scoreboard"


def test_at_least_four_public_engines_and_our_own_were_judged() -> None:
    assert len({engine.environment for engine in judged} - {""}) >= 4
    assert "ptyspec-rpie" in {engine.name for engine in judged}


@pytest.mark.parametrize("engine", judged, ids=lambda engine: engine.name)
def test_every_red_clause_is_explained_and_no_other(engine: Engine) -> None:
    red = {one.clause for one in kept(engine).clauses if one.state in RED}
    assert set(explanations(engine.name)) == red


@pytest.mark.parametrize("engine", judged, ids=lambda engine: engine.name)
def test_a_defect_that_is_not_ours_comes_with_lines_that_show_it(engine: Engine) -> None:
    told = explanations(engine.name)
    bare = [name for name, one in told.items() if one.kind == "their defect" and not one.reproducer]
    assert bare == []


@pytest.mark.parametrize("engine", judged, ids=lambda engine: engine.name)
def test_a_verdict_names_versions_and_date_and_no_place_of_a_machine(engine: Engine) -> None:
    document = kept(engine)
    assert {"python", "numpy", "ptyspec"} <= set(document.versions)
    assert not engine.package or engine.package in document.versions
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", document.date)
    assert not re.search(r"/(home|tmp|work|root|Users)/", document.model_dump_json())
    assert {one.clause for one in document.clauses} <= set(specification())


def test_every_environment_is_pinned() -> None:
    loose = [
        f"{engine.environment}: {line}"
        for engine in judged
        if engine.environment
        for line in requirements(engine).read_text(encoding="utf-8").splitlines()
        if not re.fullmatch(r"[\w.-]+==[\w.]+", line)
    ]
    assert loose == []


def test_adapters_stay_small() -> None:
    long = {}
    for path in sorted((HERE / "adapters").glob("*_box.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        (made,) = (node for node in tree.body if isinstance(node, ast.ClassDef))
        lines = (made.end_lineno or 0) - made.lineno + 1
        if lines > ADAPTER_LINES:
            long[path.name] = lines
    assert long == {}


def test_a_clause_that_does_not_look_at_an_engine_is_a_dash_and_never_green() -> None:
    made = board()
    first = made.columns[0]
    assert "RECON-045" not in first.clauses  # for networks
    shorter = first.model_copy(update={"clauses": {"RECON-001": "not run"}})
    row = next(
        line
        for line in page(made.model_copy(update={"columns": [shorter]})).splitlines()
        if line.startswith("| RECON-001")
    )
    assert MARKS["not run"] in row
    assert MARKS["passed"] not in row


def test_a_badge_says_how_many_clauses_hold_and_is_green_for_the_right_alone() -> None:
    assert "2e7d32" in badge("x", "44 of 44", good=True)
    assert "2e7d32" not in badge("x", "43 of 44", good=False)
    counts = {one.engine: one.badge for one in board().columns}
    assert counts["ptyspec-rpie"].startswith("4")


def test_pty_chi_and_our_rpie_agree_on_one_scan() -> None:
    made = read_document(AGREEMENT, Agreement, "an agreement")
    assert made.photons == 1e6
    pair = next(one for one in made.pairs if one.other == "ptychi-rpie")
    assert min(pair.amplitude_pearson, pair.phase_pearson) >= WANTED
    assert json.loads(AGREEMENT.read_text(encoding="utf-8"))["wanted"] == WANTED
