"""The audit of probes: its second path, and what it says of masks, files and unknown objects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ptyspec.checks.probe import disk_mask, published_disk, second_path
from ptyspec.checks.stage_outputs import StageOutputs
from tests.audits import material, performed


@pytest.mark.parametrize(("scale", "pixels"), [(10.0, 4), (0.7, 376)], ids=["report", "pipeline"])
def test_the_published_reports_disk_is_four_pixels_and_the_pipelines_is_not(
    scale: float, pixels: int
) -> None:
    raw = published_disk(64, scale)
    assert int((raw > 0.5 * raw.max()).sum()) == pixels


@pytest.mark.parametrize(
    ("size", "diameter", "pixels"), [(64, 32, 812), (2, 2, 4), (4, 2, 4), (4, 1, 0)]
)
def test_the_mask_is_counted_in_whole_numbers(size: int, diameter: float, pixels: int) -> None:
    assert disk_mask(size, diameter).sum() == pixels


def test_a_requested_mask_is_applied_on_both_paths_and_its_absence_is_red() -> None:
    masked = material("gs2_custom", "model.probe_mask=true")
    assert not performed("probe", masked).violated()
    unmasked = masked.replaced(scan=material().scan)
    assert "PROBE-MASK-DEFAULT-001" in performed("probe", unmasked).violated()


def test_an_unknown_object_leaves_the_data_unevaluated_and_never_passed() -> None:
    given = material()
    blind = given.replaced(scan=given.scan.model_copy(update={"objectGuess": None}))
    found = performed("probe", blind)
    assert [finding.clause for finding in found.findings if finding.ok is None] == ["PROBE-003"]
    assert found.status == "incomplete"


def test_a_file_is_read_a_second_time_without_the_projects_readers(tmp_path: Path) -> None:
    probe = 3 * material().scan.probeGuess
    np.savez(tmp_path / "probe.npz", probeGuess=probe)
    told = material("gs2_custom", "probe.kind=file", f"probe.path={tmp_path / 'probe.npz'}")
    assert np.array_equal(second_path(told.scenario), probe)
    assert not performed("probe", told).violated()
    other = StageOutputs(told.subject).replaced(
        scan=told.scan.model_copy(update={"probeGuess": 1.001 * told.scan.probeGuess})
    )
    assert "DATA-007" in performed("probe", other).violated()
