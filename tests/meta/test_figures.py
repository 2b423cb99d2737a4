"""Pictures of a run show what is in it, on scales that do not flatter."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec import extras
from ptyspec.contracts.run import RunResult
from ptyspec.render import canvas
from ptyspec.render.canvas import Frame, place, views
from ptyspec.report import figures, maps
from ptyspec.report.figures import drawers
from ptyspec.seeds import generator
from tests.fake_run import estimate, make_run, one_run, without_truth, written_run

extras.require("report", "every test of a picture", "matplotlib")


def picture(result: RunResult, name: str) -> Any:
    return drawers(result)[name]()


@pytest.fixture(scope="module")
def run() -> RunResult:
    return one_run()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written_run(tmp_path_factory.mktemp("figures"))


@pytest.fixture(scope="module")
def drawn(run: RunResult) -> dict[str, Any]:
    return {name: picture(run, name) for name in ("amplitude", "phase")}


def images(figure: Any) -> list[Any]:
    return [axes.images[0] for axes in figure.axes if axes.images]


EVERY_PICTURE = ("amplitude", "phase", "controls", "training", "frc", "coverage", "diffraction")


@pytest.mark.parametrize("name", EVERY_PICTURE)
def test_every_picture_of_a_run_is_a_png_below_400_kilobytes(folder: Path, name: str) -> None:
    content = (folder / "figures" / f"{name}.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert 5_000 < len(content) < 400_000


@pytest.mark.clause("RUN-007")
@pytest.mark.parametrize("name", ["amplitude", "phase"])
def test_truth_and_reconstruction_share_one_colour_scale(drawn: dict[str, Any], name: str) -> None:
    truth, network = images(drawn[name])[:2]
    assert truth.get_clim() == network.get_clim()


@pytest.mark.parametrize("name", ["amplitude", "phase"])
def test_the_error_scale_is_symmetric_about_zero(drawn: dict[str, Any], name: str) -> None:
    low, high = images(drawn[name])[2].get_clim()
    assert low == -high
    assert high > 0


@pytest.mark.clause("RUN-007")
def test_a_wrong_amplitude_scale_is_seen_because_the_truth_alone_sets_the_colours(
    run: RunResult,
) -> None:
    weak = dataclasses.replace(run, reconstruction=estimate(run.scan.objectGuess, 1.5, factor=0.27))
    assert maps.amplitude(views(weak)).limits == maps.amplitude(views(run)).limits


@pytest.mark.clause("RUN-007")
def test_uncovered_pixels_are_masked_in_every_panel(drawn: dict[str, Any]) -> None:
    for image in images(drawn["amplitude"]):
        assert image.get_array().mask[MARGIN_ROW, MARGIN_ROW]
        assert not image.get_array().mask[30, 40]


MARGIN_ROW = 4  # inside the uncovered corner


def test_the_error_panel_shows_network_minus_truth(run: RunResult) -> None:
    seen = views(run)
    error = maps.amplitude(seen).errors["network"]
    expected = np.abs(seen.estimates["network"]) - np.abs(seen.truth)
    np.testing.assert_allclose(error[20:30, 30:40], expected[20:30, 30:40], rtol=0, atol=1e-6)


def test_phases_differ_from_the_truth_by_no_global_phase(run: RunResult) -> None:
    error = maps.phase(views(run)).errors["network"]
    assert abs(np.nanmean(error)) < 0.02  # the reconstruction itself was made with 0.7 rad


def test_a_refined_object_has_a_second_row(run: RunResult, drawn: dict[str, Any]) -> None:
    assert len(images(drawn["amplitude"])) == 6
    assert len(images(picture(dataclasses.replace(run, refined=None), "amplitude"))) == 3


def test_a_zero_phase_object_says_so_in_the_title_of_its_phase_picture() -> None:
    figure = picture(make_run(phase=False), "phase")
    assert "this object has none" in figure.get_suptitle()


def test_without_a_truth_the_picture_shows_network_iterative_and_difference(run: RunResult) -> None:
    figure = picture(without_truth(run), "amplitude")
    titles = [axes.get_title() for axes in figure.axes if axes.images]
    assert titles[0].startswith("network")
    assert titles[1] == "iterative reference"
    assert titles[2].startswith("difference: network − iterative reference")


def test_a_run_without_training_and_ring_correlation_leaves_those_pictures_out(
    run: RunResult,
) -> None:
    bare = dataclasses.replace(without_truth(run), history=None)
    assert set(drawers(run)) == set(EVERY_PICTURE)
    assert set(drawers(bare)) == set(EVERY_PICTURE) - {"training", "frc"}


def test_figures_leave_matplotlib_settings_alone(run: RunResult, tmp_path: Path) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    canvas.save(figures.coverage(run.scan, run.reconstruction), tmp_path / "x.png")
    assert dict(matplotlib.rcParams) == before


def test_the_same_figure_gives_the_same_bytes(run: RunResult, tmp_path: Path) -> None:
    first, second = (
        canvas.save(figures.training(run.history), tmp_path / f"{i}.png").read_bytes()
        for i in range(2)
    )
    assert first == second


def test_a_picture_too_rich_for_its_size_keeps_256_colours(tmp_path: Path) -> None:
    from PIL import Image

    figure = canvas.new_figure(12, 10)
    noise = generator(3, "report test noise").random((1000, 1200))
    canvas.image_panel(
        figure.subplots(), noise, Frame(0, 0, 1200, 1000), cmap="viridis", limits=(0, 1), title=""
    )
    assert Image.open(canvas.save(figure, tmp_path / "x.png")).mode == "P"


def test_a_dollar_sign_in_a_title_is_no_formula(tmp_path: Path) -> None:
    canvas.save(canvas.new_figure(3, 2, r"$\undefined{$"), tmp_path / "x.png")


@pytest.mark.parametrize(
    ("origin", "inside"),
    [
        pytest.param((0, 0), 12, id="overlapping"),
        pytest.param((50, 50), 0, id="disjoint"),
        pytest.param((-3, -3), 1, id="partial"),
    ],
)
def test_placing_an_image_keeps_its_position_in_the_object(
    origin: tuple[int, int], inside: int
) -> None:
    image = np.arange(20.0).reshape(4, 5)
    placed = place(image, origin, Frame(1, 0, 3, 6))
    assert np.isfinite(placed).sum() == inside
    if inside:
        row, column = np.argwhere(np.isfinite(placed))[0]
        assert placed[row, column] == image[row - origin[1], column + 1 - origin[0]]


def test_pictures_are_linked_relative_to_the_report(folder: Path) -> None:
    text = (folder / "report.md").read_text(encoding="utf-8")
    links = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text)
    assert sorted(links) == sorted(f"figures/{name}.png" for name in drawers(make_run()))
    assert all((folder / link).is_file() for link in links)
