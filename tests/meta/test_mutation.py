"""The instrument that mutates the numpy modules, and what is kept of its last run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation import page as pages
from tests.mutation.mutants import Mutant, changed, mutants
from tests.mutation.results import PAGE, Equivalent, Module, equivalents, plan, read

ROOT = Path(__file__).parents[2]
SOURCE = '''"""A module."""

from __future__ import annotations

LIMIT: float | None = 3


def f(a: int | str, b: float) -> float | None:
    """Add where a - b < 1."""
    return a + b if a <= b and not b == 2 else None
'''


def after(source: str) -> list[str]:
    """The changed line of every mutant."""
    return [
        changed(source, text)[1]
        for one in mutants(source)
        if (text := one.source(source)) is not None
    ]


def test_a_source_has_one_mutant_for_each_slip() -> None:
    assert sorted(after(SOURCE)) == sorted(
        [
            "LIMIT: float | None = 4",
            "LIMIT: float | None = 2",
            "return a + b if a <= b and not b == 3 else None",
            "return a + b if a <= b and not b == 1 else None",
            "return a + b if not a <= b and not b == 2 else None",
            "return a + b if a <= b or not b == 2 else None",
            "return a - b if a <= b and not b == 2 else None",
            "return a + b if a <= b and not b != 2 else None",
            "return a + b if a > b and not b == 2 else None",
            "return a + b if a < b and not b == 2 else None",
            "return a + b if a <= b and  b == 2 else None",
        ]
    )


def test_neither_an_annotation_nor_a_docstring_is_changed() -> None:
    assert not [
        line
        for line in after(SOURCE)
        if "float & None" in line or "int & str" in line or "Add where" in line
    ]


def test_a_mutant_is_named_by_its_place_while_the_source_stays() -> None:
    found = mutants(SOURCE)
    assert len({one.key for one in found}) == len(found)
    assert found == mutants(SOURCE)
    assert Mutant("ReplaceBinaryOperator_Add_Sub", 0, 10) in found


TRIES = """
import sys
from tests.mutation.work import attempt, check, warm
with warm():
    module, cases = "ptyspec.scores.numbers", ["tests/contract/test_numbers.py"]
    source = open("ptyspec/scores/numbers.py", encoding="utf-8").read()
    check(module, source, cases)
    print(attempt(module, source + "\\n\\ndef never_called():\\n    return 1\\n", cases))
    print(attempt(module, source.replace("return ", "raise RuntimeError or "), cases))
    try:
        check(module, "raise AssertionError\\n", cases)
    except RuntimeError as error:
        print(error)
"""


@pytest.mark.expensive
def test_what_no_case_sees_survives_what_one_sees_is_killed_and_a_blind_plan_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TRIES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    survived, killed, refused = done.stdout.splitlines()
    assert (survived, killed) == ("survived", "killed")
    assert "the cases do not pass without a mutant" in refused


def record(*survivors: tuple[int, str, str]) -> Module:
    made = Module("physics/scale", "a", "b", ["tests/contract/test_scale.py"], 4)
    made.outcomes = {"x:0": "killed", "x:1": "timeout"}
    for place, (line, before, became) in enumerate(survivors):
        made.add(Mutant("y", place, line), "survived", 1.0, (before, became))
    return made


def test_the_score_leaves_out_what_is_explained() -> None:
    known = record((3, "a = 1", "a = 2"), (4, "b = <1>", "b = 2"))
    explained = [Equivalent("physics/scale", "a = 1", "a = 2", "only a block size")]
    text = pages.page({"physics/scale": []}, {"physics/scale": known}, explained, {"physics/scale"})
    assert "| `physics/scale` | 4 | 4 | 1 | 1 | 2 | 1 | 66.7% | whole |" in text
    assert "only a block size" in text
    assert "b = &lt;1&gt;" in text
    assert [row["line"] for _, row in pages.unexplained({"physics/scale": known}, explained)] == [4]


def test_a_module_that_was_not_run_to_the_end_or_has_changed_since_is_said_to_be_so() -> None:
    made = record()
    text = pages.page(
        {"physics/scale": [], "physics/merge": []}, {"physics/scale": made}, [], set()
    )
    assert "| in part, of an earlier source |" in text
    assert "Not run yet: `physics/merge`." in text


@pytest.mark.parametrize(
    "name", [pytest.param(name, id=name.replace("/", ".")) for name in plan(ROOT)]
)
def test_the_plan_names_modules_and_cases_that_exist(name: str) -> None:
    assert (ROOT / "ptyspec" / f"{name}.py").is_file()
    assert [case for case in plan(ROOT)[name] if not (ROOT / case).is_file()] == []


def test_every_explanation_is_of_a_survivor_of_the_last_run_whose_line_still_stands() -> None:
    stale = [
        f"{one.module}: {one.before}"
        for one in equivalents(ROOT)
        if one.module not in read(ROOT)
        or not any(one.explains(one.module, row) for row in read(ROOT)[one.module].survivors)
        or one.before not in (ROOT / "ptyspec" / f"{one.module}.py").read_text(encoding="utf-8")
    ]
    assert stale == []


def test_every_survivor_is_explained_with_a_reason() -> None:
    assert list(pages.unexplained(read(ROOT), equivalents(ROOT))) == []
    assert [one for one in equivalents(ROOT) if len(one.reason) < 20] == []


def test_the_page_says_what_the_results_say(tmp_path: Path) -> None:
    pages.write_page(ROOT, tmp_path / "page.md")
    # Whether a module has changed since is said when the page is written; a change need not wait for the next run.
    now, then = (
        path.read_text(encoding="utf-8").replace(pages.EARLIER, "")
        for path in (tmp_path / "page.md", ROOT / PAGE)
    )
    assert now == then
