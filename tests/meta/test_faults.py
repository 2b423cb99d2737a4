"""Faults are applied by name, everywhere at once, and are gone afterwards; never by accident, never in silence."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from math import inf
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.errors import ConfigError, PtyspecError, UnknownNameError
from ptyspec.faults.apply import applied
from ptyspec.faults.catalogue import catalogue
from ptyspec.faults.catalogue import fault as find
from ptyspec.faults.fault import Fault, Patch
from ptyspec.faults.loop import Outcomes, said
from ptyspec.faults.result import Campaign, Row, Seen, Status, judged, merged, seen_page
from ptyspec.faults.result import row as make_row
from ptyspec.files.jsonfile import write_json
from ptyspec.physics import objects, scale
from ptyspec.pipeline import normalize
from ptyspec.runs.environment import FAULTS, active_faults, environment, fingerprint
from ptyspec.runs.store import _without_others, code_version
from ptyspec.spec.cases import TIERS
from ptyspec.spec.clause import PLACES, specification
from tests.plugin_project import OURS, write

pytest_plugins = ["pytester"]


def arguments(function: Any) -> tuple[int, float]:
    """How many positional arguments a function needs, and how many it takes."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    known = inspect.signature(function).parameters.values()
    if any(one.kind is one.VAR_POSITIONAL for one in known):
        return 0, inf
    found = [one for one in known if one.kind in kinds]
    if any(one.kind is one.VAR_KEYWORD for one in known):
        return sum(one.default is one.empty for one in found), inf
    return sum(one.default is one.empty for one in found), len(found)


@pytest.mark.expensive
def test_a_fault_takes_the_arguments_of_what_it_takes_the_place_of() -> None:
    """One that does not is an error for everyone who comes by, and would count as caught."""
    wrong = []
    for fault in catalogue():
        for patch in fault.patches:
            owner: Any = importlib.import_module(patch.module)
            for name in patch.path:
                owner = inspect.getattr_static(owner, name)
            owner = getattr(owner, "fget", None) or getattr(owner, "__func__", owner)
            if patch.makes or not inspect.isfunction(inspect.unwrap(owner)):
                continue
            (needs, takes), (_, most) = arguments(patch.function), arguments(owner)
            if not needs - 1 <= most or not most <= takes - 1:
                wrong.append(fault.id)
    assert wrong == []


def problems(fault: Fault) -> list[str]:
    known = {*fault.red, *fault.green} <= set(specification())
    found = {
        "place": fault.stage in PLACES,
        "story": bool(fault.story),
        "declares red and green": bool(fault.red and fault.green),
        "two colours": not set(fault.red) & set(fault.green),
        "unknown clause": known,
        "tier": fault.cost in TIERS,
    }
    return [what for what, holds in found.items() if not holds]


def test_every_fault_names_a_place_and_clauses_that_exist() -> None:
    assert len(catalogue()) > 250
    assert {one.id: found for one in catalogue() if (found := problems(one))} == {}


def test_a_fault_that_names_an_unknown_clause_is_told() -> None:
    wrong = dataclasses.replace(find("gain-kept"), red=("NOPE-001",), green=("NOPE-001",))
    assert problems(wrong) == ["two colours", "unknown clause"]


def test_a_fault_is_seen_under_every_name_and_taken_back_after_an_error() -> None:
    def work() -> None:
        with applied("gain-by-energy"):
            assert scale.loader_gain(4.0, 64) == normalize.loader_gain(4.0, 64) == 256.0
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert scale.loader_gain(4.0, 64) == normalize.loader_gain(4.0, 64) == 16.0
    assert normalize.loader_gain is scale.loader_gain


def test_a_fault_is_seen_in_tables_that_hold_its_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = objects.lines
    monkeypatch.setitem(
        objects.AMPLITUDES, "lines", plain
    )  # where contract cases ran before, it holds what they drew
    with applied("lines-of-another-blur"):
        assert objects.AMPLITUDES["lines"] is objects.lines is not plain
    assert objects.AMPLITUDES["lines"] is objects.lines is plain


def test_a_run_under_a_fault_is_another_run_and_says_so() -> None:
    healthy = code_version()
    assert active_faults() == ()
    assert "with faults" not in fingerprint()
    with applied("gain-by-energy"):
        assert environment({})["faults"] == ["gain-by-energy"]
        assert fingerprint().endswith("with faults gain-by-energy")
        assert code_version() != healthy
        with applied("gain-kept"):
            assert active_faults() == ("gain-by-energy", "gain-kept")
    assert code_version() == healthy
    assert FAULTS not in os.environ


def test_an_unknown_fault_changes_nothing() -> None:
    with (
        pytest.raises(UnknownNameError, match="no fault is called nothing"),
        applied("gain-by-energy", "nothing"),
    ):
        pass
    assert scale.loader_gain(4.0, 64) == 16.0


