"""The audits `visual` and `dose` of a tiny run: figures against others, faults, and a measured scan without truth."""

from __future__ import annotations

import numpy as np
import pytest

from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.checks.visual_facts import shift
from tests.audits import material, performed, trained

CUSTOM, DOSE = "gs2_custom", "dose_legacy_gs2"


def test_the_audit_measures_what_the_run_recorded() -> None:
    seen = performed("visual", trained()).data["seen"][CUSTOM]
    recorded = trained().finished.metrics
    for name, block in {"network": recorded, **recorded["controls"]}.items():
        if name in seen:
            assert seen[name]["r_factor"] == pytest.approx(block["data"]["r_factor"], rel=1e-6)
    image = trained().reconstruction.object
    values = np.abs(image[np.isfinite(image)]).astype(float)
    assert seen["network"]["contrast"] == pytest.approx(values.std() / values.mean())


@pytest.mark.parametrize(("x", "y"), [(2, 0), (-1, 2)])
def test_the_data_find_by_how_much_an_object_was_moved(x: int, y: int) -> None:
    made = trained().finished.control("iterative")
    filled = np.where(np.isfinite(made.object), made.object, np.nanmean(made.object))
    moved = made.model_copy(update={"object": np.roll(filled, (y, x), axis=(0, 1))})
    found = shift(trained().replaced(reconstruction=moved))
    assert found == pytest.approx([x, y], abs=0.25)


def test_noise_that_looks_right_is_told_by_the_data_alone() -> None:
    found = performed("visual", trained(), control="pretty")
    right = performed("visual", trained()).data["seen"][CUSTOM]["network"]
    assert found.data["seen"][CUSTOM]["network"]["std"] == pytest.approx(right["std"], rel=0.01)
    assert {"INFER-006", "INFER-007"} <= set(found.violated())


def test_without_a_truth_every_criterion_is_evaluated() -> None:
    blind = trained().replaced(scan=trained().scan.model_copy(update={"objectGuess": None}))
    found = performed("visual", blind)
    seen_rules = {
        finding.clause
        for finding in performed("visual", trained()).findings
        if finding.ok is not None
    }
    assert {finding.clause for finding in found.findings if finding.ok is not None} == seen_rules
    assert not found.violated()
    assert found.data["lattice"][CUSTOM]["reference"] == "iterative"
    assert performed("visual", blind, control="tiled").data["lattice"][CUSTOM]["excess"] > 0.005


def test_dose_experiments_stands_beside_whatever_is_asked_for() -> None:
    found = performed("dose", material())
    assert found.status == "ok"
    assert list(found.data["stages"]) == [DOSE, CUSTOM]


def test_a_measured_scan_passes_the_stages_and_its_dose_is_not_evaluated() -> None:
    given = material()
    blind = given.replaced(scan=given.scan.model_copy(update={"objectGuess": None}))
    found = performed("dose", blind)
    assert not found.violated()
    assert {finding.clause for finding in found.findings if finding.ok is None} == {"SCALE-002"}


def test_two_dose_scenarios_need_no_other_beside_them() -> None:
    from ptyspec.checks.dose import companion

    given: StageOutputs = companion()
    found = performed("dose", given)
    assert list(found.data["stages"]) == [DOSE]
