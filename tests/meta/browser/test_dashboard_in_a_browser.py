"""The dashboard as people meet it: in Chromium, on a phone and a desk, by mouse and by keyboard, in light and dark."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from ptyspec.report.dashboard.gather import pictures
from ptyspec.report.dashboard.page import PAGE, write_dashboard
from ptyspec.runs.finished_run import FinishedRun
from tests.fake_dashboard import FAILING, NASTY, sources

pytestmark = pytest.mark.expensive

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
LARGEST = 5_000_000


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of all pages; their runs are the same, and the pictures of a run are drawn once."""
    drawn = cache(lambda folder: pictures(FinishedRun(folder)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ptyspec.report.dashboard.page.pictures", lambda run: drawn(run.folder))
        yield tmp_path_factory.mktemp("dashboard")


@pytest.fixture(scope="module")
def page_file(base: Path) -> Path:
    """A dashboard with everything on it."""
    write_dashboard(base / "whole", sources(base))
    return base / "whole" / PAGE


@pytest.fixture(scope="module")
def short_page(base: Path) -> Path:
    """The same with a few rows of each kind."""
    write_dashboard(base / "short", sources(base, clauses=24, faults=12))
    return base / "short" / PAGE


class Watched:
    """A page with what it said and what it asked for."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("request", lambda request: self.asked.append(request.url))

    def open(self, file: Path, anchor: str = "") -> Any:
        """Load the page anew."""
        self.page.goto("about:blank")
        self.page.goto(f"{file.as_uri()}{anchor}")
        return self.page

    def at(self, file: Path, anchor: str = "#") -> Any:
        """The page as it stands, loaded where it is not yet, at another anchor."""
        if self.page.url.partition("#")[0] != file.as_uri():
            self.open(file)
        self.page.evaluate("anchor => { location.hash = anchor }", anchor)
        return self.page


@pytest.fixture(scope="module")
def watched(chromium: Any) -> Iterator[Watched]:
    """One page for all that look at it; who needs it untouched loads it anew."""
    context = chromium.new_context(viewport=DESK, reduced_motion="reduce")
    context.set_default_timeout(180_000)  # a machine that tests in parallel is slow at times
    yield Watched(context.new_page())
    context.close()


def visible(page: Any, selector: str) -> int:
    return int(page.locator(f"{selector}:visible").count())


def in_sight(page: Any, name: str) -> None:
    """Wait until an element's top is on the screen: a busy machine scrolls late."""
    place = "name => { const top = document.getElementById(name).getBoundingClientRect().top; return top > -9 && top < innerHeight }"
    page.wait_for_function(place, arg=name)


def test_the_page_is_quiet_and_loads_nothing(watched: Watched, page_file: Path) -> None:
    watched.said.clear()
    watched.asked.clear()
    watched.open(page_file).wait_for_load_state("networkidle")
    assert watched.said == []
    outside = [url for url in watched.asked if not url.startswith(("file:", "data:", "about:"))]
    assert outside == []
    assert [url for url in watched.asked if url.startswith("file:")] == [page_file.as_uri()]


def test_a_foreign_script_would_not_run(watched: Watched, page_file: Path) -> None:
    """The page's policy stops what escaping should have made harmless already."""
    page = watched.at(page_file)
    page.evaluate(
        "document.body.appendChild(Object.assign(document.createElement('script'), {text: 'window.ran = 1'})).remove()"
    )
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in text for text in watched.said)


def test_a_scenario_named_script_is_text(watched: Watched, page_file: Path) -> None:
    page = watched.at(page_file)
    assert page.locator("#run-bad h3").inner_text().startswith(NASTY)
    assert page.locator("script").count() == 2
    assert page.get_by_text("<b>", exact=False).count() > 0


def test_the_filter_leaves_what_was_asked_for_and_escape_brings_all_back(
    watched: Watched, page_file: Path
) -> None:
    page = watched.at(page_file)
    page.keyboard.press("/")
    page.keyboard.type(FAILING.lower())
    assert visible(page, "[data-find^='" + FAILING + "']") >= 1
    assert visible(page, ".row[id^=clause-]") == 1
    assert page.locator(f"#clause-{FAILING}").is_visible()
    assert "entries" in page.locator("#found").inner_text()
    page.keyboard.press("Escape")
    assert page.locator("#find").input_value() == ""
    assert visible(page, "article.run") == 2


def test_a_failing_clause_shows_its_rule_and_how_to_run_it_again(
    watched: Watched, page_file: Path
) -> None:
    page = watched.at(page_file)
    page.locator("#wrong").get_by_role("link", name=FAILING).click()
    row = page.locator(f"#clause-{FAILING}")
    page.wait_for_function("name => document.getElementById(name).open", arg=f"clause-{FAILING}")
    assert "pytest 'tests/contract/test_it.py::test_" in row.inner_text()
    in_sight(page, f"clause-{FAILING}")


def test_a_verdict_leads_to_its_run(watched: Watched, page_file: Path) -> None:
    page = watched.open(
        page_file, "#hypothesis-H-GAIN"
    )  # as it is loaded, the others as they are followed
    card = page.locator("#hypothesis-H-GAIN")
    assert "CONFIRMED" in card.inner_text()
    card.get_by_text("4 records").click()
    card.get_by_role("link", name="bad").first.click()
    page.wait_for_function("location.hash === '#run-bad'")
    in_sight(page, "run-bad")


@pytest.mark.parametrize(
    "anchor",
    ["clause-NORM-001", "fault-gain-kept", "hypothesis-H-DOSE", "run-good", "records-H-GAIN"],
)
def test_an_anchor_opens_what_it_points_into(
    watched: Watched, page_file: Path, anchor: str
) -> None:
    page = watched.at(page_file, f"#{anchor}")
    assert page.locator(f"#{anchor}").is_visible()


def test_a_number_leads_to_its_json(watched: Watched, page_file: Path) -> None:
    page = watched.at(page_file)
    page.get_by_role("link", name="JSON of the headline").click()
    shown = json.loads(page.locator("#json-text").inner_text())
    assert (
        shown
        == json.loads((page_file.parent / "report.json").read_text(encoding="utf-8"))["headline"]
    )
    page.keyboard.press("Escape")
    assert not page.locator("#json").is_visible()


def test_every_json_link_points_at_something(watched: Watched, page_file: Path) -> None:
    page = watched.at(page_file)
    data = json.loads((page_file.parent / "report.json").read_text(encoding="utf-8"))
    pointers = page.eval_on_selector_all(
        "a[data-json]", "links => links.map(link => link.dataset.json)"
    )
    assert len(pointers) > 300
    for pointer in pointers:
        node = data
        for part in pointer.split("/")[1:]:
            node = node[part.replace("~1", "/").replace("~0", "~")]


def test_the_keyboard_reaches_everything(watched: Watched, page_file: Path) -> None:
    page = watched.open(page_file)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash === '#wrong'")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.closest('section')?.id ?? ''"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert {"wrong", "runs"} <= reached
    page.locator("#clauses summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("#clauses details").first.evaluate("group => group.open")


def test_without_scripts_everything_can_be_read(chromium: Any, page_file: Path) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport=DESK)
    page = context.new_page()
    page.goto(page_file.as_uri())
    assert page.get_by_text("broke at stage").first.is_visible()
    assert page.locator("#run-good table").is_visible()
    page.locator("#clauses summary").first.click()
    assert page.locator("#clauses .row").first.is_visible()
    assert not page.locator("#find").is_visible()
    context.close()


@pytest.mark.parametrize(
    ("size", "scheme"),
    [pytest.param(PHONE, "light", id="phone"), pytest.param(DESK, "dark", id="desk")],
)
def test_nothing_hinders_people_who_use_aids(
    chromium: Any, short_page: Path, scheme: str, size: dict[str, int]
) -> None:
    """axe-core finds nothing serious: contrast, names, order, keyboard; every group is open for it."""
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    context = chromium.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    page.goto(short_page.as_uri())
    page.evaluate(
        "document.querySelectorAll('details').forEach((one, at) => { if (at % 7 == 0 || one.matches('.group')) one.open = true })"
    )
    page.evaluate(axe)
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then(result => result.violations)"
    )
    serious = [
        f"{row['id']}: {row['help']}: {[node['target'] for node in row['nodes'][:3]]} {len(row['nodes'])}"
        for row in found
        if row["impact"] in ("serious", "critical")
    ]
    context.close()
    assert serious == []


@pytest.mark.parametrize(
    ("size", "scheme"),
    [pytest.param(PHONE, "light", id="phone"), pytest.param(DESK, "dark", id="desk")],
)
def test_it_fits_its_screen_and_is_pictured(
    chromium: Any, page_file: Path, tmp_path: Path, scheme: str, size: dict[str, int]
) -> None:
    context = chromium.new_context(viewport=size, color_scheme=scheme)
    page = context.new_page()
    page.goto(page_file.as_uri())
    name = "phone" if size is PHONE else "desk"
    folder = Path(os.environ.get("PTYSPEC_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(folder / f"dashboard-{name}-{scheme}.png"), full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (
        sum(int(part) for part in paper.removeprefix("rgb(").removesuffix(")").split(",")) > 384
    ) == (scheme == "light")
    page.get_by_role("button", name="Dark colours").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != paper
    context.close()


def test_it_stays_small(page_file: Path) -> None:
    assert page_file.stat().st_size < LARGEST
