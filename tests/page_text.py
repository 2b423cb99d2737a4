"""The text of a report's page, in the lines of its Markdown: what a reader sees, for the checker of numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

LINES = {"p": "", "li": "- ", "h1": "# ", "h2": "## ", "figcaption": "", "pre": ""}
SILENT = {"head", "style", "nav", "header"}


def text_of(page: str) -> str:
    """One line a paragraph, item, heading, caption and table row; navigation and style are left out."""
    reader = _Lines()
    reader.feed(page)
    reader.close()
    return "\n".join(reader.lines) + "\n"


@dataclass
class _Lines(HTMLParser):
    lines: list[str] = field(default_factory=list)
    silent: int = 0
    cells: list[str] | None = None

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        if tag in LINES and self.cells is None and not self.silent:
            self.lines.append(LINES[tag])
        elif tag == "tr":
            self.cells = []
        elif tag in ("td", "th") and self.cells is not None:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT
        if tag == "tr" and self.cells is not None:
            self.lines.append(f"| {' | '.join(self.cells)} |")
            self.cells = None

    def handle_data(self, data: str) -> None:
        if self.silent or not data.strip():
            return
        if self.cells:
            self.cells[-1] += data.replace("\n", " ")
        elif self.lines:
            self.lines[-1] += data.replace("\n", " ")
