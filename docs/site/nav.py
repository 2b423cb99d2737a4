"""The order of the pages. A page that is named nowhere here is shown all the same, under `More`."""

from __future__ import annotations

from collections.abc import Collection, Iterator

SECTIONS: dict[str, tuple[str, ...]] = {
    "Begin": ("tutorial", "notebooks/first-look", "reading-the-reports", "glossary"),
    "Run": (
        "running",
        "verdict",
        "configuration",
        "settings",
        "recipes",
        "compare",
        "file-formats",
        "physics",
    ),
    "Test against it": (
        "reference/clauses/index",
        "pytest",
        "goldens",
        "adding-an-adapter",
        "data-dictionary",
        "process-door",
    ),
    "Add": ("clauses", "adding-a-scenario", "faults", "hypotheses"),
    "The code": ("how-a-run-flows", "how-the-code-is-laid-out", "public-api"),
    "Find out why": ("audits", "explain", "legacy"),
    "Reports": ("allure", "dashboard"),
    "The investigation": ("investigation", "investigation-items", "recorded-figures"),
    "Evidence": ("engines", "failure-signatures", "seen-red", "mutation", "verdict-calibration"),
    "Reference": ("reference/cli", "reference/json", "reference/api/index"),
}
OWN = ("reference/clauses/", "reference/api/")
"""Folders whose pages hang below their own index."""


def navigation(files: Collection[str]) -> str:
    """Return the hidden tables of contents of the first page, for exactly the pages that exist."""
    pages = {name.rpartition(".")[0] for name in files} - {"index"}
    lines: list[str] = []
    for title, names in _sections(pages):
        lines += ["", "```{toctree}", ":hidden:", f":caption: {title}", "", *names, "```"]
    return "\n".join(lines) + "\n"


def _sections(pages: set[str]) -> Iterator[tuple[str, list[str]]]:
    named = {name for names in SECTIONS.values() for name in names}
    below = {page for page in pages if page.startswith(OWN) and not page.endswith("/index")}
    for title, names in SECTIONS.items():
        found = [name for name in names if name in pages]
        if found:
            yield title, found
    more = sorted(pages - named - below)
    if more:
        yield "More", more
