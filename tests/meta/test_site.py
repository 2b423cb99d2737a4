"""The documentation site: what is gathered, how links are carried over, and what the checker of links sees."""

from __future__ import annotations

from pathlib import Path

import pytest
from docutils import nodes
from docutils.utils import new_document

from docs.site.api import plain
from docs.site.clauses import FOLDER, clause_pages
from docs.site.commands import command_page
from docs.site.extension import break_names
from docs.site.linkcheck import broken
from docs.site.links import DanglingLinkError, relinked
from docs.site.nav import SECTIONS, navigation
from docs.site.schemas import schema_page
from docs.site.stage import stage
from ptyspec.spec.clause import specification

pytestmark = pytest.mark.expensive

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    stage(ROOT, folder)
    return folder


def test_every_page_of_the_repository_is_in_the_site_and_in_its_navigation(source: Path) -> None:
    index = (source / "index.md").read_text(encoding="utf-8")
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert {
        page
        for page in pages
        if not (source / f"{page}.md").is_file() or f"\n{page}\n" not in index
    } == set()


def test_a_page_that_nobody_has_named_is_listed_under_more() -> None:
    made = navigation(
        {"index.md", "tutorial.md", "brand-new.md", f"{FOLDER}/index.md", f"{FOLDER}/one.md"}
    )
    assert ":caption: More\n\nbrand-new\n" in made
    assert "/one" not in made  # it hangs below its own index
    assert "explain" not in made, "a page that is not there is not listed"
    assert ":caption: More" not in navigation({"index.md", "tutorial.md"})


def test_no_page_stands_in_two_sections() -> None:
    named = [name for names in SECTIONS.values() for name in names]
    assert len(named) == len(set(named))


def page(folder: Path, text: str) -> str:
    (folder / "docs").mkdir(exist_ok=True)
    path = folder / "docs" / "page.md"
    path.write_text(text, encoding="utf-8")
    return relinked(folder, path, "")


def test_links_into_the_repository_become_links_of_the_site(tmp_path: Path) -> None:
    for name in ("specs/doc.md", "docs/other.md", "docs/schemas/a.json", "tests/t.py", "README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    assert page(tmp_path, "[a](../specs/doc.md#AREA-001)") == f"[a]({FOLDER}/doc.md#area-001)"
    assert page(tmp_path, "[a](../specs/)") == f"[a]({FOLDER}/index.md)"
    assert (
        page(tmp_path, "[a](other.md#part) [b](schemas)")
        == "[a](other.md#part) [b](reference/json.md)"
    )
    assert page(tmp_path, "[code](../tests/t.py), [me](../README.md)") == "code, [me](index.md)"
    assert (
        page(tmp_path, "[web](https://example.org) [here](#part)")
        == "[web](https://example.org) [here](#part)"
    )


def test_what_stands_in_a_block_of_code_is_no_link(tmp_path: Path) -> None:
    text = "```text\n[a](nowhere.md)\n```"
    assert page(tmp_path, text) == text


def test_a_link_that_leads_nowhere_stops_the_build(tmp_path: Path) -> None:
    with pytest.raises(DanglingLinkError, match=r"(?s)nowhere\.md.*page\.md"):
        page(tmp_path, "[a](nowhere.md)")


def test_every_clause_has_an_anchor_its_level_and_its_cases(source: Path) -> None:
    text = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((source / FOLDER).glob("*.md"))
    )
    for name, clause in specification().items():
        _, _, after = text.partition(f"\n({name})=\n### {name} · ")
        badges = after.partition('<span class="badge')[2].partition("\n")[0]
        assert (
            f'badge-{clause.level.lower()}">{clause.level}</span>' in f'<span class="badge{badges}'
        ), name
    row = next(line for line in text.splitlines() if line.startswith("| [NORM-003]"))
    assert int(row.split("|")[5]) > 0, row


def test_a_clause_without_a_case_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "specs").mkdir()
    rule = "# D\n\n## S\n\n### AREA-001 · A title {r1}\nIt MUST be so.\n\n- Why: x.\n- Tolerance: exact\n- Place: run\n"
    (tmp_path / "specs" / "doc.md").write_text(rule, encoding="utf-8")
    monkeypatch.setattr("docs.site.clauses.collect", lambda root: [])
    made = clause_pages(tmp_path)[f"{FOLDER}/doc.md"]
    assert '<span class="badge badge-none">no case</span>' in made
    assert '<span class="badge badge-none">not seen red</span>' in made


