"""A scan is shown before it is used: pictures, what the clauses say, and lengths in their units."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ptyspec
from ptyspec import extras
from ptyspec.contracts.run import RunResult
from ptyspec.files.scan_file import read_scan, write_scan
from ptyspec.files.stated import length_text
from ptyspec.physics.scan_facts import ScanFacts, lit_area, lit_diameter
from ptyspec.render import canvas
from ptyspec.render.canvas import Frame, views
from ptyspec.report import maps, scan_pictures
from ptyspec.report.figures import drawers
from ptyspec.report.lengths import lengths, resolution
from tests.cxi_files import OBJECT_PIXEL, far_field_scan, write
from tests.fake_run import make_run, report_of, without_truth
from tests.page_text import text_of

GEOMETRY = {"object_pixel_m": 2e-8, "wavelength_m": 1.24e-10, "distance_m": 1.5}


def with_hot_pixel(path: Path) -> Path:
    """A CXI scan with 50 times the counts of its neighbours in one pixel."""
    counts = far_field_scan()[0].copy()
    counts[:, 5, 27] = counts.sum(axis=(1, 2)) // 5
    return write(path / "hot.cxi", **{"entry_1/data_1/data": counts})


def looked_at(path: Path, *words: str) -> str:
    from typer.testing import CliRunner

    from ptyspec.cli.main import app

    done = CliRunner().invoke(app, ["check-scan", str(path), "--quick", *words])
    assert done.exit_code in (0, 5), done.output
    return str(done.stdout)


def test_the_page_needs_no_other_file_and_names_what_was_found(tmp_path: Path) -> None:
    place = tmp_path / "page"
    looked_at(with_hot_pixel(tmp_path), "--out", str(place))
    page = (place / "check-scan.html").read_text(encoding="utf-8")
    text = text_of(page)
    assert (
        "hot, dead or full pixels were masked (scan.hot_pixels), [row, column]: [[5, 27]]" in text
    )
    assert "passed · SCAN-001 Positions are object pixels: median step" in text
    assert f"| object pixel | {length_text(OBJECT_PIXEL)} |" in text
    if extras.installed("matplotlib"):
        assert page.count("data:image/png;base64,") == len(scan_pictures.CAPTIONS)
    else:
        assert text.count("could not be drawn") == len(scan_pictures.CAPTIONS)


def test_a_folder_of_anything_else_is_not_written_over(tmp_path: Path) -> None:
    place = tmp_path / "page"
    for _ in range(2):  # a page may be made again
        looked_at(write(tmp_path / "s.cxi"), "--out", str(place))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("x")
    with pytest.raises(ptyspec.errors.OutputExistsError, match="the page of a scan"):
        ptyspec.check_scan(tmp_path / "s.cxi", out=tmp_path / "other")


def test_lengths_and_the_page_stand_on_the_terminal_and_in_the_document(tmp_path: Path) -> None:
    path, place = write(tmp_path / "s.cxi"), tmp_path / "page"
    said = looked_at(path, "--out", str(place))
    assert f"object pixel {length_text(OBJECT_PIXEL)}, field of view" in said
    assert f"page: {place / 'check-scan.html'}" in said
    document = json.loads(looked_at(path, "--out", str(place), "--json"))
    assert document["lengths"]["object pixel"] == length_text(OBJECT_PIXEL)
    assert document["page"] == str(place / "check-scan.html")


def test_a_scan_in_pixels_has_no_lengths(tmp_path: Path) -> None:
    scan = read_scan(write(tmp_path / "s.cxi")).model_copy(update={"metadata": {}})
    path = write_scan(tmp_path / "s.npz", scan)
    assert lengths(ScanFacts(scan)) == {}
    assert "object pixel 1" not in looked_at(path)
    assert json.loads(looked_at(path, "--json"))["page"] is None


@pytest.mark.parametrize(
    ("metres", "text"),
    [
        pytest.param(1.28, "1.28 m", id="m"),
        pytest.param(7.5e-5, "75 µm", id="um"),
        pytest.param(1e-6, "1 µm", id="one-um"),
        pytest.param(5.1666e-8, "51.67 nm", id="nm"),
        pytest.param(1.24e-10, "124 pm", id="pm"),
        pytest.param(2e-13, "0.2 pm", id="below-pm"),
    ],
)
def test_a_length_is_told_in_the_unit_that_fits(metres: float, text: str) -> None:
    assert length_text(metres) == text


@pytest.mark.parametrize(
    ("places", "area"),
    [
        pytest.param([[0, 0]], 25 * np.pi, id="one"),
        pytest.param([[0, 0], [0, 0.01]], 25 * np.pi, id="the-same-twice"),
        pytest.param([[0, 0], [70, -30]], 50 * np.pi, id="two-apart"),
        pytest.param(
            [[x, y] for x in range(0, 101, 2) for y in range(0, 101, 2)],
            100**2 + 4 * 100 * 5 + 25 * np.pi,
            id="raster",
        ),
    ],
)
def test_the_lit_area_is_that_of_circles_without_their_overlap(places: Any, area: float) -> None:
    assert lit_area(np.array(places, float), 10.0) == pytest.approx(area, rel=0.06)


def test_the_dose_is_what_was_counted_over_the_lit_area(tmp_path: Path) -> None:
    scan = read_scan(write(tmp_path / "s.cxi"))
    number, unit = lengths(ScanFacts(scan))["dose"].split()
    area = lit_area(scan.positions, lit_diameter(scan.probeGuess)) * OBJECT_PIXEL**2
    counts = (scan.diff3d.astype(float) ** 2).sum()
    factor = {"photons/nm²": 1e18, "photons/µm²": 1e12}[unit]
    assert float(number) * factor == pytest.approx(counts / area, rel=6e-3)  # three digits


def test_resolution_is_the_half_period_at_which_half_scans_stop_to_agree() -> None:
    run = without_truth(make_run(metadata={"geometry": GEOMETRY}))
    run.metrics["half_set_frc"]["iterative"]["complex"]["half_bit_crossing"] = 0.0
    found = resolution(run.metrics, run.scan)
    assert found == {"network": length_text(2e-8 / 0.4133), "iterative reference": "none"}


def measured() -> RunResult:
    changes: Any = {"scan": {"kind": "measured", "path": "s.npz", "sha256": "0" * 64}}
    changes |= {"object": {"kind": "measured"}, "probe": {"kind": "measured"}}
    return without_truth(make_run(metadata={"geometry": GEOMETRY}, **changes))


def test_the_report_of_a_measured_run_shows_the_scan_and_its_lengths() -> None:
    run = measured()
    text = report_of(run).replace("\\", "")
    assert "## The scan before it was used\n\n- passed · SCAN-" in text
    assert "| object pixel | 20 nm |" in text
    assert f"half scans stop to agree (half-bit): network {length_text(2e-8 / 0.4133)}" in text
    assert set(scan_pictures.CAPTIONS) < set(drawers(run))


def test_the_report_of_a_simulated_run_has_neither() -> None:
    run = make_run()
    text = report_of(run)
    assert "The scan before it was used" not in text
    assert "Lengths and dose" not in text
    assert not set(scan_pictures.CAPTIONS) & set(drawers(run))


needs_pictures = pytest.mark.skipif(
    not extras.installed("matplotlib"), reason="pictures need matplotlib"
)


@needs_pictures
@pytest.mark.parametrize("pixel", [2e-8, 3.7e-11, 1.3e-6])
def test_a_scale_bar_is_as_long_as_it_says(pixel: float) -> None:
    axes = canvas.new_figure(4, 4).subplots()
    canvas.scale_bar(axes, Frame(10, 20, 80, 60), pixel)
    [bar], [label] = axes.lines, axes.texts
    left, right = bar.get_xdata()
    assert label.get_text() == length_text((right - left) * pixel)
    assert label.get_text().split()[0].strip("0.") in ("1", "2", "5")
    assert 10 < left < right < 10 + 0.5 * 80


@needs_pictures
def test_pictures_of_the_object_have_a_scale_bar_where_a_pixel_has_a_size() -> None:
    for run, count in ((make_run(metadata={"geometry": GEOMETRY}), 1), (make_run(), 0)):
        seen = views(run)
        figure = maps.compared(seen, maps.amplitude(seen), ())
        panels = [axes for axes in figure.axes if axes.images]
        assert {len(axes.lines) for axes in panels} == {count}


@needs_pictures
def test_the_mask_is_drawn_with_rings_around_what_was_found(tmp_path: Path) -> None:
    from ptyspec.contracts.scenario import ScanSpec
    from ptyspec.pipeline.mend import mend

    scan = read_scan(with_hot_pixel(tmp_path))
    looks = {"masked by ptyspec": "find", "hot or dead, kept": "keep"}
    for name, word in looks.items():
        used = mend(scan, ScanSpec(kind="measured", hot_pixels=word))
        axes = scan_pictures.patterns(ScanFacts(used)).axes[3]
        [ring] = axes.collections
        assert ring.get_label() == f"1 {name}"
        np.testing.assert_array_equal(ring.get_offsets(), [[27 - scan.N // 2, 5 - scan.N // 2]])


@needs_pictures
def test_every_picture_of_a_scan_is_narrow_enough_for_a_phone(tmp_path: Path) -> None:
    scan = read_scan(write(tmp_path / "s.cxi"))
    modes = scan.model_copy(update={"probeGuess": np.stack([scan.probeGuess, scan.probeGuess / 2])})
    each = scan.model_copy(update={"mask": np.broadcast_to(scan.mask, scan.diff3d.shape)})
    for one in (scan, modes, each):
        for draw in scan_pictures.drawers(ScanFacts(one)).values():
            assert draw().get_figwidth() <= 5  # inches: 9 points are 9 pixels on a screen of 390
