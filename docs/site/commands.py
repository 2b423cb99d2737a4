"""The command line reference, walked out of the program itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from ptyspec.cli.main import app
from ptyspec.render.table import escape, markdown_table

HEAD = """# Command line

Every command with its arguments and options, as the program itself describes them. Data go to stdout, everything else to
stderr. `--json` prints one document with `schema_version` and its headline at the top. `NO_COLOR` is respected, and
`ptyspec --install-completion` completes ids and names in your shell.

| exit code | means |
| --- | --- |
| 0 | ok |
| 1 | finished, and something is wrong: a clause is broken |
| 2 | wrong input |
| 3 | a run or the suite broke, or a package of an extra is missing |
| 4 | incomplete evidence |
"""


def command_page() -> dict[str, str]:
    """Return the page by file name."""
    root = get_command(app)
    lines = [HEAD]
    for names, command in _walk(root, ()):
        context = command.make_context(" ".join(names), [], resilient_parsing=True)
        lines += [f"## {' '.join(names)}", "", _prose(command.help or "")]
        usage = " ".join(command.collect_usage_pieces(context))
        lines += ["", "```text", f"{' '.join(names)} {usage}", "```", ""]
        rows = [
            _row(param, context)
            for param in command.get_params(context)
            if not getattr(param, "hidden", False)
        ]
        lines += markdown_table(
            ["argument or option", "meaning"], [row for row in rows if row], numbers=False
        )
        lines.append("")
    return {"reference/cli.md": "\n".join(lines) + "\n"}


def _walk(command: Any, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, groups by their members."""
    names = (*above, command.name)
    below = getattr(command, "commands", None)
    if not below:
        yield names, command
    else:
        for one in below.values():
            if not one.hidden:
                yield from _walk(one, names)


def _row(param: Any, context: Any) -> list[str]:
    record = param.get_help_record(context)
    return [f"`{_cell(record[0])}`", escape(record[1], 2000)] if record else []


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _prose(text: str) -> str:
    """A docstring's paragraphs; names in backticks stay code."""
    parts = [" ".join(part.split()) for part in text.replace("\b", "").split("\n\n")]
    return "\n\n".join(
        "`".join(p if i % 2 else escape(p, 5000) for i, p in enumerate(one.split("`")))
        for one in parts
    )
