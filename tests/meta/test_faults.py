"""Faults are applied by name, everywhere at once, and are gone afterwards; never by accident, never in silence."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.errors import ConfigError, PtyspecError, UnknownNameError
from ptyspec.faults.apply import applied
from ptyspec.faults.catalogue import catalogue
from ptyspec.faults.catalogue import fault as find
from ptyspec.faults.fault import Fault, Patch
from ptyspec.faults.result import Result, Row, Status, merged
from ptyspec.faults.seen import watched
from ptyspec.files.jsonfile import write_json
from ptyspec.physics import objects, scale
from ptyspec.pipeline import normalize
from ptyspec.runs.environment import FAULTS, active_faults, environment, fingerprint
from ptyspec.runs.runkey import code_version
from ptyspec.spec.clause import PLACES
from ptyspec.spec.registry import specification
from ptyspec.spec.tiers import TIERS

ROOT = Path(__file__).parents[2]


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
    monkeypatch.setattr("ptyspec.faults.seen.fault", at_another_seam("ptyspec.errors:ConfigError"))
    said = "the fault gain-kept cannot take the place of ptyspec.errors:ConfigError"
    with pytest.raises(PtyspecError, match=said), watched(["gain-kept"], [""]):
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


def row(status: Status, *red: str) -> Row:
    return Row(
        find("gain-by-energy"),
        status,
        "",
        3,
        {name: ["a"] for name in red},
        1.0,
        0.1 if red else None,
    )


def result(*rows: Row, unclean: tuple[str, ...] = (), cases: int = 1) -> Result:
    fault = find("gain-by-energy")
    return Result(
        "contract", rows, specification(), dict.fromkeys((*fault.red, *fault.green), cases), unclean
    )


def test_a_result_tells_survivors_blind_clauses_and_missed_ones() -> None:
    one = find("gain-by-energy")
    killed, lived, unreached = row("killed", *one.red), row("survived"), row("invalid")
    blind, missed = row("killed", *one.red, one.green[0]), row("killed", one.red[0])
    assert (result(killed).status, result(killed).kill_rate, result(killed).specificity) == (
        "ok",
        1.0,
        1.0,
    )
    assert (result(killed, lived).status, result(killed, lived).kill_rate) == ("violation", 0.5)
    assert result(blind).status == result(killed, unclean=("b",)).status == "violation"
    assert result(blind).specificity == 0.5
    assert (result(missed).status, result(missed).missed) == (
        "violation",
        {one.id: list(one.red[1:])},
    )
    assert (result(unreached).status, result(unreached).kill_rate) == ("incomplete", None)
    assert result(killed).as_json()["survivors"] == []
    assert result(lived).as_json()["survivors"] == [one.id]
    assert result(killed).vacuous == result(killed).unkilled == list(one.green)


def test_a_reader_is_sent_to_the_first_clause_of_which_most_cases_are_red() -> None:
    early, late = "SCALE-001", "NORM-001"  # of simulate and of normalize
    both = row("killed", early, late)
    many = Result("contract", (both,), specification(), {early: 2, late: 1}, ())
    assert many.first_stage(both) == "normalize"
    assert many.localised == 1.0
    most = Result("contract", (both,), specification(), {early: 1, late: 1}, ())
    assert most.first_stage(both) == "simulate"
    none = Result("contract", (both,), specification(), {early: 2, late: 2}, ())
    assert none.first_stage(both) == "simulate"
    assert result(row("survived")).first_stage(row("survived")) is None


def test_what_a_former_campaign_found_of_other_faults_is_kept() -> None:
    one = find("gain-by-energy")
    former = result(row("killed", *one.red), row("survived")).as_json()
    former["faults"][1] |= {"id": "gain-kept"}
    former["faults"].append(former["faults"][0] | {"id": "gone-since"})
    now = merged(result(row("survived")), former)
    assert [(line.fault.id, line.status) for line in now.rows] == [
        ("gain-by-energy", "survived"),
        ("gain-kept", "survived"),
    ]


def test_a_merged_campaign_is_full_where_every_row_is_and_keeps_what_failed_without_a_fault() -> (
    None
):
    one = row("survived")
    former = result(one, unclean=("b", "a")).as_json()
    former["faults"][0] |= {"id": "gain-kept", "mode": "quick"}
    now = merged(result(one, unclean=("a", "c")), former)
    assert (now.mode, now.unclean) == ("quick", ("b", "a", "c"))
    former["faults"][0] |= {"mode": "full"}
    assert merged(dataclasses.replace(result(one), mode="quick"), former).mode == "full"


def test_campaigns_of_two_tiers_are_not_merged() -> None:
    former = result(row("survived")).as_json() | {"tier": "parity"}
    with pytest.raises(ConfigError, match="only campaigns of one tier") as refused:
        merged(result(row("survived")), former)
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

    def run(only: list[str], tier: str, *more: object) -> Result:
        ran.append(tier)
        return result(row("killed", *find("gain-by-energy").red))

    monkeypatch.setattr("ptyspec.cli.faults._found", run)
    write_json(tmp_path / "campaign.json", result(row("survived")).as_json())
    words = ["faults", "campaign", "--merge", "--out", str(tmp_path), "--tier"]
    assert CliRunner().invoke(app, [*words, "parity"]).exit_code == 2
    assert ran == []
    assert CliRunner().invoke(app, [*words, "contract"]).exit_code == 0
    assert ran == ["contract"]


def test_a_fault_acts_in_every_worker_of_a_parallel_run() -> None:
    words = ["-m", "pytest", "-n", "2", "-p", "no:cacheprovider", "tests/contract/test_scale.py"]
    changed = os.environ | {FAULTS: "gain-by-energy"}
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=changed, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout
    assert "NORM-001" in done.stdout
    assert "with faults gain-by-energy" in done.stdout
