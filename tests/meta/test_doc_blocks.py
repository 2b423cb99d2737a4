"""Every code block of README.md and docs/ runs as it stands, on a scan of seconds.

A section is one case, so that cases run side by side. This process runs what only calls our own program; what it
trains is kept in the run store, where the other sections and the other tests find it.
`tests.doc_program` says by which settings a run becomes one of seconds.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from ptyspec.spec.cases import CACHE, collect, state
from ptyspec.spec.skeleton import slug
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
from tests.doc_files import bring
from tests.doc_program import command

pytestmark = pytest.mark.expensive

LEFT_OUT = {
    *(".venv", ".git", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"),
    *("allure-results", "allure-report", "runs", "build", "dist"),
}
"""What tools have built at the top of a checkout."""
RUN = {*SHELL, "python"}
EXECUTED = [
    (page, section)
    for page in PAGES
    for section, found in sections(page).items()
    if any(block.language in RUN for block in found)
]
OF_THE_CHECKOUT = re.compile(
    r"\b(?:pytest|tests/|ptyspec (?:new|trace|golden|faults|report|judge|hypotheses)|ptyspec/networks)"
)
"""What makes a section's commands need the repository around them."""
COLLECTS = re.compile(r"ptyspec (?:trace|report|faults)")
PACKAGE = "ptyspec/"
SECONDS = 1800
"""A block that takes longer hangs: a busy machine takes twenty times as long as a free one."""
SAYS_HOW_IT_ENDED = re.compile(r"(?P<command>.*); echo \$\?\s+# (?P<code>\d)")
HERE = re.compile(
    r"ptyspec (?P<words>(?:run|compare|audit|scenarios|doctor|faults list)\b[^;|&<>$#]*)"
    r"(?:\|\| test \$\? -eq (?P<other>\d)|; echo \$\?\s+# (?P<code>\d))?(?:\s*# .*)?"
)
"""A command line of our own program alone: this process runs it, which has TensorFlow loaded."""


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
    _set_up(place, "\n".join(block.text for block in found if block.language in RUN))
    programs = _programs(tmp_path / "bin")
    monkeypatch.chdir(place)
    packaged = any(block.file.startswith(PACKAGE) for block in found)
    for number, block in enumerate(found):
        if block.file:
            (place / block.file).parent.mkdir(parents=True, exist_ok=True)
            (place / block.file).write_text(block.text, encoding="utf-8")
        elif not packaged and _here(block, monkeypatch):
            continue
        elif words := _runs(block, tmp_path / f"block-{number}"):
            _run(block, words, place, programs)


def _here(block: Block, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Run a block in this process and return True; False where a line asks for another program."""
    lines = [
        line
        for line in block.text.splitlines()
        if not line.startswith("#") and bare(line) not in {*NOT_RUN, ""}
    ]
    found = [HERE.fullmatch(line) for line in lines]
    if block.language not in SHELL or not all(found):
        return False
    for line, parts in zip(lines, found, strict=True):
        monkeypatch.setattr(sys, "argv", ["ptyspec"])
        wanted = {parts["code"] or "0", parts["other"] or parts["code"] or "0"}
        assert str(command(shlex.split(parts["words"]))) in wanted, f"{block.place}: {line}"
    return True


def _set_up(place: Path, text: str) -> None:
    """The reader's folder: the repository where the commands need it, and the reader's own files."""
    if OF_THE_CHECKOUT.search(text):
        place.mkdir()
        for path in filter(lambda path: path.name not in LEFT_OUT, ROOT.iterdir()):
            if path.is_dir():
                shutil.copytree(path, place / path.name, symlinks=True)
            else:
                shutil.copy2(path, place)
        (place / ".pytest_cache").mkdir()  # what was collected is kept there, where it is a folder
        if COLLECTS.search(text):
            _collect(place)
    else:
        place.mkdir()
    bring(place)


def _collect(place: Path) -> None:
    """Bring the list of all cases, collected once in a session; it is read only where the sources are the same."""
    with FileLock(Path(tempfile.gettempdir()) / f"ptyspec-collects-{state(ROOT)[:16]}.lock"):
        collect(ROOT)
    if (ROOT / CACHE).is_file():
        (place / CACHE).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / CACHE, place / CACHE)


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


def _runs(block: Block, script: Path) -> list[str]:
    """The command that executes a block; none for a language that nothing executes, and for a quotation."""
    if block.language == "python" and block.text.partition("\n")[0] not in QUOTED:
        script.write_text(block.text, encoding="utf-8")
        return [sys.executable, "-m", "tests.doc_program", "--python", str(script)]
    if block.language in SHELL:
        script.write_text("\n".join(_executed(block)), encoding="utf-8")
        return ["bash", "-euo", "pipefail", str(script)]
    return []


def _executed(block: Block) -> Iterator[str]:
    for line in block.text.splitlines():
        ended = SAYS_HOW_IT_ENDED.fullmatch(line)
        if ended:
            yield f"code=0; {ended['command']} || code=$?; test $code = {ended['code']}"
        elif bare(line) not in NOT_RUN:
            yield line


def _run(block: Block, words: list[str], place: Path, programs: Path) -> None:
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
        words,
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
