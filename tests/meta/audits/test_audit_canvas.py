"""The audit of canvases: its arithmetic by hand, and what a canvas that is too small really cuts."""

from __future__ import annotations

import numpy as np
import pytest

from ptyspec.checks.canvas import jitter_rule, lost_energy, needed_side
from tests.audits import material, performed


@pytest.mark.parametrize(
    ("reach", "side"), [(0.0, 32), (0.25, 34), (1.0, 34), (1.01, 36), (9.85, 52)]
)
def test_the_needed_side_is_the_smallest_even_excess_that_holds_the_reach(
    reach: float, side: int
) -> None:
    assert needed_side(np.array([[[reach, 0.0], [-0.0, -reach]]]), 32) == side


@pytest.mark.parametrize(
    ("reach", "size", "side"), [(382.0, 64, 828), (381.04, 64, 828), (380.9, 64, 826), (1.2, 7, 11)]
)
def test_the_jitter_rule_rounds_up_to_the_parity_of_n(reach: float, size: int, side: int) -> None:
    assert jitter_rule(np.array([[0.0, -reach]]), size) == side


def test_a_patch_moved_by_eight_pixels_loses_eight_columns_of_a_canvas_without_margin() -> None:
    energy, relative = np.ones((1, 1, 32, 32)), np.array([[[[8.0], [0.0]]]])
    assert lost_energy(energy, relative, 32).item() == pytest.approx(8 / 32)
    assert lost_energy(energy, relative, 40).item() == pytest.approx(4 / 32)
    assert lost_energy(energy, relative, 48).item() == pytest.approx(0, abs=1e-12)
    assert lost_energy(energy, 0.25 * relative[..., ::-1, :], 36).item() == pytest.approx(
        0, abs=1e-12
    )


def test_the_audit_tells_what_is_cut_from_what_upstream_called_lost() -> None:
    facts = performed("canvas", material()).data["model"]["gs2_custom"]
    assert facts["side"] == facts["needed"] == facts["side_when_moved"] > facts["N"]
    assert facts["lost"] < 1e-9
    assert facts["upstream_formula"] > 0.1  # a ratio of sides: so much is "lost" where nothing is
    assert facts["lost_on_N"] > 0.1


def test_single_frames_need_no_more_than_their_own_size() -> None:
    facts = performed("canvas", material("gs1_custom")).data["model"]["gs1_custom"]
    assert facts["needed"] == facts["side"] == facts["N"]
    assert facts["jitter_rule"] > 2 * facts["N"]


def test_without_an_object_both_canvases_are_measured_and_positions_not_evaluated() -> None:
    given = material()
    blind = given.replaced(scan=given.scan.model_copy(update={"objectGuess": None}))
    found = performed("canvas", blind)
    assert {finding.clause for finding in found.findings if finding.ok is None} == {
        *("MERGE-003", "STITCH-005", "REASSEMBLY-METRIC-FRAME-001", "SCORE-007")
    }
    assert found.status == "incomplete"
