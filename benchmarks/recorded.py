"""`python -m benchmarks recorded`: the investigation's deterministic figures beside ours, as a Markdown table."""

from __future__ import annotations

from ptyspec.checks.recorded import figures
from ptyspec.render.table import escape, markdown_table


def page() -> str:
    """Return the table."""
    rows = [
        [
            escape(found.name),
            f"{found.recorded:.5g}",
            f"{found.ours:.5g}",
            f"{found.limit:.2g} ({found.kind})",
            f"{100 * abs(found.ours - found.recorded) / found.limit:.0f} %",
            "yes" if found.holds else "**no**",
            escape(found.why, 400),
        ]
        for found in figures()
    ]
    head = [
        "figure",
        "recorded",
        "ours",
        "limit",
        "of the limit",
        "within",
        "what the difference is",
    ]
    return "\n".join(markdown_table(head, rows)) + "\n"


def main(words: list[str]) -> int:
    """Print the table; returns 1 where a figure is beyond its limit."""
    print(page(), end="")
    return 0 if all(found.holds for found in figures()) else 1
