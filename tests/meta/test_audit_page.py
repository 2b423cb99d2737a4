"""docs/audits.md and the README: their commands are understood, and the page tells of every audit what turns it red."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ptyspec.checks.registry import KINDS, module_of
from tests.command_lines import check_command, shown, split

ROOT = Path(__file__).parents[2]
PAGES = ("docs/audits.md", "docs/investigation-items.md", "README.md")
AUDITS = sorted(
    {line for page in PAGES for line in shown(ROOT / page) if line.startswith("ptyspec audit")}
)


def sections() -> dict[str, str]:
    """The text of each audit on the page."""
    text = (
        (ROOT / "docs/audits.md")
        .read_text(encoding="utf-8")
        .partition("## The audits\n")[2]
        .partition("\n## ")[0]
    )
    parts = re.split(r"^### (\w+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("line", AUDITS, ids=[re.sub(r"[^\w.]+", "-", line) for line in AUDITS])
def test_a_command_that_is_shown_is_understood(line: str) -> None:
    check_command(split(line))


def test_commands_are_shown() -> None:
    assert len(AUDITS) >= 8


def test_every_audit_has_its_section_in_the_order_of_the_command() -> None:
    assert list(sections()) == list(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_section_holds_the_question_a_command_and_whatever_can_turn_the_audit_red(
    kind: str,
) -> None:
    text = sections()[kind]
    assert f"*{KINDS[kind]}*" in text
    [command] = re.findall(r"`(ptyspec audit .*?)`", text)
    check_command(split(command))
    assert command.split()[2] == kind
    assert (
        sorted(
            {control.clause for control in module_of(kind).CONTROLS if control.clause not in text}
        )
        == []
    )
