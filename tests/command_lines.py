"""Command lines that documents show: are they understood as they stand?"""

from __future__ import annotations

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

from typer.main import get_command

from ptyspec.checks.registry import KINDS, control_of, known
from ptyspec.cli.main import app
from ptyspec.runs.request import request
from ptyspec.runs.run_spec import kind_of
from ptyspec.runs.store import RunStore
from ptyspec.spec.cases import TIERS
from ptyspec.spec.clause import specification

ROOT = Path(__file__).parents[1]
OF_THE_USER = {"1a2b3c4d"}
"""Subjects that stand for something of the reader's own."""
SHOWN = re.compile(r"^(?:ptyspec|pytest) [^\n]*$", re.MULTILINE)


def shown(path: Path) -> list[str]:
    """The commands in the code blocks of a page, without their comments."""
    blocks = re.findall(
        r"^```(?:sh|bash)\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return [
        line.partition("  #")[0].partition(";")[0].strip()
        for block in blocks
        for line in SHOWN.findall(block)
    ]


def check_command(words: tuple[str, ...]) -> None:
    """Fail where the program, an option, a kind, a control, a subject, a setting or a clause does not exist."""
    program, *rest = words
    if program == "pytest" and "--pyargs" in rest:  # the suite that ships
        assert find_spec(rest[rest.index("--pyargs") + 1].partition("::")[0]), words
        return
    if program == "pytest":
        assert (
            (rest[0] == "-m" and rest[1] in TIERS) if len(rest) == 2 else (ROOT / rest[0]).exists()
        ), words
        return
    assert program == "ptyspec", words
    group = get_command(app)
    above = group.make_context("ptyspec", list(rest))
    name, command, arguments = group.resolve_command(above, list(rest))  # type: ignore[attr-defined]
    said = command.make_context(name, arguments, parent=above).params
    if name == "audit":
        _audit(said, list(said["words"] or ()))
    elif name == "run":
        words = {
            "profile": said["profile"],
            "seed": said["seed"],
            "settings": said["settings"] or (),
        }
        assert all(request(target, **words) for target in said["targets"])
    elif name == "trace" and said["clause"]:
        assert said["clause"] in specification()


def _audit(said: dict[str, object], given: list[str]) -> None:
    if said["check"] is not None or said["listing"]:
        assert set(given) <= set(KINDS)
        return
    if not said["everything"]:
        kind = given.pop(0)
        assert known(kind)
        assert said["control"] is None or control_of(kind, str(said["control"]))
    assert given
    for target in given:
        if target not in OF_THE_USER and kind_of(target, RunStore()) == "scenario":
            assert request(target).scenario


def split(line: str) -> tuple[str, ...]:
    """A command line as words."""
    return tuple(shlex.split(line))