def test_every_command_and_every_schema_has_its_section() -> None:
    [commands] = command_page().values()
    for name in (
        "ptyspec run",
        "ptyspec audit",
        "ptyspec faults campaign",
        "ptyspec new clause",
        "ptyspec trace",
    ):
        assert f"\n## {name}\n" in commands
    assert "| `--profile NAME` | How much data" in commands
    [schemas] = schema_page(ROOT).values()
    assert {
        path.name
        for path in (ROOT / "docs/schemas").glob("*.json")
        if f"`{path.name} " not in schemas
    } == set()
    assert "| `controls.trivial" in schemas


def test_a_docstring_is_shown_as_it_is() -> None:
    assert plain(["|F(P O_j)|^2 of `x_1`*"]) == [r"\|F(P O\_j)\|^2 of ``x_1``\*"]
    assert plain(["Text:", "- one", "- two"]) == ["Text:", "", "- one", "- two"]
    assert plain(["- one", "goes on", "- two"]) == ["- one", "  goes on", "- two"]
    assert plain(["Text:", "    shown", "more"]) == ["Text:", "", "    shown", "", "more"]


def site(folder: Path, body: str) -> list[str]:
    (folder / "a.html").write_text(f'<h1 id="top">A</h1>{body}', encoding="utf-8")
    (folder / "b.html").write_text('<h1 id="here">B</h1>', encoding="utf-8")
    return broken(folder)


def test_links_that_lead_somewhere_are_let_pass(tmp_path: Path) -> None:
    assert (
        site(
            tmp_path,
            '<a href="b.html#here">b</a><a href="#top">a</a><a href="https://example.org">w</a>',
        )
        == []
    )


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param('<a href="c.html">c</a>', "a.html: c.html: there is no such file", id="file"),
        pytest.param(
            '<a href="b.html#gone">b</a>',
            "a.html: b.html#gone: there is no such anchor",
            id="anchor",
        ),
        pytest.param(
            '<a href="#gone">a</a>', "a.html: #gone: there is no such anchor", id="own-anchor"
        ),
        pytest.param('<img src="no.png">', "a.html: no.png: there is no such file", id="picture"),
        pytest.param(
            '<link rel="stylesheet" href="https://fonts.example.org/x.css">',
            "a.html: https://fonts.example.org/x.css: is fetched from the network",
            id="network",
        ),
        pytest.param(
            '<script src="//cdn.example.org/x.js"></script>',
            "a.html: //cdn.example.org/x.js: is fetched from the network",
            id="protocol-relative",
        ),
    ],
)
def test_what_is_wrong_with_a_page_is_told(tmp_path: Path, body: str, why: str) -> None:
    assert site(tmp_path, body) == [why]


def test_a_long_name_in_a_cell_may_break_and_a_short_one_not() -> None:
    def cell(text: str) -> str:
        entry = nodes.entry("", nodes.paragraph("", "", nodes.Text(text)))
        tree = new_document("page")
        tree += entry
        break_names(None, tree, "page")  # type: ignore[arg-type]  # the application is not asked
        return "|".join(node.astext() for node in entry[0].children)

    assert (
        cell("tests/contract/test_a.py::test_it_is")
        == "tests/|<wbr>|contract/|<wbr>|test_|<wbr>|a.py::|<wbr>|test_|<wbr>|it_|<wbr>|is"
    )
    assert cell("model_config") == "model_config"