TWO = """
import numpy as np

def helper(): return 1

@fault("a:b", red="A", green="B")
def one(b): return helper()

@one.also("a:c")
def _(c): return 2

@fault("a:d")
@clauses(red="A", green="B")
def two(d): return 3
"""


def test_a_faults_digest_follows_its_functions_and_helpers_and_no_other_fault() -> None:
    kept = _without_others(TWO, {"one"})
    assert all(text in kept for text in ("helper", "def one", "return 2"))
    assert "def two" not in kept
    assert _without_others(TWO, {"three"}) == ""


ABSENT = {
    "function": "loader_gian",
    "class": "Loader.gain",
    "attribute": "loader_gain.gain",
    "of-a-number": "np.pi.gain",
}


def at_another_seam(target: str) -> Callable[[str], Fault]:
    return lambda name: dataclasses.replace(
        find(name), patches=[Patch(name, target, lambda original: original)]
    )


@pytest.mark.parametrize("path", ABSENT.values(), ids=ABSENT)
def test_a_seam_that_is_not_there_is_named_and_nothing_stays_changed(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = f"ptyspec.physics.scale:{path}"
    monkeypatch.setattr("ptyspec.faults.apply.fault", at_another_seam(target))
    with (
        pytest.raises(PtyspecError, match=f"the fault gain-kept has no seam {target}"),
        applied("gain-kept"),
    ):
        pass
    assert active_faults() == ()


def test_a_seam_that_cannot_be_watched_is_named_with_its_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ptyspec.faults.loop.fault", at_another_seam("ptyspec.errors:ConfigError"))
    said = "the fault gain-kept cannot take the place of ptyspec.errors:ConfigError"
    with pytest.raises(PtyspecError, match=said), Outcomes().watching(["gain-kept"]):
        pass


CHILD = """
import sys
from ptyspec.errors import PtyspecError
from ptyspec.faults.apply import from_environment
with from_environment():
    assert "ptyspec.pipeline.simulate" not in sys.modules
    from ptyspec.pipeline.simulate import check_size
    print(check_size(6))
from ptyspec.pipeline.simulate import check_size
try:
    check_size(6)
except PtyspecError:
    print("refused")
"""


def test_a_child_takes_its_faults_from_the_environment_and_patches_what_it_loads_later() -> None:
    with applied("side-of-six-accepted"):
        done = subprocess.run(
            [sys.executable, "-c", CHILD], capture_output=True, text=True, check=True
        )
    assert done.stdout.split() == ["None", "refused"]


FORGETFUL = """
import gc
from ptyspec.faults.apply import from_environment
from_environment()
gc.collect()
from ptyspec.physics import scale
print(scale.loader_gain(4.0, 64))
"""


def test_faults_of_the_environment_last_although_nobody_keeps_what_was_returned() -> None:
    with applied("gain-by-energy"):
        done = subprocess.run(
            [sys.executable, "-c", FORGETFUL], capture_output=True, text=True, check=True
        )
    assert (done.stdout.split(), done.stderr) == (["256.0"], "")


GAIN = find("gain-by-energy")
CASES = dict.fromkeys((*GAIN.red, *GAIN.green), 1)


def row(status: Status, *red: str, name: str = GAIN.id, bound: Mapping[str, int] = CASES) -> Row:
    cases = {clause: ["a"] for clause in red}
    return make_row(find(name), cases, bound, specification(), status=status, reached=3)


def result(*rows: Row, unclean: tuple[str, ...] = (), bound: Mapping[str, int] = CASES) -> Campaign:
    return judged("contract", rows, specification(), bound, unclean)


def test_a_result_tells_survivors_blind_clauses_and_missed_ones() -> None:
    killed, lived, unreached = row("killed", *GAIN.red), row("survived"), row("invalid")
    blind, missed = row("killed", *GAIN.red, GAIN.green[0]), row("killed", GAIN.red[0])
    good = result(killed)
    assert (good.status, good.kill_rate, good.specificity, good.survivors) == ("ok", 1.0, 1.0, ())
    half = result(killed, lived)
    assert (half.status, half.kill_rate, half.survivors) == ("violation", 0.5, (GAIN.id,))
    assert result(blind).status == result(killed, unclean=("b",)).status == "violation"
    assert result(blind).specificity == 0.5
    assert (result(missed).status, result(missed).missed) == ("violation", {GAIN.id: GAIN.red[1:]})
    assert (result(unreached).status, result(unreached).kill_rate) == ("incomplete", None)
    assert good.vacuous == good.must_clauses_without_a_kill == GAIN.green


def test_a_reader_is_sent_to_the_first_clause_of_which_most_cases_are_red() -> None:
    early, late = "SCALE-001", "NORM-001"  # of simulate and of normalize

    def sent(bound: dict[str, int]) -> str | None:
        return row("killed", early, late, bound=bound).first_red_stage

    assert sent({early: 2, late: 1}) == "normalize"
    assert sent({early: 1, late: 1}) == "simulate"
    assert sent({early: 2, late: 2}) == "simulate"
    assert row("survived").first_red_stage is None
    bound = {early: 2, late: 1}
    assert result(row("killed", early, late, bound=bound), bound=bound).localised == 1.0


def again(now: Campaign, former: Campaign) -> Campaign:
    return merged(now, former, specification())


def test_what_a_former_campaign_found_of_other_faults_is_kept() -> None:
    gone = row("survived").model_copy(update={"id": "gone-since"})
    former = result(row("killed", *GAIN.red), row("survived", name="gain-kept"), gone)
    now = again(result(row("survived")), former)
    assert [(line.id, line.status) for line in now.faults] == [
        ("gain-by-energy", "survived"),
        ("gain-kept", "survived"),
    ]


def test_how_a_clause_was_seen_red_is_kept_while_its_fault_is() -> None:
    seen = {
        name: Seen(fault=by, case="t.py::test_a", said="observed 1")
        for name, by in zip(GAIN.red, (GAIN.id, "gain-kept"), strict=True)
    }
    rows = row("killed", *GAIN.red), row("killed", *GAIN.red, name="gain-kept")
    former = judged("contract", rows, specification(), CASES, (), seen)
    now = again(result(row("killed", *GAIN.red)), former)
    assert {line.id: line.seen for line in now.clauses if line.seen} == {
        GAIN.red[1]: seen[GAIN.red[1]]
    }
    page = seen_page([now])
    assert f"| {GAIN.red[1]} | gain-kept | test\\_a | observed 1 |" in page
    assert "## Never seen red" in page


def test_a_merged_campaign_is_full_where_every_row_is_and_keeps_what_failed_without_a_fault() -> (
    None
):
    other = row("survived", name="gain-kept")
    quick = other.model_copy(update={"mode": "quick"})
    now = again(result(row("survived"), unclean=("a", "c")), result(quick, unclean=("b", "a")))
    assert (now.mode, now.failing_without_a_fault) == ("quick", ("b", "a", "c"))
    assert again(result(row("survived")), result(other)).mode == "full"


def test_campaigns_of_two_tiers_are_not_merged() -> None:
    former = result(row("survived")).model_copy(update={"tier": "parity"})
    with pytest.raises(ConfigError, match="only campaigns of one tier") as refused:
        again(result(row("survived")), former)
    assert refused.value.details == {
        "value": "--tier contract",
        "limit": "the folder holds parity",
        "source": "--merge",
        "next": "--tier parity, or another folder",
    }


def test_another_tier_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def run(only: list[str], tier: str, *more: object) -> Campaign:
        ran.append(tier)
        return result(row("killed", *GAIN.red))

    monkeypatch.setattr("ptyspec.cli.faults._found", run)
    write_json(tmp_path / "campaign.json", result(row("survived")).model_dump(mode="json"))
    words = ["faults", "campaign", "--merge", "--out", str(tmp_path), "--tier"]
    assert CliRunner().invoke(app, [*words, "parity"]).exit_code == 2
    assert ran == []
    assert CliRunner().invoke(app, [*words, "contract"]).exit_code == 0
    assert ran == ["contract"]


SAID = {
    "clause": ("X · T\n  observed   gain: 2\n  expected   1\n", "observed gain: 2; expected 1"),
    "plain": ("AssertionError: assert 1 == 2\n  more", "assert 1 == 2 more"),
    "path": ("AssertionError: /tmp/pytest-of-a/pytest-0/f.npz is read", "f.npz is read"),
}


@pytest.mark.parametrize(("message", "line"), SAID.values(), ids=SAID)
def test_a_failure_is_told_in_one_line(message: str, line: str) -> None:
    assert " ".join(said(message).split()) == line


GAIN_IS_RIGHT = """
import os
import pytest
from ptyspec.physics.scale import loader_gain

@pytest.mark.clause("NORM-001")
def test_it(clause):
    clause.equal(loader_gain(4.0, 64), 16.0, f"gain in {os.environ['PYTEST_XDIST_WORKER']}")
"""


@pytest.mark.expensive
def test_a_fault_acts_in_every_worker_of_a_parallel_run(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FAULTS, "gain-by-energy")
    write(project, OURS, contract__test_a=GAIN_IS_RIGHT, contract__test_b=GAIN_IS_RIGHT)
    done = project.runpytest_subprocess("-n", "2")
    done.assert_outcomes(failed=2)
    for told in ("NORM-001", "gain in gw0", "gain in gw1", "with faults gain-by-energy"):
        assert told in done.stdout.str()
