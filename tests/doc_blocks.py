"""The code blocks of README.md and docs/: where they stand, what they say, which of their lines are not executed."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = (
    "README.md",
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")),
)
BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
HEADING = re.compile(r"^##? (.+)$", re.MULTILINE)
"""What begins a section. The blocks of a section follow each other; sections need nothing of each other."""
SHELL = frozenset({"sh", "bash"})
COMMENT = re.compile(r"\s+# .*$")
PROGRAM = re.compile(r"^(?:[A-Z_]+=\S+ )*(?:ptyspec|pytest|make|git|python|cd|source) ")
"""A line that runs something."""
FILE = re.compile(r"# (?P<name>[\w./-]+\.(?:py|yaml|toml|txt|json))\b.*")
"""The first line of a block that stands for a file."""


@dataclass(frozen=True)
class Block:
    """One fenced block, without its indentation; `line` is that of its fence."""

    page: str
    section: str
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        """Page and line."""
        return f"{self.page}:{self.line}"

    @property
    def file(self) -> str:
        """The file that it stands for, empty where it names none."""
        found = FILE.fullmatch(self.text.partition("\n")[0])
        return found["name"] if found else ""

    @property
    def commands(self) -> list[str]:
        """Its command lines, without comments."""
        return [bare(line) for line in self.text.splitlines() if PROGRAM.match(line)]


@cache
def blocks(page: str) -> tuple[Block, ...]:
    """The blocks of one page in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    headings = list(HEADING.finditer(BLOCK.sub(lambda found: " " * len(found[0]), text)))
    return tuple(
        Block(
            page,
            next((one[1] for one in reversed(headings) if one.start() < found.start()), page),
            text.count("\n", 0, found.start()) + 1,
            found["language"],
            textwrap.dedent(found["text"]),
        )
        for found in BLOCK.finditer(text)
    )


def sections(page: str) -> dict[str, list[Block]]:
    """The blocks of one page under the heading they stand below, in order."""
    found: dict[str, list[Block]] = {}
    for block in blocks(page):
        found.setdefault(block.section, []).append(block)
    return found


def bare(line: str) -> str:
    """A command line without its comment and what follows a semicolon."""
    return COMMENT.sub("", line).partition("; ")[0].strip()


WHOLE = "runs a whole tier or everything; CI does, and its parts are tests themselves"
SEARCHES = "some thirty runs; tests/meta/explain searches among cheap ones"
SETS_UP = "sets the checkout up; CI begins with it"
NOT_RUN = {
    "make run": "several minutes: four scenarios at profile standard",
    "make test": WHOLE,
    "git clone <this repository> ptyspec": SETS_UP,
    "cd ptyspec": SETS_UP,
    "make install": SETS_UP,
    "source .venv/bin/activate": SETS_UP,
    "pytest -m contract": WHOLE,
    "pytest -m parity -n auto": WHOLE,
    "pytest -m regression": WHOLE,
    "pytest -n 2": WHOLE,
    "ptyspec check my_lab:MyLab": "some forty reconstructions; tests/meta/test_begin.py asks it a few questions",
    "ptyspec check mine:Lab": "tests/meta/test_conformance.py holds pipelines of its own to clauses",
    "ptyspec check mine:Lab --tier full": "as above",
    "pytest --pyargs ptyspec.conformance --ptyspec-pipeline mine:Lab -n auto --ptyspec-xfails known.txt": (
        "tests/meta/test_conformance.py drives such sessions"
    ),
    "python -m benchmarks recorded": "simulates and groups for a minute; the page holds what it prints",
    "make engines": "for the night: builds five environments, then minutes for each engine",
    'make engines ENGINES="cdtools --again"': "builds an environment; minutes",
    "make report": WHOLE,
    'make report ARGS="tests/contract -m contract"': WHOLE,
    'make report ARGS="--allure-label clause=NORM-002"': "collects everything; tests/meta/test_allure_site.py renders reports",
    "make report HISTORY=/shared/ptyspec/history.jsonl": WHOLE,
    "pytest -n 2 --alluredir=allure-results": WHOLE,
    "ptyspec allure allure-results --out public/report": "needs the results of the line above",
    "ptyspec explain gs1_ideal gs1_ideal:january --symptom 'amplitude.mean_ratio<0.9' --profile stable --out why": SEARCHES,
    "ptyspec explain gs1_ideal gs1_ideal:gain-by-energy,xy-swapped --symptom NORM-001": SEARCHES,
    "python -m benchmarks explain": "150 planted worlds",
    "ptyspec faults campaign --tier parity -n 2 --out campaign/parity": WHOLE,
    "ptyspec faults campaign --quick -n 2": "CI runs it",
    "ptyspec judge H-SCORE-FRAME": "docs/hypotheses.md runs another; tests/parity/test_hypotheses.py judges this one",
    "ptyspec report --out build/dashboard": "the same page as the line above it; tests/meta/test_dashboard.py says where it goes",
    "ptyspec judge --all --from-evidence": "tests/parity/test_hypotheses.py judges each",
    "ptyspec trace --strict": "judges a session of all tests; CI ends with it",
    "ptyspec faults campaign -n 2 --out campaign": WHOLE,
    "ptyspec audit --all gs1_custom gs2_custom --profile quick --out hub": "every audit; test_audit_cli runs it on a tiny scan",
    "ptyspec audit --check hub": "needs the hub of the line above",
}
"""Command lines that are not executed, with the reason. Each is parsed against the real program instead."""

QUOTED = {
    '@pytest.mark.golden("objects/{name}.json")': "tests/regression/test_objects_and_probes.py",
    '@fault("physics.scale:loader_gain", 45, red="NORM-001 NORM-003", green="COORDS-001 GROUP-001")': "ptyspec/faults/catalogue/normalize.py",
}
"""Python blocks, by their first line, that quote a file: they must stand in it word by word."""
