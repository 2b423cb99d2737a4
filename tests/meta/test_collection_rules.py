"""What the plugin refuses at collection: every breach of every file, in one go."""

from __future__ import annotations

import pytest

from tests.plugin_project import IDS, OURS, RECORD, TEST, UNUSED, session, write

pytest_plugins = ["pytester"]

KNOWN = IDS[0]
MISTYPED = f"{KNOWN[:-4]}{KNOWN[-3:]}"
"""The id without its last hyphen."""
UNKNOWN = f"""
import pytest

@pytest.mark.clause("{KNOWN}", "{MISTYPED}")
def test_a():
    pass
"""
EMPTY = f"import pytest\n@pytest.mark.clause\n{TEST}"
BLANKS = "import pytest\n@pytest.mark.parametrize('x', ['a b', 'fine-slug_1.0'])\ndef test_it(x):\n    pass\n"
COLLIDING = (
    "import pytest\n@pytest.mark.parametrize('x', ['a-b', 'a_b', 'c'])\ndef test_it(x):\n    pass\n"
)
NAMELESS = f"import pytest\n@pytest.mark.hypothesis\n{TEST}"
BELIEVED = f"import pytest\n@pytest.mark.hypothesis('H-LOSS-WEIGTH')\n{TEST}"


def test_every_breach_of_every_file_is_told_at_once(project: pytest.Pytester) -> None:
    write(
        project,
        OURS,
        contract__test_unknown=UNKNOWN,
        parity__test_empty=EMPTY,
        test_blanks=BLANKS,
        test_colliding=COLLIDING,
        test_nameless=NAMELESS,
        test_believed=BELIEVED,
        test_right=TEST,
    )
    result = project.runpytest_subprocess("-n", "1")
    result.assert_outcomes(errors=6, passed=1)  # pytest-xdist runs what it could collect
    assert result.ret != pytest.ExitCode.OK
    text = result.stdout.str()
    for line in (
        f"tests/contract/test_unknown.py:\n  no clause has this id: '{MISTYPED}': did you mean {KNOWN}",
        "tests/parity/test_empty.py:\n  a clause marker names its clauses, and nothing else (test_it)",
        "tests/test_blanks.py:\n  a parametrize id is a slug of letters, digits and -_.+ (test_it[a b])",
        "tests/test_colliding.py:\n  two cases would share one name in files: test_it[a-b] and test_it[a_b]",
        "tests/test_believed.py:\n  no hypothesis has this id: 'H-LOSS-WEIGTH': did you mean H-LOSS-WEIGHT",
        "tests/test_nameless.py:\n  a hypothesis marker names its hypotheses (test_it)",
    ):
        assert line in text


@pytest.mark.expensive
def test_evidence_cases_and_property_based_ones_share_a_marker_name_and_are_told_apart(
    project: pytest.Pytester,
) -> None:
    module = """
import pytest
from hypothesis import given, strategies

@pytest.mark.hypothesis("H-LOSS-WEIGHT")
def test_evidence():
    pass

@given(strategies.integers())
def test_property(number):
    pass

def test_other():
    pass
"""
    write(project, OURS.replace(f", {UNUSED}", ""), parity__test_a=module)
    session(project, "-m", "hypothesis").assert_outcomes(passed=2, deselected=1)
    session(project, "-m", "evidence").assert_outcomes(passed=1, deselected=2)


def test_a_tier_leaves_the_files_of_the_others_unread(project: pytest.Pytester) -> None:
    write(
        project,
        OURS,
        contract__test_a=TEST,
        parity__test_b="raise SystemExit('was imported')\n",
        test_c=TEST,
    )
    session(project, "-m", "contract").assert_outcomes(passed=1, deselected=1)


def test_a_document_that_breaks_the_format_is_a_usage_error_with_its_line(
    project: pytest.Pytester,
) -> None:
    specs = project.mkdir("specs")
    (specs / "a.md").write_text(
        "# A\n\n## Part\n\n### AREA-001 · Title {r1}\nIt is.\n", encoding="utf-8"
    )
    plugin = "from pathlib import Path\nfrom ptyspec.spec import clause\nclause.specs_folder = lambda: Path('specs')\n"
    (project.path / "elsewhere.py").write_text(plugin, encoding="utf-8")
    write(project, OURS, contract__test_a=TEST)
    result = project.runpytest_subprocess("-p", "elsewhere")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*source: specs*a.md:5")


def test_bindings_are_written_even_of_what_the_rules_refuse(project: pytest.Pytester) -> None:
    write(project, OURS, contract__test_unknown=UNKNOWN)
    result = session(project, "--collect-only", "--ptyspec-bindings", "found.json")
    assert result.ret == pytest.ExitCode.OK
    assert MISTYPED in (project.path / "found.json").read_text(encoding="utf-8")
    assert not (project.path / RECORD).exists()  # nothing ran
