"""What the investigation recorded and what follows from its settings are the same figures (recorded | recomputed)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from benchmarks.recorded import PERCENT, PIXELS, Figure, figures, page

DOCUMENT = Path(__file__).parents[3] / "docs" / "recorded-figures.md"
HEADLINES = (
    "closed-form scale, N = 64",
    "padded size, N = 64, gridsize 2, px",
    "lines object, mean",
    "ideal probe, L2 norm",
    "gs1_ideal, dataset-derived scale, train",
    "gs2_ideal, dataset-derived scale, test",
    "gs2_ideal, raw mean, test",
    "gs2_ideal, gain g, 64 test groups",
    "gs2_ideal, chain product = mean truth / mean raw",
    "gs2, 8,000 frames, largest relative offset, px",
)


@cache
def found() -> dict[str, Figure]:
    return {figure.name: figure for figure in figures()}


def test_every_recorded_figure_is_reproduced_within_its_limit() -> None:
    beyond = [figure for figure in found().values() if not figure.holds]
    assert not beyond


@pytest.mark.parametrize(
    "name", HEADLINES, ids=[f"figure-{number}" for number in range(len(HEADLINES))]
)
def test_a_figure_that_is_wrong_by_twice_its_limit_is_found(name: str) -> None:
    figure = found()[name]
    assert not replace(figure, ours=figure.recorded + 2 * figure.limit).holds
    assert not replace(figure, ours=float("nan")).holds


def test_limits_are_those_that_were_asked_for_unless_chance_took_part() -> None:
    for figure in found().values():
        match figure.kind:
            case "1 %":
                assert figure.limit == PERCENT * abs(figure.recorded)
            case "0.5 px":
                assert figure.limit == PIXELS
            case "digits":
                assert figure.limit < PIXELS
            case kind:
                assert kind == "sampling"
                assert "drawn without a seed" in figure.why


def test_the_page_holds_the_table_that_the_command_prints() -> None:
    assert page() in DOCUMENT.read_text(encoding="utf-8"), (
        "replace the table: python -m benchmarks recorded"
    )
