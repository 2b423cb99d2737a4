"""report.html says what report.md says, in one file that loads nothing and runs nothing."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ptyspec import extras
from ptyspec.contracts.run import RunResult
from ptyspec.render.page import page
from ptyspec.spec.checks import Check
from tests.fake_run import make_run, report_of
from tests.page_text import text_of
from tests.report_numbers import NUMBER, faults
from tests.run_record import stored

HOSTILE = "<script>alert(1)</script> | `x` ![i](http://e.example/a) **b** <img src=x onerror=alert(1)>\n# head"
VOID = {"meta", "img", "br", "hr"}


class Tags(HTMLParser):
    """Every tag with its attributes, and what is not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def values(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes in self.found if name in attributes]


@pytest.fixture(scope="module")
def shown(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.clause("EVID-002")
def test_every_number_of_the_page_is_a_number_of_the_record(
    clause: Check, folder: Path, shown: str
) -> None:
    text, markdown = text_of(shown), (folder / "report.md").read_text(encoding="utf-8")
    clause.equal(
        len(NUMBER.findall(text)),
        len(NUMBER.findall(markdown)),
        "numbers on the page beside the report's",
    )
    clause.holds(
        len(NUMBER.findall(text)) > 100, "numbers on the page", len(NUMBER.findall(text)), "> 100"
    )
    clause.equal(faults(text, stored(folder)), [], "numbers that cannot be read again")


@pytest.mark.clause("EVID-001", "EVID-002")
@pytest.mark.parametrize(
    "number",
    ["0.971", "0.7342", "1.343e+04", "4,340", "14.20"],
    ids=["score", "gain", "energy", "pixels", "seconds"],
)
def test_an_altered_number_of_the_page_is_found(
    clause: Check, folder: Path, shown: str, number: str
) -> None:
    altered = shown.replace(number, "3.21987")
    clause.holds(altered != shown, f"{number} is on the page")
    told = faults(text_of(altered), stored(folder))
    clause("EVID-002").holds(
        any("3.21987" in line for line in told), "the altered number", told, "named"
    )


def test_the_page_loads_nothing_and_runs_nothing(shown: str) -> None:
    tags = Tags(shown)
    assert "default-src 'none'" in shown
    assert not {tag for tag, _ in tags.found} & {
        "script",
        "link",
        "iframe",
        "object",
        "form",
        "base",
    }
    assert all(source.startswith("data:image/png;base64,") for source in tags.values("src"))
    assert bool(tags.values("src")) is extras.installed("matplotlib")
    assert all(target.startswith("#") for target in tags.values("href"))
    assert not [
        name for _, attributes in tags.found for name in attributes if name.startswith("on")
    ]


def test_every_link_of_the_page_leads_somewhere_and_every_tag_is_closed(shown: str) -> None:
    tags = Tags(shown)
    ids = tags.values("id")
    assert len(ids) == len(set(ids))
    assert {target.removeprefix("#") for target in tags.values("href")} <= set(ids)
    assert (tags.unbalanced, tags.open) == ([], [])
    assert all(attributes.get("alt") for tag, attributes in tags.found if tag == "img")


@pytest.mark.parametrize("place", ["name", "description", "warnings"])
def test_text_from_a_file_is_shown_and_changes_nothing(place: str, tmp_path: Path) -> None:
    result = make_run(metadata={"warnings": [HOSTILE]} if place == "warnings" else None)
    if place != "warnings":
        result = renamed(result, **{place: HOSTILE})
    text = page(report_of(result, tmp_path), tmp_path, "ok")
    tags = Tags(text)
    assert not {tag for tag, _ in tags.found} & {"script", "img"}
    assert (tags.unbalanced, tags.open) == ([], [])
    assert "<script>alert(1)</script>" in text_of(text)


def renamed(result: RunResult, **changes: str) -> RunResult:
    """A run whose scenario says what no scenario file could: the page must not rely on who checked the name."""
    scenario = result.resolved.scenario.model_copy(update=changes)
    return dataclasses.replace(
        result, resolved=dataclasses.replace(result.resolved, scenario=scenario)
    )


def test_raw_html_in_the_markdown_is_text(tmp_path: Path) -> None:
    text = page(
        "# a\n\n<script>alert(1)</script>\n\n<b onclick=x>b</b> [l](javascript:alert)\n",
        tmp_path,
        "ok",
    )
    assert "<script" not in text
    assert "<b " not in text
    assert 'href="javascript' not in text


def test_a_picture_from_outside_the_folder_is_not_taken_in(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "run").mkdir()
    text = page("![caption](../secret.png)\n", tmp_path / "run", "ok")
    assert "<img" not in text
    assert "The picture caption is not in the folder" in text


def test_the_page_begins_with_the_state_of_the_run(tmp_path: Path) -> None:
    assert "nothing wrong was found" in page("# a\n", tmp_path, "ok").split("<main")[0]
    assert "something is wrong" in page("# a\n", tmp_path, "violation").split("<main")[0]
