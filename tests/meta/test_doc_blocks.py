"""Every code block of README.md and docs/ runs as it stands, on a scan of seconds.

A section is one case, so that cases run side by side. This process runs what only calls our own program, and every
block of Python; what it trains is kept in the run store, where the other sections and the other tests find it.
`tests.doc_program` says by which settings a run becomes one of seconds.
"""

from __future__ import annotations

import importlib.util
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

import ptyspec
from ptyspec.legacy.params import Parameters
from ptyspec.runs.environment import FAULTS
from ptyspec.spec.authoring import slug
from tests.child import environment
from tests.command_lines import check_command
from tests.doc_blocks import (
    BLOCK,
    NOT_RUN,
    PAGES,
    PROGRAM,
    QUOTED,
    ROOT,
    SHELL,
    Block,
    bare,
    blocks,
    sections,
)
from tests.doc_files import bring, given
from tests.doc_program import command, one_picture, small_requests

pytestmark = pytest.mark.expensive

LEFT_OUT = {
    *(".venv", ".git", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"),
    *("allure-results", "allure-report", "runs", "build", "dist", "shared"),
}
"""What tools have built at the top of a checkout, and what is not part of it."""
OF_THE_CHECKOUT = re.compile(
    r"\b(?:pytest|tests/|ptyspec (?:new|trace|golden|faults|report|judge|hypotheses)|ptyspec/networks)"
)
"""What makes a section's commands need the repository around them."""
CHANGES_CODE = re.compile(r"ptyspec new|^# ptyspec/", re.MULTILINE)
"""What makes a section's commands need processes of their own."""
EXAMPLE = "tests/contract/test_scale.py"
"""The cases of a checkout that every section has; of the others those that it names."""
SECONDS = 1800
"""A block that takes longer hangs: a busy machine takes twenty times as long as a free one."""
SAYS_HOW_IT_ENDED = re.compile(r"(?P<command>.*); echo \$\?\s+# (?P<code>\d)")
HERE = re.compile(
    r"(?:PTYSPEC_FAULT=(?P<fault>\S+) )?ptyspec (?P<words>(?:run|compare|audit|scenarios|doctor|faults list|hypotheses|judge|trace|report|golden)\b"
    r"[^;|&<>$#]*)"
    r"(?:\|\| test \$\? -eq (?P<other>\d)|; echo \$\?\s+# (?P<code>\d))?(?:\s*# .*)?"
)
"""A command line of our own program alone: this process runs it, which has TensorFlow loaded."""
LOOKS = re.compile(r"(?:ls|rm) [\w -]+(?:\s*# .*)?|(?:[A-Z_]+=\S+ )?pytest [^<]*")
"""A line that may stand beside such lines: a shell runs it."""


def executes(block: Block) -> bool:
    """Whether anything of a block is executed."""
    if block.language in SHELL:
        return any(line.strip() for line in _executed(block.text))
    return block.language == "python" and block.text.partition("\n")[0] not in QUOTED


def _executed(text: str) -> Iterator[str]:
    """The lines of a block, as a shell runs them."""
    for line in text.splitlines():
        ended = SAYS_HOW_IT_ENDED.fullmatch(line)
        if ended:
            yield f"code=0; {ended['command']} || code=$?; test $code = {ended['code']}"
        elif bare(line) not in NOT_RUN:
            yield line


EXECUTED = [
    (page, section)
    for page in PAGES
    for section, found in sections(page).items()
    if any(executes(block) for block in found)
]


@pytest.mark.parametrize(
    ("page", "section"),
    EXECUTED,
    ids=[f"{Path(page).stem}-{slug(section)}" for page, section in EXECUTED],
)
def test_the_blocks_of_a_section_run(
    page: str, section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "place"
    found = sections(page)[section]
    text = "\n".join(block.text for block in found if executes(block) or block.file)
    _set_up(place, text)
    programs = _programs(tmp_path / "bin")
    monkeypatch.chdir(place)
    one_picture(monkeypatch.setattr)
    alone = CHANGES_CODE.search(text)
    if (
        place / "specs"
    ).is_dir() and not alone:  # the checkout that the commands of this process find
        monkeypatch.setattr(ptyspec, "__file__", str(place / "ptyspec" / "__init__.py"))
    for number, block in enumerate(found):
        script = tmp_path / f"block-{number}"
        if block.file:
            (place / block.file).parent.mkdir(parents=True, exist_ok=True)
            (place / block.file).write_text(block.text, encoding="utf-8")
        elif not executes(block):
            continue
        elif block.language == "python":
            script.write_text(block.text, encoding="utf-8")
            with monkeypatch.context() as patched:
                _python(script, patched)
        elif alone or not _here(block, monkeypatch, partial(_run, block, script, place, programs)):
            _run(block, script, place, programs, list(_executed(block.text)))


def _python(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a block of Python, with small requests, a legacy dictionary of its own and the names of the reader's data."""
    names = given(script.read_text(encoding="utf-8"))
    small_requests(monkeypatch.setattr)
    of_the_process = Parameters()
    monkeypatch.setattr("ptyspec.legacy.params.shared", lambda: of_the_process)
    runpy.run_path(str(script), init_globals=names, run_name="__main__")


def _here(
    block: Block, monkeypatch: pytest.MonkeyPatch, shell: Callable[[list[str]], None]
) -> bool:
    """Run a block in this process and return True; False where a line asks for another program."""
    lines = [
        line
        for line in block.text.splitlines()
        if not line.startswith("#") and bare(line) not in {*NOT_RUN, ""}
    ]
    if not any(map(HERE.fullmatch, lines)) or not all(
        HERE.fullmatch(line) or LOOKS.fullmatch(line) for line in lines
    ):
        return False
    for line, parts in zip(lines, map(HERE.fullmatch, lines), strict=True):
        if parts is None:
            shell(list(_executed(line)))
            continue
        wanted = {parts["code"] or "0", parts["other"] or parts["code"] or "0"}
        with monkeypatch.context() as patched:
            patched.setattr(sys, "argv", ["ptyspec"])
            if parts["fault"]:
                patched.setenv(FAULTS, parts["fault"])
            assert str(command(shlex.split(parts["words"]))) in wanted, f"{block.place}: {line}"
    return True


def _set_up(place: Path, text: str) -> None:
    """The reader's folder: the repository where the commands need it, and the reader's own files."""
    place.mkdir()
    if OF_THE_CHECKOUT.search(text):
        for path in filter(lambda path: path.name not in {*LEFT_OUT, "tests"}, ROOT.iterdir()):
            if path.is_dir():
                shutil.copytree(path, place / path.name, symlinks=True)
            else:
                shutil.copy2(path, place)
        _cases(place, text)
        (place / ".pytest_cache").mkdir()  # what was collected is kept there, where it is a folder
    bring(place)


def _cases(place: Path, text: str) -> None:
    """The suite with all that its cases share, and of the cases those that the section is about."""
    for path in (ROOT / "tests").rglob("*.py"):
        name = path.relative_to(ROOT).as_posix()
        if not path.name.startswith("test_") or name in text or name == EXAMPLE:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place / name)


def _programs(folder: Path) -> Path:
    """`ptyspec` that reduces what it runs, in a folder for PATH; `pytest` and `python` are this interpreter's."""
    folder.mkdir()
    program = folder / "ptyspec"
    program.write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m tests.doc_program "$@"\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    return folder


def _run(block: Block, script: Path, place: Path, programs: Path, lines: list[str]) -> None:
    script.write_text("\n".join(lines), encoding="utf-8")
    checkout = place if (place / "ptyspec").is_dir() else ROOT
    inherited = {
        name: value for name, value in environment().items() if not name.startswith("PYTEST_")
    }
    inherited |= {
        "PATH": os.pathsep.join(
            [str(programs), str(Path(sys.executable).parent), os.environ["PATH"]]
        ),
        "PYTHONPATH": os.pathsep.join([str(checkout), str(place)]),
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", str(script)],
        cwd=place,
        env=inherited,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    tail = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
    assert done.returncode == 0, f"{block.place} ended with {done.returncode}\n{block.text}\n{tail}"


NOT_EXECUTED = sorted(
    {line for page in PAGES for one in blocks(page) for line in one.commands if line in NOT_RUN}
)


@pytest.mark.parametrize(
    "line", NOT_EXECUTED, ids=[re.sub(r"[^\w.]+", "-", line) for line in NOT_EXECUTED]
)
def test_a_line_that_is_not_executed_is_understood(line: str, pytestconfig: pytest.Config) -> None:
    program, *words = shlex.split(line, comments=True)
    if program == "make":
        done = subprocess.run(["make", "-n", *words], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    elif program == "pytest":
        pytestconfig._parser.parse(words)
    elif program == "ptyspec":
        check_command((program, *words))
    elif program == "python":
        assert words[0] == "-m"
        assert importlib.util.find_spec(words[1])
    else:
        assert program in {"git", "cd", "source"}


def test_no_reason_outlives_its_line() -> None:
    shown = {
        line
        for page in PAGES
        for one in blocks(page)
        if one.language in SHELL
        for line in one.commands
    }
    assert set(NOT_RUN) - shown == set()
    begun = {
        one.text.partition("\n")[0]
        for page in PAGES
        for one in blocks(page)
        if one.language == "python"
    }
    assert set(QUOTED) - begun == set()


@pytest.mark.parametrize("first", QUOTED, ids=[Path(file).stem for file in QUOTED.values()])
def test_a_quoted_block_stands_in_its_file(first: str) -> None:
    [block] = [one for page in PAGES for one in blocks(page) if one.text.startswith(f"{first}\n")]
    assert block.text.strip() in (ROOT / QUOTED[first]).read_text(encoding="utf-8"), block.place


@pytest.mark.parametrize("page", PAGES, ids=[Path(page).stem for page in PAGES])
def test_commands_stand_in_blocks_that_are_executed(page: str) -> None:
    others = [
        one
        for one in blocks(page)
        if one.language not in {*SHELL, "python", "text", "yaml", "json"}
    ]
    assert [one.place for one in others if PROGRAM.search(one.text)] == [], (
        "say which language it is: ```sh"
    )
    text = (ROOT / page).read_text(encoding="utf-8")
    assert len(re.findall(r"^ *```", text, re.MULTILINE)) == 2 * len(BLOCK.findall(text)), (
        "a block is not closed"
    )
