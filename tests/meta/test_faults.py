"""Faults are applied by name, everywhere at once, and are gone afterwards; never by accident, never in silence."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ptyspec.errors import UnknownNameError
from ptyspec.faults import campaign
from ptyspec.faults.apply import applied
from ptyspec.faults.catalogue import fault as find
from ptyspec.faults.catalogue import names
from ptyspec.io.runkey import code_version
from ptyspec.observe.environment import FAULTS, active_faults, environment, fingerprint
from ptyspec.physics import scale
from ptyspec.pipeline import normalize
from ptyspec.spec.clause import PLACES
from ptyspec.spec.registry import specification
from ptyspec.spec.tiers import TIERS


@pytest.mark.parametrize("name", names())
def test_a_fault_names_a_place_clauses_that_exist_and_a_seam(name: str) -> None:
    fault = find(name)
    assert fault.id == name
    assert fault.stage in PLACES
    assert fault.story
    assert fault.patches
    assert fault.red
    assert fault.green
    assert not set(fault.red) & set(fault.green)
    assert {*fault.red, *fault.green} <= set(specification())
    assert fault.cost in TIERS
    assert all(patch.module.startswith("ptyspec.") and patch.path[0] for patch in fault.patches)


def test_a_fault_is_seen_under_every_name_and_taken_back_after_an_error() -> None:
    def work() -> None:
        with applied("gain-by-energy"):
            assert scale.loader_gain(4.0, 64) == normalize.loader_gain(4.0, 64) == 256.0
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert scale.loader_gain(4.0, 64) == normalize.loader_gain(4.0, 64) == 16.0
    assert normalize.loader_gain is scale.loader_gain


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
    with pytest.raises(UnknownNameError, match="no fault is called nothing"), applied("gain-by-energy", "nothing"):
        pass
    assert scale.loader_gain(4.0, 64) == 16.0


CHILD = """
import sys
from ptyspec.faults.apply import from_environment
with from_environment():
    assert "ptyspec.physics.scale" not in sys.modules
    from ptyspec.pipeline.normalize import loader_gain
    print(loader_gain(4.0, 64))
from ptyspec.physics import scale
from ptyspec.pipeline import normalize
print(scale.loader_gain(4.0, 64), normalize.loader_gain(4.0, 64))
"""


def test_a_child_takes_its_faults_from_the_environment_and_patches_what_it_loads_later() -> None:
    with applied("gain-by-energy"):
        done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["256.0", "16.0", "16.0"]


def test_a_result_tells_survivors_blind_clauses_and_the_stage_that_was_found() -> None:
    clauses, one = specification(), find("gain-by-energy")
    killed = campaign.Row(one, "killed", "", 3, {one.red[0]: ["a"]}, 1.0, 0.1)
    lived = campaign.Row(one, "survived", "", 3, {}, 1.0, None)
    blind = campaign.Row(one, "killed", "", 3, {one.green[0]: ["a"]}, 1.0, 0.1)
    unreached = campaign.Row(one, "invalid", "no case", 0, {}, 1.0, None)
    bound = frozenset({one.red[0], one.green[0]})

    def result(*rows: campaign.Row, unclean: tuple[str, ...] = ()) -> campaign.Result:
        return campaign.Result("contract", rows, clauses, bound, unclean)

    assert (result(killed).status, result(killed).kill_rate) == ("ok", 1.0)
    assert (result(killed, lived).status, result(killed, lived).kill_rate) == ("violation", 0.5)
    assert result(blind).status == result(killed, unclean=("b",)).status == "violation"
    assert (result(unreached).status, result(unreached).kill_rate) == ("incomplete", None)
    assert result(killed).as_json()["survivors"] == []
    assert result(lived).as_json()["survivors"] == [one.id]
    assert killed.first_stage(clauses) == clauses[one.red[0]].place
